# SPDX-License-Identifier: Apache-2.0
# WHAT: Erlang (own allocators, made code): 2,000 processes, ets, zlib, a port, a crash.
# NEEDS: erl
# TIMEOUT: 120
# SHORT: fewer rounds
# Compared as it is.
if [ "${1:-}" = version ]; then
  erl -noshell -eval 'io:format("~s", [erlang:system_info(otp_release)]), halt().'; exit
fi
set -euo pipefail
rounds=${SHORT:+50}
cat >work.erl <<'ERL'
-module(work).
-export([main/1]).
one(N, Rounds) ->
    lists:foldl(fun(I, Sum) ->
        B = binary:copy(<<I:32>>, (I * N) rem 700 + 20),
        ets:insert(table, {{N rem 100, I}, B}),
        Sum + erlang:crc32(B)
    end, 0, lists:seq(1, Rounds)).
main([Word]) ->
    Rounds = list_to_integer(Word),
    ets:new(table, [named_table, public]),
    Self = self(),
    [spawn_link(fun() -> Self ! {N, one(N, Rounds)} end) || N <- lists:seq(1, 2000)],
    Sums = [receive {N, Sum} -> Sum end || N <- lists:seq(1, 2000)],
    io:format("~p ~p~n", [lists:sum(Sums), ets:info(table, size)]),
    ets:delete(table),
    [erlang:garbage_collect(P) || P <- processes()],
    io:format("~p~n", [byte_size(zlib:gunzip(zlib:gzip(binary:copy(<<"leak">>, 100000))))]),
    Port = open_port({spawn, "sh -c 'echo child; exit 3'"}, [exit_status, {line, 80}]),
    receive {Port, {data, {eol, Line}}} -> io:format("~s~n", [Line]) end,
    receive {Port, {exit_status, Status}} -> io:format("~p~n", [Status]) end,
    {_, Ref} = spawn_monitor(fun() -> exit(crashed) end),
    receive {'DOWN', Ref, process, _, Why} -> io:format("~p~n", [Why]) end,
    halt(5).
ERL
$TRACK erlc work.erl
$TRACK erl -noshell -noinput -run work main "${rounds:-1000}" || echo "status $?"
