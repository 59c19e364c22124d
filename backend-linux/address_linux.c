/* SPDX-License-Identifier: MIT */
#include "address_linux.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "errno_linux.h"

void conntrail__linux_unmap(conntrail__linux_address *address) {
  if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
    return;
  }
  struct sockaddr_in plain = {.sin_family = AF_INET, .sin_port = address->v6.sin6_port};
  memcpy(&plain.sin_addr, &address->v6.sin6_addr.s6_addr[12], sizeof plain.sin_addr);
  address->v4 = plain;
}

conntrail__linux_address conntrail__linux_address_of(const struct sockaddr_storage *storage) {
  conntrail__linux_address address;
  memcpy(&address, storage, sizeof address);
  conntrail__linux_unmap(&address);
  return address;
}

void conntrail__linux_store(const conntrail__linux_address *address,
                            struct sockaddr_storage *storage) {
  memset(storage, 0, sizeof *storage);
  if (address->any.sa_family == AF_INET) {
    memcpy(storage, &address->v4, sizeof address->v4);
  } else {
    memcpy(storage, &address->v6, sizeof address->v6);
  }
}

uint32_t conntrail__linux_interface(const conntrail__linux_address *address) {
  return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr)
             ? address->v6.sin6_scope_id
             : 0;
}

uint32_t conntrail__linux_name(conntrail_socket socket, conntrail__linux_address *name) {
  socklen_t size = sizeof *name;
  if (getsockname(socket, &name->any, &size) != 0) {
    /* [S] Sockets without a name at all (AF_ALG) answer EOPNOTSUPP. */
    return conntrail__native_of_errno(errno == EOPNOTSUPP ? EINVAL : errno);
  }
  if (!conntrail__linux_is_internet(name)) {
    return conntrail__native_of_errno(EINVAL);
  }
  conntrail__linux_unmap(name);
  return 0;
}

/* [S] With the setting ip_nonlocal_bind, the kernel binds a socket to any address, and still has no
 * route from a foreign one of IPv4. */
static bool has_no_route(int probe, const conntrail__linux_address *bound) {
  return bound->any.sa_family == AF_INET &&
         connect(probe, &bound->any, conntrail__linux_size(bound)) != 0 && errno == ENETUNREACH;
}

/*
 * The kernel binds a socket to the host's own addresses only. [S] An address of IPv6 under
 * ip_nonlocal_bind, or one with a route of type local, counts as the host's own. The host is this
 * thread's network namespace, not that of the socket.
 */
uint32_t conntrail__linux_is_own(const conntrail__linux_address *address, bool *is_own) {
  conntrail__linux_address probed = *address;
  probed.v4.sin_port = 0;
  int probe = socket(probed.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (probe < 0) {
    return conntrail__native_of_errno(errno);
  }
  int error = 0;
  if (bind(probe, &probed.any, conntrail__linux_size(&probed)) != 0) {
    error = errno;
  } else if (has_no_route(probe, &probed)) {
    error = EADDRNOTAVAIL;
  }
  (void)close(probe);
  /* EADDRINUSE: no port is left, and the address was looked at before. */
  *is_own = error != EADDRNOTAVAIL;
  return error == 0 || error == EADDRINUSE || error == EADDRNOTAVAIL
             ? 0
             : conntrail__native_of_errno(error);
}
