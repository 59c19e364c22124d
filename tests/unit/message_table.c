/* SPDX-License-Identifier: MIT */

#include "message_table.h"
#include "scripted_translation.h"

#include <stdlib.h>
#include <string.h>

control data;
unsigned char records[70000];
unsigned char context[70000];
unsigned char own[512];
static char first[8];
static char second[8];
conntrail_buffer pieces[2];
conntrail_message message;
struct sockaddr_storage peer4;

void put(int level, int type, size_t size) {
  unsigned char bytes[70000];
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (unsigned char)(type + (int)i);
  }
  const conntrail__control_item item = {.level = level, .type = type, .data = bytes, .size = size};
  ck_assert(conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, data.bytes, sizeof data.bytes,
                                      &data.used, &item));
}

void expect_data(const unsigned char *bytes, int type, size_t size) {
  for (size_t i = 0; i < size; i++) {
    ck_assert_uint_eq(bytes[i], (unsigned char)(type + (int)i));
  }
}

void setup(void) {
  struct sockaddr_in in;
  scripted_begin();
  scripted_messages_begin();
  scripted_translation_begin();
  scripted_heap_begin(0);
  memset(&data, 0, sizeof data);
  memset(records, UNTOUCHED, sizeof records);
  memset(context, UNTOUCHED, sizeof context);
  memset(own, UNTOUCHED, sizeof own);
  memset(&in, 0, sizeof in);
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(0x7f000001);
  memset(&peer4, 0, sizeof peer4);
  memcpy(&peer4, &in, sizeof in);
  pieces[0] = (conntrail_buffer){first, sizeof first};
  pieces[1] = (conntrail_buffer){second, sizeof second};
  message = (conntrail_message)CONNTRAIL_MESSAGE_INIT;
  memset(&message.peer, UNTOUCHED, sizeof message.peer);
  message.payload = pieces;
  message.payload_count = 2;
  message.records = records;
  message.records_capacity = 1024;
  message.context = context;
  message.context_capacity = 512;
  message.control = own;
  message.control_capacity = sizeof own;
}

void expect_end(uint32_t last_error) {
  scripted_messages_end();
  scripted_translation_end();
  scripted_end(last_error);
}
