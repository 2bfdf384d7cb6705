# SPDX-License-Identifier: Apache-2.0
# WHAT: headless Chromium takes a screenshot of a local page (zygote, renderers, GPU process in software).
# NEEDS: chromium
# TIMEOUT: 240
# Compared: the picture, by its hash. Chromium's own messages go to stderr.
[ "${1:-}" != version ] || { chromium --version 2>/dev/null | grep -oE '[0-9]+\.[0-9.]+' | head -1; exit; }
set -euo pipefail
cat >page.html <<'HTML'
<!doctype html><style>*{animation:none}body{margin:20px;font:20px monospace}</style><h1 id=t></h1><canvas id=c width=400 height=200></canvas>
<script>let s=0,x=[];for(let i=0;i<300000;i++){x.push({i});s+=i%7}t.textContent=s+" "+x.length;
const g=c.getContext("2d");for(let i=0;i<40;i++){g.fillStyle=`hsl(${i*9} 90% 50%)`;g.fillRect(i*10,i*3,30,60)}</script>
HTML
$TRACK chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --user-data-dir="$PWD/profile" \
  --window-size=600,400 --screenshot="$PWD/shot.png" "file://$PWD/page.html"
sha256sum shot.png
$TRACK chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir="$PWD/profile" \
  --dump-dom "file://$PWD/page.html" | grep -o '<h1.*</h1>'
