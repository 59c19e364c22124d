# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # top, work, here, warnings and transfers are the caller's
# A program that links the product's library and the emulation gets the emulation, whatever the
# order, static or shared, with whom else; or conntrail_emu_create() says what to link (E7). Each
# check tries every pair of libraries.

folder=$work/linking

find_libraries() {
  mkdir -p "$folder"
  local static shared
  static=$(library_folder static)
  shared=$(library_folder shared)
  product_static=$static/libconntrail.a
  emulation_static=$static/libconntrail-emu.a
  product_shared=$shared/libconntrail.so
  emulation_shared=$shared/libconntrail-emu.so
}

# link_and_run "COMPILER AND OPTIONS" "SOURCES" LIBRARIES...
link_and_run() {
  local compiler=$1 sources=$2
  shift 2
  echo "$compiler $sources $*"
  # shellcheck disable=SC2086 # options are words
  (cd "$here" && $compiler -std=c11 $warnings -I"$work/static/include" $sources -o "$folder/program" "$@" -pthread) &&
    runs env LD_LIBRARY_PATH="$(library_folder shared)" "$folder/program"
}

# each_pair COMMAND...: COMMAND with a product and an emulation behind it, for the four pairs.
each_pair() {
  "$@" "$product_static" "$emulation_static" &&
    "$@" "$product_static" "$emulation_shared" &&
    "$@" "$product_shared" "$emulation_static" &&
    "$@" "$product_shared" "$emulation_shared"
}

in_both_orders() {
  link_and_run "$1" "$transfers" "$2" "$3" && link_and_run "$1" "$transfers" "$3" "$2"
}

in_one_order() {
  link_and_run "$1" "$transfers" "$2" "$3"
}

# with_libevent COMPILER LIBEVENT PRODUCT EMULATION: its calls are watched, wherever it stands.
with_libevent() {
  link_and_run "$1" libevent_consumer.c "$3" "$4" "$2" &&
    link_and_run "$1" libevent_consumer.c "$2" "$4" "$3"
}

# ---- Refusals --------------------------------------------------------------------------------

# own_call NAME: a library that defines it, and leads nowhere.
own_call() {
  printf 'long %s(void);\nlong %s(void) {\n  return -1;\n}\n' "$1" "$1" |
    gcc -w -fno-builtin -shared -fPIC -x c - -o "$folder/own.so"
}

not_ours() {
  printf '%s() in this process is that of %s and does not lead to conntrail: ' "$1" "$2"
}

link_the_program="link the program itself with libconntrail-emu, ahead of libc; shared: with \
-Wl,--no-as-needed; static: without --exclude-libs. A program that loads it while it runs, as Python, \
node and java do, cannot be watched from within: run it under conntrail-emu"

# The calls that change what the emulation knows of a descriptor, or what it answers.
watched_calls() {
  sed -nE 's/^    ([A-Za-z_0-9]+);$/\1/p' "$top/backend-emu/posix/exported.map"
}

own_calls_are_refused() {
  local name count=0
  for name in $(watched_calls); do
    own_call "$name" || return 1
    fails_with "$(not_ours "$name" "$folder/own.so")do not link or preload it in front of \
libconntrail-emu, or let it call the next $name(), which dlsym(RTLD_NEXT) finds" \
      link_and_run gcc "$transfers" -Wl,--no-as-needed "$folder/own.so" "$product_shared" "$emulation_shared" ||
      return 1
    count=$((count + 1))
  done
  [ "$count" -ge 27 ]
}

# Behind the emulation it does no harm: the emulation is asked first.
own_call_behind() {
  own_call getpeername &&
    link_and_run gcc "$transfers" -Wl,--no-as-needed "$product_shared" "$emulation_shared" "$folder/own.so"
}

# The linker itself refuses a second definition.
own_call_twice() {
  printf 'long sendto(void);\nlong sendto(void) {\n  return -1;\n}\n' >"$folder/own.c"
  fails_with "multiple definition of \`sendto'" \
    link_and_run "gcc -w -fno-builtin" "$transfers $folder/own.c" "$product_static" "$emulation_static"
}

libc_first() {
  fails_with "does not lead to conntrail: $link_the_program" link_and_run gcc "$transfers" "$@"
}

hidden_in_program() {
  libc_first -Wl,--exclude-libs,ALL "$product_shared" "$emulation_static"
}

linked_behind_libc() {
  libc_first -Wl,--no-as-needed -lc "$product_shared" "$emulation_shared"
}

# It ends as its main() says.
ends_with() {
  local code=0
  timeout 60 "$folder/program" || code=$?
  [ "$code" -eq "$1" ]
}

statically() {
  fails_with "in this process libc is linked statically, and nothing can stand in front of it: link the \
program without -static; conntrail's own libraries may be static" \
    link_and_run "gcc -static" "$transfers" "$product_static" "$emulation_static" && ends_with 2
}

# ---- All of it -------------------------------------------------------------------------------

check_linking() {
  local options libevent
  find_libraries
  for options in gcc "gcc -Wl,--as-needed" "gcc -fsanitize=address" "gcc -fsanitize=address -static-libasan" \
    "gcc -fsanitize=thread" "clang -fsanitize=address" "clang -fsanitize=thread"; do
    check "linking: $options: each pair, in each order" each_pair in_both_orders "$options"
  done
  for options in clang "gcc -fuse-ld=lld" "gcc -O2 -flto" "gcc -no-pie" \
    "gcc -O2 -D_FORTIFY_SOURCE=2 -Wl,-z,now -Wl,--gc-sections"; do
    check "linking: $options: each pair" each_pair in_one_order "$options"
  done
  for libevent in -l:libevent_core.a -levent_core; do
    for options in gcc "gcc -fsanitize=address" "gcc -fsanitize=thread" "clang -fsanitize=address"; do
      check "linking: $options $libevent, behind and in front: each pair" \
        each_pair with_libevent "$options" "$libevent"
    done
  done
  check "linking: each call that another library takes is refused by name" own_calls_are_refused
  check "linking: behind the emulation such a library does no harm" own_call_behind
  check "linking: the linker refuses a program's own call beside the static emulation" own_call_twice
  check "linking: an emulation hidden in the program is refused" hidden_in_program
  check "linking: an emulation behind libc is refused" linked_behind_libc
  check "linking: a program with a static libc is refused" statically
}
