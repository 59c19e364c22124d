/* SPDX-License-Identifier: MIT */
#include "address_linux.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "errno_linux.h"

void conntrail__linux_unmap(struct sockaddr_storage *address) {
  struct sockaddr_in6 mapped;
  memcpy(&mapped, address, sizeof mapped);
  if (mapped.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&mapped.sin6_addr)) {
    return;
  }
  struct sockaddr_in plain = {.sin_family = AF_INET, .sin_port = mapped.sin6_port};
  memcpy(&plain.sin_addr, &mapped.sin6_addr.s6_addr[12], sizeof plain.sin_addr);
  memset(address, 0, sizeof *address);
  memcpy(address, &plain, sizeof plain);
}

socklen_t conntrail__linux_size(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

uint16_t conntrail__linux_port(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                       : ((const struct sockaddr_in6 *)address)->sin6_port;
}

void conntrail__linux_set_port(struct sockaddr_storage *address, uint16_t port) {
  if (address->ss_family == AF_INET) {
    ((struct sockaddr_in *)address)->sin_port = port;
  } else {
    ((struct sockaddr_in6 *)address)->sin6_port = port;
  }
}

uint32_t conntrail__linux_interface(const struct sockaddr_storage *address) {
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  return address->ss_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ? v6->sin6_scope_id
                                                                                 : 0;
}

static bool is_same_host(const struct sockaddr_storage *one, const struct sockaddr_storage *other) {
  if (one->ss_family == AF_INET) {
    return ((const struct sockaddr_in *)one)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)other)->sin_addr.s_addr;
  }
  return memcmp(&((const struct sockaddr_in6 *)one)->sin6_addr,
                &((const struct sockaddr_in6 *)other)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

bool conntrail__linux_same(const struct sockaddr_storage *one,
                           const struct sockaddr_storage *other) {
  return one->ss_family == other->ss_family &&
         conntrail__linux_port(one) == conntrail__linux_port(other) && is_same_host(one, other);
}

uint32_t conntrail__linux_name(conntrail_socket socket, struct sockaddr_storage *name) {
  socklen_t size = sizeof *name;
  memset(name, 0, sizeof *name);
  if (getsockname(socket, (struct sockaddr *)name, &size) != 0) {
    /* [S] Sockets without a name at all (AF_ALG) answer EOPNOTSUPP. */
    return conntrail__native_of_errno(errno == EOPNOTSUPP ? EINVAL : errno);
  }
  if (name->ss_family != AF_INET && name->ss_family != AF_INET6) {
    return conntrail__native_of_errno(EINVAL);
  }
  conntrail__linux_unmap(name);
  return 0;
}

/*
 * The kernel binds a socket to the host's own addresses only. [S] Exceptions: with the setting
 * ip_nonlocal_bind, and for a route of type local, it binds to others as well; they then count as
 * the host's own. The host is this thread's network namespace, not that of the socket.
 */
uint32_t conntrail__linux_is_own(const struct sockaddr_storage *address, bool *is_own) {
  struct sockaddr_storage probed = *address;
  conntrail__linux_set_port(&probed, 0);
  int probe = socket(probed.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (probe < 0) {
    return conntrail__native_of_errno(errno);
  }
  int error = 0;
  if (bind(probe, (const struct sockaddr *)&probed, conntrail__linux_size(&probed)) != 0) {
    error = errno;
  }
  (void)close(probe);
  /* EADDRINUSE: no port is left, and the address was looked at before. */
  *is_own = error != EADDRNOTAVAIL;
  return error == 0 || error == EADDRINUSE || error == EADDRNOTAVAIL
             ? 0
             : conntrail__native_of_errno(error);
}
