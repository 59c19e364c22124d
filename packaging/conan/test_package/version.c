/* SPDX-License-Identifier: MIT */
#include <conntrail/conntrail.h>

int main(void) {
  return conntrail_version() == CONNTRAIL_VERSION ? 0 : 1;
}
