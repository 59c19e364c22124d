/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <sys/socket.h>

#include "sockaddr.h"

enum { SMALLEST_SOCKADDR_IN6 = 24 };

bool conntrail__address_to_connect(const struct sockaddr_storage *storage, size_t size, int family,
                                   conntrail__address *address) {
  bool is_old = family == AF_INET6 && size >= SMALLEST_SOCKADDR_IN6;
  return storage->ss_family == family &&
         conntrail__address_from_sockaddr((const struct sockaddr *)storage,
                                          is_old ? sizeof(struct sockaddr_in6) : size, address);
}

bool conntrail__address_to_send(struct sockaddr_storage *storage, size_t size, int family,
                                conntrail__address *address) {
  if (storage->ss_family == AF_UNSPEC && family == AF_INET) {
    storage->ss_family = AF_INET;
  }
  return conntrail__address_from_sockaddr((const struct sockaddr *)storage, size, address);
}
