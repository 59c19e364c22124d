/* SPDX-License-Identifier: MIT */

/* The seam over Winsock. Contracts: src/backend.h. */

#include "../src/backend.h"

#include "wfp_codes.h"
#include "win.h"

/* A failure must never read as success, even if a layered provider forgot to say which it was. */
static uint32_t failure(void) {
  int native = WSAGetLastError();
  return native != 0 ? (uint32_t)native : WSASYSCALLFAILURE;
}

uint32_t conntrail__backend_ioctl(conntrail_socket socket, uint32_t code, const void *in,
                                  uint32_t in_size, void *out, uint32_t capacity, uint32_t *bytes) {
  DWORD counted = *bytes;
  /* [D] WSAIoctl only reads the input side, although its type does not say so. */
  int answer =
      WSAIoctl(socket, code, (void *)(uintptr_t)in, in_size, out, capacity, &counted, NULL, NULL);
  *bytes = counted;
  return answer == 0 ? 0 : failure();
}

static uint32_t protocol_of(conntrail_socket socket, WSAPROTOCOL_INFOW *protocol) {
  int size = (int)sizeof *protocol;
  return getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)protocol, &size) == 0
             ? 0
             : failure();
}

uint32_t conntrail__backend_original_destination(conntrail_socket socket,
                                                 struct sockaddr_storage *destination) {
  WSAPROTOCOL_INFOW protocol;
  uint32_t native = protocol_of(socket, &protocol);
  if (native != 0) {
    return native;
  }
  /* [S] Envoy chooses the level by the family. */
  int level = protocol.iAddressFamily == AF_INET6 ? SOL_IPV6 : SOL_IP;
  struct sockaddr_storage answer = *destination;
  int size = (int)sizeof answer;
  if (getsockopt(socket, level, SO_ORIGINAL_DST, (char *)&answer, &size) != 0) {
    return failure();
  }
  *destination = answer;
  return 0;
}

static bool is_dual_stack(conntrail_socket socket) {
  DWORD only_v6 = 1;
  int size = (int)sizeof only_v6;
  return getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&only_v6, &size) == 0 &&
         only_v6 == 0;
}

/* [D] SO_CONNECT_TIME: all bits set where the socket is not connected. Asked before getpeername,
 * which Windows refuses where ConnectEx or AcceptEx connected the socket and no
 * SO_UPDATE_..._CONTEXT was set. */
static bool has_connect_time(conntrail_socket socket) {
  const DWORD never = 0xFFFFFFFF;
  DWORD seconds = never;
  int size = (int)sizeof seconds;
  return getsockopt(socket, SOL_SOCKET, SO_CONNECT_TIME, (char *)&seconds, &size) == 0 &&
         seconds != never;
}

static bool has_peer(conntrail_socket socket) {
  struct sockaddr_storage peer;
  int size = (int)sizeof peer;
  return getpeername(socket, (struct sockaddr *)&peer, &size) == 0;
}

uint32_t conntrail__backend_describe(conntrail_socket socket, conntrail__socket_facts *facts) {
  WSAPROTOCOL_INFOW protocol;
  uint32_t native = protocol_of(socket, &protocol);
  if (native != 0) {
    return native;
  }
  facts->is_internet = protocol.iAddressFamily == AF_INET || protocol.iAddressFamily == AF_INET6;
  facts->is_stream = protocol.iSocketType == SOCK_STREAM;
  facts->is_datagram = protocol.iSocketType == SOCK_DGRAM;
  facts->is_ipv6 = protocol.iAddressFamily == AF_INET6;
  facts->is_dual_stack = facts->is_ipv6 && is_dual_stack(socket);
  facts->is_connected = (facts->is_stream && has_connect_time(socket)) || has_peer(socket);
  return 0;
}

uint32_t conntrail__backend_last_error(void) {
  return (uint32_t)WSAGetLastError();
}

void conntrail__backend_set_last_error(uint32_t native) {
  WSASetLastError((int)native);
}
