# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the rules in ci/rules share. A rule runs at the top of the tree, prints "file:line: what is
# wrong" for each finding, and fails where there is one.
set -euo pipefail

# search [git grep's arguments]: lines that match; none is no error.
search() {
  git grep -n "$@" || [ $? -eq 1 ]
}

# advise TEXT: says behind each finding what to do.
advise() {
  sed "s|\$|   <- $1|"
}

# refuse: fails where there are findings.
refuse() {
  ! grep .
}
