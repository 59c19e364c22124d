# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A command that writes into a log for minutes, and a person who wants to know whether it still does something.

# follow LOG: says how far a log is, until its own input ends. On a terminal one line that moves, elsewhere a line a minute.
follow() {
  local log=$1 begin=$SECONDS interval=60 line status
  [ ! -t 1 ] || interval=1
  while true; do
    status=0
    read -r -t "${CONNTRAIL_HEARTBEAT:-$interval}" _ || status=$?
    [ "$status" -gt 128 ] || break # not the time that has passed, but the end
    line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\033' | cut -c 1-64) || line=
    if [ -t 1 ]; then
      printf '\r\033[K   %d s: %s' $((SECONDS - begin)) "$line"
    else
      printf '   ... %d s: %s\n' $((SECONDS - begin)) "$line"
    fi
  done
  [ ! -t 1 ] || printf '\r\033[K'
}

# followed LOG COMMAND...: runs a command into a log, and shows meanwhile how far it is.
followed() {
  local log=$1 status=0 follower end
  shift
  : >"$log"
  exec {end}> >(follow "$log")
  follower=$!
  # What the command leaves behind must not keep the follower.
  "$@" >"$log" 2>&1 </dev/null {end}>&- || status=$?
  exec {end}>&-
  wait "$follower" || true
  return $status
}
