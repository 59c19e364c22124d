/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_INTERNAL_H
#define CONNTRAIL_ENGINE_INTERNAL_H

/* What the engine's own files share. Faces include engine.h and nothing more. */

#include <string.h>

#include "../../src/numbers.h"
#include "engine.h"

/* uthash ends the process when memory runs out unless it is told not to; whoever adds to a table
 * looks at conntrail__added() afterwards. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)(element))
/* Every datagram is looked up. Keys are addresses and numbers, of a multiple of four bytes;
 * uthash's own functions take them byte by byte, five times as long. */
static inline unsigned conntrail__hash(const void *key, size_t size) {
  const unsigned char *bytes = key;
  uint64_t hash = size;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
  }
  if (i < size) {
    uint32_t rest;
    memcpy(&rest, bytes + i, sizeof rest);
    hash = (hash ^ rest) * UINT64_C(0x9E3779B97F4A7C15);
  }
  return (unsigned)(hash ^ hash >> 32);
}
#define HASH_FUNCTION(key, size, hash) ((hash) = conntrail__hash(key, size))
#include <uthash.h>

/* Protocol numbers of the trail. */
enum { CONNTRAIL__TCP = 6, CONNTRAIL__UDP = 17 };

/* ancestry is a bit a service. */
enum { CONNTRAIL__MOST_SERVICES = 64, CONNTRAIL__USER_TEXT = 64, CONNTRAIL__NAME_TEXT = 32 };

/* Bytes that several owners share: records, contexts. */
typedef struct conntrail__blob {
  uint32_t references;
  uint32_t size;
  uint8_t bytes[];
} conntrail__blob;

typedef struct conntrail__list {
  void *items;
  uint32_t count;
  uint32_t capacity;
} conntrail__list;

struct conntrail_emu_service {
  conntrail_emu *emu;
  conntrail__blob *fixed_context;   /* NULL: by layout */
  conntrail__list exempt_processes; /* uint32_t */
  conntrail__list exempt_users;     /* uint16_t, as the sockets name users */
  uint32_t padding;
  conntrail_emu_context layout;
  conntrail_emu_guid guid;
  uint8_t index;
  bool hint_was_given; /* X4: its proxy is exempt and transfers nothing */
  char name[CONNTRAIL__NAME_TEXT];
};

typedef enum conntrail__response {
  CONNTRAIL__RESPOND_REDIRECT,
  CONNTRAIL__RESPOND_PERMIT,
  CONNTRAIL__RESPOND_BLOCK
} conntrail__response;

typedef struct conntrail__filter {
  conntrail_emu_service *service;
  conntrail__address prefix; /* family 0: every address */
  conntrail__address target;
  int64_t weight;
  uint32_t process; /* 0: every process */
  uint16_t user;    /* 0: every user */
  uint16_t first_port;
  uint16_t last_port;
  uint8_t prefix_bits;
  uint8_t action;   /* conntrail__filter_action */
  uint8_t by_other; /* conntrail__response */
  uint8_t again;    /* conntrail__response */
  bool is_datagram; /* UDP, else TCP */
} conntrail__filter;

typedef struct conntrail__route {
  conntrail__address destination;
  conntrail__address address;
  UT_hash_handle hh;
} conntrail__route;

/* A redirected connection that no accept has claimed yet, by what accept will see of it. */
typedef struct conntrail__arrival_key {
  conntrail__address client;
  uint32_t proxy_port;
} conntrail__arrival_key;

typedef struct conntrail__arrival {
  conntrail__arrival_key key;
  struct conntrail__flow *flow;
  UT_hash_handle hh;
} conntrail__arrival;

typedef struct conntrail__waiting_key {
  conntrail__address destination;
  uint32_t is_datagram;
} conntrail__waiting_key;

/* Accepted connections to one destination that nobody transferred yet. */
typedef struct conntrail__waiting {
  conntrail__waiting_key key;
  struct conntrail__flow *newest;
  uint32_t count;
  uint32_t entered; /* since a connection to the destination was delivered */
  UT_hash_handle hh;
} conntrail__waiting;

/*
 * What the kernel remembers of one connection attempt that it took an interest in. service is
 * NULL for one that went to its route. References: the client's socket, the accepted socket, the
 * arrival; of a UDP flow its conntrail__datagram_flow.
 */
typedef struct conntrail__flow {
  uint64_t id; /* 0 where no record speaks of it */
  conntrail_emu_service *service;
  conntrail__blob *records; /* NULL: redirected to a remote proxy (R4) */
  conntrail__blob *context; /* NULL: by layout, or none */
  conntrail__socket *client;
  uint32_t accepted_number; /* of the accepted socket, or the proxy's; 0: not accepted, or closed */
  uint32_t accepted_process;
  uint32_t accepted_created; /* what is older than the accepted socket does not continue it (R7) */
  conntrail__arrival *arrival;
  conntrail__waiting *group;
  struct conntrail__flow *older;
  struct conntrail__flow *newer;
  uint64_t asker;    /* the actor that last asked the accepted socket, or accepted it */
  uint64_t ancestry; /* every service that this connection passed, a bit each */
  conntrail__address original;
  conntrail__address original_local;
  conntrail__address target;
  uint32_t references;
  uint32_t records_queried; /* bytes; 0: never */
  uint8_t layout;           /* conntrail_emu_context */
  bool is_datagram;
  bool is_claimed;
  bool is_transferred;
  bool outbound_was_made;
  bool outbound_was_exempt; /* ... and its service, the only one that fitted, exempts it */
} conntrail__flow;

typedef struct conntrail__datagram_side conntrail__datagram_side;

struct conntrail__socket {
  conntrail_emu *emu;
  conntrail__socket *previous;
  conntrail__socket *next;
  conntrail__flow *flow;
  union {
    conntrail__blob *carried;           /* records set on a stream socket */
    conntrail__datagram_side *datagram; /* of a datagram socket */
  };
  intptr_t handle;
  conntrail__address *local; /* NULL: neither bound nor listening */
  uint32_t references;
  uint32_t created; /* no other socket has it */
  uint32_t number;  /* 0: it did not appear yet. Grows, so it also says which appeared first */
  uint32_t process;
  uint16_t user;
  uint8_t state; /* conntrail__socket_state */
  bool is_datagram : 1;
  bool is_ipv6 : 1;
  bool is_accepted : 1;
  bool is_undecided : 1;      /* connecting, and its local address is not known to the engine */
  bool is_traced : 1;         /* its connect is in the trail, and the end of it belongs there too */
  bool records_too_small : 1; /* a query was answered "too small", and not asked again */
  bool context_too_small : 1;
  bool is_repeating : 1; /* its connect was decided by an earlier one like it */
  bool is_outside : 1;   /* that it was connected unseen is told */
  bool has_user : 1;     /* who uses it is settled */
};

typedef struct conntrail__fault {
  conntrail_emu_fault asked;
  uint32_t socket; /* number; 0: every one */
  uint32_t seen;
} conntrail__fault;

enum { CONNTRAIL__KINDS = 25, CONNTRAIL__MISUSES = 14 };

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
  uint32_t free_flow;      /* where to look for a free place in flows */
  uint32_t flow_generation;
  conntrail__route *routes;
  conntrail__arrival *arrivals;
  conntrail__waiting *waiting;
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

/* refusal.c */
conntrail_status conntrail__refuse(conntrail__refusal *why, conntrail_status status,
                                   const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* list.c: a place for one more item of so many bytes; NULL where memory ran out, the list
 * unchanged. */
void *conntrail__list_grow(conntrail__list *list, size_t item_size);
/* blob.c */
conntrail__blob *conntrail__blob_create(const void *bytes, uint32_t size);
conntrail__blob *conntrail__blob_share(conntrail__blob *blob);
void conntrail__blob_release(conntrail__blob *blob);
/* user.c: the number by which sockets and filters name a user; 0 for nobody. False: no memory. */
bool conntrail__user_number(conntrail_emu *emu, const char *user, uint16_t *number);
/* random.c */
uint64_t conntrail__random(conntrail_emu *emu);

/* seal.c: SipHash-2-4. */
uint64_t conntrail__seal(const uint64_t key[2], const void *bytes, size_t size);

/* address.c: the first length bytes of text. */
bool conntrail__number_parse(const char *text, size_t length, uint32_t most, uint32_t *number);
/* A host without a port, IPv6 with an optional numeric scope. */
bool conntrail__host_parse(const char *text, size_t length, conntrail__address *address);

/* rule.c */
/* user: out, the name of the rule's user; empty where it names none. */
bool conntrail__rule_parse(const char *rule, conntrail__filter *filter,
                           char user[CONNTRAIL__USER_TEXT], conntrail__refusal *why);

/* service.c */
bool conntrail__service_exempts(const conntrail_emu_service *service,
                                const conntrail__socket *socket);

/* filter.c */
bool conntrail__filter_fits(const conntrail__filter *filter, const conntrail__socket *socket,
                            const conntrail__address *destination);

/* route.c */
const conntrail__address *conntrail__route_find(const conntrail_emu *emu,
                                                const conntrail__address *destination);
void conntrail__route_clear(conntrail_emu *emu);

/* records.c */
conntrail__blob *conntrail__records_extend(const conntrail_emu *emu, const conntrail__blob *carried,
                                           const conntrail__flow *flow);
/* Records as a caller gave them: shared with the flow that they came from, or copied. NULL where
 * no query of this engine gave them (S4), or memory ran out, which sets no_memory. */
conntrail__blob *conntrail__records_accept(conntrail_emu *emu, const void *bytes, uint32_t size,
                                           bool *no_memory);
uint32_t conntrail__records_hops(const conntrail__blob *records);
uint64_t conntrail__records_newest_flow(const conntrail__blob *records);
/* Every service in the records, a bit each. */
uint64_t conntrail__records_services(const conntrail__blob *records);

/* redirect_state.c; records may be NULL. */
conntrail_emu_state conntrail__redirect_state(const conntrail__blob *records,
                                              const conntrail_emu_service *service);
uint32_t conntrail__records_newest_service(const conntrail__blob *records);

/* flow.c */
conntrail__flow *conntrail__flow_create(conntrail__socket *client,
                                        const conntrail__address *original,
                                        const conntrail__address *target);
void conntrail__flow_release(conntrail_emu *emu, conntrail__flow *flow);
conntrail__flow *conntrail__flow_find(const conntrail_emu *emu, uint64_t id);
/* Gives the flow an id, by which records can speak of it. */
bool conntrail__flow_enroll(conntrail_emu *emu, conntrail__flow *flow);

/* classify.c: one attempt of a socket to reach a destination, with these records (may be NULL).
 * flow: out, NULL where the emulation takes no interest, or fails. */
conntrail__decision conntrail__classify(conntrail__socket *socket, const conntrail__address *remote,
                                        const conntrail__blob *carried,
                                        const conntrail__identity *who, conntrail__flow **flow,
                                        bool *is_traced);

/* arrival.c: whether what goes to target comes to this socket. */
bool conntrail__listens_at(const conntrail__socket *listener, const conntrail__address *target);
/* arrival.c: the flow waits for an accept from this client. False: no memory. */
bool conntrail__arrival_expect(conntrail_emu *emu, conntrail__flow *flow,
                               const conntrail__address *client);
void conntrail__arrival_forget(conntrail_emu *emu, conntrail__arrival *arrival);
void conntrail__arrival_clear(conntrail_emu *emu);

/* waiting.c */
bool conntrail__waiting_add(conntrail_emu *emu, conntrail__flow *flow);
void conntrail__waiting_remove(conntrail_emu *emu, conntrail__flow *flow);
/* The newest accepted, not transferred connection to remote that this socket may continue. */
conntrail__flow *conntrail__waiting_parent(const conntrail_emu *emu,
                                           const conntrail__socket *socket,
                                           const conntrail__address *remote, uint64_t actor);
uint32_t conntrail__waiting_count(const conntrail_emu *emu, const conntrail__socket *socket,
                                  const conntrail__address *remote);

/* waiting.c: how many connections to remote this socket's process accepted from a service and has
 * open, since one was delivered there; no more than `most` are counted. */
uint32_t conntrail__waiting_entries(const conntrail_emu *emu, const conntrail__socket *socket,
                                    const conntrail__address *remote,
                                    const conntrail_emu_service *service, uint32_t most);
/* waiting.c: a connection to remote was delivered. */
void conntrail__waiting_delivered(const conntrail_emu *emu, const conntrail__address *remote,
                                  bool is_datagram);

/* profile.c: what the profile answers now; told where its base does. socket may be NULL. */
conntrail_emu_answer conntrail__profile_answer(conntrail_emu *emu, const conntrail__socket *socket,
                                               conntrail_emu_situation situation);
/* profile.c: whether the second value of this behaviour holds. */
bool conntrail__profile_has(const conntrail_emu *emu, conntrail_emu_behaviour behaviour);
void conntrail__profile_forget(conntrail_emu *emu);
/* profile_check.c */
bool conntrail__table_check(const conntrail_emu_table *table, conntrail__refusal *why);

/* contract.c: what is wrong with a call whatever the socket is; 0: nothing. */
uint32_t conntrail__call_check(const conntrail__call *call);
/* contract.c: the socket got these records: in the trail, and their connection is transferred. */
void conntrail__records_taken(conntrail__socket *socket, const conntrail__blob *records);

/* pending.c: the socket is closed. */
void conntrail__pending_abort(conntrail__socket *socket);

/* socket.c */
/* It has a number and a user from now on: a decision about it. */
void conntrail__socket_appear(conntrail__socket *socket, const conntrail__identity *who);
void conntrail__socket_forget_attempt(conntrail__socket *socket);
/* Bound or fresh again, as it was before it connected. */
void conntrail__socket_unconnect(conntrail__socket *socket);
void conntrail__socket_set_undecided(conntrail__socket *socket, bool is_undecided);

/* context.c: the bytes of a flow's context; 0 where it has none. */
uint32_t conntrail__context_size(const conntrail__flow *flow);
void conntrail__context_write(const conntrail__flow *flow, uint8_t *out);

/* fault.c: whether a fault strikes this operation now; it is then in the trail. */
bool conntrail__fault_strikes(conntrail_emu *emu, conntrail_emu_operation operation,
                              const conntrail__socket *socket, uint32_t *native, uint32_t *bytes);

/* trail.c: a misuse about that flow, seen at that socket; either may be NULL. */
conntrail__event *conntrail__note_flow_misuse(conntrail_emu *emu, const conntrail__socket *socket,
                                              const conntrail__flow *flow,
                                              conntrail_emu_misuse misuse, uint32_t size);
/* trail.c: an accepted flow ends. If a connection to its destination was made and its records were
 * not transferred: a misuse, or a hint once for a service that exempts its proxy (X4). */
void conntrail__note_not_transferred(conntrail_emu *emu, const conntrail__socket *socket,
                                     const conntrail__flow *flow, uint32_t size);
/* trail.c: a new event of that kind about that socket (may be NULL), to be filled further. */
conntrail__event *conntrail__trail_add(conntrail_emu *emu, conntrail_emu_event_kind kind,
                                       const conntrail__socket *socket);
/* trail_colour.c: what a terminal is told before the sentence; NULL: nothing. */
const char *conntrail__event_colour(const conntrail__event *event);

#endif
