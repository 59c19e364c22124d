/* SPDX-License-Identifier: MIT */

/* Queries that are begun. They pend where the emulation's profile says so, and are notified of
 * their end when the lock under which they ended is given back. */

#include <errno.h>

#include "../../src/pending_query.h"
#include "conntrail/conntrail.h"
#include "kernel_option.h"

_Static_assert(sizeof(conntrail__pending) <= sizeof((conntrail__overlapped *)0)->room,
               "the seam's room is too small for a pending query");

static conntrail__pending *ended; /* under the lock */

static conntrail__pending *pending_of(conntrail__overlapped *call) {
  return (conntrail__pending *)(void *)call->room;
}

/* (locked) */
static bool pends(const conntrail__socket *socket, const conntrail__call *call) {
  return socket != NULL && !conntrail__session_is_inherited(socket) &&
         conntrail__socket_pends(socket, call);
}

static bool begin_tracked(conntrail__overlapped *call) {
  conntrail__pending *pending = pending_of(call);
  conntrail__socket *socket;
  conntrail__identity who;
  bool does_pend;
  *pending = (conntrail__pending){.ended = &ended, .waiting = call};
  pending->call = (conntrail__call){call->code, NULL, 0, call->out, call->capacity, &call->bytes};
  conntrail__native_lock();
  socket = conntrail__table_find(call->socket);
  does_pend = pends(socket, &pending->call);
  if (does_pend) {
    conntrail__connect_settle(socket, call->socket);
    conntrail__session_identity(&who);
    conntrail__socket_begin(socket, &who, pending);
  }
  conntrail__native_unlock();
  return does_pend;
}

static bool applies(void) {
  return conntrail__is_active() && conntrail__session_applies();
}

static void cancel(const conntrail__pending_option *option) {
  conntrail__native_lock();
  conntrail__socket *known = conntrail__table_find(option->socket);
  if (known != NULL) {
    (void)conntrail__socket_cancel(known, pending_of(option->call));
  }
  conntrail__native_unlock();
}

/* The structure is private to one version of both libraries. */
static bool is_understood(const conntrail__pending_option *option, socklen_t size) {
  return option != NULL && size == sizeof *option && option->version == CONNTRAIL_VERSION;
}

int conntrail__overlapped_set_option(int name, const void *value, socklen_t size) {
  const conntrail__pending_option *option = value;
  if (!is_understood(option, size)) {
    return conntrail__fail(EPROTO);
  }
  if (name == CONNTRAIL__OPTION_BEGIN) {
    return applies() && begin_tracked(option->call) ? 0 : conntrail__fail(EALREADY);
  }
  if (applies()) {
    cancel(option);
  }
  return 0;
}

conntrail__pending *conntrail__overlapped_take_ended(void) {
  conntrail__pending *taken = ended;
  ended = NULL;
  return taken;
}

void conntrail__overlapped_notify(conntrail__pending *done) {
  int error = errno;
  while (done != NULL) {
    conntrail__overlapped *call = done->waiting;
    uint32_t native = done->native;
    done = done->next; /* the callback may free it */
    call->completed(call, native);
  }
  errno = error;
}
