/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SERVICE_HUB_INTERNAL_H
#define CONNTRAIL_SERVICE_HUB_INTERNAL_H

/* What the files of service/ share. */

#include <uthash.h>

#include "hub.h"
#include "ring.h"

typedef struct conntrail__peer conntrail__peer;

/* A socket of a process, by the process' own number. */
typedef struct conntrail__held {
  uint32_t number;
  conntrail__socket *socket;
  UT_hash_handle hh;
} conntrail__held;

/* A carrier that a process made. The engine knows it by this address. */
typedef struct conntrail__carrier {
  conntrail__peer *peer; /* NULL: its process is gone */
  int32_t fd;            /* in that process */
  int copy;              /* here, for the others */
  struct conntrail__carrier *next;
} conntrail__carrier;

/* A connection to the service: a process. */
struct conntrail__peer {
  conntrail__hub *hub;
  conntrail__peer *previous;
  conntrail__peer *next;
  struct event *readable;
  int fd;
  bool is_known; /* it said who it is */
  uint32_t number;
  uint32_t process;
  uint64_t cookie;
  conntrail__held *sockets;
  conntrail__datagram_decision passage; /* whose flow is unsettled, or none */
  conntrail__carrier *carriers;
  int32_t closing[CONNTRAIL__CLOSING_LIMIT];
  uint32_t closing_count;
  conntrail__ring *ring;
  int ring_fd;      /* goes to the process with the next reply; -1: it has it */
  int lent_fd;      /* the same of another process' carrier; or -1 */
  uint32_t taken;   /* of the ring; what the ring itself says of it is not believed */
  uint32_t written; /* as it was when the service looked */
  uint64_t held_up; /* since when the next of the ring waits for another process; 0: it does not */
  bool is_passed_over; /* ... and is not asked again until something else was done */
  bool is_leaving;
  bool is_asking;          /* all that it told was told before */
  bool is_doomed;          /* it said something malformed */
  unsigned char *question; /* a frame that waits until the ring is empty, or NULL */
  size_t question_size;
  int question_enclosed;
  char program[CONNTRAIL__PROGRAM_TEXT];
  char command[CONNTRAIL__PROGRAM_TEXT];
};

/* bequests.c: a socket that waits for the program that will have it. */
typedef struct conntrail__bequest conntrail__bequest;

typedef struct conntrail__named {
  uint32_t process;
  char program[CONNTRAIL__PROGRAM_TEXT];
  char command[CONNTRAIL__PROGRAM_TEXT]; /* the file name of what it runs */
  bool is_other;                         /* ... which is not what the program's first process ran */
  UT_hash_handle hh;
} conntrail__named;

typedef struct conntrail__listening {
  struct conntrail__listening *next;
  conntrail__address address;
  bool is_ipv6_only;
  char program[CONNTRAIL__PROGRAM_TEXT];
} conntrail__listening;

/* A service lets pass whoever is called so. */
typedef struct conntrail__exempt {
  struct conntrail__exempt *next;
  conntrail_emu_service *service;
  char program[CONNTRAIL__PROGRAM_TEXT];
} conntrail__exempt;

struct conntrail__hub {
  struct event_base *base;
  struct event *acceptable;
  conntrail_emu *emu;
  conntrail__hub_changed changed;
  void *arg;
  conntrail__peer *peers;
  uint32_t present;
  uint32_t last_number;
  uint64_t secret;
  conntrail__hub_counts counts;
  conntrail__named *named;
  conntrail__listening *listening;
  conntrail__exempt *exempt;
  conntrail__bequest *bequests; /* the newest first */
  uint32_t bequest_count;
  struct event *bequest_tick; /* NULL: none was ever made */
  struct event *tick;
  unsigned quiet_ticks;
  uint32_t held_up;          /* processes */
  bool is_anybody_unsettled; /* doomed, or with a question that was put off */
  bool is_fixed;
  int fd;
  int enclosed; /* the descriptor that came with the frame; -1: none, or taken */
  char path[108];
  _Alignas(8) unsigned char frame[CONNTRAIL__FRAME_LIMIT];
  _Alignas(8) unsigned char payload[CONNTRAIL__FRAME_LIMIT];
};

typedef enum conntrail__performed {
  CONNTRAIL__DONE,
  CONNTRAIL__HELD_UP, /* nothing is done: another process has not told something yet */
  CONNTRAIL__MALFORMED
} conntrail__performed;

/* What is done with a request. payload of the reply: hub->payload. may_wait: whether it may be
 * held up. */
conntrail__performed conntrail__hub_perform(conntrail__peer *peer,
                                            const conntrail__request *request,
                                            const unsigned char *payload, bool may_wait,
                                            conntrail__reply *reply);
/* mail.c: a reply, with what peer is to have. False: it does not read them. */
bool conntrail__mail_send(conntrail__peer *peer, conntrail__reply *reply);
/* A frame, into hub->frame. */
ssize_t conntrail__mail_receive(conntrail__hub *hub, int fd, bool *is_cut);
/* The descriptor that came with it, the caller's from now on; -1: there is none. */
int conntrail__mail_take(conntrail__hub *hub);
void conntrail__mail_throw_away(conntrail__hub *hub);

/* Whether this operation is answered. */
bool conntrail__hub_answers(uint32_t operation);

/* The first request of a connection. False: it is malformed, or not to be taken in. */
bool conntrail__hub_greet(conntrail__peer *peer, const conntrail__request *request,
                          const unsigned char *payload, conntrail__reply *reply);

/* The process asks by this frame: what it told before is due, and what its parent told, where it is
 * a child's first. */
void conntrail__hub_asks(conntrail__peer *peer, const unsigned char *frame, size_t size);
/* Whether all of that is done. */
bool conntrail__hub_is_told(const conntrail__peer *peer, const unsigned char *frame, size_t size);

/* The process knows this socket by this number; its reference is the process' from now on. False:
 * no memory. */
bool conntrail__hub_hold(conntrail__peer *peer, uint32_t number, conntrail__socket *socket);

/* The process has this number, and the program's name: a forked child's is known by its first
 * socket. False: no memory for an exemption. */
bool conntrail__hub_remember(conntrail__peer *peer, uint32_t process);
/* names.c */
void conntrail__hub_forget_names(conntrail__hub *hub);

/* rings.c: a ring for a process that is taken in. False: the system has none to give. */
bool conntrail__ring_open(conntrail__peer *peer);
void conntrail__ring_close(conntrail__peer *peer);
/* Does all that was told until now, in the order of its times; of a process that asks or leaves
 * whatever its times say. Ends no process. */
void conntrail__rings_drain(conntrail__hub *hub);
bool conntrail__ring_is_empty(const conntrail__peer *peer);
/* Asks every process to wake the service. False: one has told something meanwhile. */
bool conntrail__rings_sleep(conntrail__hub *hub);

/* bequests.c: what a connection may say that is not to be a process. False: it is malformed. */
bool conntrail__hub_bequeath(conntrail__peer *peer, const conntrail__peer *testator,
                             const conntrail__request *request, const unsigned char *payload,
                             conntrail__reply *reply);
bool conntrail__hub_narrow(const conntrail__peer *peer, const conntrail__request *request,
                           const unsigned char *payload, conntrail__reply *reply);
/* The socket of this inode, whose reference is the caller's from now on; NULL: nobody left it. */
conntrail__socket *conntrail__hub_inherit(conntrail__hub *hub, uint64_t inode);
/* Releases all that nobody claimed. */
void conntrail__hub_forget_bequests(conntrail__hub *hub);

/* Releases all that a process had. */
void conntrail__hub_bury(conntrail__peer *peer);

#endif
