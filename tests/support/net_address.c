/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "net.h"

static struct sockaddr_storage from_v4(const struct sockaddr_in *address) {
  struct sockaddr_storage storage;
  memset(&storage, 0, sizeof storage);
  memcpy(&storage, address, sizeof *address);
  return storage;
}

static struct sockaddr_storage from_v6(const struct sockaddr_in6 *address) {
  struct sockaddr_storage storage;
  memset(&storage, 0, sizeof storage);
  memcpy(&storage, address, sizeof *address);
  return storage;
}

static struct sockaddr_in as_v4(const struct sockaddr_storage *storage) {
  struct sockaddr_in address;
  memcpy(&address, storage, sizeof address);
  return address;
}

static struct sockaddr_in6 as_v6(const struct sockaddr_storage *storage) {
  struct sockaddr_in6 address;
  memcpy(&address, storage, sizeof address);
  return address;
}

struct sockaddr_storage net_v4(unsigned a, unsigned b, unsigned c, unsigned d, unsigned port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl((uint32_t)(a << 24 | b << 16 | c << 8 | d));
  return from_v4(&address);
}

struct sockaddr_storage net_v6(const uint16_t words[8], unsigned port) {
  struct sockaddr_in6 address;
  memset(&address, 0, sizeof address);
  address.sin6_family = AF_INET6;
  address.sin6_port = htons((uint16_t)port);
  for (size_t index = 0; index < 8; ++index) {
    address.sin6_addr.s6_addr[2 * index] = (uint8_t)(words[index] >> 8);
    address.sin6_addr.s6_addr[2 * index + 1] = (uint8_t)(words[index] & 0xff);
  }
  return from_v6(&address);
}

struct sockaddr_storage net_loopback(net_kind kind, unsigned port) {
  static const uint16_t loopback6[8] = {0, 0, 0, 0, 0, 0, 0, 1};
  return kind == NET_TCP4 || kind == NET_UDP4 ? net_v4(127, 0, 0, 1, port)
                                              : net_v6(loopback6, port);
}

struct sockaddr_storage net_mapped(const struct sockaddr_storage *address) {
  struct sockaddr_in v4 = as_v4(address);
  uint32_t bits = ntohl(v4.sin_addr.s_addr);
  const uint16_t words[8] = {
      0, 0, 0, 0, 0, 0xffff, (uint16_t)(bits >> 16), (uint16_t)(bits & 0xffff)};
  return net_v6(words, ntohs(v4.sin_port));
}

unsigned net_port(const struct sockaddr_storage *address) {
  return ntohs(address->ss_family == AF_INET ? as_v4(address).sin_port : as_v6(address).sin6_port);
}

size_t net_address_size(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

bool net_address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
  char one[NET_ADDRESS_TEXT];
  char other[NET_ADDRESS_TEXT];
  net_address_text(a, one);
  net_address_text(b, other);
  return a->ss_family == b->ss_family && strcmp(one, other) == 0;
}

static void v6_text(const struct sockaddr_in6 *address, char *text) {
  size_t used = 0;
  text[used++] = '[';
  for (size_t index = 0; index < 16; index += 2) {
    unsigned word =
        (unsigned)address->sin6_addr.s6_addr[index] << 8 | address->sin6_addr.s6_addr[index + 1];
    used += (size_t)snprintf(text + used, NET_ADDRESS_TEXT - used, index == 0 ? "%x" : ":%x", word);
  }
  (void)snprintf(text + used, NET_ADDRESS_TEXT - used, "]:%u", (unsigned)ntohs(address->sin6_port));
}

void net_address_text(const struct sockaddr_storage *address, char *text) {
  if (address->ss_family == AF_INET) {
    struct sockaddr_in v4 = as_v4(address);
    uint32_t bits = ntohl(v4.sin_addr.s_addr);
    (void)snprintf(text, NET_ADDRESS_TEXT, "%u.%u.%u.%u:%u", (unsigned)(bits >> 24),
                   (unsigned)(bits >> 16 & 0xff), (unsigned)(bits >> 8 & 0xff),
                   (unsigned)(bits & 0xff), (unsigned)ntohs(v4.sin_port));
  } else if (address->ss_family == AF_INET6) {
    struct sockaddr_in6 v6 = as_v6(address);
    v6_text(&v6, text);
  } else {
    (void)snprintf(text, NET_ADDRESS_TEXT, "family %u", (unsigned)address->ss_family);
  }
}
