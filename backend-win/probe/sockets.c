/* SPDX-License-Identifier: MIT */

/* Small things with sockets, each with a bound on the time that it takes. */

#include <string.h>

#include "probe.h"

bool conntrail__probe_refuse(probe_scene *scene, const char *obstacle) {
  scene->obstacle = obstacle;
  return false;
}

struct sockaddr_storage conntrail__probe_loopback(int family) {
  struct sockaddr_storage address;
  memset(&address, 0, sizeof address);
  /* Headers differ in the sign of ss_family, and not in that of sa_family. */
  ((struct sockaddr *)&address)->sa_family = (ADDRESS_FAMILY)family;
  if (family == AF_INET6) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    v6->sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
  } else {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  return address;
}

int conntrail__probe_address_size(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
                                        : (int)sizeof(struct sockaddr_in);
}

/* Ready for one of both within the time. */
static bool is_ready(SOCKET socket, bool to_write, DWORD milliseconds) {
  fd_set ready;
  fd_set failed;
  struct timeval limit = {(long)(milliseconds / 1000), (long)(milliseconds % 1000 * 1000)};
  FD_ZERO(&ready);
  FD_ZERO(&failed);
  ready.fd_array[ready.fd_count++] = socket;
  failed.fd_array[failed.fd_count++] = socket;
  return select(0, to_write ? NULL : &ready, to_write ? &ready : NULL, to_write ? &failed : NULL,
                &limit) == 1 &&
         ready.fd_count == 1;
}

bool conntrail__probe_readable(SOCKET socket, DWORD milliseconds) {
  return is_ready(socket, false, milliseconds);
}

/* The address becomes the one that the system chose. */
bool conntrail__probe_bind(SOCKET socket, struct sockaddr_storage *address) {
  int size = (int)sizeof *address;
  return bind(socket, (const struct sockaddr *)address, conntrail__probe_address_size(address)) ==
             0 &&
         getsockname(socket, (struct sockaddr *)address, &size) == 0;
}

static bool set_blocking(SOCKET socket, bool is_blocking) {
  u_long is_nonblocking = is_blocking ? 0 : 1;
  return ioctlsocket(socket, (long)FIONBIO, &is_nonblocking) == 0;
}

bool conntrail__probe_connect(SOCKET socket, const struct sockaddr_storage *to) {
  if (!set_blocking(socket, false)) {
    return false;
  }
  bool is_made =
      connect(socket, (const struct sockaddr *)to, conntrail__probe_address_size(to)) == 0 ||
      (WSAGetLastError() == WSAEWOULDBLOCK && is_ready(socket, true, PROBE_PATIENCE_MILLISECONDS));
  return set_blocking(socket, true) && is_made;
}

SOCKET conntrail__probe_accept(SOCKET listener, DWORD milliseconds) {
  return conntrail__probe_readable(listener, milliseconds) ? accept(listener, NULL, NULL)
                                                           : INVALID_SOCKET;
}

void conntrail__probe_drop(SOCKET *socket) {
  if (*socket != INVALID_SOCKET) {
    (void)closesocket(*socket);
    *socket = INVALID_SOCKET;
  }
}

/* [D] These calls are exported by no library: the socket's provider hands them out. */
void *conntrail__probe_extension(SOCKET socket, GUID identity) {
  void *found = NULL;
  DWORD bytes = 0;
  int result = WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                        (DWORD)sizeof identity, &found, (DWORD)sizeof found, &bytes, NULL, NULL);
  return result == 0 ? found : NULL;
}
