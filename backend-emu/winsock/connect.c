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

static int refuse(int native) {
  WSASetLastError(native);
  return SOCKET_ERROR;
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

bool conntrail__connect_concerns(const conntrail__hold *hold, const struct sockaddr *name, int size,
                                 conntrail__address *remote) {
  if (name == NULL || size <= 0 || !conntrail__address_from_sockaddr(name, (size_t)size, remote) ||
      name->sa_family != hold->known.family) {
    return false;
  }
  return hold->known.family == AF_INET || remote->family == CONNTRAIL__IPV6 ||
         takes_mapped(hold->known.handle);
}

/* [D] Windows' IPv6 sockets refuse mapped addresses unless told otherwise; what the engine sends
 * an IPv6 client to may be IPv4. */
void conntrail__connect_let_mapped_through(const conntrail__hold *hold,
                                           const conntrail__address *target) {
  DWORD only_v6 = 0;
  int error = WSAGetLastError();
  if (hold->known.family == AF_INET6 && target->family == CONNTRAIL__IPV4) {
    conntrail__system_calls()->setsockopt(hold->known.handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                          (const char *)&only_v6, (int)sizeof only_v6);
  }
  WSASetLastError(error);
}

static SOCKET bind_nowhere(int family, conntrail__way *way) {
  const conntrail__system *real = conntrail__system_calls();
  SOCKET nowhere = real->socket(family, SOCK_STREAM, IPPROTO_TCP);
  if (nowhere != INVALID_SOCKET &&
      real->bind(nowhere, (const struct sockaddr *)&way->target, way->size) == 0 &&
      getsockname(nowhere, (struct sockaddr *)&way->target, &way->size) == 0) {
    return nowhere;
  }
  if (nowhere != INVALID_SOCKET) {
    real->closesocket(nowhere);
  }
  return INVALID_SOCKET;
}

/* The way of a connection that is to be refused. False: there is none, the error is known now. */
static bool lead_nowhere(const conntrail__hold *hold, uint32_t native, bool is_learnt_later,
                         conntrail__way *way) {
  uint8_t family = hold->known.family == AF_INET ? CONNTRAIL__IPV4 : CONNTRAIL__IPV6;
  conntrail__address loopback = conntrail__address_loopback(family, 0);
  way->size = (int)conntrail__address_to_sockaddr(&loopback, &way->target);
  if (native == WSAECONNREFUSED && is_learnt_later) {
    way->nowhere = bind_nowhere(hold->known.family, way);
  }
  if (way->nowhere != INVALID_SOCKET) {
    return true;
  }
  WSASetLastError((int)native);
  return false;
}

static bool lead_to(const conntrail__hold *hold, const conntrail__address *target,
                    conntrail__way *way) {
  way->size = (int)conntrail__address_to_family(target, hold->known.family, &way->target);
  if (way->size == 0) {
    conntrail__connect_report(hold, WSAEAFNOSUPPORT);
    WSASetLastError(WSAEAFNOSUPPORT);
    return false;
  }
  conntrail__connect_let_mapped_through(hold, target);
  return true;
}

bool conntrail__connect_decide(const conntrail__hold *hold, const conntrail__address *remote,
                               bool is_learnt_later, conntrail__way *way) {
  conntrail__identity who;
  conntrail__session_identity(&who);
  way->nowhere = INVALID_SOCKET;
  if (!conntrail__hold_resume(hold)) {
    WSASetLastError(WSAENETDOWN); /* the emulation ended under the program's feet */
    return false;
  }
  conntrail__decision decision = conntrail__socket_connecting(hold->known.socket, remote, &who);
  conntrail__face_unlock();
  return decision.native == 0 ? lead_to(hold, &decision.target, way)
                              : lead_nowhere(hold, decision.native, is_learnt_later, way);
}

void conntrail__connect_went(const conntrail__hold *hold, const conntrail__way *way,
                             bool is_established) {
  int error = WSAGetLastError();
  conntrail__connect_report(hold, is_established ? 0 : (uint32_t)error);
  if (way->nowhere != INVALID_SOCKET) {
    conntrail__system_calls()->closesocket(way->nowhere);
  }
  WSASetLastError(error);
}

static conntrail__outcome outcome_of(uint32_t native) {
  switch (native) {
  case 0:
    return CONNTRAIL__ESTABLISHED;
  case WSAEWOULDBLOCK:
  case WSA_IO_PENDING:
    return CONNTRAIL__UNDERWAY;
  default:
    return CONNTRAIL__REJECTED;
  }
}

void conntrail__connect_report(const conntrail__hold *hold, uint32_t native) {
  conntrail__outcome outcome = outcome_of(native);
  conntrail__address local;
  bool known = outcome != CONNTRAIL__REJECTED &&
               conntrail__address_local(hold->known.handle, &local) && local.port != 0;
  if (!conntrail__hold_resume(hold)) {
    return;
  }
  conntrail__descriptor *descriptor = conntrail__descriptor_find(hold->known.handle);
  if (descriptor != NULL && descriptor->socket == hold->known.socket) {
    conntrail__descriptor_set_underway(descriptor, outcome == CONNTRAIL__UNDERWAY);
  }
  if (conntrail__socket_state_of(hold->known.socket) == CONNTRAIL__CONNECTING) {
    conntrail__socket_connected(hold->known.socket, outcome, known ? &local : NULL, native);
  }
  conntrail__face_unlock();
}

static void keep_error(SOCKET handle, uint32_t native) {
  conntrail__face_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find(handle);
  if (descriptor != NULL) {
    descriptor->pending_error = native;
  }
  conntrail__face_unlock();
}

static uint32_t error_of(SOCKET handle) {
  int native = 0;
  int size = (int)sizeof native;
  conntrail__system_calls()->getsockopt(handle, SOL_SOCKET, SO_ERROR, (char *)&native, &size);
  return native != 0 ? (uint32_t)native : WSAECONNREFUSED;
}

static void ask_how_it_ended(const conntrail__hold *hold) {
  fd_set writable = {.fd_count = 1, .fd_array = {hold->known.handle}};
  fd_set failed = writable;
  if (select(0, NULL, &writable, &failed, &(struct timeval){0, 0}) <= 0) {
    return;
  }
  if (failed.fd_count != 0) {
    uint32_t native = error_of(hold->known.handle);
    keep_error(hold->known.handle, native);
    conntrail__connect_report(hold, native);
  } else {
    conntrail__connect_report(hold, 0);
  }
}

void conntrail__connect_settle(SOCKET handle) {
  conntrail__hold hold;
  if (!conntrail__descriptor_any_underway() || !conntrail__hold_take(handle, &hold)) {
    return;
  }
  int error = WSAGetLastError();
  if (hold.known.is_underway) {
    ask_how_it_ended(&hold);
  }
  if (hold.known.is_accepting) {
    conntrail__accept_settle(&hold);
  }
  conntrail__hold_drop(&hold);
  WSASetLastError(error);
}

/* The system's alone, and what it does to the association. [D] Windows dissolves by the address
 * 0.0.0.0 or ::, or by no address. */
static int dissolve(const conntrail__hold *hold, const request *asked) {
  int answer = perform(asked, asked->name, asked->size);
  if (answer == 0 && conntrail__hold_resume(hold)) {
    conntrail__socket_associated(hold->known.socket, NULL);
    conntrail__face_unlock();
  }
  return answer;
}

/* (locked) Nothing is sent, so nothing blocks. 0 or the Winsock number. */
static uint32_t associate(const conntrail__hold *hold, const request *asked,
                          const conntrail__address *remote) {
  struct sockaddr_storage target;
  conntrail__identity who;
  conntrail__session_identity(&who);
  conntrail__passage passage = conntrail__datagram_connecting(hold->known.socket, remote, &who);
  if (passage.native != 0) {
    return passage.native;
  }
  conntrail__connect_let_mapped_through(hold, &passage.target);
  if (passage.unsettled != NULL && !conntrail__carrier_settle(hold, &passage)) {
    return (uint32_t)WSAGetLastError();
  }
  size_t size = conntrail__address_to_family(&passage.target, hold->known.family, &target);
  if (size == 0) {
    return WSAEAFNOSUPPORT;
  }
  if (perform(asked, (const struct sockaddr *)&target, (int)size) != 0) {
    return (uint32_t)WSAGetLastError();
  }
  conntrail__socket_associated(hold->known.socket, remote);
  return 0;
}

static int connect_datagram(const conntrail__hold *hold, const request *asked) {
  conntrail__address remote;
  if (!conntrail__connect_concerns(hold, asked->name, asked->size, &remote) ||
      conntrail__address_is_any(&remote)) {
    return dissolve(hold, asked);
  }
  if (!conntrail__hold_resume(hold)) {
    return refuse(WSAENETDOWN); /* the emulation ended under the program's feet */
  }
  uint32_t native = associate(hold, asked, &remote);
  conntrail__face_unlock();
  return native == 0 ? 0 : refuse((int)native);
}

static int connect_stream(const conntrail__hold *hold, const request *asked) {
  conntrail__address remote;
  conntrail__way way;
  if (hold->state == CONNTRAIL__CONNECTED) {
    return refuse(WSAEISCONN);
  }
  if (hold->state == CONNTRAIL__CONNECTING) {
    return refuse(WSAEALREADY);
  }
  if (hold->state == CONNTRAIL__LISTENING ||
      !conntrail__connect_concerns(hold, asked->name, asked->size, &remote)) {
    return perform(asked, asked->name, asked->size);
  }
  if (!conntrail__connect_decide(hold, &remote, hold->known.is_nonblocking, &way)) {
    return SOCKET_ERROR;
  }
  conntrail__update_expect(asked->handle, false); /* where ConnectEx failed before */
  int answer = perform(asked, (const struct sockaddr *)&way.target, way.size);
  conntrail__connect_went(hold, &way, answer == 0);
  return answer;
}

static int connect_any(const request *asked) {
  conntrail__hold hold;
  conntrail__connect_settle(asked->handle);
  if (!conntrail__hold_take(asked->handle, &hold)) {
    return perform(asked, asked->name, asked->size);
  }
  bool is_stream = hold.kind == CONNTRAIL__STREAM;
  int answer = is_stream ? connect_stream(&hold, asked) : connect_datagram(&hold, asked);
  conntrail__hold_drop(&hold);
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
