/* SPDX-License-Identifier: MIT */
/*
 * A program whose connect is not conntrail's, as when another library stands in front: to get
 * so by name, and never to get a silent wrong answer (E7). Prints the refusal.
 */
#include <errno.h>
#include <stdio.h>

#include "conntrail/emu.h"

/* Seen from outside, as a library's in front would be. */
CONNTRAIL_API int connect(int descriptor, const struct sockaddr *address, socklen_t size) {
  (void)descriptor;
  (void)address;
  (void)size;
  errno = ENOSYS;
  return -1;
}

int main(void) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  (void)fputs(conntrail_emu_refusal(), stdout);
  return emu == NULL ? 0 : 1;
}
