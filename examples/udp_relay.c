/* SPDX-License-Identifier: MIT */
#include "udp_relay.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <uthash.h>

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"

enum { LARGEST_DATAGRAM = 65536, DATAGRAMS_A_TURN = 64, IDLE_SECONDS = 60 };
enum { MOST_RECORDS = 16 << 20 };

/* A client's flow, by the address that its datagrams come from. */
typedef struct flow {
  udp_relay *relay;
  struct sockaddr_storage client;
  struct sockaddr_storage destination;
  conntrail_socket outbound;
  struct event *awaited; /* a reply, or the end of its time */
  conntrail_message message;
  unsigned char *records; /* those that its first datagram brought and could not be sent with */
  size_t records_size;
  UT_hash_handle hh;
} flow;

struct udp_relay {
  struct event_base *base;
  conntrail_socket socket;
  struct event *awaited;
  struct sockaddr_storage address;
  udp_relay_log *log;
  void *argument;
  flow *flows; /* the oldest first */
  size_t dropped;
  size_t most_flows;
  size_t records_kept, most_records; /* bytes, of all flows together */
  struct timeval idle;
  conntrail_message message;
  conntrail_buffer datagram;
  unsigned char bytes[LARGEST_DATAGRAM];
  unsigned char records[CONNTRAIL_LARGEST_BLOB]; /* what does not fit is lost: any that can come */
  unsigned char context[CONNTRAIL_USUAL_BLOB];
};

static bool report(const udp_relay *relay, const char *what, const char *why) {
  char line[256];
  (void)snprintf(line, sizeof line, "%s: %s", what, why);
  relay->log(line, relay->argument);
  return false;
}

static bool failed(const udp_relay *relay, const char *what) {
  return report(relay, what, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static bool refused(const udp_relay *relay, const char *what, conntrail_status status) {
  return report(relay, what, conntrail_status_sentence(status));
}

static ev_socklen_t address_size(const struct sockaddr *address) {
  return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* The relay's one buffer takes a datagram in, and gives it out again. */
static conntrail_status receive(udp_relay *relay, conntrail_socket from,
                                conntrail_message *message) {
  relay->datagram = (conntrail_buffer){relay->bytes, sizeof relay->bytes};
  message->payload = &relay->datagram;
  message->payload_count = 1;
  conntrail_status status = conntrail_recvmsg(from, message);
  relay->datagram.size = message->payload_size;
  return status;
}

/* UDP promises nothing: a datagram that cannot be sent now is lost, and its ends know that. */
static bool send_datagram(const udp_relay *relay, conntrail_socket from, conntrail_message *message,
                          const char *what) {
  conntrail_status status = conntrail_sendmsg(from, message);
  return status == CONNTRAIL_OK ||
         (status != CONNTRAIL_WOULD_BLOCK && refused(relay, what, status));
}

/* ---- Flows ---------------------------------------------------------------------------------- */

static void forget_records(flow *of) {
  of->relay->records_kept -= of->records_size;
  free(of->records);
  of->records = NULL;
  of->records_size = 0;
}

/* Until a later datagram can be sent. False, with a line in the log: there is no room for them. */
static bool keep_records(flow *of, const conntrail_message *first) {
  udp_relay *relay = of->relay;
  const size_t size = first->records_size;
  if (relay->records_kept > relay->most_records ||
      size > relay->most_records - relay->records_kept || !(of->records = malloc(size))) {
    return report(relay, "forward",
                  "no room for the records until they can be sent: the flow ends");
  }
  memcpy(of->records, first->records, size);
  of->records_size = size;
  relay->records_kept += size;
  return true;
}

static void end_flow(flow *ended) {
  HASH_DEL(ended->relay->flows, ended);
  if (ended->awaited) {
    event_free(ended->awaited);
  }
  if (ended->outbound != CONNTRAIL_INVALID_SOCKET) {
    evutil_closesocket((evutil_socket_t)ended->outbound);
  }
  forget_records(ended);
  free(ended);
}

/* Replies go back to where the client's datagrams come from; it sees them as from its destination.
 */
static void pass_replies(flow *of) {
  udp_relay *relay = of->relay;
  for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
    if (receive(relay, of->outbound, &of->message) != CONNTRAIL_OK) {
      return;
    }
    /* Anybody may send to this socket; the client asked its destination alone. */
    if (memcmp(&of->message.peer, &of->destination, sizeof of->destination) != 0) {
      continue;
    }
    relay->message.peer = of->client;
    relay->message.payload = &relay->datagram;
    relay->message.payload_count = 1;
    relay->message.records_size = 0;
    (void)send_datagram(relay, relay->socket, &relay->message, "reply");
  }
}

static void on_reply(evutil_socket_t outbound, short what, void *argument) {
  (void)outbound;
  if ((what & EV_TIMEOUT) != 0) {
    end_flow(argument);
  } else {
    pass_replies(argument);
  }
}

static bool open_flow(flow *opened) {
  udp_relay *relay = opened->relay;
  opened->outbound = socket(opened->destination.ss_family, SOCK_DGRAM, IPPROTO_UDP);
  if (opened->outbound == CONNTRAIL_INVALID_SOCKET) {
    return failed(relay, "socket");
  }
  evutil_make_socket_nonblocking((evutil_socket_t)opened->outbound);
  opened->awaited = event_new(relay->base, (evutil_socket_t)opened->outbound, EV_READ | EV_PERSIST,
                              on_reply, opened);
  return opened->awaited && event_add(opened->awaited, &relay->idle) == 0;
}

static flow *begin_flow(udp_relay *relay, const struct sockaddr_storage *destination) {
  flow *begun = calloc(1, sizeof *begun);
  if (!begun) {
    return NULL;
  }
  begun->relay = relay;
  begun->client = relay->message.peer;
  begun->destination = *destination;
  begun->outbound = CONNTRAIL_INVALID_SOCKET;
  begun->message = (conntrail_message)CONNTRAIL_MESSAGE_INIT;
  if (HASH_COUNT(relay->flows) >= relay->most_flows) {
    end_flow(relay->flows);
  }
  HASH_ADD(hh, relay->flows, client, sizeof begun->client, begun);
  if (open_flow(begun)) {
    return begun;
  }
  end_flow(begun);
  return NULL;
}

static flow *find_flow(const udp_relay *relay, const struct sockaddr_storage *client) {
  flow *found = NULL;
  HASH_FIND(hh, relay->flows, client, sizeof *client, found);
  return found;
}

/* ---- What clients send ---------------------------------------------------------------------- */

/* The first datagram of a flow brings its records and, in the context, its destination. */
static flow *flow_of_first(udp_relay *relay) {
  struct sockaddr_storage destination;
  conntrail_status status =
      conntrail_decode_context(relay->context, relay->message.context_size, &destination);
  if (status < 0) {
    refused(relay, "original destination", status);
    return NULL;
  }
  flow *earlier = find_flow(relay, &relay->message.peer);
  if (earlier) {
    end_flow(earlier);
  }
  return begin_flow(relay, &destination);
}

/* All that a UDP proxy does for redirect records: it sends them on with the first datagram. */
static void pass_datagram(udp_relay *relay) {
  const bool is_first = relay->message.records_size > 0;
  flow *of = is_first ? flow_of_first(relay) : find_flow(relay, &relay->message.peer);
  if (!of) {
    relay->dropped++; /* it was not redirected, or its records are lost: where to is not guessed */
    return;
  }
  of->message.peer = of->destination;
  of->message.payload = &relay->datagram;
  of->message.payload_count = 1;
  of->message.records = is_first ? relay->records : of->records;
  of->message.records_size = is_first ? relay->message.records_size : of->records_size;
  if (send_datagram(relay, of->outbound, &of->message, "forward")) {
    forget_records(of); /* the flow is begun, and recognised: later datagrams need none */
  } else if (is_first && !keep_records(of, &of->message)) {
    end_flow(of);
    return;
  }
  (void)event_add(of->awaited, &relay->idle);
}

/* What was lost does not come again. An earlier flow of that client must not take its datagrams. */
static void drop_datagram(udp_relay *relay) {
  flow *earlier = find_flow(relay, &relay->message.peer);
  if (earlier) {
    end_flow(earlier);
  }
  relay->dropped++;
}

static void on_datagram(evutil_socket_t from, short what, void *argument) {
  udp_relay *relay = argument;
  (void)from, (void)what;
  for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
    relay->message.records = relay->records;
    relay->message.records_capacity = sizeof relay->records;
    relay->message.context = relay->context;
    relay->message.context_capacity = sizeof relay->context;
    conntrail_status status = receive(relay, relay->socket, &relay->message);
    if (status == CONNTRAIL_WOULD_BLOCK) {
      return;
    }
    if (status == CONNTRAIL_OK) {
      pass_datagram(relay);
    } else if (status != CONNTRAIL_UNREACHABLE) { /* a client that went away */
      refused(relay, "receive", status);
    }
    if (status == CONNTRAIL_CONTROL_TRUNCATED || status == CONNTRAIL_INVALID_MESSAGE) {
      drop_datagram(relay);
    }
  }
}

/* ---- The relay ------------------------------------------------------------------------------ */

/* Messages are enabled before the first datagram can come. */
static bool open_socket(udp_relay *relay, const struct sockaddr *address) {
  ev_socklen_t size = sizeof relay->address;
  relay->socket = socket(address->sa_family, SOCK_DGRAM, IPPROTO_UDP);
  if (relay->socket == CONNTRAIL_INVALID_SOCKET) {
    return failed(relay, "socket");
  }
  conntrail_status status = conntrail_enable_messages(relay->socket);
  if (status < 0) {
    return refused(relay, "enable messages", status);
  }
  evutil_make_socket_nonblocking((evutil_socket_t)relay->socket);
  if (bind(relay->socket, address, address_size(address)) != 0 ||
      getsockname(relay->socket, (struct sockaddr *)&relay->address, &size) != 0) {
    return failed(relay, "bind");
  }
  relay->awaited = event_new(relay->base, (evutil_socket_t)relay->socket, EV_READ | EV_PERSIST,
                             on_datagram, relay);
  return relay->awaited && event_add(relay->awaited, NULL) == 0;
}

udp_relay *udp_relay_new(struct event_base *base, const struct sockaddr *address,
                         udp_relay_log *log, void *argument) {
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
  if (open_socket(relay, address)) {
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
    end_flow(relay->flows);
  }
  if (relay->awaited) {
    event_free(relay->awaited);
  }
  if (relay->socket != CONNTRAIL_INVALID_SOCKET) {
    evutil_closesocket((evutil_socket_t)relay->socket);
  }
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
