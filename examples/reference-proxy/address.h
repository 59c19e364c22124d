/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_ADDRESS_H
#define REFERENCE_PROXY_ADDRESS_H

#include <event2/util.h>
#include <stdbool.h>

#include "conntrail/platform.h"

enum { ADDRESS_TEXT = 64 };

/** The bytes of a sockaddr_in or sockaddr_in6. */
ev_socklen_t address_size(const struct sockaddr_storage *address);

/** Reads "127.0.0.1:80" or "[::1]:80", and port 0. False: not an address; *address is unchanged. */
bool address_parse(const char *text, struct sockaddr_storage *address);

/** "127.0.0.1:80" or "[::1]:80", written to text, which is returned. */
const char *address_text(const struct sockaddr_storage *address, char text[ADDRESS_TEXT]);

/** In network byte order. */
unsigned short address_port(const struct sockaddr_storage *address);

/** The same family, address and port. */
bool address_is_same(const struct sockaddr_storage *one, const struct sockaddr_storage *other);

#endif
