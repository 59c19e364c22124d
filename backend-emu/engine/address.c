/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "refusal.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool conntrail__address_equal(const conntrail__address *a, const conntrail__address *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

conntrail__address conntrail__address_loopback(uint8_t family, uint16_t port) {
  conntrail__address address = {.family = family, .port = port};
  if (family == CONNTRAIL__IPV4) {
    address.bytes[0] = 127;
    address.bytes[3] = 1;
  } else {
    address.bytes[15] = 1;
  }
  return address;
}

bool conntrail__address_is_loopback(const conntrail__address *address) {
  if (address->family == CONNTRAIL__IPV4) {
    return address->bytes[0] == 127;
  }
  const conntrail__address loopback = conntrail__address_loopback(CONNTRAIL__IPV6, 0);
  return address->family == CONNTRAIL__IPV6 && memcmp(address->bytes, loopback.bytes, 16) == 0;
}

bool conntrail__address_is_any(const conntrail__address *address) {
  static const uint8_t zero[16] = {0};
  return memcmp(address->bytes, zero, sizeof zero) == 0;
}

void conntrail__address_unmap(conntrail__address *address) {
  if (address->family != CONNTRAIL__IPV6 || memcmp(address->bytes, mapped_prefix, 12) != 0) {
    return;
  }
  memmove(address->bytes, address->bytes + 12, 4);
  memset(address->bytes + 4, 0, 12);
  address->family = CONNTRAIL__IPV4;
  address->scope = 0;
}

bool conntrail__number_parse(const char *text, size_t length, uint32_t most, uint32_t *number) {
  uint32_t value = 0;
  if (length == 0 || length > 9) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
    value = value * 10 + (uint32_t)(text[i] - '0');
  }
  *number = value;
  return value <= most;
}

/* A host in text form, with a numeric scope for IPv6. */
bool conntrail__host_parse(const char *text, size_t length, conntrail__address *address) {
  char host[64];
  if (length == 0 || length >= sizeof host) {
    return false;
  }
  memcpy(host, text, length);
  host[length] = '\0';
  memset(address, 0, sizeof *address);
  char *percent = strchr(host, '%');
  if (percent != NULL) {
    *percent = '\0';
    if (!conntrail__number_parse(percent + 1, strlen(percent + 1), 999999999, &address->scope)) {
      return false;
    }
  }
  if (percent == NULL && inet_pton(AF_INET, host, address->bytes) == 1) {
    address->family = CONNTRAIL__IPV4;
    return true;
  }
  if (inet_pton(AF_INET6, host, address->bytes) != 1) {
    return false;
  }
  address->family = CONNTRAIL__IPV6;
  conntrail__address_unmap(address);
  return true;
}

static bool split(const char *text, const char **host, size_t *host_length, const char **port) {
  const char *colon = strrchr(text, ':');
  if (colon == NULL) {
    return false;
  }
  *port = colon + 1;
  *host = text;
  *host_length = (size_t)(colon - text);
  bool bracketed = text[0] == '[';
  if (bracketed) {
    if (*host_length < 2 || text[*host_length - 1] != ']') {
      return false;
    }
    *host += 1;
    *host_length -= 2;
  }
  return bracketed == (memchr(*host, ':', *host_length) != NULL);
}

bool conntrail__address_parse(const char *text, conntrail__address *address,
                              conntrail__refusal *why) {
  const char *host = NULL;
  const char *port_text = NULL;
  size_t host_length = 0;
  uint32_t port = 0;
  if (text == NULL) {
    conntrail__refuse(why, CONNTRAIL_FAULT, "the address is NULL: give \"93.184.216.34:80\"");
    return false;
  }
  if (!split(text, &host, &host_length, &port_text) ||
      !conntrail__host_parse(host, host_length, address)) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "\"%.100s\" is not an address with a port: write it as \"93.184.216.34:80\" "
                      "or \"[2606:2800:220:1::1]:80\"; names are not looked up",
                      text);
    return false;
  }
  if (!conntrail__number_parse(port_text, strlen(port_text), 65535, &port) || port == 0) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "\"%.40s\" in \"%.100s\" is not a port: give a number from 1 to 65535",
                      port_text, text);
    return false;
  }
  address->port = (uint16_t)port;
  return true;
}

void conntrail__address_format(const conntrail__address *address, char *text) {
  char host[48] = "?";
  if (address->family == CONNTRAIL__NO_FAMILY) {
    snprintf(text, CONNTRAIL__ADDRESS_TEXT, "-");
    return;
  }
  bool is_ipv4 = address->family == CONNTRAIL__IPV4;
  inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address->bytes, host, sizeof host);
  if (is_ipv4) {
    snprintf(text, CONNTRAIL__ADDRESS_TEXT, "%s:%u", host, address->port);
  } else if (address->scope != 0) {
    snprintf(text, CONNTRAIL__ADDRESS_TEXT, "[%s%%%u]:%u", host, address->scope, address->port);
  } else {
    snprintf(text, CONNTRAIL__ADDRESS_TEXT, "[%s]:%u", host, address->port);
  }
}
