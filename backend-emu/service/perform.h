/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SERVICE_PERFORM_H
#define CONNTRAIL_SERVICE_PERFORM_H

/* What the files of requests share. */

#include "hub_internal.h"

typedef struct conntrail__task {
  conntrail__peer *peer;
  const conntrail__request *request;
  const unsigned char *payload;
  conntrail__reply *reply;
  conntrail__held *held;
  conntrail__socket *socket; /* NULL where the operation takes none */
  conntrail__identity who;
  bool may_wait;
  bool is_held_up; /* nothing was done */
} conntrail__task;

static inline const conntrail__address *
conntrail__address_or_none(const conntrail__address *address) {
  return address->family == CONNTRAIL__NO_FAMILY ? NULL : address;
}

static inline bool conntrail__is_address(const conntrail__address *address) {
  return address->unused == 0 &&
         (address->family == CONNTRAIL__IPV4 || address->family == CONNTRAIL__IPV6);
}

static inline bool conntrail__is_stream(const conntrail__task *t) {
  return conntrail__socket_kind_of(t->socket) == CONNTRAIL__STREAM;
}

/* perform_datagram.c */
bool conntrail__perform_sending(conntrail__task *t);
bool conntrail__perform_send_connecting(conntrail__task *t);
bool conntrail__perform_settle(conntrail__task *t);
bool conntrail__perform_carry(conntrail__task *t);
bool conntrail__perform_abandon(conntrail__task *t);
bool conntrail__perform_received(conntrail__task *t);
bool conntrail__perform_enable(conntrail__task *t);
bool conntrail__perform_fault(conntrail__task *t);

#endif
