/* SPDX-License-Identifier: MIT */

/*
 * The two layouts of a redirect context that products share (clause D1), read byte by byte: a
 * context is what a Windows driver wrote, whatever system and alignment it is read with (D3).
 */

#include <stdbool.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "failure.h"
#include "numbers.h"

enum { FAMILY_NONE = 0 };

static unsigned little_endian_16(const unsigned char *bytes) {
  return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t little_endian_32(const unsigned char *bytes) {
  return (uint32_t)little_endian_16(bytes) | (uint32_t)little_endian_16(bytes + 2) << 16;
}

/* This system's number for the family of an address; -1 where it is none that can be. */
static int family_of(const unsigned char *storage) {
  unsigned family = little_endian_16(storage);
  if (family == FAMILY_NONE) {
    return AF_UNSPEC;
  }
  if (family == CONNTRAIL__WINDOWS_INET) {
    return AF_INET;
  }
  /* The number of this system: from the emulation, and from services that run on it. */
  return family == CONNTRAIL__WINDOWS_INET6 || family == (unsigned)AF_INET6 ? AF_INET6 : -1;
}

static bool all_zero(const unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != 0) {
      return false;
    }
  }
  return true;
}

static bool read_inet(const unsigned char *storage, struct sockaddr_storage *destination) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  memcpy(&address.sin_port, storage + CONNTRAIL__PORT_AT, sizeof address.sin_port);
  memcpy(&address.sin_addr, storage + CONNTRAIL__INET_ADDRESS_AT, sizeof address.sin_addr);
  memcpy(destination, &address, sizeof address);
  return !all_zero(storage + CONNTRAIL__INET_ADDRESS_AT, sizeof address.sin_addr);
}

static bool read_inet6(const unsigned char *storage, struct sockaddr_storage *destination) {
  struct sockaddr_in6 address;
  memset(&address, 0, sizeof address);
  address.sin6_family = AF_INET6;
  memcpy(&address.sin6_port, storage + CONNTRAIL__PORT_AT, sizeof address.sin6_port);
  memcpy(&address.sin6_flowinfo, storage + CONNTRAIL__INET6_FLOW_AT, sizeof address.sin6_flowinfo);
  memcpy(&address.sin6_addr, storage + CONNTRAIL__INET6_ADDRESS_AT, sizeof address.sin6_addr);
  address.sin6_scope_id = little_endian_32(storage + CONNTRAIL__INET6_SCOPE_AT);
  memcpy(destination, &address, sizeof address);
  return !all_zero(storage + CONNTRAIL__INET6_ADDRESS_AT, sizeof address.sin6_addr);
}

/* No program connects to port 0 or to the unspecified address: such bytes are another layout. */
static bool read_destination(const unsigned char *storage, struct sockaddr_storage *destination) {
  memset(destination, 0, sizeof *destination);
  if (all_zero(storage + CONNTRAIL__PORT_AT, sizeof(uint16_t))) {
    return false;
  }
  switch (family_of(storage)) {
  case AF_INET:
    return read_inet(storage, destination);
  case AF_INET6:
    return read_inet6(storage, destination);
  default:
    return false;
  }
}

/* The second address is the client's own: of the same family, or empty where it was not bound. */
static bool second_fits(const unsigned char *context, size_t size) {
  if (size == CONNTRAIL__STORAGE_SIZE) {
    return true;
  }
  int second = family_of(context + CONNTRAIL__STORAGE_SIZE);
  return second == AF_UNSPEC || second == family_of(context);
}

conntrail_status conntrail_decode_context(const void *context, size_t size,
                                          struct sockaddr_storage *destination) {
  if (destination == NULL || (context == NULL && size > 0)) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_FAULT));
  }
  struct sockaddr_storage read;
  bool known_size = size == CONNTRAIL__STORAGE_SIZE || size == 2 * (size_t)CONNTRAIL__STORAGE_SIZE;
  if (!known_size || !second_fits(context, size) || !read_destination(context, &read)) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_UNKNOWN_LAYOUT));
  }
  *destination = read;
  return CONNTRAIL_OK;
}
