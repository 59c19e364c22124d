/* SPDX-License-Identifier: MIT */
/*
 * Control messages of any bytes: walked at both widths, received, sent and appended to. What must
 * hold is checked here; what must not be touched, by guards and by AddressSanitizer.
 */
#include <stdlib.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "fuzz_seam.h"
#include "src/backend.h"
#include "src/control_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GUARD = 0xA5, GUARDS = 16, ROOM = 512 };

static void require(int holds) {
  if (!holds) {
    abort();
  }
}

/* Items lie in the buffer, in their order, and do not overlap; the walk ends. */
static void walk(conntrail__control_width width, const uint8_t *bytes, size_t size) {
  size_t header = (size_t)width + 8;
  conntrail__control_reader reader = conntrail__control_read(width, bytes, size);
  conntrail__control_item item;
  const unsigned char *free_from = bytes;
  size_t count = 0;
  while (conntrail__control_next(&reader, &item)) {
    require(item.whole >= free_from && item.whole_size >= header);
    require(item.whole_size <= size - (size_t)(item.whole - bytes));
    require(item.data == item.whole + header && item.size == item.whole_size - header);
    free_from = item.whole + item.whole_size;
    require(++count <= size / header);
  }
  require(reader.at == reader.size);
  require(!conntrail__control_next(&reader, &item));
}

/* What can be read can be written, and reads the same. */
static void copy(conntrail__control_width width, const uint8_t *bytes, size_t size) {
  unsigned char out[ROOM + GUARDS];
  size_t used = 0;
  conntrail__control_reader reader = conntrail__control_read(width, bytes, size);
  conntrail__control_item item;
  memset(out, GUARD, sizeof out);
  while (conntrail__control_next(&reader, &item)) {
    size_t before = used;
    bool fits = conntrail__control_append(width, out, ROOM, &used, &item);
    require(fits ? used > before && used <= ROOM : used == before);
  }
  for (size_t i = used; i < sizeof out; i++) {
    require(out[i] == GUARD);
  }
  conntrail__control_reader again = conntrail__control_read(width, out, used);
  while (conntrail__control_next(&again, &item)) {
  }
  require(!again.is_malformed);
}

typedef struct place {
  unsigned char bytes[ROOM + GUARDS];
  size_t capacity;
} place;

static void clear(place *p, size_t capacity) {
  memset(p->bytes, GUARD, sizeof p->bytes);
  p->capacity = capacity;
}

static void require_guard(const place *p, size_t used) {
  size_t first = used <= p->capacity ? used : 0;
  for (size_t i = first; i < sizeof p->bytes; i++) {
    require(p->bytes[i] == GUARD);
  }
}

/* Nothing is written behind a place, and nothing at all where it does not fit. */
static void receive(const uint8_t *bytes, size_t size, uint8_t shape) {
  static place records;
  static place context;
  static place control;
  unsigned char payload[4];
  conntrail_buffer piece = {payload, sizeof payload};
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  uint32_t flags = (shape & 1) != 0 ? CONNTRAIL__CONTROL_CUT : 0;
  clear(&records, (size_t)(shape & 6) * 32);
  clear(&context, (size_t)(shape & 24) * 8);
  clear(&control, (size_t)(shape >> 5) * 64);
  message.payload = &piece;
  message.payload_count = 1;
  message.records = records.bytes;
  message.records_capacity = records.capacity;
  message.context = context.bytes;
  message.context_capacity = context.capacity;
  message.control = control.bytes;
  message.control_capacity = control.capacity;
  fuzz_seam_deliver(bytes, size, flags);
  conntrail_status status = conntrail_recvmsg(7, &message);
  require(status == CONNTRAIL_OK || status == CONNTRAIL_CONTROL_TRUNCATED ||
          status == CONNTRAIL_INVALID_MESSAGE);
  require((status == CONNTRAIL_OK) == (message.lost == 0));
  require(message.records_size <= records.capacity || (message.lost & CONNTRAIL_LOST_RECORDS) != 0);
  require(message.context_size <= context.capacity || (message.lost & CONNTRAIL_LOST_CONTEXT) != 0);
  require(message.control_size <= control.capacity);
  require_guard(&records, message.records_size);
  require_guard(&context, message.context_size);
  require_guard(&control, message.control_size);
}

/* Sent as it is, or refused. */
static void send_on(const uint8_t *bytes, size_t size, uint8_t shape) {
  static const unsigned char records[100];
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  message.control = (void *)(uintptr_t)bytes;
  message.control_size = size;
  message.records = (void *)(uintptr_t)records;
  message.records_size = shape % 101;
  conntrail_status status = conntrail_sendmsg(7, &message);
  require(status == CONNTRAIL_OK || status == CONNTRAIL_INVALID_MESSAGE ||
          (size > CONNTRAIL_LARGEST_BLOB && status == CONNTRAIL_LIMIT));
  require(status != CONNTRAIL_OK || fuzz_seam_sent() >= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) {
    return 0;
  }
  walk(CONNTRAIL__CONTROL_32, data + 1, size - 1);
  walk(CONNTRAIL__CONTROL_64, data + 1, size - 1);
  copy(CONNTRAIL__CONTROL_32, data + 1, size - 1);
  copy(CONNTRAIL__CONTROL_64, data + 1, size - 1);
  receive(data + 1, size - 1, data[0]);
  send_on(data + 1, size - 1, data[0]);
  return 0;
}
