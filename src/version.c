/* SPDX-License-Identifier: MIT */

#include "conntrail/conntrail.h"

uint32_t conntrail_version(void) {
  return CONNTRAIL_VERSION;
}
