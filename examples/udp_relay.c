/* SPDX-License-Identifier: MIT */
#include "udp_relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "udp_flow.h"

enum { IDLE_SECONDS = 60, MOST_RECORDS = 16 << 20 };

bool udp_relay_report(const udp_relay *relay, const char *what, const char *why) {
  char line[256];
  (void)snprintf(line, sizeof line, "%s: %s", what, why);
  relay->log(line, relay->argument);
  return false;
}

bool udp_relay_failed(const udp_relay *relay, const char *what) {
  return udp_relay_report(relay, what, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static bool refused(const udp_relay *relay, const char *what, conntrail_status status) {
  return udp_relay_report(relay, what, conntrail_status_sentence(status));
}

static ev_socklen_t address_size(const struct sockaddr *address) {
  return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

bool udp_relay_drop(udp_relay *relay, const char *what, const char *why) {
  relay->dropped++;
  if (relay->last_refusal != why) {
    relay->last_refusal = why;
    (void)udp_relay_report(relay, what, why);
  }
  return false;
}

conntrail_status udp_relay_receive(udp_relay *relay, conntrail_socket from,
                                   conntrail_message *message) {
  relay->datagram = (conntrail_buffer){relay->bytes, sizeof relay->bytes};
  message->payload = &relay->datagram;
  message->payload_count = 1;
  conntrail_status status = conntrail_recvmsg(from, message);
  relay->datagram.size = message->payload_size;
  return status;
}

/* UDP is unreliable: a datagram that cannot be sent now is lost. */
static bool send_datagram(const udp_relay *relay, conntrail_socket from, conntrail_message *message,
                          const char *what) {
  conntrail_status status = conntrail_sendmsg(from, message);
  return status == CONNTRAIL_OK ||
         (status != CONNTRAIL_WOULD_BLOCK && refused(relay, what, status));
}

/* ---- What clients send ---------------------------------------------------------------------- */

/* The destination of a datagram that begins a flow or may do so. False: unknown; it is logged. */
static bool find_destination(udp_relay *relay, conntrail_flow *ends) {
  const conntrail_message *first = &relay->message;
  conntrail_status status = conntrail_datagram_destination(relay->socket, first, NULL, NULL, ends);
  if (status < 0) {
    return udp_relay_drop(relay, "original destination", conntrail_status_sentence(status));
  }
  if (first->records_size == 0 &&
      own_flows_has(relay->outgoing, &first->peer, &ends->destination)) {
    return udp_relay_drop(relay, "loop", "the redirect rule must exempt the relay's own datagrams");
  }
  return true;
}

/* The first datagram of a flow has its records, if the system has records. */
static udp_flow *flow_of_datagram(udp_relay *relay) {
  udp_flow *known = udp_flow_find(relay);
  conntrail_flow ends = CONNTRAIL_FLOW_INIT;
  if (known && relay->message.records_size == 0 && !udp_flow_must_ask_again(known)) {
    return known;
  }
  const bool is_found = find_destination(relay, &ends);
  if (known && is_found && relay->message.records_size == 0 &&
      udp_flow_is_same(&known->ends.destination, &ends.destination)) {
    return known;
  }
  if (known) {
    udp_flow_end(known);
  }
  return is_found ? udp_flow_begin(relay, &ends) : NULL;
}

/* Everything that a UDP proxy does for redirect records: it sends them with the first datagram. */
static void pass_datagram(udp_relay *relay) {
  const bool is_first = relay->message.records_size > 0;
  udp_flow *of = flow_of_datagram(relay);
  if (!of) {
    return; /* not redirected, or its records are lost: the destination is not guessed */
  }
  of->message.peer = of->ends.destination;
  of->message.payload = &relay->datagram;
  of->message.payload_count = 1;
  of->message.records = is_first ? relay->records : of->records;
  of->message.records_size = is_first ? relay->message.records_size : of->records_size;
  if (send_datagram(relay, of->outbound, &of->message, "forward")) {
    udp_flow_forget_records(of); /* the flow has begun and is recognised: later ones need none */
  } else if (is_first && !udp_flow_keep_records(of, &of->message)) {
    udp_flow_end(of);
    return;
  }
  udp_flow_note_sent(of);
}

/* Lost records do not arrive again. An earlier flow of the client must not receive its datagrams.
 */
static void drop_datagram(udp_relay *relay) {
  udp_flow *earlier = udp_flow_find(relay);
  if (earlier) {
    udp_flow_end(earlier);
  }
  relay->dropped++;
}

static void on_datagram(evutil_socket_t from, short what, void *argument) {
  udp_relay *relay = argument;
  (void)from, (void)what;
  for (int i = 0; i < UDP_DATAGRAMS_A_TURN; i++) {
    relay->message.records = relay->records;
    relay->message.records_capacity = sizeof relay->records;
    relay->message.context = relay->context;
    relay->message.context_capacity = sizeof relay->context;
    conntrail_status status = udp_relay_receive(relay, relay->socket, &relay->message);
    if (status == CONNTRAIL_WOULD_BLOCK) {
      return;
    }
    if (status == CONNTRAIL_OK) {
      pass_datagram(relay);
    } else if (status != CONNTRAIL_UNREACHABLE) { /* a client that has ended */
      refused(relay, "receive", status);
    }
    if (status == CONNTRAIL_CONTROL_TRUNCATED || status == CONNTRAIL_INVALID_MESSAGE) {
      drop_datagram(relay);
    }
  }
}

/* ---- The relay ------------------------------------------------------------------------------ */

/* Messages are enabled before the first datagram can arrive. */
static bool open_socket(udp_relay *relay, const struct sockaddr *address) {
  ev_socklen_t size = sizeof relay->address;
  relay->socket = socket(address->sa_family, SOCK_DGRAM, IPPROTO_UDP);
  if (relay->socket == CONNTRAIL_INVALID_SOCKET) {
    return udp_relay_failed(relay, "socket");
  }
  const char *why = listen_options_apply(&relay->options, relay->socket);
  if (why) {
    return udp_relay_report(relay, "prepare listener", why);
  }
  const conntrail_status status = conntrail_enable_messages(relay->socket);
  if (status < 0) {
    return refused(relay, "enable messages", status);
  }
  evutil_make_socket_nonblocking((evutil_socket_t)relay->socket);
  if (bind(relay->socket, address, address_size(address)) != 0 ||
      getsockname(relay->socket, (struct sockaddr *)&relay->address, &size) != 0) {
    return udp_relay_failed(relay, "bind");
  }
  relay->awaited = event_new(relay->base, (evutil_socket_t)relay->socket, EV_READ | EV_PERSIST,
                             on_datagram, relay);
  return relay->awaited && event_add(relay->awaited, NULL) == 0;
}

udp_relay *udp_relay_new(struct event_base *base, const struct sockaddr *address,
                         const listen_options *options, udp_relay_log *log, void *argument) {
  udp_relay *relay = calloc(1, sizeof *relay);
  if (!relay) {
    return NULL;
  }
  relay->base = base;
  relay->socket = CONNTRAIL_INVALID_SOCKET;
  relay->log = log;
  relay->argument = argument;
  relay->message = (conntrail_message)CONNTRAIL_MESSAGE_INIT;
  relay->most_records = MOST_RECORDS;
  udp_relay_limit(relay, UDP_RELAY_MOST_FLOWS, IDLE_SECONDS);
  if (options) {
    relay->options = *options;
  }
  relay->outgoing = own_flows_new();
  if (relay->outgoing && open_socket(relay, address)) {
    return relay;
  }
  udp_relay_free(relay);
  return NULL;
}

void udp_relay_limit(udp_relay *relay, size_t most_flows, unsigned idle_seconds) {
  relay->most_flows = most_flows;
  relay->idle = (struct timeval){(long)idle_seconds, 0};
}

void udp_relay_limit_records(udp_relay *relay, size_t most_bytes) {
  relay->most_records = most_bytes;
}

void udp_relay_free(udp_relay *relay) {
  while (relay->flows) {
    udp_flow_end(relay->flows);
  }
  if (relay->awaited) {
    event_free(relay->awaited);
  }
  if (relay->socket != CONNTRAIL_INVALID_SOCKET) {
    evutil_closesocket((evutil_socket_t)relay->socket);
  }
  own_flows_free(relay->outgoing);
  free(relay);
}

const struct sockaddr *udp_relay_address(const udp_relay *relay) {
  return (const struct sockaddr *)&relay->address;
}

size_t udp_relay_flows(const udp_relay *relay) {
  return HASH_COUNT(relay->flows);
}

size_t udp_relay_dropped(const udp_relay *relay) {
  return relay->dropped;
}
