/* SPDX-License-Identifier: MIT */
#include "udp_flow.h"

#include <stdlib.h>
#include <string.h>

#include "system.h"

/*
 * netfilter removes a flow after 30 seconds without a datagram (nf_conntrack_udp_timeout). Then the
 * same two addresses may belong to another destination, and the relay asks again. Seen on
 * Linux 6.18: without that, the client's datagram to its second destination went to the first.
 */
enum { ASK_AGAIN_SECONDS = 20 };

bool udp_flow_is_same(const struct sockaddr_storage *one, const struct sockaddr_storage *other) {
  return memcmp(one, other, sizeof *one) == 0;
}

void udp_flow_forget_records(udp_flow *of) {
  of->relay->records_kept -= of->records_size;
  free(of->records);
  of->records = NULL;
  of->records_size = 0;
}

bool udp_flow_keep_records(udp_flow *of, const conntrail_message *first) {
  udp_relay *relay = of->relay;
  const size_t size = first->records_size;
  if (relay->records_kept > relay->most_records ||
      size > relay->most_records - relay->records_kept || !(of->records = malloc(size))) {
    return udp_relay_report(relay, "forward",
                            "no room for the records until they can be sent: the flow ends");
  }
  memcpy(of->records, first->records, size);
  of->records_size = size;
  relay->records_kept += size;
  return true;
}

void udp_flow_end(udp_flow *ended) {
  HASH_DEL(ended->relay->flows, ended);
  if (ended->awaited) {
    event_free(ended->awaited);
  }
  if (ended->outbound != CONNTRAIL_INVALID_SOCKET) {
    evutil_closesocket((evutil_socket_t)ended->outbound);
  }
  own_flows_remove(ended->relay->outgoing, ended->own_flow);
  conntrail_flow_end(&ended->ends);
  udp_flow_forget_records(ended);
  free(ended);
}

/* Sends to the client's address; the client sees its destination as the sender. */
static void reply(udp_flow *of) {
  udp_relay *relay = of->relay;
  conntrail_status status = conntrail_reply(relay->socket, &of->ends, &relay->datagram, 1);
  if (status < 0 && status != CONNTRAIL_WOULD_BLOCK) {
    (void)udp_relay_drop(relay, "reply", conntrail_status_sentence(status));
  }
}

static void pass_replies(udp_flow *of) {
  udp_relay *relay = of->relay;
  for (int i = 0; i < UDP_DATAGRAMS_A_TURN; i++) {
    if (udp_relay_receive(relay, of->outbound, &of->message) != CONNTRAIL_OK) {
      return;
    }
    /* Anyone may send to this socket, but only the destination was asked. */
    if (udp_flow_is_same(&of->message.peer, &of->ends.destination)) {
      reply(of);
    }
  }
}

static void on_reply(evutil_socket_t outbound, short what, void *argument) {
  (void)outbound;
  if ((what & EV_TIMEOUT) != 0) {
    udp_flow_end(argument);
  } else {
    pass_replies(argument);
  }
}

static bool open_flow(udp_flow *opened) {
  udp_relay *relay = opened->relay;
  opened->outbound = socket(opened->ends.destination.ss_family, SOCK_DGRAM, IPPROTO_UDP);
  if (opened->outbound == CONNTRAIL_INVALID_SOCKET) {
    return udp_relay_failed(relay, "socket");
  }
  evutil_make_socket_nonblocking((evutil_socket_t)opened->outbound);
  if (!system_set_mark(opened->outbound, relay->options.mark)) {
    return udp_relay_failed(relay, "mark");
  }
  opened->awaited = event_new(relay->base, (evutil_socket_t)opened->outbound, EV_READ | EV_PERSIST,
                              on_reply, opened);
  return opened->awaited && event_add(opened->awaited, &relay->idle) == 0;
}

static flow_key key_of_datagram(const udp_relay *relay) {
  flow_key key;
  memcpy(&key.peer, &relay->message.peer, sizeof key.peer);
  memcpy(&key.local, &relay->message.local, sizeof key.local);
  return key;
}

udp_flow *udp_flow_begin(udp_relay *relay, const conntrail_flow *ends) {
  udp_flow *begun = calloc(1, sizeof *begun);
  if (!begun) {
    return NULL;
  }
  begun->relay = relay;
  begun->key = key_of_datagram(relay);
  begun->ends = *ends;
  begun->outbound = CONNTRAIL_INVALID_SOCKET;
  begun->own_flow = OWN_FLOWS_NONE;
  begun->message = (conntrail_message)CONNTRAIL_MESSAGE_INIT;
  if (HASH_COUNT(relay->flows) >= relay->most_flows) {
    udp_flow_end(relay->flows);
  }
  HASH_ADD(hh, relay->flows, key, sizeof begun->key, begun);
  if (open_flow(begun)) {
    return begun;
  }
  udp_flow_end(begun);
  return NULL;
}

udp_flow *udp_flow_find(const udp_relay *relay) {
  const flow_key key = key_of_datagram(relay);
  udp_flow *found = NULL;
  HASH_FIND(hh, relay->flows, &key, sizeof key, found);
  return found;
}

static long seconds_now(const udp_relay *relay) {
  struct timeval now = {0, 0};
  (void)event_base_gettimeofday_cached(relay->base, &now);
  return (long)now.tv_sec;
}

/* A system without records reports for each datagram the address to which it was sent. */
bool udp_flow_must_ask_again(const udp_flow *known) {
  const long quiet = seconds_now(known->relay) - known->heard_at;
  return known->ends.local.ss_family != AF_UNSPEC && (quiet < 0 || quiet >= ASK_AGAIN_SECONDS);
}

void udp_flow_note_sent(udp_flow *of) {
  if (of->own_flow == OWN_FLOWS_NONE) {
    of->own_flow = own_flows_add(of->relay->outgoing, of->outbound, &of->ends.destination);
  }
  of->heard_at = seconds_now(of->relay);
  (void)event_add(of->awaited, &of->relay->idle);
}
