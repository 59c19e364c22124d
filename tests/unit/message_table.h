/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_MESSAGE_TABLE_H
#define CONNTRAIL_TESTS_MESSAGE_TABLE_H

/* What the tests of messages begin with: a message with room for everything, and control data. */

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "scripted_heap.h"
#include "scripted_messages.h"

enum { UNTOUCHED = 0xA5, RECORDS_SIZE = 48, CONTEXT_SIZE = 128, FOREIGN_SIZE = 12 };

/* Control data as a system delivers them. */
typedef struct control {
  unsigned char bytes[140000];
  size_t used;
} control;

extern control data;
extern unsigned char records[70000];
extern unsigned char context[70000];
extern unsigned char own[512];
extern conntrail_buffer pieces[2]; /* 8 bytes each */
extern conntrail_message message;
extern struct sockaddr_storage peer4;

/* Appends a control message to data, whose bytes count up from its type. */
void put(int level, int type, size_t size);
void expect_data(const unsigned char *bytes, int type, size_t size);

/* A checked fixture's setup: everything untouched. */
void setup(void);

/* Everything that was scripted was called, and the last error is this. */
void expect_end(uint32_t last_error);

#endif
