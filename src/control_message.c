/* SPDX-License-Identifier: MIT */

#include "control_message.h"

#include <string.h>

/* A length, a level and a type. A multiple of the width at both widths. */
static size_t header_size(conntrail__control_width width) {
  return (size_t)width + 2 * sizeof(int32_t);
}

static size_t aligned(conntrail__control_width width, size_t size) {
  size_t mask = (size_t)width - 1;
  return (size + mask) & ~mask;
}

static uint64_t read_length(conntrail__control_width width, const unsigned char *bytes) {
  uint32_t narrow;
  uint64_t wide;
  if (width == CONNTRAIL__CONTROL_32) {
    memcpy(&narrow, bytes, sizeof narrow);
    return narrow;
  }
  memcpy(&wide, bytes, sizeof wide);
  return wide;
}

static void write_length(conntrail__control_width width, unsigned char *bytes, uint64_t length) {
  uint32_t narrow = (uint32_t)length;
  if (width == CONNTRAIL__CONTROL_32) {
    memcpy(bytes, &narrow, sizeof narrow);
  } else {
    memcpy(bytes, &length, sizeof length);
  }
}

conntrail__control_reader conntrail__control_read(conntrail__control_width width, const void *bytes,
                                                  size_t size) {
  return (conntrail__control_reader){bytes, size, 0, width, false};
}

/* Less than a header that is left is padding, as long as it could be. */
static bool end_of_messages(conntrail__control_reader *reader) {
  size_t rest = reader->size - reader->at;
  reader->is_malformed = rest >= (size_t)reader->width;
  reader->at = reader->size;
  return false;
}

bool conntrail__control_next(conntrail__control_reader *reader, conntrail__control_item *item) {
  size_t header = header_size(reader->width);
  size_t rest = reader->size - reader->at;
  if (rest < header) {
    return end_of_messages(reader);
  }
  const unsigned char *whole = reader->bytes + reader->at;
  uint64_t length = read_length(reader->width, whole);
  if (length < header || length > rest) {
    return end_of_messages(reader);
  }
  memcpy(&item->level, whole + reader->width, sizeof item->level);
  memcpy(&item->type, whole + reader->width + sizeof item->level, sizeof item->type);
  item->data = whole + header;
  item->size = (size_t)length - header;
  item->whole = whole;
  item->whole_size = (size_t)length;
  size_t step = aligned(reader->width, (size_t)length);
  /* The padding behind the last message may be missing; near SIZE_MAX the sum is 0. */
  reader->at += step < (size_t)length || step > rest ? rest : step;
  return true;
}

size_t conntrail__control_space(conntrail__control_width width, size_t size) {
  return header_size(width) + aligned(width, size);
}

bool conntrail__control_append(conntrail__control_width width, void *bytes, size_t capacity,
                               size_t *used, const conntrail__control_item *item) {
  size_t header = header_size(width);
  size_t at = aligned(width, *used);
  if (at < *used || at > capacity || capacity - at < header ||
      capacity - at - header < item->size) {
    return false;
  }
  unsigned char *whole = (unsigned char *)bytes + at;
  memset((unsigned char *)bytes + *used, 0, at - *used);
  write_length(width, whole, header + item->size);
  memcpy(whole + width, &item->level, sizeof item->level);
  memcpy(whole + width + sizeof item->level, &item->type, sizeof item->type);
  if (item->data != NULL && item->size > 0) {
    memcpy(whole + header, item->data, item->size);
  }
  *used = at + header + item->size;
  return true;
}
