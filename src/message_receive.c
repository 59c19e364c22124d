/* SPDX-License-Identifier: MIT */

/*
 * Receiving a message. The system writes its control data into a buffer of the library's own,
 * because what is cut there is lost for good (M4); from there records, context and the rest go
 * to where the caller wants them.
 */

#include <stddef.h>
#include <string.h>

#include "message.h"

/* For one control message that the caller has no place for, such as the packet's interface. */
enum { SLACK = 64 };

typedef struct got {
  conntrail_message *message;
  size_t control_size;
  unsigned lost;
  bool has_records;
  bool has_context;
} got;

static conntrail_status check(const conntrail_message *message) {
  if (message == NULL) {
    return CONNTRAIL_FAULT;
  }
  conntrail_status common = conntrail__message_check(message);
  if (common != CONNTRAIL_OK) {
    return common;
  }
  if ((message->records == NULL && message->records_capacity > 0) ||
      (message->context == NULL && message->context_capacity > 0) ||
      (message->control == NULL && message->control_capacity > 0)) {
    return CONNTRAIL_FAULT;
  }
  return (message->flags & ~(CONNTRAIL_MESSAGE_PEEK | CONNTRAIL_MESSAGE_KEEP_LOCAL)) != 0
             ? CONNTRAIL_INVALID
             : CONNTRAIL_OK;
}

static size_t space_of(size_t capacity) {
  size_t size = capacity;
  if (size < CONNTRAIL_USUAL_BLOB) {
    size = CONNTRAIL_USUAL_BLOB;
  } else if (size > CONNTRAIL_LARGEST_BLOB) {
    size = CONNTRAIL_LARGEST_BLOB;
  }
  return conntrail__control_space(CONNTRAIL__CONTROL_NATIVE, size);
}

/* Some systems give records and context at two levels (M1): room for both where heap is taken
 * anyway, and where what is on the stack has it. */
static size_t wanted_room(const conntrail_message *message) {
  size_t blobs = space_of(message->records_capacity) + space_of(message->context_capacity);
  size_t own = message->control_capacity < CONNTRAIL_LARGEST_BLOB ? message->control_capacity
                                                                  : CONNTRAIL_LARGEST_BLOB;
  size_t once = blobs + own + SLACK;
  return once <= CONNTRAIL__USUAL_CONTROL ? once : once + blobs;
}

/* ---- What came with it ---------------------------------------------------------------------- */

/* A place of NULL is not wanted: nothing is lost then. */
static void give(const conntrail__control_item *item, void *place, size_t capacity, size_t *size,
                 unsigned *lost, unsigned what) {
  *size = item->size;
  if (item->size <= capacity) {
    if (item->size > 0) {
      memcpy(place, item->data, item->size);
    }
  } else if (place != NULL) {
    *lost |= what;
  }
}

static void give_control(got *l, const conntrail__control_item *item) {
  conntrail_message *message = l->message;
  if (message->control != NULL &&
      !conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, message->control,
                                 message->control_capacity, &l->control_size, item)) {
    l->lost |= CONNTRAIL_LOST_CONTROL;
  }
}

/* Of records and context the first holds: a copy at another level says the same. */
static void give_item(got *l, const conntrail__control_item *item) {
  conntrail_message *message = l->message;
  conntrail__message_kind kind = conntrail__message_kind_of(item);
  if (kind == CONNTRAIL__MESSAGE_RECORDS) {
    if (!l->has_records) {
      give(item, message->records, message->records_capacity, &message->records_size, &l->lost,
           CONNTRAIL_LOST_RECORDS);
    }
    l->has_records = true;
  } else if (kind == CONNTRAIL__MESSAGE_CONTEXT) {
    if (!l->has_context) {
      give(item, message->context, message->context_capacity, &message->context_size, &l->lost,
           CONNTRAIL_LOST_CONTEXT);
    }
    l->has_context = true;
  } else if (!conntrail__backend_read_local(item, &message->local) ||
             (message->flags & CONNTRAIL_MESSAGE_KEEP_LOCAL) != 0) {
    give_control(l, item);
  }
}

/* Where the system cut the buffer, the last message in it may be a part of itself. */
static void open_message(got *l, const conntrail__datagram *datagram) {
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, datagram->control, datagram->control_size);
  conntrail__control_item item;
  bool is_cut = (datagram->flags & CONNTRAIL__CONTROL_CUT) != 0;
  l->lost = is_cut ? CONNTRAIL_LOST_CONTROL : 0;
  while (conntrail__control_next(&reader, &item)) {
    if (!is_cut || reader.at < reader.size) {
      give_item(l, &item);
    }
  }
  if (reader.is_malformed && !is_cut) {
    l->lost |= CONNTRAIL_LOST_MALFORMED;
  }
}

/* ---- The datagram --------------------------------------------------------------------------- */

static size_t payload_room(const conntrail_message *message) {
  size_t room = 0;
  for (size_t i = 0; i < message->payload_count; i++) {
    room += message->payload[i].size;
  }
  return room;
}

/*
 * A system may answer with a size above the room that it was given: what it would have needed.
 * That is a cut, whether it says so or not. Of control data it is not known then how much was
 * written, so none of it is read: what stands there may be an earlier datagram's.
 */
static void bound(conntrail__datagram *datagram, size_t payload, size_t control) {
  if (datagram->bytes > payload) {
    datagram->bytes = (uint32_t)payload;
    datagram->flags |= CONNTRAIL__DATA_CUT;
  }
  if (datagram->control_size > control) {
    datagram->control_size = 0;
    datagram->flags |= CONNTRAIL__CONTROL_CUT;
  }
}

static conntrail_status status_of(unsigned lost) {
  if ((lost & CONNTRAIL_LOST_DATA) != 0) {
    return CONNTRAIL_DATA_TRUNCATED;
  }
  if ((lost & ~CONNTRAIL_LOST_MALFORMED) != 0) {
    return CONNTRAIL_CONTROL_TRUNCATED;
  }
  return lost != 0 ? CONNTRAIL_INVALID_MESSAGE : CONNTRAIL_OK;
}

/* Bytes of an address that mean something; 0 for what is no address of the internet. */
static size_t meaningful(const struct sockaddr_storage *peer) {
  switch (peer->ss_family) {
  case AF_INET:
    return offsetof(struct sockaddr_in, sin_zero);
  case AF_INET6:
    return sizeof(struct sockaddr_in6);
  default:
    return 0;
  }
}

/* Bytes that mean nothing are 0, so that equal addresses are equal bytes; a part of an address is
 * none. */
static void give_peer(conntrail_message *message, const struct sockaddr_storage *peer,
                      uint32_t size) {
  size_t known = meaningful(peer);
  memset(&message->peer, 0, sizeof message->peer);
  if (known <= size) {
    memcpy(&message->peer, peer, known);
  }
}

static conntrail_status hand_over(conntrail_message *message, const conntrail__datagram *datagram) {
  got l = {.message = message};
  message->payload_size = datagram->bytes;
  memset(&message->local, 0, sizeof message->local);
  message->records_size = 0;
  message->context_size = 0;
  give_peer(message, datagram->peer, datagram->peer_size);
  open_message(&l, datagram);
  message->control_size = l.control_size;
  if ((datagram->flags & CONNTRAIL__DATA_CUT) != 0) {
    l.lost |= CONNTRAIL_LOST_DATA;
  }
  message->lost = l.lost;
  return status_of(l.lost);
}

/* 10040 without a word of what was cut: the worse of the two. */
static uint32_t receive(conntrail_socket socket, conntrail__datagram *datagram) {
  uint32_t native = conntrail__backend_recvmsg(socket, datagram);
  if (native == CONNTRAIL__WSAEMSGSIZE) {
    if ((datagram->flags & (CONNTRAIL__DATA_CUT | CONNTRAIL__CONTROL_CUT)) == 0) {
      datagram->flags |= CONNTRAIL__DATA_CUT;
    }
    return 0;
  }
  return native;
}

static conntrail_status receive_into(conntrail_socket socket, conntrail_message *message,
                                     conntrail__control_room *room) {
  struct sockaddr_storage peer;
  peer.ss_family = AF_UNSPEC;
  conntrail__datagram datagram = {
      .peer = &peer,
      .peer_size = sizeof peer,
      .payload = message->payload,
      .payload_count = (uint32_t)message->payload_count,
      .control = room->bytes,
      .control_size = (uint32_t)room->size,
      .flags = (message->flags & CONNTRAIL_MESSAGE_PEEK) != 0 ? CONNTRAIL__PEEK : 0,
      .call = conntrail__message_call(message, socket)};
  /* A system that writes no control data, and no size of them either, has written no message. */
  memset(room->bytes, 0, sizeof(size_t));
  uint32_t native = receive(socket, &datagram);
  if (native != 0) {
    return conntrail__report(conntrail__native_verdict(native));
  }
  bound(&datagram, payload_room(message), room->size);
  conntrail_status status = hand_over(message, &datagram);
  return status == CONNTRAIL_OK ? status : conntrail__report(conntrail__own_verdict(status));
}

conntrail_status conntrail_recvmsg(conntrail_socket socket, conntrail_message *message) {
  conntrail__control_room room;
  conntrail_status status = check(message);
  if (status != CONNTRAIL_OK) {
    return conntrail__report(conntrail__own_verdict(status));
  }
  if (!conntrail__control_room_take(&room, wanted_room(message))) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_NO_MEMORY));
  }
  status = receive_into(socket, message, &room);
  conntrail__control_room_release(&room);
  return status;
}
