# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # work, here, top, version and warnings are the caller's
# How tests/packaging/run installs conntrail, and how it builds programs against it.

# install_as KIND OPTIONS...: one build and one prefix, moved after it was installed.
install_as() {
  local kind=$1
  shift
  cmake -G Ninja -S "$top" -B "$work/build-$kind" -DCONNTRAIL_TESTS=OFF -DCONNTRAIL_EXAMPLES=OFF \
    -DCONNTRAIL_WERROR=ON -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/first-$kind" "$@" &&
    cmake --build "$work/build-$kind" &&
    cmake --install "$work/build-$kind" &&
    mv "$work/first-$kind" "$work/$kind"
}

# runs PROGRAM...: a program of ours, that ends by itself and says which version it has.
runs() {
  local said
  said=$(timeout 60 "$@" 2>&1)
  echo "$1: $said"
  [ "$said" = "conntrail $version" ]
}

# by_cmake PROGRAMS FOLDER NAME OPTIONS...: configures and builds a consuming project, and runs its
# programs.
by_cmake() {
  local programs=$1 project=$2 build=$work/consumer-$3 program
  shift 3
  cmake -G Ninja -S "$here/$project" -B "$build" -DCMAKE_C_FLAGS="$warnings" "$@" &&
    cmake --build "$build" || return 1
  for program in $programs; do
    runs "$build/$program" || return 1
  done
}

# fails_with SENTENCE COMMAND...: it fails, and says so; CMake's own lines are put together.
fails_with() {
  local sentence=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "it did not fail: $said"
    return 1
  fi
  echo "$said"
  tr -s ' \n' ' ' <<<"$said" | grep -qF "$sentence"
}

# find_component KIND COMPONENT OPTIONS...: a project that asks for it.
find_component() {
  local kind=$1 component=$2
  shift 2
  cmake -G Ninja -S "$here/installed-component" -B "$work/component-$kind-$component" \
    -DCMAKE_PREFIX_PATH="$work/$kind" -DWANTED_COMPONENT="$component" "$@"
}

configure() {
  local build=$work/configured
  rm -rf "${build:?}"
  cmake -G Ninja -S "$top" -B "$build" "$@"
}

pc_folder() {
  dirname "$(find "$work/$1" -name conntrail.pc)"
}

library_folder() {
  dirname "$(pc_folder "$1")"
}

# pc_flags KIND ARGUMENTS...
pc_flags() {
  local kind=$1
  shift
  PKG_CONFIG_PATH=$(pc_folder "$kind") pkg-config --cflags --libs "$@"
}

# by_pkg_config KIND PROGRAM "SOURCES" ARGUMENTS...: compiles by hand with what pkg-config says.
by_pkg_config() {
  local kind=$1 program=$work/$2-pc-$1 sources=$3 flags
  shift 3
  flags=$(pc_flags "$kind" "$@") || return 1
  # shellcheck disable=SC2086 # options are words
  (cd "$here" && gcc -std=c11 $warnings -Wl,--as-needed $sources -o "$program" $flags) &&
    runs env LD_LIBRARY_PATH="$(library_folder "$kind")" "$program"
}
