/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_SCRIPTED_MESSAGES_H
#define CONNTRAIL_TESTS_SCRIPTED_MESSAGES_H

/*
 * The message calls of the seam, beside scripted_seam.h: one queue for each of the three. A call
 * that is not in the script fails the test.
 */

#include "scripted_seam.h"
#include "src/control_message.h"

/* Forgets what was scripted. A checked fixture's setup, after scripted_begin(). */
void scripted_messages_begin(void);
/* Everything that was scripted was called. */
void scripted_messages_end(void);

/* The next enable must be of this level and option. */
void scripted_enable(int level, int option, uint32_t native);

/* What the next receive answers. */
typedef struct scripted_message {
  uint32_t native;
  uint32_t flags; /* CONNTRAIL__DATA_CUT, CONNTRAIL__CONTROL_CUT */
  uint32_t bytes;
  const struct sockaddr_storage *peer; /* NULL: the system returns none */
  uint32_t peer_size;
  const void *control;
  size_t control_size;
  size_t claimed; /* the size of the control data that is returned, in place of control_size; 0:
                     that */
} scripted_message;
/* The size of the buffer that was offered, returned as if all of it were written. */
#define SCRIPTED_ALL_ROOM SIZE_MAX
void scripted_receive(const scripted_message *test_message);

/* What the last receive asked for. */
typedef struct scripted_asked {
  uint32_t control_capacity;
  uint32_t flags;
  uint32_t payload_count;
  void **call;
} scripted_asked;
scripted_asked scripted_last_receive(void);

/* What the next send answers; and what the last one was given, its control data copied. */
void scripted_send(uint32_t native);
typedef struct scripted_sent {
  bool has_peer;
  struct sockaddr_storage peer;
  uint32_t peer_size;
  const conntrail_buffer *payload;
  uint32_t payload_count;
  const void *control; /* where the library had it */
  size_t control_size;
  unsigned char copy[70000];
} scripted_sent;
const scripted_sent *scripted_last_send(void);

#endif
