/* SPDX-License-Identifier: MIT */
#include "sockaddr.h"

#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void read_ipv4(const struct sockaddr *sockaddr, conntrail__address *address) {
  struct sockaddr_in in;
  memcpy(&in, sockaddr, sizeof in);
  memcpy(address->bytes, &in.sin_addr, 4);
  address->port = ntohs(in.sin_port);
  address->family = CONNTRAIL__IPV4;
}

static void read_ipv6(const struct sockaddr *sockaddr, conntrail__address *address) {
  struct sockaddr_in6 in6;
  memcpy(&in6, sockaddr, sizeof in6);
  memcpy(address->bytes, &in6.sin6_addr, 16);
  address->scope = (uint32_t)in6.sin6_scope_id;
  address->port = ntohs(in6.sin6_port);
  address->family = CONNTRAIL__IPV6;
  conntrail__address_unmap(address);
}

bool conntrail__address_from_sockaddr(const struct sockaddr *sockaddr, size_t size,
                                      conntrail__address *address) {
  memset(address, 0, sizeof *address);
  if (sockaddr == NULL || size < sizeof(struct sockaddr_in)) {
    return false;
  }
  if (sockaddr->sa_family == AF_INET) {
    read_ipv4(sockaddr, address);
    return true;
  }
  if (sockaddr->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
    read_ipv6(sockaddr, address);
    return true;
  }
  return false;
}

static size_t write_ipv4(const conntrail__address *address, struct sockaddr_storage *storage) {
  struct sockaddr_in in;
  memset(&in, 0, sizeof in);
  in.sin_family = AF_INET;
  in.sin_port = htons(address->port);
  memcpy(&in.sin_addr, address->bytes, 4);
  memcpy(storage, &in, sizeof in);
  return sizeof in;
}

static size_t write_ipv6(const uint8_t *bytes, uint32_t scope, uint16_t port,
                         struct sockaddr_storage *storage) {
  struct sockaddr_in6 in6;
  memset(&in6, 0, sizeof in6);
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  in6.sin6_scope_id = scope;
  memcpy(&in6.sin6_addr, bytes, 16);
  memcpy(storage, &in6, sizeof in6);
  return sizeof in6;
}

size_t conntrail__address_to_sockaddr(const conntrail__address *address,
                                      struct sockaddr_storage *storage) {
  memset(storage, 0, sizeof *storage);
  if (address->family == CONNTRAIL__IPV4) {
    return write_ipv4(address, storage);
  }
  if (address->family == CONNTRAIL__IPV6) {
    return write_ipv6(address->bytes, address->scope, address->port, storage);
  }
  return 0;
}

size_t conntrail__address_to_family(const conntrail__address *address, int family,
                                    struct sockaddr_storage *storage) {
  uint8_t mapped[16];
  if (address->family == CONNTRAIL__IPV6 && family == AF_INET) {
    memset(storage, 0, sizeof *storage);
    return 0;
  }
  if (address->family != CONNTRAIL__IPV4 || family != AF_INET6) {
    return conntrail__address_to_sockaddr(address, storage);
  }
  memset(storage, 0, sizeof *storage);
  memcpy(mapped, mapped_prefix, sizeof mapped_prefix);
  memcpy(mapped + sizeof mapped_prefix, address->bytes, 4);
  return write_ipv6(mapped, 0, address->port, storage);
}

size_t conntrail__sender_to_family(const conntrail__received *arrived, int family,
                                   struct sockaddr_storage *storage, size_t size) {
  return conntrail__address_equal(&arrived->sender, &arrived->from)
             ? size
             : conntrail__address_to_family(&arrived->sender, family, storage);
}
