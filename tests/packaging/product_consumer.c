/* SPDX-License-Identifier: MIT */

/*
 * A user's program, which links the product's library only and runs on a real kernel.
 * Nothing redirected its connection: so there are no records, and nothing to transfer (K1, K2). It
 * proves that the headers belong to the library that it runs with.
 */

#include <stdio.h>

#include "conntrail/conntrail.h"
#include "sockets.h"

static conntrail_status ask_and_transfer(conntrail_socket accepted, conntrail_socket outbound) {
  size_t size = 0;
  conntrail_status asked = conntrail_query_records(accepted, NULL, 0, &size);

  if (asked != CONNTRAIL_NOT_REDIRECTED || conntrail_native_error() != 10045) {
    printf("query: %s, %u\n", conntrail_status_name(asked), (unsigned)conntrail_native_error());
    return asked;
  }
  return conntrail_transfer_records(accepted, outbound);
}

int main(void) {
  struct sockaddr_in place;
  conntrail_socket listener = listen_on_loopback(&place);
  conntrail_socket client = connect_to(&place);
  conntrail_socket outbound = socket(AF_INET, SOCK_STREAM, 0);
  conntrail_status status = ask_and_transfer(accept(listener, NULL, NULL), outbound);

  if (client == CONNTRAIL_INVALID_SOCKET || status != CONNTRAIL_OK_NOTHING_TO_TRANSFER) {
    printf("client %d, %s\n", (int)client, conntrail_status_name(status));
    return 1;
  }
  if (conntrail_version() != CONNTRAIL_VERSION) {
    printf("headers are %s, the library is %06x\n", CONNTRAIL_VERSION_TEXT,
           (unsigned)conntrail_version());
    return 2;
  }
  printf("conntrail %s\n", CONNTRAIL_VERSION_TEXT);
  return 0;
}
