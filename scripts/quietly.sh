# Sourced by the other scripts: runs a command, keeps its output for the case that it fails, and says how far it is.
#
#   quietly COMMAND...    the command's status; its output on stderr if that is not 0
#
# While it runs, the last "[12/345]" of its output is repeated: on a terminal in one line, elsewhere as a line
# of its own every 20 seconds. A command that counts nothing shows the seconds gone by. No question of the
# command's can be read below that line: what asks for a password is asked beforehand.

quietly() {
  local log status=0 ticker caller=$BASHPID
  log=$(mktemp)
  tell_progress "$log" "$caller" &
  ticker=$!
  "$@" >"$log" 2>&1 || status=$?
  { kill "$ticker" && wait "$ticker"; } 2>/dev/null || true
  [ ! -t 2 ] || printf '\r\033[K' >&2
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# tell_progress LOG CALLER: until it is ended. If CALLER was killed it ends by itself and removes the log: else
# whoever reads what both print would wait for ever.
tell_progress() {
  local started=$SECONDS pause=20 count parent
  [ ! -t 2 ] || pause=2
  # The pause must not hold the caller's pipes when this function is ended in it.
  while sleep "$pause" >/dev/null 2>&1; do
    read -r _ _ _ parent _ <"/proc/$BASHPID/stat"
    [ "$parent" = "$2" ] || { rm -f "$1"; return; }
    count=$(tail -c 4096 "$1" 2>/dev/null | tr '\r' '\n' | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -1) || true
    if [ -t 2 ]; then printf '\r\033[K  %s %ss' "$count" "$((SECONDS - started))" >&2
    else echo "  $count $((SECONDS - started)) s" >&2; fi
  done
}
