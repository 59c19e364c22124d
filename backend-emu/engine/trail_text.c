/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../src/numbers.h"
#include "emulation.h"
#include "text.h"
#include "trail.h"

typedef struct page {
  const conntrail_emu *emu;
  conntrail__text out;
  unsigned flags;
} page;

#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
static void
put(page *p, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  conntrail__text_put_list(&p->out, format, arguments);
  va_end(arguments);
}

static bool is_normalised(const page *p) {
  return (p->flags & CONNTRAIL_EMU_TEXT_NORMALISED) != 0;
}

/* The system chooses the ports of a test's own loopback addresses (E2). */
static void put_address(page *p, const conntrail__address *address) {
  char text[CONNTRAIL__ADDRESS_TEXT];
  conntrail__address_format(address, text);
  if (is_normalised(p) && conntrail__address_is_loopback(address)) {
    *strrchr(text, ':') = '\0';
    put(p, "%s:*", text);
    return;
  }
  put(p, "%s", text);
}

static const char *service_name(const page *p, const conntrail__event *event) {
  return conntrail__service_name(conntrail__event_service(p->emu, event));
}

static const char *state_words(uint8_t state) {
  static const char *const words[] = {"not redirected", "redirected by self", "redirected by other",
                                      "previously redirected by self"};
  return state < 4 ? words[state] : "?";
}

static void put_hops(page *p, const conntrail__event *event) {
  if (event->hops > 0) {
    put(p, ", carrying records of %u redirect%s", event->hops, event->hops == 1 ? "" : "s");
  }
}

static void put_decision(page *p, const conntrail__event *event, const char *what) {
  put(p, "%s by %s (state: %s)", what, service_name(p, event), state_words(event->state));
}

static bool is_datagram(const conntrail__event *event) {
  return event->protocol == CONNTRAIL__UDP;
}

static void put_connecting(page *p, const conntrail__event *event) {
  put(p, is_datagram(event) ? "first udp datagram to " : "connecting to ");
  put_address(p, &event->destination);
  put_hops(p, event);
}

static void put_redirected(page *p, const conntrail__event *event) {
  put(p, "redirected to %s's proxy at ", service_name(p, event));
  put_address(p, &event->target);
  put(p, " (state: %s)", state_words(event->state));
}

static void put_delivered(page *p, const conntrail__event *event) {
  put(p, "delivered to ");
  put_address(p, &event->destination);
  if (!conntrail__address_equal(&event->destination, &event->target)) {
    put(p, " at ");
    put_address(p, &event->target);
  }
  put_hops(p, event);
}

static const char *bypass_words(uint8_t bypass) {
  switch (bypass) {
  case CONNTRAIL__CONNECT_BY_NAME:
    return "WSAConnectByName and WSAConnectByList connect inside the system; use connect or "
           "ConnectEx";
  case CONNTRAIL__REGISTERED_IO:
    return "RIO sends and receives inside the system; use WSASend and WSARecv, or WSASendMsg and "
           "WSARecvMsg";
  case CONNTRAIL__OTHER_TRANSPORT:
    return "UDP-Lite, DCCP and SCTP are not emulated; use TCP or UDP";
  default:
    return "?";
  }
}

static void put_refused(page *p, const conntrail__event *event) {
  if (event->state != CONNTRAIL__NO_BYPASS) {
    put(p, "refused (%u), because it would go past the emulation: %s", event->native,
        bypass_words(event->state));
    return;
  }
  put(p, "refused: no route for ");
  put_address(p, &event->destination);
  put(p, ", and the real network is not allowed; add one (conntrail_emu_route(), or "
         "\"routes\" of a scenario)");
}

static void put_hint(page *p, const conntrail__event *event) {
  const char *service = service_name(p, event);
  put(p, "hint: the proxy of %s connected to ", service);
  put_address(p, &event->destination);
  put(p,
      " without the records of the connection that it accepted. %s exempts it, so that nothing "
      "breaks; a second redirect service would send the connection back to it, and so on without "
      "end. Call conntrail_transfer_records before connect",
      service);
}

/* What the system's number for a failed connection to the target means there. */
static const char *why_failed(uint32_t native) {
  switch (native) {
  case CONNTRAIL__WSAEADDRINUSE:
    return "the local port has, or had a moment ago, another connection to ";
  case CONNTRAIL__WSAEADDRNOTAVAIL:
    return "the system has no address or no port left for a connection to ";
  default:
    return "could not connect to ";
  }
}

static void put_failed(page *p, const conntrail__event *event) {
  put(p, "failed (%u): %s", event->native, why_failed(event->native));
  put_address(p, &event->target);
  put(p, " for ");
  put_address(p, &event->destination);
  if (event->native == CONNTRAIL__WSAEADDRINUSE) {
    put(p,
        "; two addresses can have one connection at a time, and connections from one port to two "
        "destinations end at the same address if both go to one proxy: let the system choose the "
        "port, or bind to "
        "another address");
  }
}

static void put_accepted(page *p, const conntrail__event *event) {
  put(p, "%s by the proxy of %s", is_datagram(event) ? "first udp datagram received" : "accepted",
      service_name(p, event));
  if (event->from != 0) {
    put(p, " from socket %u", event->from);
  }
  put(p, ", wanted ");
  put_address(p, &event->destination);
  if (event->kind == CONNTRAIL_EMU_RECORD_LOST) {
    put(p, ": its record is lost");
  }
}

static void put_query(page *p, const conntrail__event *event, const char *what) {
  put(p, "%s queried", what);
  if (event->native == 0 && event->size <= event->capacity) {
    put(p, ": %u bytes", event->size);
  } else if (event->size > event->capacity) {
    put(p, ": too small, %u bytes offered, %u needed (%u)", event->capacity, event->size,
        event->native);
  } else {
    put(p, ": answered %u", event->native);
  }
}

static void put_set(page *p, const conntrail__event *event) {
  put(p, "records set: %u bytes, %u redirect%s", event->size, event->hops,
      event->hops == 1 ? "" : "s");
  if (event->from != 0) {
    put(p, ", from socket %u", event->from);
  }
}

static void put_received(page *p, const conntrail__event *event) {
  put(p, "%s: ", conntrail__event_word((conntrail_emu_event_kind)event->kind));
  if (event->native == 0) {
    put(p, "%u bytes, %u redirect%s", event->size, event->hops, event->hops == 1 ? "" : "s");
  } else {
    put(p, "too small, %u bytes offered, %u needed (%u)", event->capacity, event->size,
        event->native);
  }
}

static void put_idle(page *p, const conntrail__event *event) {
  put(p, "idle: its udp flow to ");
  put_address(p, &event->destination);
  put(p, ", redirected by %s, ended", service_name(p, event));
}

static void put_datagram_loop(page *p, const conntrail__event *event) {
  put(p, "LOOP: %s would redirect this udp flow to ", service_name(p, event));
  put_address(p, &event->destination);
  put(p, " once more; ");
  if (event->from == 0) {
    put(p, "too many flows wait there without their records being sent; send them with the first "
           "datagram, by conntrail_sendmsg");
    return;
  }
  put(p,
      "the proxy of %s sends on what socket %u received without its records, which were %s; send "
      "them with the first datagram of socket %u, by conntrail_sendmsg",
      conntrail__service_name(conntrail__event_untransferred_by(p->emu, event)), event->from,
      event->size == 0 ? "never received" : "received, but never sent", event->socket);
}

static void put_loop(page *p, const conntrail__event *event) {
  if (is_datagram(event)) {
    put_datagram_loop(p, event);
    return;
  }
  put(p, "LOOP: %s would redirect this connection to ", service_name(p, event));
  put_address(p, &event->destination);
  put(p, " once more; ");
  if (event->from == 0) {
    put(p, "too many accepted connections wait there without a transfer; call "
           "conntrail_transfer_records(accepted, outbound) before connect");
    return;
  }
  put(p,
      "the proxy of %s continues accepted socket %u without its records, which were %s; call "
      "conntrail_transfer_records(socket %u, socket %u) before connect",
      conntrail__service_name(conntrail__event_untransferred_by(p->emu, event)), event->from,
      event->size == 0 ? "never queried" : "queried, but never set", event->from, event->socket);
}

static void put_fault(page *p, const conntrail__event *event) {
  static const char *const operations[] = {"control code",
                                           "query of records",
                                           "query of context",
                                           "setting of records",
                                           "original destination",
                                           "connect",
                                           "accept",
                                           "enabling of messages",
                                           "receiving of a message",
                                           "sending of a message"};
  put(p, "fault asked for by the test, in %s", event->state < 10 ? operations[event->state] : "?");
  if (event->native != 0) {
    put(p, ": answered %u", event->native);
  }
}

static void put_assumed(page *p, const conntrail__event *event) {
  const conntrail_emu_situation situation = (conntrail_emu_situation)event->state;
  put(p, "assumed: the profile \"%s\" does not say what \"%s\", \"%s\" is answered; as \"%s\": %u",
      p->emu->table->name, conntrail__situation_operation(situation),
      conntrail__situation_name(situation),
      conntrail__builtin_table((conntrail_emu_profile)event->from)->name, event->native);
}

static void put_dropped(page *p, const conntrail__event *event) {
  put(p, "dropped: its udp datagrams to ");
  put_address(p, &event->destination);
  put(p, ", because it is connected and redirected by %s; send with sendto, unconnected",
      service_name(p, event));
}

static void put_misuse(page *p, const conntrail__event *event) {
  put(p, "MISUSE: %s", conntrail__misuse_text((conntrail_emu_misuse)event->misuse));
}

/* What is not a step on the way of a connection. */
static void put_other(page *p, const conntrail__event *event) {
  switch ((conntrail_emu_event_kind)event->kind) {
  case CONNTRAIL_EMU_FAULT:
    put_fault(p, event);
    break;
  case CONNTRAIL_EMU_MISUSE:
    put_misuse(p, event);
    break;
  case CONNTRAIL_EMU_RECORDS_RECEIVED:
  case CONNTRAIL_EMU_CONTEXT_RECEIVED:
    put_received(p, event);
    break;
  case CONNTRAIL_EMU_IDLE:
    put_idle(p, event);
    break;
  case CONNTRAIL_EMU_HINT:
    put_hint(p, event);
    break;
  case CONNTRAIL_EMU_ASSUMED:
    put_assumed(p, event);
    break;
  case CONNTRAIL_EMU_DROPPED:
    put_dropped(p, event);
    break;
  default:
    put(p, "?");
    break;
  }
}

static void put_what(page *p, const conntrail__event *event) {
  switch ((conntrail_emu_event_kind)event->kind) {
  case CONNTRAIL_EMU_CONNECTING:
    put_connecting(p, event);
    break;
  case CONNTRAIL_EMU_REDIRECTED:
    put_redirected(p, event);
    break;
  case CONNTRAIL_EMU_PERMITTED:
    put_decision(p, event, "permitted");
    break;
  case CONNTRAIL_EMU_EXEMPTED:
    put_decision(p, event, "exempted");
    break;
  case CONNTRAIL_EMU_BLOCKED:
    put_decision(p, event, "blocked");
    break;
  case CONNTRAIL_EMU_DELIVERED:
    put_delivered(p, event);
    break;
  case CONNTRAIL_EMU_REFUSED:
    put_refused(p, event);
    break;
  case CONNTRAIL_EMU_FAILED:
    put_failed(p, event);
    break;
  case CONNTRAIL_EMU_ACCEPTED:
  case CONNTRAIL_EMU_RECORD_LOST:
    put_accepted(p, event);
    break;
  case CONNTRAIL_EMU_RECORDS_QUERIED:
    put_query(p, event, "records");
    break;
  case CONNTRAIL_EMU_CONTEXT_QUERIED:
    put_query(p, event, "context");
    break;
  case CONNTRAIL_EMU_RECORDS_SET:
    put_set(p, event);
    break;
  case CONNTRAIL_EMU_DESTINATION_QUERIED:
  case CONNTRAIL_EMU_CLOSED:
    put(p, "%s", conntrail__event_word((conntrail_emu_event_kind)event->kind));
    break;
  case CONNTRAIL_EMU_LOOP:
    put_loop(p, event);
    break;
  default:
    put_other(p, event);
    break;
  }
}

static void put_sentence(page *p, const conntrail__event *event) {
  const char *colour =
      (p->flags & CONNTRAIL_EMU_TEXT_COLOUR) != 0 ? conntrail__event_colour(event) : NULL;
  put(p, "%s", colour == NULL ? "" : colour);
  if (event->socket != 0) {
    put(p, "socket %u ", event->socket);
  }
  put_what(p, event);
  put(p, "%s", colour == NULL ? "" : "\033[0m");
}

static void put_event(page *p, const conntrail__event *event) {
  put(p, "%4llu  ", (unsigned long long)event->number);
  put_sentence(p, event);
  put(p, "\n");
}

size_t conntrail__event_text(const conntrail_emu *emu, const conntrail__event *event,
                             unsigned flags, char *text, size_t capacity) {
  page p = {emu, {text, capacity, 0}, flags};
  put_sentence(&p, event);
  return p.out.length;
}

size_t conntrail__trail_text(const conntrail_emu *emu, unsigned flags, char *text,
                             size_t capacity) {
  page p = {emu, {text, capacity, 0}, flags};
  const conntrail__event *event = conntrail__trail_next(emu, 0);
  if (event != NULL && event->number > 1) {
    put(&p, "      (%llu earlier events are no longer kept)\n",
        (unsigned long long)event->number - 1);
  }
  for (; event != NULL; event = conntrail__trail_next(emu, event->number)) {
    put_event(&p, event);
  }
  if (capacity > 0 && p.out.length == 0) {
    text[0] = '\0';
  }
  return p.out.length;
}
