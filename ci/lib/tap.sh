# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Tests that are commands, reported in the form of the Test Anything Protocol.

tap_number=0
tap_broken=0
tap_output=$(mktemp)
trap 'rm -f "$tap_output"' EXIT

# check WHAT COMMAND...: one test. What the command said is shown where it failed.
check() {
  local what=$1
  shift
  tap_number=$((tap_number + 1))
  if "$@" >"$tap_output" 2>&1 </dev/null; then
    printf 'ok %d - %s\n' $tap_number "$what"
  else
    tap_broken=$((tap_broken + 1))
    grep -vE '^\[[0-9]+/[0-9]+\]|^-- ' "$tap_output" | tail -n 30 | cut -c 1-300
    printf 'not ok %d - %s\n' $tap_number "$what"
  fi
}

refused() {
  ! "$@"
}

# The plan, last; fails where a test failed.
check_end() {
  printf '1..%d\n' $tap_number
  [ $tap_broken -eq 0 ] && [ $tap_number -gt 0 ]
}
