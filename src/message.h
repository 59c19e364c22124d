/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_MESSAGE_H
#define CONNTRAIL_MESSAGE_H

/* What receiving and sending messages share. */

#include <stdbool.h>

#include "backend.h"
#include "control_message.h"
#include "failure.h"

/* Bytes of control buffer on the stack; where a message needs more, it takes heap. */
enum { CONNTRAIL__USUAL_CONTROL = 4096 };

/* A control buffer of the library's own. */
typedef struct conntrail__control_room {
  unsigned char *bytes;
  size_t size;
  unsigned char *heap; /* NULL, or to be freed */
  _Alignas(16) unsigned char usual[CONNTRAIL__USUAL_CONTROL];
} conntrail__control_room;

/* At least so many bytes. False: no memory. */
bool conntrail__control_room_take(conntrail__control_room *room, size_t size);
void conntrail__control_room_release(conntrail__control_room *room);

/* What is wrong with what both directions are given: FAULT, INVALID or LIMIT. */
conntrail_status conntrail__message_check(const conntrail_message *message);

/* Where the backend keeps what it looked up for this socket. */
void **conntrail__message_call(conntrail_message *message, conntrail_socket socket);

typedef enum conntrail__message_kind {
  CONNTRAIL__MESSAGE_OTHER,
  CONNTRAIL__MESSAGE_RECORDS,
  CONNTRAIL__MESSAGE_CONTEXT
} conntrail__message_kind;

/* Whether a control message is redirect records or context, of either address family. */
static inline conntrail__message_kind
conntrail__message_kind_of(const conntrail__control_item *item) {
  for (int family = 0; family < CONNTRAIL__MESSAGE_FAMILIES; family++) {
    const conntrail__message_numbers *numbers = &conntrail__backend_messages[family];
    if (item->level == numbers->level && item->type == numbers->records) {
      return CONNTRAIL__MESSAGE_RECORDS;
    }
    if (item->level == numbers->level && item->type == numbers->context) {
      return CONNTRAIL__MESSAGE_CONTEXT;
    }
  }
  return CONNTRAIL__MESSAGE_OTHER;
}

#endif
