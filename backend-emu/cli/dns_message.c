/* SPDX-License-Identifier: MIT */
#include "dns_message.h"

#include <string.h>

/* [D] RFC 1035, 4.1.1: the header. */
enum {
  HEADER = 12,
  FLAGS = 2,
  IS_ANSWER = 0x80, /* in the first byte of the flags */
  OPERATION = 0x78,
  IS_AUTHORITY = 0x04,
  WANTS_RECURSION = 0x01,
  HAS_RECURSION = 0x80, /* in the second */
  QUESTIONS = 4,
  ANSWERS = 6,
  ADDITIONAL = 10
};

enum {
  LONGEST_LABEL = 63,
  LONGEST_NAME = 255, /* as it is sent */
  TYPE_IPV4 = 1,
  TYPE_IPV6 = 28,
  TYPE_OPTIONS = 0x29,
  TYPE_ANY = 255,
  INTERNET = 1,
  ANY_CLASS = 255,
  POINTER = 0xc0, /* to the name of the question */
  SECONDS = 120,
  LARGEST_DATAGRAM = 1232,
  OPTIONS = 11,
  BYTE = 8
};

static unsigned number_at(const unsigned char *message, size_t at) {
  return (unsigned)message[at] << BYTE | message[at + 1];
}

static size_t put_number(unsigned char *out, size_t at, unsigned number) {
  out[at] = (unsigned char)(number >> BYTE);
  out[at + 1] = (unsigned char)number;
  return at + 2;
}

/* ---- Questions ------------------------------------------------------------------------------- */

/* No name of "hosts" has such bytes. */
static unsigned char shown(unsigned char byte) {
  return byte == '\0' || byte == '.' ? '?' : byte;
}

/* Where the name ends; 0: it is none. A question has nothing that a pointer could be to. */
static size_t read_name(const unsigned char *message, size_t size, char *name) {
  size_t at = HEADER;
  size_t used = 0;
  while (at < size && message[at] != 0) {
    const size_t length = message[at++];
    if (length > LONGEST_LABEL || at + length > size || at + length - HEADER >= LONGEST_NAME) {
      return 0;
    }
    if (used > 0) {
      name[used++] = '.';
    }
    for (size_t i = 0; i < length; i++) {
      const unsigned char byte = shown(message[at++]);
      memcpy(&name[used++], &byte, 1);
    }
  }
  name[used] = '\0';
  return at < size ? at + 1 : 0;
}

static bool has_options(const unsigned char *message, size_t size, size_t at) {
  return number_at(message, ADDITIONAL) > 0 && at + OPTIONS <= size && message[at] == 0 &&
         number_at(message, at + 1) == TYPE_OPTIONS;
}

conntrail__dns_code conntrail__dns_read(const unsigned char *message, size_t size,
                                        conntrail__dns_question *asked) {
  *asked = (conntrail__dns_question){.end = 0};
  if (size < HEADER || (message[FLAGS] & IS_ANSWER) != 0) {
    return CONNTRAIL__DNS_IGNORE;
  }
  if ((message[FLAGS] & OPERATION) != 0) {
    return CONNTRAIL__DNS_NOT_DONE;
  }
  const size_t end = read_name(message, size, asked->name);
  if (number_at(message, QUESTIONS) != 1 || end == 0 || end + 4 > size) {
    return CONNTRAIL__DNS_FORMAT;
  }
  const unsigned class = number_at(message, end + 2);
  asked->type = number_at(message, end);
  asked->end = end + 4;
  asked->has_options = has_options(message, size, asked->end);
  return class == INTERNET || class == ANY_CLASS ? CONNTRAIL__DNS_FINE : CONNTRAIL__DNS_REFUSED;
}

/* ---- Answers --------------------------------------------------------------------------------- */

static bool is_wanted(const conntrail__address *address, unsigned type) {
  return type == TYPE_ANY || type == (address->family == CONNTRAIL__IPV4 ? TYPE_IPV4 : TYPE_IPV6);
}

/* [D] RFC 8482: for any type, some will do. Of one type all fit. */
static size_t put_addresses(unsigned char *out, size_t at, const conntrail__host *host,
                            unsigned type) {
  unsigned count = 0;
  for (size_t i = 0; i < host->count; i++) {
    const conntrail__address *address = &host->addresses[i];
    const bool is_four = address->family == CONNTRAIL__IPV4;
    const size_t size = is_four ? 4 : 16;
    if (!is_wanted(address, type) || at + 12 + size + OPTIONS > CONNTRAIL__DNS_MESSAGE) {
      continue;
    }
    at = put_number(out, at, POINTER << BYTE | HEADER);
    at = put_number(out, at, is_four ? TYPE_IPV4 : TYPE_IPV6);
    at = put_number(out, at, INTERNET);
    at = put_number(out, at, 0);
    at = put_number(out, at, SECONDS);
    at = put_number(out, at, (unsigned)size);
    memcpy(out + at, address->bytes, size);
    at += size;
    count++;
  }
  (void)put_number(out, ANSWERS, count);
  return at;
}

static size_t put_options(unsigned char *out, size_t at) {
  out[at++] = 0;
  at = put_number(out, at, TYPE_OPTIONS);
  at = put_number(out, at, LARGEST_DATAGRAM);
  memset(out + at, 0, 6);
  (void)put_number(out, ADDITIONAL, 1);
  return at + 6;
}

size_t conntrail__dns_write(const unsigned char *message, const conntrail__dns_question *asked,
                            conntrail__dns_code code, const conntrail__host *host,
                            unsigned char out[CONNTRAIL__DNS_MESSAGE]) {
  size_t at = asked->end == 0 ? HEADER : asked->end;
  memset(out, 0, HEADER);
  memcpy(out, message, FLAGS);
  out[FLAGS] =
      (unsigned char)(IS_ANSWER | IS_AUTHORITY | (message[FLAGS] & (OPERATION | WANTS_RECURSION)));
  out[FLAGS + 1] = (unsigned char)(HAS_RECURSION | (unsigned)code);
  if (asked->end != 0) {
    (void)put_number(out, QUESTIONS, 1);
    memcpy(out + HEADER, message + HEADER, asked->end - HEADER);
  }
  if (host != NULL) {
    at = put_addresses(out, at, host, asked->type);
  }
  return asked->has_options ? put_options(out, at) : at;
}
