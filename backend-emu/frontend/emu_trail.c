/* SPDX-License-Identifier: MIT */
#include "control.h"
#include "sockaddr.h"

#include <string.h>

const char *conntrail_emu_service_name(const conntrail_emu_service *service) {
  return service == NULL ? "" : conntrail__service_name(service);
}

const char *conntrail_emu_event_word(conntrail_emu_event_kind kind) {
  return conntrail__event_word(kind);
}

const char *conntrail_emu_misuse_text(conntrail_emu_misuse misuse) {
  return conntrail__misuse_text(misuse);
}

uint64_t conntrail_emu_count(const conntrail_emu *emu, conntrail_emu_event_kind kind) {
  uint64_t count;
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_count", "emu");
    return 0;
  }
  conntrail__lock_swept();
  count = conntrail__trail_count(emu, kind);
  conntrail__native_unlock();
  return count;
}

uint64_t conntrail_emu_misuse_count(const conntrail_emu *emu, conntrail_emu_misuse misuse) {
  uint64_t count;
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_misuse_count", "emu");
    return 0;
  }
  conntrail__lock_swept();
  count = conntrail__trail_misuse_count(emu, misuse);
  conntrail__native_unlock();
  return count;
}

static void convert_event(const conntrail_emu *emu, const conntrail__event *kept,
                          conntrail_emu_event *event) {
  memset(event, 0, sizeof *event);
  event->number = kept->number;
  event->kind = (conntrail_emu_event_kind)kept->kind;
  event->misuse = (conntrail_emu_misuse)kept->misuse;
  event->state = (conntrail_emu_state)kept->state;
  event->service = conntrail__event_service(emu, kept);
  event->untransferred_by = conntrail__event_untransferred_by(emu, kept);
  event->process = kept->process;
  event->socket = kept->socket;
  event->from = kept->from;
  event->hops = kept->hops;
  event->native = kept->native;
  event->size = kept->size;
  event->capacity = kept->capacity;
  event->protocol = kept->protocol;
  (void)conntrail__address_to_sockaddr(&kept->destination, &event->destination);
  (void)conntrail__address_to_sockaddr(&kept->target, &event->target);
}

/* A caller compiled against an older header has room for the first fields only. */
static void hand_out(const conntrail_emu_event *full, conntrail_emu_event *event) {
  size_t size = event->struct_size;
  memcpy(event, full, size < sizeof *full ? size : sizeof *full);
  event->struct_size = size;
}

static bool next_locked(const conntrail_emu *emu, uint64_t after, conntrail_emu_event *event) {
  const conntrail__event *kept = conntrail__trail_next(emu, after);
  conntrail_emu_event full;
  if (kept == NULL) {
    return false;
  }
  convert_event(emu, kept, &full);
  hand_out(&full, event);
  return true;
}

bool conntrail_emu_next_event(const conntrail_emu *emu, uint64_t after,
                              conntrail_emu_event *event) {
  bool found;
  if (emu == NULL || event == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_next_event", emu == NULL ? "emu" : "event");
    return false;
  }
  if (event->struct_size < offsetof(conntrail_emu_event, misuse)) {
    (void)conntrail__refuse_call(
        CONNTRAIL_INVALID, "conntrail_emu_next_event",
        "event.struct_size is too small for the event's number and kind; set "
        "it to sizeof(conntrail_emu_event)");
    return false;
  }
  conntrail__lock_swept();
  found = next_locked(emu, after, event);
  conntrail__native_unlock();
  return found;
}

size_t conntrail_emu_trail_text(const conntrail_emu *emu, unsigned flags, char *text,
                                size_t capacity) {
  size_t size;
  if (text != NULL && capacity > 0) {
    text[0] = '\0';
  }
  if (emu == NULL || (text == NULL && capacity > 0)) {
    (void)conntrail__refuse_null("conntrail_emu_trail_text", emu == NULL ? "emu" : "text");
    return 0;
  }
  conntrail__lock_swept();
  size = conntrail__trail_text(emu, flags, text, capacity);
  conntrail__native_unlock();
  return size;
}

static conntrail_status inspect_locked(conntrail_emu *emu, conntrail_socket socket,
                                       const conntrail_emu_service *service, uint32_t *number,
                                       conntrail_emu_state *state) {
  conntrail__socket *known = conntrail__session_find(emu, socket);
  if (known == NULL) {
    return conntrail__refuse_call(
        CONNTRAIL_INVALID, "conntrail_emu_inspect",
        "the descriptor is no open socket of this emulation; inspect one that "
        "was created or accepted in it, before it is closed");
  }
  if (number != NULL) {
    *number = conntrail__socket_number(known);
  }
  if (state != NULL) {
    *state = conntrail__socket_redirect_state(known, service);
  }
  return CONNTRAIL_OK;
}

conntrail_status conntrail_emu_inspect(conntrail_emu *emu, conntrail_socket socket,
                                       const conntrail_emu_service *service, uint32_t *number,
                                       conntrail_emu_state *state) {
  conntrail_status status;
  if (emu == NULL || (service == NULL && state != NULL)) {
    return conntrail__refuse_null("conntrail_emu_inspect", emu == NULL ? "emu" : "service");
  }
  conntrail__lock_swept();
  status = inspect_locked(emu, socket, service, number, state);
  conntrail__native_unlock();
  return status;
}
