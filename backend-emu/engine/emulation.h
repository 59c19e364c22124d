/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_EMULATION_H
#define CONNTRAIL_ENGINE_EMULATION_H

/* One emulation: every table that the engine keeps. */

#include "engine.h"
#include "list.h"

/* ancestry of a flow has a bit for each service. */
enum { CONNTRAIL__MOST_SERVICES = 64 };

/* Of events, and of misuses. */
enum { CONNTRAIL__KINDS = 25, CONNTRAIL__MISUSES = 14 };

/* Of tables whose elements are made before they are needed: adding one cannot fail. */
enum { CONNTRAIL__BUCKETS = 1024 };

struct conntrail__route;
struct conntrail__arrival;
struct conntrail__waiting;
struct conntrail__link;

struct conntrail_emu {
  conntrail_emu_options options;
  uint64_t seal_key[2];
  uint64_t random;
  conntrail_emu_service *services[CONNTRAIL__MOST_SERVICES];
  uint32_t service_count;
  uint32_t created_count;
  uint32_t socket_count;   /* that appeared */
  conntrail__list filters; /* conntrail__filter, in the order in which they decide */
  conntrail__list faults;  /* conntrail__fault */
  conntrail__list users;   /* char[CONNTRAIL__USER_TEXT] */
  conntrail__list flows;   /* conntrail__flow *, by the lower half of their id */
  conntrail__list hinting; /* uint32_t: processes in which a thread is only a hint (R7) */
  uint32_t free_flow;      /* where to look for a free place in flows */
  uint32_t flow_generation;
  struct conntrail__route *routes;
  conntrail__address name_servers[2]; /* for IPv4 and IPv6; without a family: none */
  struct conntrail__arrival *arrivals[CONNTRAIL__BUCKETS];
  struct conntrail__waiting *waiting[CONNTRAIL__BUCKETS];
  struct conntrail__link *links;
  conntrail__datagram_flow *by_destination;
  conntrail__datagram_flow *by_source;
  conntrail__datagram_flow *by_sender;
  uint64_t now; /* milliseconds that the test let pass */
  conntrail__socket *sockets;
  conntrail__socket *undecided;     /* sockets whose is_undecided is set, instead of in sockets */
  const conntrail_emu_table *table; /* the profile */
  conntrail_emu_table *own_table;   /* where it is none of those that are compiled in */
  uint32_t turns[CONNTRAIL_EMU_SITUATIONS]; /* how often each situation was answered */
  conntrail__pending *pending;              /* in the order in which they were begun */
  conntrail__event *events;                 /* a ring */
  uint64_t event_count;
  uint32_t event_place; /* event_count, modulo the ring's size */
  uint64_t counts[CONNTRAIL__KINDS];
  uint64_t misuse_counts[CONNTRAIL__MISUSES];
};

#endif
