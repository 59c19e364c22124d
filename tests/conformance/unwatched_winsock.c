/* SPDX-License-Identifier: MIT */
/*
 * A program whose connect is not conntrail's, as when another library stands in front: to be told
 * so by name, and never to get a silent wrong answer (E7). Prints the refusal. The linker is told
 * to take every use of __imp_connect for the one below (--wrap).
 */
#include <stdio.h>

#include "../../backend-win/win.h"
#include "conntrail/emu.h"

static int WSAAPI strange_connect(SOCKET socket, const struct sockaddr *address, int size) {
  (void)socket;
  (void)address;
  (void)size;
  return SOCKET_ERROR;
}

extern void (*const __wrap___imp_connect)(void);
void (*const __wrap___imp_connect)(void) = (void (*)(void))strange_connect;

int main(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  (void)fputs(conntrail_emu_refusal(), stdout);
  return emu == NULL ? 0 : 1;
}
