/* SPDX-License-Identifier: MIT */

/*
 * A file of its own, because the emulation behind Winsock's entry points (backend-emu/winsock)
 * defines this call itself: linked ahead of a static library, its definition is the one taken.
 */

#include "../src/backend.h"

void conntrail__backend_layout_did_not_fit(conntrail_socket socket, uint32_t size) {
  (void)socket;
  (void)size;
}
