/* SPDX-License-Identifier: MIT */

/* What the shared logic asks of Winsock: frontend/native_calls.h. */

#include "../../backend-win/wfp_codes.h"
#include "winsock.h"

intptr_t conntrail__native_open(uint8_t family) {
  const conntrail__system *real = conntrail__system_calls();
  u_long enabled = 1;
  SOCKET opened =
      real->socket(family == CONNTRAIL__IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
  if (opened != INVALID_SOCKET && real->ioctlsocket(opened, (long)FIONBIO, &enabled) != 0) {
    conntrail__native_close((intptr_t)opened);
    return -1;
  }
  return (intptr_t)opened;
}

bool conntrail__native_bind(intptr_t handle, const struct sockaddr *address, size_t size) {
  return conntrail__system_calls()->bind((SOCKET)handle, address, (int)size) == 0;
}

bool conntrail__native_associate(intptr_t handle, const struct sockaddr *address, size_t size) {
  return conntrail__system_calls()->connect((SOCKET)handle, address, (int)size) == 0;
}

void conntrail__native_close(intptr_t handle) {
  int error = WSAGetLastError();
  conntrail__system_calls()->closesocket((SOCKET)handle);
  WSASetLastError(error);
}

/* [D] Windows' IPv6 sockets refuse mapped addresses by default; what the engine sends
 * an IPv6 client to may be IPv4. */
int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target) {
  DWORD only_v6 = 0;
  int error = WSAGetLastError();
  if (family == AF_INET6 && target->family == CONNTRAIL__IPV4) {
    conntrail__system_calls()->setsockopt((SOCKET)handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                          (const char *)&only_v6, (int)sizeof only_v6);
  }
  WSASetLastError(error);
  return 0;
}

int conntrail__native_error(void) {
  return WSAGetLastError();
}

int conntrail__native_error_of(uint32_t native) {
  return (int)native;
}

uint32_t conntrail__native_number_of(int error) {
  return (uint32_t)error;
}

bool conntrail__native_is_records(int level, int type) {
  return type == IP_WFP_REDIRECT_RECORDS && (level == IPPROTO_IP || level == IPPROTO_IPV6);
}
