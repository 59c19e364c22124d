# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts in ci/ say to people, in one form.

say() {
  printf '%s: %s\n' "${0##*/}" "$*"
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Compiling takes every processor this process may use.
processors() {
  nproc 2>/dev/null || echo 2
}
