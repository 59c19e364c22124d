/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_STATE_H
#define CONNTRAIL_SUPERVISOR_STATE_H

/* What a supervisor knows. */

#include <sys/uio.h>

#include "awaited.h"
#include "borrow.h"
#include "diag.h"
#include "known.h"
#include "parked.h"
#include "places.h"
#include "process.h"
#include "supervisor.h"
#include "watch.h"

enum {
  CONNTRAIL__SLOTS = 256,
  CONNTRAIL__PORTS = 65536,
  CONNTRAIL__LARGEST_DATAGRAM = 65536,
  CONNTRAIL__PIECES = 1024 /* of a message: the system takes no more */
};

typedef struct conntrail__exempt {
  struct conntrail__exempt *next;
  conntrail_emu_service *service;
  char program[CONNTRAIL__NAME];
} conntrail__exempt;

typedef struct conntrail__attachments conntrail__attachments;

/* What a thread says of itself (conntrail_emu_act_as) in place of what the system says. */
typedef void (*conntrail__disguise)(uint32_t thread, conntrail__identity *who);

struct conntrail__supervisor {
  struct event_base *base;
  struct event *diag_readable;
  struct event *diag_pause;  /* while it is read by the clock */
  struct event *tick;        /* looks after flows */
  struct event *parked_tick; /* only while calls wait */
  conntrail_emu *emu;
  conntrail__supervisor_changed changed;
  conntrail__supervisor_refused refused; /* or NULL */
  void *arg;
  conntrail__disguise disguise; /* or NULL */
  conntrail__watch *watches;
  conntrail__process *processes;
  uint32_t ended_processes;
  uint32_t next_process; /* whose end is looked at next */
  conntrail__known *known;
  conntrail__known *accepted; /* the newest of them */
  conntrail__place *places;
  conntrail__exempt *exempt;
  conntrail__awaited *awaited; /* the oldest first */
  conntrail__awaited **awaited_end;
  conntrail__parked *parked;
  conntrail__attachments *attachments; /* NULL: no program can attach */
  conntrail__diag diag;
  conntrail__slot slots[CONNTRAIL__SLOTS];
  uint64_t network;                     /* SO_NETNS_COOKIE */
  uint32_t nobodys_error;               /* of calls whose thread cannot be remembered */
  unsigned untold;                      /* calls since the trail was written */
  bool is_open;                         /* real_network */
  bool answers_names;                   /* the run has a name server */
  bool was_overrun;                     /* destroy events were lost */
  bool is_used[CONNTRAIL__PORTS];       /* client ports of redirected connections */
  bool is_used_again[CONNTRAIL__PORTS]; /* several times */
  _Alignas(8) unsigned char data[CONNTRAIL__LARGEST_DATAGRAM];
  _Alignas(8) unsigned char control[2 * CONNTRAIL__LARGEST_DATAGRAM];
  _Alignas(8) unsigned char answer[2 * CONNTRAIL__LARGEST_DATAGRAM];
  struct iovec pieces[CONNTRAIL__PIECES]; /* of the message that is read or written */
  struct iovec theirs[CONNTRAIL__PIECES]; /* memory.c */
};

#endif
