/* SPDX-License-Identifier: MIT */

/* connect and WSAConnect, and what connecting in general is made of. */

#include "winsock.h"

typedef struct request {
  const conntrail__system *real;
  SOCKET handle;
  const struct sockaddr *name;
  int size;
  bool is_extended; /* WSAConnect, with what follows */
  WSABUF *caller_data;
  WSABUF *callee_data;
  QOS *quality;
  QOS *group_quality;
} request;

static int perform(const request *asked, const struct sockaddr *name, int size) {
  if (!asked->is_extended) {
    return asked->real->connect(asked->handle, name, size);
  }
  return asked->real->WSAConnect(asked->handle, name, size, asked->caller_data, asked->callee_data,
                                 asked->quality, asked->group_quality);
}

static bool takes_mapped(SOCKET handle) {
  int error = WSAGetLastError();
  DWORD only_v6 = 1;
  int size = (int)sizeof only_v6;
  bool takes = conntrail__system_calls()->getsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                                     (char *)&only_v6, &size) == 0 &&
               only_v6 == 0;
  WSASetLastError(error);
  return takes;
}

uint32_t conntrail__connect_busy(const conntrail__kept *kept) {
  switch (kept->reference.state) {
  case CONNTRAIL__CONNECTED:
    return WSAEISCONN;
  case CONNTRAIL__CONNECTING:
    return WSAEALREADY;
  default:
    return 0;
  }
}

bool conntrail__connect_concerns(const conntrail__kept *kept, const struct sockaddr *name, int size,
                                 conntrail__address *remote) {
  if (name == NULL || size <= 0 || !conntrail__address_from_sockaddr(name, (size_t)size, remote) ||
      name->sa_family != kept->known.family) {
    return false;
  }
  return kept->known.family == AF_INET || remote->family == CONNTRAIL__IPV6 ||
         takes_mapped(kept->known.handle);
}

static SOCKET bind_nowhere(int family, conntrail__way *way) {
  const conntrail__system *real = conntrail__system_calls();
  struct sockaddr *address = (struct sockaddr *)&way->target.address;
  int size = (int)way->target.size;
  SOCKET nowhere = real->socket(family, SOCK_STREAM, IPPROTO_TCP);
  if (nowhere != INVALID_SOCKET && real->bind(nowhere, address, size) == 0 &&
      getsockname(nowhere, address, &size) == 0) {
    return nowhere;
  }
  if (nowhere != INVALID_SOCKET) {
    real->closesocket(nowhere);
  }
  return INVALID_SOCKET;
}

/* The way of a connection that is to be refused. False: there is none, the error is known now. */
static bool lead_nowhere(const conntrail__kept *kept, int error, bool is_learnt_later,
                         conntrail__way *way) {
  conntrail__target_nowhere(kept->known.family, &way->target);
  if (error == WSAECONNREFUSED && is_learnt_later) {
    way->nowhere = bind_nowhere(kept->known.family, way);
  }
  if (way->nowhere != INVALID_SOCKET) {
    return true;
  }
  WSASetLastError(error);
  return false;
}

bool conntrail__connect_lead(const conntrail__kept *kept, const conntrail__address *remote,
                             bool is_learnt_later, conntrail__way *way) {
  way->nowhere = INVALID_SOCKET;
  int error = conntrail__connect_decide_kept(&kept->reference, remote, &way->target);
  return error == 0 || lead_nowhere(kept, error, is_learnt_later, way);
}

static conntrail__outcome outcome_of(int error) {
  switch (error) {
  case 0:
    return CONNTRAIL__ESTABLISHED;
  case WSAEWOULDBLOCK:
  case WSA_IO_PENDING:
    return CONNTRAIL__UNDERWAY;
  default:
    return CONNTRAIL__REJECTED;
  }
}

/* Reports to the engine what the system did. error: 0, WSAEWOULDBLOCK, WSA_IO_PENDING or a refusal.
 */
static void report(const conntrail__kept *kept, int error) {
  conntrail__outcome outcome = outcome_of(error);
  if (!conntrail__connect_report(&kept->reference, outcome, error)) {
    return;
  }
  conntrail__descriptor *descriptor = conntrail__descriptor_find(kept->known.handle);
  if (descriptor != NULL && descriptor->socket == kept->known.socket) {
    conntrail__descriptor_set_underway(descriptor, outcome == CONNTRAIL__UNDERWAY);
  }
  conntrail__reference_leave();
}

void conntrail__connect_went(const conntrail__kept *kept, const conntrail__way *way,
                             bool is_established) {
  int error = conntrail__connect_error(&kept->reference, &way->target, WSAGetLastError());
  report(kept, is_established ? 0 : error);
  if (way->nowhere != INVALID_SOCKET) {
    conntrail__system_calls()->closesocket(way->nowhere);
  }
  WSASetLastError(error);
}

static void keep_error(SOCKET handle, uint32_t native) {
  conntrail__native_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find(handle);
  if (descriptor != NULL) {
    descriptor->pending_error = native;
  }
  conntrail__native_unlock();
}

static uint32_t error_of(SOCKET handle) {
  int native = 0;
  int size = (int)sizeof native;
  conntrail__system_calls()->getsockopt(handle, SOL_SOCKET, SO_ERROR, (char *)&native, &size);
  return native != 0 ? (uint32_t)native : WSAECONNREFUSED;
}

static void ask_how_it_ended(const conntrail__kept *kept) {
  fd_set writable = {.fd_count = 1, .fd_array = {kept->known.handle}};
  fd_set failed = writable;
  if (select(0, NULL, &writable, &failed, &(struct timeval){0, 0}) <= 0) {
    return;
  }
  if (failed.fd_count != 0) {
    uint32_t native = error_of(kept->known.handle);
    keep_error(kept->known.handle, native);
    report(kept, (int)native);
  } else {
    report(kept, 0);
  }
}

void conntrail__connect_settle(SOCKET handle) {
  conntrail__kept kept;
  if (!conntrail__descriptor_any_underway() || !conntrail__kept_take(handle, &kept)) {
    return;
  }
  int error = WSAGetLastError();
  if (kept.known.is_underway) {
    ask_how_it_ended(&kept);
  }
  if (kept.known.is_accepting) {
    conntrail__accept_settle(&kept);
  }
  conntrail__reference_drop(&kept.reference);
  WSASetLastError(error);
}

/* The system's alone, and what it does to the association. [D] Windows dissolves by the address
 * 0.0.0.0 or ::, or by no address. */
static int dissolve(const conntrail__kept *kept, const request *asked) {
  conntrail__address before = {.family = CONNTRAIL__NO_FAMILY};
  (void)conntrail__native_local_address((intptr_t)asked->handle, &before);
  int answer = perform(asked, asked->name, asked->size);
  int error = WSAGetLastError();
  if (answer == 0 && conntrail__reference_resume(&kept->reference)) {
    conntrail__tell_dissolved(&kept->reference, &before);
    conntrail__reference_leave();
  }
  WSASetLastError(error);
  return answer;
}

static int connect_datagram(const conntrail__kept *kept, const request *asked) {
  conntrail__address remote;
  if (!conntrail__connect_concerns(kept, asked->name, asked->size, &remote) ||
      conntrail__address_is_any(&remote)) {
    return dissolve(kept, asked);
  }
  if (!conntrail__reference_resume(&kept->reference)) {
    return conntrail__refuse((uint32_t)conntrail__connect_ended_error());
  }
  int error = conntrail__connect_datagram(&kept->reference, &remote);
  conntrail__reference_leave();
  return error == 0 ? 0 : conntrail__refuse((uint32_t)error);
}

static int connect_stream(const conntrail__kept *kept, const request *asked) {
  conntrail__address remote;
  conntrail__way way;
  uint32_t busy = conntrail__connect_busy(kept);
  if (busy != 0) {
    return conntrail__refuse(busy);
  }
  if (kept->reference.state == CONNTRAIL__LISTENING ||
      !conntrail__connect_concerns(kept, asked->name, asked->size, &remote)) {
    return perform(asked, asked->name, asked->size);
  }
  if (!conntrail__connect_lead(kept, &remote, kept->known.is_nonblocking, &way)) {
    return SOCKET_ERROR;
  }
  conntrail__update_expect(asked->handle, false); /* where ConnectEx failed before */
  int answer = perform(asked, (const struct sockaddr *)&way.target.address, (int)way.target.size);
  conntrail__connect_went(kept, &way, answer == 0);
  return answer;
}

static int connect_any(const request *asked) {
  conntrail__kept kept;
  conntrail__connect_settle(asked->handle);
  if (!conntrail__kept_take(asked->handle, &kept)) {
    return perform(asked, asked->name, asked->size);
  }
  bool is_stream = kept.reference.kind == CONNTRAIL__STREAM;
  int answer = is_stream ? connect_stream(&kept, asked) : connect_datagram(&kept, asked);
  conntrail__reference_drop(&kept.reference);
  return answer;
}

int WSAAPI conntrail__watched_connect(SOCKET handle, const struct sockaddr *name, int size) {
  return connect_any(
      &(request){.real = conntrail__system_calls(), .handle = handle, .name = name, .size = size});
}

int WSAAPI conntrail__watched_WSAConnect(SOCKET handle, const struct sockaddr *name, int size,
                                         WSABUF *caller_data, WSABUF *callee_data, QOS *quality,
                                         QOS *group_quality) {
  return connect_any(&(request){.real = conntrail__system_calls(),
                                .handle = handle,
                                .name = name,
                                .size = size,
                                .is_extended = true,
                                .caller_data = caller_data,
                                .callee_data = callee_data,
                                .quality = quality,
                                .group_quality = group_quality});
}
