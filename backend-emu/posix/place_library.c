/* SPDX-License-Identifier: MIT */
#include "channel.h"

/* A program that is linked with the library is watched by that very copy. */
bool conntrail__stands_aside(void) {
  return false;
}
