/* SPDX-License-Identifier: MIT */

/* A user's program on libevent: one question, answered in the loop (clause O1). */

#include <stdio.h>

#include <event2/event.h>

#include "conntrail/conntrail.h"
#include "conntrail/event.h"

static void keep_status(conntrail_status status, const void *blob, size_t size, void *argument) {
  (void)blob;
  (void)size;
  *(conntrail_status *)argument = status;
}

int main(void) {
  conntrail_status answer = CONNTRAIL_OK;
  struct event_base *base = event_base_new();
  conntrail_status begun =
      conntrail_event_query_records(base, CONNTRAIL_INVALID_SOCKET, keep_status, &answer, NULL);

  event_base_dispatch(base);
  event_base_free(base);
  if (begun != CONNTRAIL_OK || answer != CONNTRAIL_NOT_SOCKET) {
    printf("begun %s, answered %s\n", conntrail_status_name(begun), conntrail_status_name(answer));
    return 1;
  }
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}
