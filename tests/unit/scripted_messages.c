/* SPDX-License-Identifier: MIT */

#include "scripted_messages.h"

#include <string.h>

#include "scripted_heap.h"

enum { MOST = 6 };

static struct {
  struct {
    int level;
    int option;
    uint32_t native;
  } enables[MOST];
  unsigned enable_count;
  unsigned enabled;
  scripted_message messages[MOST];
  unsigned message_count;
  unsigned received;
  scripted_asked asked;
  uint32_t sends[MOST];
  unsigned send_count;
  unsigned sent_count;
} script;

static scripted_sent sent;

void scripted_messages_begin(void) {
  memset(&script, 0, sizeof script);
  memset(&sent, 0, sizeof sent);
}

void scripted_messages_end(void) {
  bool was_watched = scripted_heap_watch(false);
  ck_assert_uint_eq(script.enabled, script.enable_count);
  ck_assert_uint_eq(script.received, script.message_count);
  ck_assert_uint_eq(script.sent_count, script.send_count);
  scripted_messages_begin();
  (void)scripted_heap_watch(was_watched);
}

void scripted_enable(int level, int option, uint32_t native) {
  ck_assert_uint_lt(script.enable_count, MOST);
  script.enables[script.enable_count].level = level;
  script.enables[script.enable_count].option = option;
  script.enables[script.enable_count++].native = native;
}

void scripted_receive(const scripted_message *test_message) {
  ck_assert_uint_lt(script.message_count, MOST);
  script.messages[script.message_count++] = *test_message;
}

scripted_asked scripted_last_receive(void) {
  return script.asked;
}

void scripted_send(uint32_t native) {
  ck_assert_uint_lt(script.send_count, MOST);
  script.sends[script.send_count++] = native;
}

const scripted_sent *scripted_last_send(void) {
  return &sent;
}

/* ---- The seam ------------------------------------------------------------------------------- */

/* [D] Windows' numbers. */
const conntrail__message_numbers conntrail__backend_messages[CONNTRAIL__MESSAGE_FAMILIES] = {
    [CONNTRAIL__MESSAGES_IPV4] = {0, 60, 70}, [CONNTRAIL__MESSAGES_IPV6] = {41, 60, 70}};

uint32_t conntrail__backend_enable(conntrail_socket socket, int level, int option) {
  bool was_watched = scripted_heap_watch(false);
  ck_assert(socket == SCRIPTED_SOCKET);
  ck_assert_uint_lt(script.enabled, script.enable_count);
  ck_assert_int_eq(level, script.enables[script.enabled].level);
  ck_assert_int_eq(option, script.enables[script.enabled].option);
  (void)scripted_heap_watch(was_watched);
  return script.enables[script.enabled++].native;
}

static void write_message(const scripted_message *test_message, conntrail__datagram *datagram) {
  ck_assert_uint_le(test_message->control_size, datagram->control_size);
  if (test_message->control_size > 0) {
    memcpy(datagram->control, test_message->control, test_message->control_size);
  }
  if (test_message->claimed != SCRIPTED_ALL_ROOM) {
    datagram->control_size =
        (uint32_t)(test_message->claimed != 0 ? test_message->claimed : test_message->control_size);
  }
  datagram->peer_size = test_message->peer_size;
  if (test_message->peer != NULL) {
    size_t size = test_message->peer_size;
    memcpy(datagram->peer, test_message->peer,
           size < sizeof *test_message->peer ? size : sizeof *test_message->peer);
  }
  datagram->bytes = test_message->bytes;
  datagram->flags = test_message->flags;
}

uint32_t conntrail__backend_recvmsg(conntrail_socket socket, conntrail__datagram *datagram) {
  bool was_watched = scripted_heap_watch(false);
  ck_assert(socket == SCRIPTED_SOCKET);
  ck_assert_uint_lt(script.received, script.message_count);
  const scripted_message *test_message = &script.messages[script.received++];
  script.asked = (scripted_asked){datagram->control_size, datagram->flags, datagram->payload_count,
                                  datagram->call};
  if (test_message->native == 0 || test_message->native == 10040) {
    write_message(test_message, datagram);
  }
  (void)scripted_heap_watch(was_watched);
  return test_message->native;
}

uint32_t conntrail__backend_sendmsg(conntrail_socket socket, const conntrail__datagram *datagram) {
  bool was_watched = scripted_heap_watch(false);
  ck_assert(socket == SCRIPTED_SOCKET);
  ck_assert_uint_lt(script.sent_count, script.send_count);
  ck_assert_uint_le(datagram->control_size, sizeof sent.copy);
  sent.has_peer = datagram->peer != NULL;
  if (sent.has_peer) {
    sent.peer = *datagram->peer;
  }
  sent.peer_size = datagram->peer_size;
  sent.payload = datagram->payload;
  sent.payload_count = datagram->payload_count;
  sent.control = datagram->control;
  sent.control_size = datagram->control_size;
  if (datagram->control_size > 0) {
    memcpy(sent.copy, datagram->control, datagram->control_size);
  }
  (void)scripted_heap_watch(was_watched);
  return script.sends[script.sent_count++];
}
