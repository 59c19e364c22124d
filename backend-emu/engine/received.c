/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "../../src/control_message.h"
#include "../../src/numbers.h"
#include "blob.h"
#include "context.h"
#include "datagram_flow.h"
#include "fault.h"
#include "flow.h"
#include "profile.h"
#include "records.h"
#include "service.h"
#include "socket.h"
#include "trail.h"
#include "waiting.h"

/* A datagram was received: who sent it, and what comes with it. */

enum { MOST_COPIES = 4 };

typedef struct due_messages {
  conntrail__control_item messages[MOST_COPIES]; /* that are due */
  unsigned count;
  unsigned needed_count; /* the rest are copies at another level */
  uint32_t needed;       /* bytes of control buffer, for those that are no copies */
} due_messages;

uint8_t conntrail__option_bit(int level, int option) {
  unsigned place =
      (level == CONNTRAIL__IPV6_LEVEL ? 2U : 0U) + (option == CONNTRAIL__CONTEXT_OPTION ? 1U : 0U);
  return (uint8_t)(1U << place);
}

static bool is_enabled(const conntrail__socket *socket, int level, int option) {
  return (socket->datagram->options & conntrail__option_bit(level, option)) != 0;
}

static void add(due_messages *due, const conntrail__socket *socket, int level, int type,
                const void *data, uint32_t size) {
  if (size > 0 && is_enabled(socket, level, type)) {
    due->messages[due->count++] =
        (conntrail__control_item){.level = level, .type = type, .data = data, .size = size};
  }
}

static void add_both(due_messages *due, const conntrail__socket *socket, int level,
                     const conntrail__flow *flow, const void *context) {
  const conntrail__blob *records = flow->records;
  uint32_t context_size = conntrail__context_size(flow);
  if (conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_FIRST_MESSAGE)) {
    add(due, socket, level, CONNTRAIL__CONTEXT_OPTION, context, context_size);
    add(due, socket, level, CONNTRAIL__RECORDS_OPTION, records->bytes, records->size);
    return;
  }
  add(due, socket, level, CONNTRAIL__RECORDS_OPTION, records->bytes, records->size);
  add(due, socket, level, CONNTRAIL__CONTEXT_OPTION, context, context_size);
}

/* M1: at the level of the datagram's family; under contrary at both of a socket that has both. */
static due_messages compose(const conntrail__socket *socket, const conntrail__flow *flow,
                            const conntrail__received *arrived, const void *context) {
  due_messages due;
  bool is_ipv4 = arrived->from.family == CONNTRAIL__IPV4;
  memset(&due, 0, sizeof due);
  add_both(&due, socket, is_ipv4 ? CONNTRAIL__IP_LEVEL : CONNTRAIL__IPV6_LEVEL, flow, context);
  due.needed_count = due.count;
  if (is_ipv4 && arrived->is_ipv6 &&
      conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_MESSAGE_LEVELS)) {
    add_both(&due, socket, CONNTRAIL__IPV6_LEVEL, flow, context);
  }
  if (due.needed_count == 0) { /* enabled at the other level alone: no copies */
    due.needed_count = due.count;
  }
  for (unsigned i = 0; i < due.needed_count; i++) {
    due.needed +=
        (uint32_t)conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, due.messages[i].size);
  }
  return due;
}

/* M1: each of the two comes where it is enabled, whether the other one is or not. */
static bool is_due(const due_messages *due, int type) {
  for (unsigned i = 0; i < due->count; i++) {
    if (due->messages[i].type == type) {
      return true;
    }
  }
  return false;
}

/* As much of it as there is room for, as Linux cuts it. */
static void write_cut(conntrail__received *arrived, const conntrail__control_item *m) {
  size_t header = conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, 0);
  size_t used = arrived->used;
  size_t at = conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, used) - header;
  if (at + header > arrived->capacity) {
    return;
  }
  conntrail__control_item part = *m;
  part.size = arrived->capacity - at - header;
  (void)conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, arrived->control, arrived->capacity,
                                  &used, &part);
  arrived->used = (uint32_t)used;
}

static void write_due(const conntrail__socket *socket, conntrail__received *arrived,
                      const due_messages *due) {
  bool cuts = conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_CUT_MESSAGES);
  for (unsigned i = 0; i < due->count; i++) {
    const conntrail__control_item *m = &due->messages[i];
    size_t used = arrived->used;
    if (conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, arrived->control, arrived->capacity,
                                  &used, m)) {
      arrived->used = (uint32_t)used;
      continue;
    }
    if (i >= due->needed_count) {
      return;
    }
    arrived->is_control_cut = true;
    if (cuts) {
      write_cut(arrived, m);
      return;
    }
  }
}

static bool put_records(const conntrail__flow *flow, conntrail__received *arrived, int level,
                        size_t *used) {
  const conntrail__control_item item = {.level = level,
                                        .type = CONNTRAIL__RECORDS_OPTION,
                                        .data = flow->records->bytes,
                                        .size = flow->records->size};
  return conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, arrived->control, arrived->capacity,
                                   used, &item);
}

/* Into its place, without a copy on the way. */
static bool put_context(const conntrail__flow *flow, conntrail__received *arrived, int level,
                        size_t *used) {
  const conntrail__control_item item = {
      .level = level, .type = CONNTRAIL__CONTEXT_OPTION, .size = conntrail__context_size(flow)};
  if (item.size == 0) {
    return true;
  }
  if (!conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, arrived->control, arrived->capacity,
                                 used, &item)) {
    return false;
  }
  conntrail__context_write(flow, (uint8_t *)arrived->control + *used - item.size);
  return true;
}

/* The usual case: both, at one level, and with room. False: nothing is written that counts. */
static bool write_both(const conntrail__socket *socket, const conntrail__flow *flow,
                       conntrail__received *arrived) {
  size_t used = arrived->used;
  int level = arrived->from.family == CONNTRAIL__IPV4 ? CONNTRAIL__IP_LEVEL : CONNTRAIL__IPV6_LEVEL;
  if (conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_FIRST_MESSAGE) ||
      conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_MESSAGE_LEVELS) ||
      !is_enabled(socket, level, CONNTRAIL__CONTEXT_OPTION) ||
      !is_enabled(socket, level, CONNTRAIL__RECORDS_OPTION) ||
      !put_records(flow, arrived, level, &used) || !put_context(flow, arrived, level, &used)) {
    return false;
  }
  arrived->used = (uint32_t)used;
  return true;
}

/* False: no memory for the context, which then is cut. */
static bool write_messages(const conntrail__socket *socket, const conntrail__flow *flow,
                           conntrail__received *arrived, uint32_t *needed) {
  if (write_both(socket, flow, arrived)) {
    return true;
  }
  uint32_t size = conntrail__context_size(flow);
  uint8_t usual[1024];
  uint8_t *context = size <= sizeof usual ? usual : malloc(size);
  if (context == NULL) {
    arrived->is_control_cut = true;
    return false;
  }
  if (size > 0) {
    conntrail__context_write(flow, context);
  }
  const due_messages due = compose(socket, flow, arrived, context);
  write_due(socket, arrived, &due);
  *needed = due.needed;
  if (context != usual) {
    free(context);
  }
  return true;
}

static conntrail__event *note_received(const conntrail__socket *socket, const conntrail__flow *flow,
                                       conntrail_emu_event_kind kind) {
  conntrail__event *event = conntrail__trail_add(socket->emu, kind, socket);
  event->service = (uint8_t)(flow->service->index + 1);
  event->from = flow->client->number;
  event->hops = conntrail__records_hops(flow->records);
  event->destination = flow->original;
  event->target = flow->target;
  return event;
}

/* R9: the datagram has lost its record. */
static bool loses_record(conntrail__socket *socket, conntrail__flow *flow) {
  uint32_t ignored;
  socket->flow = flow;
  bool is_lost =
      conntrail__fault_strikes(socket->emu, CONNTRAIL_EMU_ACCEPT, socket, &ignored, &ignored);
  socket->flow = NULL;
  return is_lost;
}

/* Whether the program asked for any message of this datagram's family. */
static bool is_any_enabled(const conntrail__socket *socket, const conntrail__received *arrived) {
  int level = arrived->from.family == CONNTRAIL__IPV4 ? CONNTRAIL__IP_LEVEL : CONNTRAIL__IPV6_LEVEL;
  return is_enabled(socket, level, CONNTRAIL__RECORDS_OPTION) ||
         is_enabled(socket, level, CONNTRAIL__CONTEXT_OPTION);
}

static void hand_over(conntrail__socket *socket, conntrail__flow *flow,
                      conntrail__received *arrived, bool has_records) {
  uint32_t needed = 0;
  bool is_whole = write_messages(socket, flow, arrived, &needed) && !arrived->is_control_cut;
  conntrail__event *event = note_received(
      socket, flow, has_records ? CONNTRAIL_EMU_RECORDS_RECEIVED : CONNTRAIL_EMU_CONTEXT_RECEIVED);
  uint32_t size = has_records ? flow->records->size : conntrail__context_size(flow);
  event->size = is_whole ? size : needed;
  event->capacity = arrived->capacity;
  event->native = is_whole ? 0 : CONNTRAIL__WSAEMSGSIZE;
  flow->records_queried = has_records ? size : 0;
  if (!is_whole) {
    (void)conntrail__note_flow_misuse(socket->emu, socket, flow,
                                      CONNTRAIL_EMU_MISUSE_CONTROL_TOO_SMALL, needed);
  }
}

static void hand_over_or_blame(conntrail__socket *socket, conntrail__flow *flow,
                               conntrail__received *arrived) {
  const due_messages due = compose(socket, flow, arrived, NULL);
  if (due.count > 0 && !arrived->is_plain) {
    hand_over(socket, flow, arrived, is_due(&due, CONNTRAIL__RECORDS_OPTION));
    return;
  }
  /* A connected socket may be asked for them by the control codes (M11). Who wants the context
   * alone misses nothing where there is none. */
  bool is_enabled_in_vain = due.count == 0 && is_any_enabled(socket, arrived);
  if (socket->state == CONNTRAIL__CONNECTED || is_enabled_in_vain) {
    return;
  }
  (void)conntrail__note_flow_misuse(socket->emu, socket, flow,
                                    due.count > 0 ? CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED
                                                  : CONNTRAIL_EMU_MISUSE_MESSAGES_NOT_ENABLED,
                                    flow->records->size);
}

static void claim(conntrail__socket *socket, conntrail__flow *flow, const conntrail__identity *who,
                  conntrail__received *arrived) {
  conntrail__socket_appear(socket, who);
  flow->is_claimed = true;
  if (loses_record(socket, flow)) {
    (void)note_received(socket, flow, CONNTRAIL_EMU_RECORD_LOST);
    return;
  }
  flow->accepted_number = socket->number;
  flow->accepted_process = socket->process;
  flow->accepted_family = socket->family;
  (void)note_received(socket, flow, CONNTRAIL_EMU_ACCEPTED);
  if (flow->records == NULL) {
    return;
  }
  /* Its records may have been sent on already, after a PEEK. */
  if (!flow->is_transferred) {
    conntrail__waiting_add(socket->emu, flow);
  }
  hand_over_or_blame(socket, flow, arrived);
}

static void arrive(conntrail__socket *socket, conntrail__flow *flow, const conntrail__identity *who,
                   conntrail__received *arrived) {
  uint32_t ignored;
  flow->asker = who->actor;
  if (flow->is_claimed || flow->service == NULL) {
    return;
  }
  if (!arrived->is_peek) {
    claim(socket, flow, who, arrived);
  } else if (flow->records != NULL && !arrived->is_plain) {
    (void)write_messages(socket, flow, arrived, &ignored);
  }
}

/* M7: who a reply comes from, as the client sees it. What is behind a route is no proxy. */
static conntrail__address reply_source(const conntrail__socket *socket,
                                       const conntrail__flow *flow) {
  bool is_proxy = flow->service != NULL &&
                  conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_REPLY_SOURCE);
  return is_proxy ? flow->target : flow->original;
}

void conntrail__datagram_received(conntrail__socket *socket, const conntrail__identity *who,
                                  conntrail__received *arrived) {
  arrived->sender = arrived->from;
  arrived->is_control_cut = false;
  conntrail__datagram_flow *flow = conntrail__datagram_by_sender(socket, &arrived->from);
  if (flow != NULL) {
    arrived->sender = reply_source(socket, flow->flow);
    flow->circled = 0;
    conntrail__datagram_flow_touch(flow);
    return;
  }
  flow = conntrail__datagram_by_source(socket, &arrived->from);
  if (flow != NULL) {
    conntrail__datagram_flow_touch(flow);
    flow->has_arrived = true;
    arrive(socket, flow->flow, who, arrived);
  }
}

conntrail__flow *conntrail__datagram_arrived(const conntrail__socket *socket) {
  const conntrail__datagram_flow *flow =
      conntrail__datagram_by_source(socket, &socket->datagram->peer);
  return flow == NULL || flow->flow->service == NULL ? NULL : flow->flow;
}
