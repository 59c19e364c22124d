/* SPDX-License-Identifier: MIT */
/*
 * A program whose connect is not conntrail's, as when another object was linked in front: to be
 * told so by name, and never to get a silent wrong answer (E7). Prints the refusal. Linked with
 * --allow-multiple-definition: the linker would otherwise tell it sooner.
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

extern void (*const __imp_connect)(void);
void (*const __imp_connect)(void) = (void (*)(void))strange_connect;

int main(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  (void)fputs(conntrail_emu_refusal(), stdout);
  return emu == NULL ? 0 : 1;
}
