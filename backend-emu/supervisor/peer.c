/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/sockaddr.h"
#include "describe.h"
#include "endings.h"
#include "handlers.h"
#include "known.h"
#include "memory.h"
#include "notice.h"

/* A client that was redirected believes to be where it wanted to go, as on Windows. */
conntrail__answer conntrail__on_getpeername(const conntrail__notice *notice, int own) {
  conntrail__known *known = conntrail__find_known(notice->supervisor, conntrail__cookie_of(own));
  conntrail__address peer;
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  if (known == NULL) {
    return conntrail__go_on();
  }
  conntrail__settle(known, own);
  if (!conntrail__socket_peer(known->socket, &peer) ||
      getpeername(own, (struct sockaddr *)&storage, &size) != 0) {
    return conntrail__go_on();
  }
  size_t whole = conntrail__address_to_family(&peer, known->family, &storage);
  return conntrail__fail(
      conntrail__give_sized(notice, notice->args[1], notice->args[2], &storage, whole));
}
