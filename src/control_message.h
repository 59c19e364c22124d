/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONTROL_MESSAGE_H
#define CONNTRAIL_CONTROL_MESSAGE_H

/*
 * Control messages: what stands in the control buffer of recvmsg and WSARecvMsg. Pure functions
 * over bytes; they read nothing outside of them, whatever the bytes are, and need no alignment.
 *
 * A header is a length of its own size and that of its data, a level and a type, four bytes each.
 * Linux and Windows lay it out alike; the length is as wide as a pointer (M8).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the length, to which headers and data are aligned. */
typedef enum conntrail__control_width {
  CONNTRAIL__CONTROL_32 = 4,
  CONNTRAIL__CONTROL_64 = 8
} conntrail__control_width;

#define CONNTRAIL__CONTROL_NATIVE ((conntrail__control_width)sizeof(size_t))

/* One message. data points into the buffer. */
typedef struct conntrail__control_item {
  int32_t level;
  int32_t type;
  const unsigned char *data;
  size_t size;                /* of the data */
  const unsigned char *whole; /* from its header on */
  size_t whole_size;          /* without the padding behind it */
} conntrail__control_item;

typedef struct conntrail__control_reader {
  const unsigned char *bytes;
  size_t size;
  size_t at;
  conntrail__control_width width;
  bool is_malformed; /* out: the walk ended before the end of the bytes */
} conntrail__control_reader;

conntrail__control_reader conntrail__control_read(conntrail__control_width width, const void *bytes,
                                                  size_t size);

/* The next message. False at the end, or where what follows cannot be a message: a length below
 * the header, past the end, or less than a header (but for padding) that is left. */
bool conntrail__control_next(conntrail__control_reader *reader, conntrail__control_item *item);

/* Bytes that a message with so much data takes, its padding included (WSA_CMSG_SPACE). */
size_t conntrail__control_space(conntrail__control_width width, size_t size);

/*
 * Appends a message (level, type, data and size of it) behind *used bytes, padding before it
 * included. False where it does not fit capacity: nothing is changed then. The padding behind the
 * last message need not fit. Where data is NULL, its bytes are left for the caller to write.
 */
bool conntrail__control_append(conntrail__control_width width, void *bytes, size_t capacity,
                               size_t *used, const conntrail__control_item *item);

#endif
