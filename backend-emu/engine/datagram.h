/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_DATAGRAM_H
#define CONNTRAIL_ENGINE_DATAGRAM_H

/* The part of engine.h, which includes it, that is about UDP. */

#include "engine.h"

/* ---- Datagrams (datagram.c, datagram_flow.c, received.c) ----------------------------------- */

/*
 * A UDP flow goes from a client's socket to the destination that it asked for. Really it goes
 * somewhere else: to a proxy, or to a route. What is there sees datagrams from the flow's source,
 * and answers to it, as on Windows. The source is the client's own address for the one flow that
 * has it; a further flow of the same client to the same place has a relay socket: a socket of the
 * front end's, through which its datagrams go in both directions, so that two destinations of one
 * client are two peers of the proxy. Nothing is ever received from a relay socket, and the payload
 * is never touched.
 */
typedef struct conntrail__datagram_flow conntrail__datagram_flow;

enum { CONNTRAIL__NO_RELAY = -1 };

/* Where a datagram is to go. */
typedef struct conntrail__datagram_decision {
  uint32_t native; /* 0: send it. Else: fail with this Winsock number */
  /* Not NULL: the flow is new and its source not settled yet. The front end settles it or abandons
   * it before it gives the lock back. */
  conntrail__datagram_flow *unsettled;
  conntrail__address target; /* its family may be IPv4 for an IPv6 socket: map it */
  intptr_t relay;            /* NO_RELAY: through the program's own socket */
} conntrail__datagram_decision;

/*
 * A datagram socket is about to send to remote. remote NULL: to where it is connected; the target
 * is then of no use, the system knows it. records: what the program sends with it, NULL and 0
 * without. The answer holds until the lock is given back: a datagram that has a relay socket is
 * sent under the lock.
 */
conntrail__datagram_decision conntrail__datagram_sending(conntrail__socket *socket,
                                                         const conntrail__address *remote,
                                                         const void *records, uint32_t records_size,
                                                         const conntrail__identity *who);

/* The same for connect(): the flow keeps the client's own address, even if another flow had it
 * before. */
conntrail__datagram_decision conntrail__datagram_connecting(conntrail__socket *socket,
                                                            const conntrail__address *remote,
                                                            const conntrail__identity *who);

/*
 * own: the client's address as the target sees it. True: it is the flow's source, and choice is
 * complete. False: another flow has it, or nothing of this one is to arrive; the front end makes a
 * relay, bound to the IP address of own, and calls conntrail__datagram_carry().
 */
bool conntrail__datagram_settle(conntrail__datagram_decision *choice,
                                const conntrail__address *own);

/* Closes what the front end made. Called under the lock, when the flow ends. */
typedef void (*conntrail__close_relay)(intptr_t relay);

/* The relay socket's address is the flow's source. choice is complete, and its target may be
 * another one now. False: no memory; the relay socket is still the front end's, and the flow is
 * gone. */
bool conntrail__datagram_carry(conntrail__datagram_decision *choice, const conntrail__address *own,
                               intptr_t relay, const conntrail__address *source,
                               conntrail__close_relay close);

/* The front end could not: the flow never was. */
void conntrail__datagram_abandon(conntrail__datagram_decision *choice);

/* A datagram that the system received on a tracked socket, and what is to be made of it. */
typedef struct conntrail__received {
  conntrail__address from;   /* in: as the system gives it */
  bool is_peek;              /* in: it stays, and will be received again */
  bool is_plain;             /* in: by a call without control messages: recvfrom and its like */
  bool is_ipv6;              /* in: the socket's family */
  void *control;             /* in: the program's buffer, aligned for a header; may be NULL */
  uint32_t capacity;         /* in: bytes that it holds */
  uint32_t used;             /* in/out: bytes of the system's own messages in it, and ours behind */
  bool is_control_cut;       /* out: ours did not fit */
  conntrail__address sender; /* out: what the program is to see as the sender */
} conntrail__received;

/* Finds the flow, writes its records and context behind the system's control messages where this
 * is its first datagram, and notes what was lost (X9 to X11). */
void conntrail__datagram_received(conntrail__socket *socket, const conntrail__identity *who,
                                  conntrail__received *arrived);

/* The destination that a client asked for, whose datagrams really go to target: the system gives
 * target of those that failed. False: none, target is what the client asked for. */
bool conntrail__datagram_asked_for(const conntrail__socket *client,
                                   const conntrail__address *target,
                                   conntrail__address *destination);

/* setsockopt(level, option). Answers 0 or the Winsock number. */
uint32_t conntrail__datagram_enable(conntrail__socket *socket, int level, int option,
                                    bool is_enabled);
/* Whether setsockopt with these arguments is the engine's. */
bool conntrail__is_message_option(int level, int option);

/* A fault of CONNTRAIL_EMU_RECEIVE_MESSAGE or CONNTRAIL_EMU_SEND_MESSAGE; 0: none is due. */
uint32_t conntrail__datagram_fault(conntrail__socket *socket, conntrail_emu_operation operation);

/* Whether any fault was asked for at all. */
bool conntrail__fault_is_any(const conntrail_emu *emu);

/* conntrail_emu_advance() and conntrail_emu_datagram_flows(). */
void conntrail__datagram_advance(conntrail_emu *emu, uint32_t milliseconds);
uint32_t conntrail__datagram_flow_count(const conntrail_emu *emu);

#endif
