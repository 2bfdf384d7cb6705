# SPDX-License-Identifier: Apache-2.0
# WHAT: Lua (all memory by realloc): strings, coroutines, both collectors, caught errors, a child.
# NEEDS: lua5.4
# TIMEOUT: 60
# SHORT: fewer rounds
# Compared as it is.
[ "${1:-}" != version ] || { lua5.4 -v | cut -d' ' -f2; exit; }
set -euo pipefail
rounds=${SHORT:+20000}
cat >main.lua <<'LUA'
local rounds = tonumber(arg[1])
for _, mode in ipairs({"incremental", "generational"}) do
  collectgarbage(mode)
  local kept, sum = {}, 0
  for i = 1, rounds do
    kept[i % 997 + 1] = string.rep(string.char(97 + i % 26), i % 500) .. i
    sum = sum + #kept[i % 997 + 1]
  end
  local makers = {}
  for i = 1, 500 do
    makers[i] = coroutine.wrap(function() for j = 1, 20 do coroutine.yield({i, j}) end end)
  end
  for _ = 1, 20 do
    for _, maker in ipairs(makers) do local t = maker(); sum = sum + t[1] * t[2] end
  end
  print(mode, sum, #table.concat(kept))
end
print(pcall(error, "caught"))
local function deep(n) return 1 + deep(n + 1) end
print((pcall(deep, 1)))
local pipe = io.popen("echo child; exit 3")
print(pipe:read("l"), pipe:close())
os.exit(5, true)
LUA
$TRACK lua5.4 main.lua "${rounds:-1000000}" || echo "status $?"
