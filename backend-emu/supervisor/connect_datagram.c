/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/reference.h"
#include "../frontend/relay.h"
#include "../frontend/sockaddr.h"
#include "connect_datagram.h"
#include "decide.h"
#include "known.h"
#include "native.h"
#include "notice.h"
#include "process.h"
#include "refusals.h"

/* A connected datagram socket. Nothing is sent, so nothing blocks. */
conntrail__answer conntrail__connect_datagram(const conntrail__notice *notice, int own,
                                              conntrail__known *known,
                                              const conntrail__address *remote) {
  struct sockaddr_storage storage;
  if (known->is_foreign) {
    conntrail__tell_refused(notice, CONNTRAIL__OTHER_NETWORK);
    return conntrail__fail(ENETUNREACH);
  }
  const conntrail__identity who = conntrail__identify(notice);
  conntrail__datagram_decision choice = conntrail__datagram_connecting(known->socket, remote, &who);
  if (choice.native != 0) {
    return conntrail__fail(conntrail__errno_for(choice.native));
  }
  const conntrail__reference client = conntrail__refer_to(known, own);
  int error = conntrail__let_through(known, own, remote, &choice.target);
  if (choice.unsettled != NULL && error != 0) {
    conntrail__datagram_abandon(&choice);
  } else if (choice.unsettled != NULL) {
    error = conntrail__relay_settle(&client, &choice);
  }
  if (error != 0) {
    return conntrail__fail(conntrail__explain_lack(notice, error));
  }
  if (conntrail__address_equal(remote, &choice.target) &&
      conntrail__leaks_names(notice, &choice.target)) {
    return conntrail__fail(ECONNREFUSED);
  }
  size_t size = conntrail__address_to_family(&choice.target, known->family, &storage);
  if (size == 0) {
    return conntrail__fail(EAFNOSUPPORT);
  }
  if (connect(own, (struct sockaddr *)&storage, (socklen_t)size) != 0) {
    return conntrail__fail(errno);
  }
  conntrail__socket_associated(known->socket, remote);
  return conntrail__give(0);
}
