/* SPDX-License-Identifier: MIT */
#include "fixture.h"

const char *fixture_need_name(unsigned need) {
  switch (need) {
#define FIXTURE_NEED_TEXT(name, bit, text)                                                         \
  case NEEDS_##name:                                                                               \
    return text;
    FIXTURE_NEED_MAP(FIXTURE_NEED_TEXT)
#undef FIXTURE_NEED_TEXT
  default:
    return "?";
  }
}
