/* SPDX-License-Identifier: MIT */

/*
 * The address that a client's datagrams come from, and carriers: sockets of the emulation's own
 * for flows that cannot have it. All of it under the lock; nothing here waits.
 */

#include "winsock.h"

static void close_carrier(intptr_t carrier) {
  int error = WSAGetLastError();
  conntrail__system_calls()->closesocket((SOCKET)carrier);
  WSASetLastError(error);
}

static SOCKET open_datagram(uint8_t family) {
  const conntrail__system *real = conntrail__system_calls();
  u_long enabled = 1;
  SOCKET opened =
      real->socket(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
  if (opened != INVALID_SOCKET && real->ioctlsocket(opened, (long)FIONBIO, &enabled) != 0) {
    close_carrier((intptr_t)opened);
    return INVALID_SOCKET;
  }
  return opened;
}

typedef int(WSAAPI *name_call)(SOCKET handle, const struct sockaddr *address, int size);

/* A socket of the address' family that was bound or connected to it. */
static SOCKET open_at(const conntrail__address *address, name_call call) {
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_sockaddr(address, &storage);
  SOCKET opened = open_datagram(address->family);
  if (opened != INVALID_SOCKET && call(opened, (struct sockaddr *)&storage, (int)size) != 0) {
    close_carrier((intptr_t)opened);
    return INVALID_SOCKET;
  }
  return opened;
}

/* The address of this host that datagrams to target have, where the socket does not say. */
static bool probe_source(const conntrail__address *target, conntrail__address *own) {
  conntrail__address found;
  SOCKET probe = open_at(target, conntrail__system_calls()->connect);
  if (probe == INVALID_SOCKET) {
    return false;
  }
  bool is_found = conntrail__address_local(probe, &found);
  close_carrier((intptr_t)probe);
  if (is_found) {
    found.port = own->port;
    *own = found;
  }
  return is_found;
}

/* What the system would do at the first datagram; the source is known before. */
static bool bind_first(const conntrail__hold *hold, conntrail__address *own) {
  const conntrail__address any = {.family = hold->known.family == AF_INET ? CONNTRAIL__IPV4
                                                                          : CONNTRAIL__IPV6};
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_sockaddr(&any, &storage);
  return conntrail__system_calls()->bind(hold->known.handle, (struct sockaddr *)&storage,
                                         (int)size) == 0 &&
         conntrail__address_local(hold->known.handle, own) &&
         conntrail__socket_bound(hold->known.socket, own);
}

static bool find_own(const conntrail__hold *hold, const conntrail__address *target,
                     conntrail__address *own) {
  bool is_bound = conntrail__address_local(hold->known.handle, own) && own->port != 0;
  if (!is_bound && !bind_first(hold, own)) {
    return false;
  }
  return !conntrail__address_is_any(own) || probe_source(target, own);
}

static bool carry(conntrail__passage *passage, const conntrail__address *own) {
  conntrail__address source = *own;
  source.port = 0;
  SOCKET carrier = open_at(&source, conntrail__system_calls()->bind);
  if (carrier == INVALID_SOCKET) {
    return false;
  }
  if (conntrail__address_local(carrier, &source) &&
      conntrail__datagram_carry(passage, own, (intptr_t)carrier, &source, close_carrier)) {
    return true;
  }
  close_carrier((intptr_t)carrier);
  return false;
}

bool conntrail__carrier_settle(const conntrail__hold *hold, conntrail__passage *passage) {
  conntrail__address own;
  bool is_settled = find_own(hold, &passage->target, &own) &&
                    (conntrail__datagram_settle(passage, &own) || carry(passage, &own));
  if (passage->native != 0) {
    WSASetLastError((int)passage->native);
    return false;
  }
  if (!is_settled) {
    conntrail__datagram_abandon(passage);
  }
  return is_settled;
}
