/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <stdio.h>
#include <string.h>

ev_socklen_t address_size(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

unsigned short address_port(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                       : ((const struct sockaddr_in6 *)address)->sin6_port;
}

static bool parse_port(const char *text, unsigned short *port) {
  unsigned value = 0;
  const size_t digits = strspn(text, "0123456789");
  for (size_t i = 0; i < digits && value <= 65535; i++) {
    value = value * 10 + (unsigned)(text[i] - '0');
  }
  *port = htons((unsigned short)value);
  return digits > 0 && text[digits] == '\0' && value <= 65535;
}

bool address_parse(const char *text, struct sockaddr_storage *address) {
  const char *colon = strrchr(text, ':');
  const size_t size = colon ? (size_t)(colon - text) : 0;
  char host[ADDRESS_TEXT];
  unsigned short port;
  struct sockaddr_in *four;
  struct sockaddr_in6 *six;
  struct sockaddr_storage parsed = {0};
  if (size == 0 || size >= sizeof host || !parse_port(colon + 1, &port)) {
    return false;
  }
  memcpy(host, text, size);
  host[size] = '\0';
  four = (struct sockaddr_in *)&parsed;
  six = (struct sockaddr_in6 *)&parsed;
  if (host[0] == '[' && host[size - 1] == ']') {
    host[size - 1] = '\0';
    six->sin6_family = AF_INET6;
    six->sin6_port = port;
    if (evutil_inet_pton(AF_INET6, host + 1, &six->sin6_addr) != 1) {
      return false;
    }
  } else {
    four->sin_family = AF_INET;
    four->sin_port = port;
    if (evutil_inet_pton(AF_INET, host, &four->sin_addr) != 1) {
      return false;
    }
  }
  *address = parsed;
  return true;
}

const char *address_text(const struct sockaddr_storage *address, char text[ADDRESS_TEXT]) {
  const bool is_4 = address->ss_family == AF_INET;
  const void *bytes = is_4 ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                           : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
  char host[ADDRESS_TEXT - 10];
  if (!evutil_inet_ntop(address->ss_family, bytes, host, sizeof host)) {
    return strcpy(text, "?");
  }
  (void)snprintf(text, ADDRESS_TEXT, is_4 ? "%s:%u" : "[%s]:%u", host,
                 (unsigned)ntohs(address_port(address)));
  return text;
}

bool address_is_same(const struct sockaddr_storage *one, const struct sockaddr_storage *other) {
  if (one->ss_family != other->ss_family || address_port(one) != address_port(other)) {
    return false;
  }
  return one->ss_family == AF_INET ? ((const struct sockaddr_in *)one)->sin_addr.s_addr ==
                                         ((const struct sockaddr_in *)other)->sin_addr.s_addr
                                   : memcmp(&((const struct sockaddr_in6 *)one)->sin6_addr,
                                            &((const struct sockaddr_in6 *)other)->sin6_addr,
                                            sizeof(struct in6_addr)) == 0;
}
