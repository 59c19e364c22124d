# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Stages of ci/test: each runs tests of one kind and adds what it counted to one sum. A stage
# that cannot run its tests is a failed test, never a missing one.

. ci/lib/say.sh
. ci/lib/progress.sh

logs=$PWD/build/ci-logs
passed=0
failed=0
skipped=0
failures=()
repeats=() # the command that repeats each of them alone
stage_name=
started=$SECONDS

# count PASSED FAILED SKIPPED: adds a stage's numbers.
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  skipped=$((skipped + $3))
}

# failure WHAT [COMMAND]: for the end; COMMAND repeats it alone, by default the whole stage.
failure() {
  failures+=("$1")
  repeats+=("${2:-ci/test $stage_name}")
}

# One failure that no test reports by itself: a build that breaks, a run of nothing.
fault() {
  printf '   FAILED: %s\n' "$1"
  failure "$@"
  count 0 1 0
}

# stage TITLE COMMAND...: runs one of the functions below under a heading, with its time.
stage() {
  local title=$1 begin=$SECONDS
  shift
  printf '== %s\n' "$title"
  "$@"
  printf '   %d s\n' $((SECONDS - begin))
}

# logged LOG COMMAND...: the output goes to a log; its end is shown where the command failed.
logged() {
  local log=$logs/$1
  shift
  if followed "$log" "$@"; then
    return 0
  fi
  grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 40 | cut -c 1-300 | sed 's/^/   | /'
  printf '   (all of it: %s)\n' "$log"
  return 1
}

# build PRESET: configures and compiles build/PRESET.
build() {
  logged "configure-$1.log" cmake --preset "$1" &&
    logged "build-$1.log" cmake --build --preset "$1" --parallel "$(processors)"
}

junit_number() {
  sed -n "s/^.*[[:space:]]$2=\"\([0-9]*\)\".*\$/\1/p" "$1" | head -n 1
}

# output_of_failed LOG: what the failed tests of a run of ctest printed.
output_of_failed() {
  awk '/^ *([0-9]+\/[0-9]+ Test +#|Start +[0-9]+:)|^$/ { failed = 0 }
    /^ *[0-9]+\/[0-9]+ Test +#.*\*\*\*/ { failed = 1 }
    failed' "$1"
}

# repeat_ctest PRESET LOG: the command that runs its failed tests alone.
repeat_ctest() {
  local names count
  names=$(sed -nE '/The following tests FAILED/,$ s/^[[:space:]]+[0-9]+ - ([^ ]+) .*/\1/p' "$2" | sed 's/[.]/\\./g')
  count=$(wc -l <<<"$names")
  if [ "$count" -le 10 ]; then
    printf "ctest --preset %s -R '^(%s)\$'" "$1" "$(paste -sd '|' <<<"$names")"
  else
    printf 'ctest --preset %s --rerun-failed' "$1"
  fi
}

# run_ctest PRESET [ctest's arguments]: runs the tests of a built preset and counts from ctest's report.
run_ctest() {
  local preset=$1 report=$logs/junit-$1.xml log=$logs/test-$1.log status=0
  shift
  rm -f "$report"
  followed "$log" ctest --preset "$preset" --parallel "$(processors)" --output-junit "$report" "$@" || status=$?
  if [ ! -s "$report" ]; then
    tail -n 20 "$log" | sed 's/^/   | /'
    fault "$preset: ctest wrote no report, exit $status"
    return
  fi
  local all bad off skips
  # The numbers of <testsuite> stand each on a line of their own.
  all=$(junit_number "$report" tests)
  bad=$(junit_number "$report" failures)
  off=$(junit_number "$report" disabled)
  skips=$(junit_number "$report" skipped)
  count $((all - bad - off - skips)) "$bad" $((off + skips))
  printf '   %d passed, %d failed, %d skipped\n' $((all - bad - off - skips)) "$bad" $((off + skips))
  if [ "$bad" -gt 0 ]; then
    output_of_failed "$log" | tail -n 60 | cut -c 1-300 | sed 's/^/   | /'
    sed -n '/The following tests FAILED/,$p' "$log" | sed 's/^/   | /'
    failure "$preset: $bad of ctest's ($log)" "$(repeat_ctest "$preset" "$log")"
  elif [ "$all" -eq 0 ]; then
    fault "$preset: ctest ran no test"
  elif [ "$status" -ne 0 ]; then
    fault "$preset: ctest exit $status without a failed test"
  fi
}

# ctest_stage PRESET [ctest's arguments]: builds and tests.
ctest_stage() {
  if build "$1"; then
    run_ctest "$@"
  else
    fault "$1: does not build" "cmake --preset $1 && cmake --build --preset $1"
  fi
}

# windows_stage PRESET [ctest's arguments]: the same for Windows programs under Wine.
windows_stage() {
  if ! logged windows-deps.log ci/windows-deps; then
    fault "windows-deps: the libraries for Windows cannot be built"
    return
  fi
  wine_server
  ctest_stage "$@"
}

# probe_stage: conntrail-probe under Wine, bare and over the emulation.
probe_stage() {
  wine_server
  tap_stage probe ci/probe
}

# clang_cl_stage: as near to Visual Studio as Linux gets. Each part of the suite under the profile that is least
# convenient; then what is only compiled.
clang_cl_stage() {
  if ! logged setup-clang-cl.log ci/setup clang-cl; then
    fault "clang-cl: it cannot be installed"
    return
  fi
  windows_stage clang-cl -R '^windows\.|^examples\.(demo|proxy_test)$|^conformance\.(query|set|transfer|flow|async|unwatched)_.*\.contrary$'
  tap_stage clang-cl-packaging tests/packaging/run-clang-cl build/packaging-clang-cl
}

# Wine's server ends with its last program, and a program that comes just then is lost: one program
# that waits for its input keeps the server until this script is done.
wine_server() {
  if [ -z "${wine_keeper:-}" ]; then
    coproc { exec ci/lib/wine-run cmd /c "set /p line=" >/dev/null 2>&1; }
    wine_keeper=$COPROC_PID
    trap 'kill "$wine_keeper" 2>/dev/null || true' EXIT
  fi
  ci/lib/wine-run cmd /c exit >/dev/null 2>&1 </dev/null || true
}

# conformance_stage: the suite here, supervised and under Wine, compared. Counts what Wine ran:
# the stage gcc has counted the rest.
conformance_stage() {
  local log=$logs/conformance.log status=0 last cases wine differ
  wine_server
  followed "$log" ci/conformance || status=$?
  last=$(tail -n 1 "$log")
  if ! [[ $last =~ ^conformance:\ cases=([0-9]+)\ linux=[0-9]+\ supervised=[0-9]+\ wine=([0-9]+)\ kernel=[0-9]+\ differ=([0-9]+)$ ]]; then
    tail -n 20 "$log" | sed 's/^/   | /'
    fault "conformance: no result, exit $status"
    return
  fi
  cases=${BASH_REMATCH[1]} wine=${BASH_REMATCH[2]} differ=${BASH_REMATCH[3]}
  local good=$((wine < cases - differ ? wine : cases - differ))
  count "$good" "$differ" $((cases - good - differ))
  printf '   %d passed, %d failed, %d skipped\n' "$good" "$differ" $((cases - good - differ))
  if [ "$differ" -gt 0 ]; then
    grep -vE '^[A-Z][0-9]+ .* (ok|skip [a-z -]+) +(ok|skip [a-z -]+) +(ok|skip [a-z -]+) +(ok|skip .*|-|impossible)$' "$log" | tail -n 60 | sed 's/^/   | /'
    failure "conformance: $differ ($log)" ci/conformance
  elif [ "$status" -ne 0 ] || [ "$wine" -eq 0 ]; then
    tail -n 20 "$log" | sed 's/^/   | /'
    fault "conformance: exit $status without a failed case"
  fi
}

# repeat_tap LOG COMMAND...: ci/lint takes the names of its rules, the others run whole.
repeat_tap() {
  local log=$1
  shift
  printf '%s' "$*"
  [ "$*" != ci/lint ] || sed -nE 's/^not ok [0-9]+ - / /p' "$log" | tr -d '\n'
}

# tap_stage NAME COMMAND...: a command that reports each test as a line "ok - what" or
# "not ok - what" (the Test Anything Protocol), "ok - what # SKIP why" for one that it left out.
tap_stage() {
  local name=$1 log=$logs/$1.log status=0 good bad skips
  shift
  followed "$log" "$@" || status=$?
  skips=$(grep -cE '^ok\b.* # SKIP' "$log" || true)
  good=$(($(grep -cE '^ok\b' "$log" || true) - skips))
  bad=$(grep -cE '^not ok\b' "$log" || true)
  count "$good" "$bad" "$skips"
  printf '   %d passed, %d failed, %d skipped\n' "$good" "$bad" "$skips"
  grep -E '^ok\b.* # SKIP' "$log" | sed 's/^ok/   skipped/' || true
  if [ "$bad" -gt 0 ]; then
    grep -vE '^(ok\b|1\.\.)' "$log" | tail -n 60 | sed 's/^/   | /'
    failure "$name: $bad ($log)" "$(repeat_tap "$log" "$@")"
  elif [ "$status" -ne 0 ]; then
    tail -n 20 "$log" | sed 's/^/   | /'
    fault "$name: exit $status without a failed test" "$*"
  elif [ "$good" -eq 0 ]; then
    fault "$name: ran no test"
  fi
}

# demo_stage [OPTION]: the demonstration, whose last line is "demo: ok" where all of it was right.
demo_stage() {
  local log=$logs/demo${1:-}.log status=0
  [ "${1:-}" != --windows ] || wine_server
  followed "$log" ci/demo "$@" || status=$?
  if [ "$status" -eq 0 ] && [ "$(tail -n 1 "$log" | tr -d '\r')" = "demo: ok" ]; then
    count 1 0 0
    printf '   1 passed, 0 failed, 0 skipped\n'
  else
    tail -n 20 "$log" | sed 's/^/   | /'
    fault "demo${1:+ $1}: exit $status ($log)" "ci/demo${1:+ $1}"
  fi
}

# The last word: what failed, and the sum on the last line.
finish() {
  printf '\n'
  local number
  for number in "${!failures[@]}"; do
    printf 'failed: %s\n   alone: %s\n' "${failures[number]}" "${repeats[number]}"
  done
  printf '%d skipped; %d s in all\n' "$skipped" $((SECONDS - started))
  if [ $((passed + failed)) -eq 0 ]; then
    printf 'no test ran\n'
  fi
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
