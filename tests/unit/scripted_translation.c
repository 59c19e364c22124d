/* SPDX-License-Identifier: MIT */

#include "scripted_translation.h"

#include <string.h>

#include "scripted_heap.h"

typedef enum call_kind {
  HAS_RECORDS,
  TRANSLATED,
  PREPARE,
  ENABLE_LOCAL,
  DATAGRAM_DESTINATION,
  REPLY,
  CLOSE
} call_kind;

typedef struct step {
  call_kind call;
  conntrail_socket socket;
  uint32_t native;
  unsigned flags;
  bool opens_socket;
  struct sockaddr_storage destination;
} step;

enum { MOST_STEPS = 8 };

static struct {
  step steps[MOST_STEPS];
  unsigned count;
  unsigned played;
} script;

static scripted_addresses addresses;

void scripted_translation_begin(void) {
  memset(&script, 0, sizeof script);
  memset(&addresses, 0, sizeof addresses);
}

void scripted_translation_end(void) {
  ck_assert_uint_eq(script.played, script.count);
  scripted_translation_begin();
}

const scripted_addresses *scripted_last_addresses(void) {
  return &addresses;
}

static step *add(call_kind call, uint32_t native) {
  ck_assert_uint_lt(script.count, MOST_STEPS);
  step *added = &script.steps[script.count++];
  added->call = call;
  added->native = native;
  return added;
}

static void add_destination(step *to, const struct sockaddr_storage *destination) {
  if (destination != NULL) {
    to->destination = *destination;
  }
}

void scripted_has_records(uint32_t native) {
  (void)add(HAS_RECORDS, native);
}

void scripted_translated(conntrail_socket listener, uint32_t native,
                         const struct sockaddr_storage *destination) {
  step *added = add(TRANSLATED, native);
  added->socket = listener;
  add_destination(added, destination);
}

void scripted_prepare_listener(unsigned flags, uint32_t native) {
  add(PREPARE, native)->flags = flags;
}

void scripted_enable_local(uint32_t native) {
  (void)add(ENABLE_LOCAL, native);
}

void scripted_datagram_destination(uint32_t native, const struct sockaddr_storage *destination) {
  add_destination(add(DATAGRAM_DESTINATION, native), destination);
}

void scripted_reply(uint32_t native, bool opens_socket) {
  add(REPLY, native)->opens_socket = opens_socket;
}

void scripted_close(conntrail_socket socket) {
  add(CLOSE, 0)->socket = socket;
}

/* ---- The seam ------------------------------------------------------------------------------- */

/* What the checks take from the heap is not the library's doing. */
static const step *play(call_kind call) {
  bool watched = scripted_heap_watch(false);
  ck_assert_msg(script.played < script.count, "a call that is not in the script: %d", (int)call);
  const step *played = &script.steps[script.played++];
  ck_assert_int_eq(played->call, call);
  (void)scripted_heap_watch(watched);
  return played;
}

static const step *play_for(call_kind call, conntrail_socket socket) {
  bool watched = scripted_heap_watch(false);
  ck_assert(socket == SCRIPTED_SOCKET);
  (void)scripted_heap_watch(watched);
  return play(call);
}

uint32_t conntrail__backend_has_records(conntrail_socket socket) {
  return play_for(HAS_RECORDS, socket)->native;
}

static uint32_t write_destination(const step *played, struct sockaddr_storage *destination) {
  if (played->native == 0) {
    *destination = played->destination;
  }
  return played->native;
}

uint32_t conntrail__backend_translated_destination(conntrail_socket accepted,
                                                   conntrail_socket listener,
                                                   struct sockaddr_storage *destination) {
  const step *played = play(TRANSLATED);
  ck_assert(accepted == SCRIPTED_SOCKET);
  ck_assert(listener == played->socket);
  return write_destination(played, destination);
}

uint32_t conntrail__backend_prepare_listener(conntrail_socket socket, unsigned flags) {
  const step *played = play(PREPARE);
  ck_assert(socket == SCRIPTED_SOCKET);
  ck_assert_uint_eq(flags, played->flags);
  return played->native;
}

uint32_t conntrail__backend_enable_local(conntrail_socket socket,
                                         const conntrail__socket_facts *facts) {
  ck_assert(socket == SCRIPTED_SOCKET);
  ck_assert(facts->is_datagram);
  return play(ENABLE_LOCAL)->native;
}

bool conntrail__backend_read_local(const conntrail__control_item *item,
                                   struct sockaddr_storage *local) {
  if (item->level != SCRIPTED_LOCAL_LEVEL || item->type != SCRIPTED_LOCAL_TYPE) {
    return false;
  }
  ck_assert_uint_le(item->size, sizeof *local);
  memcpy(local, item->data, item->size);
  return true;
}

uint32_t conntrail__backend_datagram_destination(conntrail_socket socket,
                                                 const struct sockaddr_storage *peer,
                                                 const struct sockaddr_storage *local,
                                                 struct sockaddr_storage *destination) {
  const step *played = play(DATAGRAM_DESTINATION);
  ck_assert(socket == SCRIPTED_SOCKET);
  addresses.peer = *peer;
  addresses.local = *local;
  return write_destination(played, destination);
}

uint32_t conntrail__backend_reply(conntrail_socket socket, const conntrail__reply *reply) {
  const step *played = play(REPLY);
  ck_assert(socket == SCRIPTED_SOCKET);
  addresses = (scripted_addresses){*reply->peer, *reply->local, *reply->destination, reply->payload,
                                   reply->payload_count};
  if (played->opens_socket) {
    ck_assert(*reply->transparent == CONNTRAIL_INVALID_SOCKET);
    *reply->transparent = SCRIPTED_TRANSPARENT;
  }
  return played->native;
}

void conntrail__backend_close(conntrail_socket socket) {
  ck_assert(socket == play(CLOSE)->socket);
}
