/* SPDX-License-Identifier: MIT */

/* A user's Windows program. The refusal goes through the library and its backend, and
 * needs no answer of the system. */

#include <stdio.h>

#include "conntrail/conntrail.h"

int main(void) {
  conntrail_status status;

  if (conntrail_version() != CONNTRAIL_VERSION) {
    printf("headers are %s, the library is %06x\n", CONNTRAIL_VERSION_TEXT,
           (unsigned)conntrail_version());
    return 1;
  }
  status = conntrail_query_records(CONNTRAIL_INVALID_SOCKET, NULL, 0, NULL);
  if (status != CONNTRAIL_FAULT || conntrail_native_error() != WSAEFAULT) {
    printf("%s, %u\n", conntrail_status_name(status), (unsigned)conntrail_native_error());
    return 2;
  }
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}
