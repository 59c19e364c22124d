# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The tests that a change is tried with first, and that a release passes where it is unpacked: the units, the
# examples, and the conformance suite under one profile. ctest's -R.
# shellcheck disable=SC2034 # who reads this file uses it
short_tests='^(unit|support|fuzz|examples)\.|^conformance\..*\.documented$'
