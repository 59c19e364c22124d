/* SPDX-License-Identifier: MIT */

/* What the library reports to its backend (src/backend.h), taken in place of
 * backend-win/report_win.c.
 */

#include "../../src/backend.h"
#include "winsock.h"

void conntrail__backend_layout_did_not_fit(conntrail_socket handle, uint32_t size) {
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    conntrail__note_misuse(conntrail__socket_emulation(found->socket), found->socket,
                           CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT, size);
  }
  conntrail__native_unlock();
}
