/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SERVICE_PROTOCOL_H
#define CONNTRAIL_SERVICE_PROTOCOL_H

/*
 * What a process and the service say to each other, over a SOCK_SEQPACKET socket of this host.
 *
 * A frame from a process holds one or more requests, each followed by its payload, padded to 8
 * bytes. Only the last one of a frame may want a reply, and the process waits for it before it
 * asks again. A frame from the service holds one reply. What wants no reply goes through a ring
 * (ring.h), whose descriptor comes with the reply to the first request; all that a process told
 * before it asked is done before it is answered. What crosses exec is bequeathed over a connection
 * of its own, which is never a process: it may be needed in a child of vfork, whose parent's
 * threads use theirs. Numbers are in the host's byte order; structures
 * have the same layout for programs of 32 and of 64 bits.
 */

#include "../engine/engine.h"

enum {
  CONNTRAIL__PROTOCOL_VERSION = 4,
  CONNTRAIL__FRAME_LIMIT = 128 * 1024,
  CONNTRAIL__ANSWER_LIMIT = 100 * 1024, /* bytes of a query's answer, of records, of control data */
  CONNTRAIL__CLOSING_LIMIT = 64,        /* carriers in one reply */
  CONNTRAIL__BEQUEST_LIMIT = 128,       /* sockets in one frame */
  CONNTRAIL__PROGRAM_TEXT = 64,
  CONNTRAIL__SERVICE_PATIENCE = 5 /* seconds until a silent service counts as gone */
};

/* Where a process finds the service, and what the scenario calls the process. */
#define CONNTRAIL__SERVICE_VARIABLE "CONNTRAIL_EMU_SERVICE"
#define CONNTRAIL__PROGRAM_VARIABLE "CONNTRAIL_EMU_PROGRAM"

/* Marked (reply): the service answers. */
typedef enum conntrail__operation {
  CONNTRAIL__OP_HELLO = 1,       /* (reply) version; payload: what the program is called; user: the
                                    file name of what it runs */
  CONNTRAIL__OP_HELLO_FORK,      /* (reply) socket: the parent's number, actor: its cookie */
  CONNTRAIL__OP_CREATE,          /* argument[0]: kind, and CONNTRAIL__IPV6_KIND */
  CONNTRAIL__OP_RELEASE,         /* */
  CONNTRAIL__OP_BOUND,           /* address */
  CONNTRAIL__OP_LISTENING,       /* address; argument[0]: IPV6_V6ONLY is set */
  CONNTRAIL__OP_CONNECTING,      /* (reply: number: repeats unasked) address: remote */
  CONNTRAIL__OP_CONNECTED,       /* address: local or none; argument: outcome, native */
  CONNTRAIL__OP_ASSOCIATED,      /* address: remote or none */
  CONNTRAIL__OP_DISSOLVED,       /* */
  CONNTRAIL__OP_PEER,            /* (reply) */
  CONNTRAIL__OP_ACCEPTED,        /* address: peer; argument[0]: the new socket */
  CONNTRAIL__OP_IOCTL,           /* (reply) argument: code, capacity, what is given; payload: in */
  CONNTRAIL__OP_STRANGER_IOCTL,  /* (reply) the same; argument[3]: what the descriptor is */
  CONNTRAIL__OP_DESTINATION,     /* (reply) */
  CONNTRAIL__OP_MISUSE,          /* socket or 0; argument: misuse, size */
  CONNTRAIL__OP_SENDING,         /* (reply) address or none; argument[0]: has records; payload */
  CONNTRAIL__OP_SEND_CONNECTING, /* (reply) address */
  CONNTRAIL__OP_SETTLE,          /* (reply) address: own */
  CONNTRAIL__OP_CARRY,           /* (reply) address: own; second: source; argument[0]: carrier,
                                    whose descriptor comes along */
  CONNTRAIL__OP_ABANDON,         /* */
  CONNTRAIL__OP_RECEIVED,        /* (reply) address: from; argument: flags, capacity, used */
  CONNTRAIL__OP_ENABLE,          /* (reply) argument: level, option, is enabled */
  CONNTRAIL__OP_FAULT,           /* (reply) argument[0]: operation */
  CONNTRAIL__OP_REPEATING,       /* address: remote; second: the target of the earlier decision */
  CONNTRAIL__OP_WAKE,            /* something is in the ring */
  CONNTRAIL__OP_SYNC,            /* (reply) the ring is full */
  CONNTRAIL__OP_BEQUEATH,        /* (reply) as HELLO_FORK; payload: conntrail__heirloom each */
  CONNTRAIL__OP_NARROW,          /* (reply) payload: the inodes that stay bequeathed, uint64_t */
  CONNTRAIL__OP_CLAIM, /* (reply: number: kind, bytes: state) argument: inode, two halves */
  CONNTRAIL__OP_END
} conntrail__operation;

typedef struct conntrail__request {
  uint16_t operation;
  uint16_t unused;
  uint32_t socket; /* the process' own number of it */
  uint64_t actor;
  uint32_t process;
  uint32_t payload;
  uint32_t argument[4];
  conntrail__address address;
  conntrail__address second;
  char user[64];
} conntrail__request;

/* A socket that another program will have: its number in this process, and the system's of it. */
typedef struct conntrail__heirloom {
  uint64_t inode;
  uint32_t number;
  uint32_t unused;
} conntrail__heirloom;

typedef struct conntrail__reply {
  uint32_t native;
  uint32_t flags;
  uint32_t bytes;
  uint32_t payload;
  uint64_t cookie;
  uint32_t number;
  uint32_t closing; /* carriers behind the payload, int32_t each: the process closes them */
  conntrail__address address;
} conntrail__reply;

/* Flags of a reply. */
enum {
  CONNTRAIL__REPLY_YES = 1,       /* what was asked is so */
  CONNTRAIL__REPLY_BOUND = 2,     /* ... and the socket has an address */
  CONNTRAIL__REPLY_UNSETTLED = 4, /* the flow is new: settle or abandon it */
  CONNTRAIL__REPLY_CARRIER = 8,   /* number is the carrier; or, with the next one: */
  CONNTRAIL__REPLY_LENT = 64,     /* ... it is another process', and comes along as a descriptor */
  CONNTRAIL__REPLY_CUT = 16,
  CONNTRAIL__REPLY_MAY_FAULT = 32
};

/* What is given of a control code's arguments. */
enum { CONNTRAIL__GIVES_IN = 1, CONNTRAIL__GIVES_OUT = 2, CONNTRAIL__GIVES_BYTES = 4 };

/* Of a datagram received. */
enum {
  CONNTRAIL__IS_PEEK = 1,
  CONNTRAIL__IS_PLAIN = 2,
  CONNTRAIL__IS_IPV6 = 4,
  CONNTRAIL__HAS_CONTROL = 8
};

/* Of a stranger, one bit each, in the order of conntrail__untracked. */
enum { CONNTRAIL__STRANGER_BITS = 7 };

static inline size_t conntrail__padded(size_t size) {
  return (size + 7) & ~(size_t)7;
}

_Static_assert(sizeof(conntrail__request) == 152, "the same for 32 and 64 bits");
_Static_assert(sizeof(conntrail__reply) == 56, "the same for 32 and 64 bits");
_Static_assert(sizeof(conntrail__heirloom) == 16, "the same for 32 and 64 bits");

#endif
