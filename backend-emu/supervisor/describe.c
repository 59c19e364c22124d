/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "../frontend/sockaddr.h"
#include "../frontend/system_linux.h"
#include "describe.h"

/* Headers may be older than the kernel. */
enum { MULTIPATH = 262, NETWORK_COOKIE = 71, THOUSAND = 1000 };

int conntrail__socket_option(int own, int level, int name) {
  int value = 0;
  return conntrail__ask_option(own, level, name, &value, sizeof value) == 0 ? value : -1;
}

bool conntrail__describe(int own, conntrail__nature *nature) {
  int type = conntrail__socket_option(own, SOL_SOCKET, SO_TYPE);
  if (type < 0) {
    return false;
  }
  int family = conntrail__socket_option(own, SOL_SOCKET, SO_DOMAIN);
  int protocol = conntrail__socket_option(own, SOL_SOCKET, SO_PROTOCOL);
  bool is_internet = family == AF_INET || family == AF_INET6;
  *nature =
      (conntrail__nature){.family = family,
                          .type = type,
                          .protocol = protocol,
                          .is_internet = is_internet,
                          .is_stream = is_internet && type == SOCK_STREAM &&
                                       (protocol == IPPROTO_TCP || protocol == MULTIPATH),
                          .is_datagram = is_internet && type == SOCK_DGRAM &&
                                         (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE)};
  return true;
}

static uint64_t long_option(int own, int name) {
  uint64_t value = 0;
  (void)conntrail__ask_option(own, SOL_SOCKET, name, &value, sizeof value);
  return value;
}

uint64_t conntrail__cookie_of(int own) {
  return long_option(own, SO_COOKIE);
}

uint32_t conntrail__inode_of(int own) {
  struct stat about;
  return fstat(own, &about) == 0 ? (uint32_t)about.st_ino : 0;
}

uint64_t conntrail__network_of(int own) {
  return long_option(own, NETWORK_COOKIE);
}

bool conntrail__own_address(int own, conntrail__address *address) {
  return conntrail__native_local_address(own, address);
}

bool conntrail__peer_address(int own, conntrail__address *address) {
  struct sockaddr_storage peer;
  socklen_t size;
  return conntrail__ask_peer(own, &peer, &size) &&
         conntrail__address_from_sockaddr((struct sockaddr *)&peer, size, address);
}

bool conntrail__is_blocking(int own) {
  int flags = fcntl(own, F_GETFL);
  return flags < 0 || (flags & O_NONBLOCK) == 0;
}

uint64_t conntrail__wait_limit(int own, int name) {
  struct timeval limit = {0, 0};
  (void)conntrail__ask_option(own, SOL_SOCKET, name, &limit, sizeof limit);
  return (uint64_t)limit.tv_sec * THOUSAND + (uint64_t)(limit.tv_usec + THOUSAND - 1) / THOUSAND;
}

conntrail__untracked conntrail__describe_untracked(int own) {
  conntrail__untracked untracked;
  (void)conntrail__untracked_describe(own, &untracked);
  return untracked;
}
