/* SPDX-License-Identifier: MIT */
/*
 * A program whose connect is not conntrail's, as when another library stands in front: to get
 * so by name, and never to get a silent wrong answer (E7). Prints the refusal. Such libraries write
 * over the pointer through which the program calls, and so does this program.
 */
#include <stdio.h>

#include "../../backend-win/win.h"
#include "conntrail/emu.h"

typedef void (*any_call)(void);
/* Not const: a compiler may leave out what is written to a constant. */
extern any_call __imp_connect;

static int WSAAPI strange_connect(SOCKET socket, const struct sockaddr *address, int size) {
  (void)socket;
  (void)address;
  (void)size;
  return SOCKET_ERROR;
}

static BOOL stand_in_front(void) {
  DWORD before;
  if (!VirtualProtect(&__imp_connect, sizeof __imp_connect, PAGE_READWRITE, &before)) {
    return FALSE;
  }
  __imp_connect = (any_call)strange_connect;
  return VirtualProtect(&__imp_connect, sizeof __imp_connect, before, &before);
}

int main(void) {
  if (!stand_in_front()) {
    return 1;
  }
  conntrail_emu *emu = conntrail_emu_create(NULL);
  (void)fputs(conntrail_emu_refusal(), stdout);
  return emu == NULL ? 0 : 1;
}
