/* SPDX-License-Identifier: MIT */

/* raw_proxy PORT: takes what a callout driver redirects to this port of loopback, one connection
 * after the other, and carries it on to where it wanted to go. */

#include <stdio.h>
#include <stdlib.h>

#include "raw_proxy.h"

static SOCKET listen_at(unsigned short port) {
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (listener == INVALID_SOCKET ||
      bind(listener, (const struct sockaddr *)&address, (int)sizeof address) == SOCKET_ERROR ||
      listen(listener, SOMAXCONN) == SOCKET_ERROR) {
    return INVALID_SOCKET;
  }
  return listener;
}

static void serve(SOCKET accepted) {
  SOCKET outbound = raw_continue_by_context(accepted, NULL, 0);
  if (outbound == INVALID_SOCKET) {
    fprintf(stderr, "raw_proxy: cannot continue a connection: error %d\n", WSAGetLastError());
  } else {
    raw_relay(accepted, outbound);
    closesocket(outbound);
  }
  closesocket(accepted);
}

int main(int count, char **arguments) {
  WSADATA data;
  int port = count == 2 ? atoi(arguments[1]) : 0;
  if (port < 1 || port > 65535) {
    fprintf(stderr, "usage: raw_proxy PORT, which the driver redirects to\n");
    return 2;
  }
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
    return 1;
  }
  SOCKET listener = listen_at((unsigned short)port);
  if (listener == INVALID_SOCKET) {
    fprintf(stderr, "raw_proxy: cannot listen at port %d: error %d\n", port, WSAGetLastError());
    return 1;
  }
  for (;;) {
    SOCKET accepted = accept(listener, NULL, NULL);
    if (accepted == INVALID_SOCKET) {
      return 1;
    }
    serve(accepted);
  }
}
