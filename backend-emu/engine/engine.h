/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_H
#define CONNTRAIL_ENGINE_H

/*
 * The engine: the emulated kernel's part, as pure logic. No sockets, files, threads or clock of
 * its own; it compiles everywhere. A front end (posix, winsock) owns the descriptors, reports to
 * the engine what a program does with them, and performs what the engine decides.
 *
 * Not thread-safe: a front end calls it under its one lock (conntrail__native_lock).
 * Native numbers are Winsock's on every system. Addresses are conntrail__address on every
 * system, an IPv4-mapped IPv6 address always as the IPv4 address that it means.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/emu.h"

/* ---- Plain data ------------------------------------------------------------------------------ */

enum { CONNTRAIL__NO_FAMILY = 0, CONNTRAIL__IPV4 = 4, CONNTRAIL__IPV6 = 6 };

/* Compared and hashed as bytes: unused bytes are 0. IPv4 in the first 4 bytes. */
typedef struct conntrail__address {
  uint8_t bytes[16];
  uint32_t scope;
  uint16_t port; /* host order */
  uint8_t family;
  uint8_t unused;
} conntrail__address;

/* Room for "[v6%scope]:port" and its NUL. */
enum { CONNTRAIL__ADDRESS_TEXT = 80 };

/* Why a call of emu.h was refused: a sentence for a person. */
typedef struct conntrail__refusal {
  char text[448];
} conntrail__refusal;

/* Who acts. actor distinguishes the threads of one process. user may be NULL. */
typedef struct conntrail__identity {
  uint64_t actor;
  uint32_t process;
  const char *user;
  uint32_t family; /* shared by processes that forked and run one program; 0: the process alone */
} conntrail__identity;

typedef enum conntrail__socket_kind {
  CONNTRAIL__STREAM,
  CONNTRAIL__DATAGRAM
} conntrail__socket_kind;

/* Added to the kind of a socket that is created, if its family is AF_INET6. */
enum { CONNTRAIL__IPV6_KIND = 2, CONNTRAIL__KIND_LIMIT = 4 };

typedef enum conntrail__socket_state {
  CONNTRAIL__FRESH,
  CONNTRAIL__BOUND,
  CONNTRAIL__LISTENING,
  CONNTRAIL__CONNECTING,
  CONNTRAIL__CONNECTED
} conntrail__socket_state;

/* The engine's view of one open socket, however many descriptors name it. */
typedef struct conntrail__socket conntrail__socket;

/* ---- Addresses (address.c) ------------------------------------------------------------------- */

bool conntrail__address_equal(const conntrail__address *a, const conntrail__address *b);
bool conntrail__address_is_loopback(const conntrail__address *address);
bool conntrail__address_is_any(const conntrail__address *address);
/* The loopback address of a family, with this port. */
conntrail__address conntrail__address_loopback(uint8_t family, uint16_t port);
/* ::ffff:a.b.c.d becomes a.b.c.d; every other address stays. */
void conntrail__address_unmap(conntrail__address *address);
/* "93.184.216.34:80" or "[2606::1]:80". False, with why, for anything else. */
bool conntrail__address_parse(const char *text, conntrail__address *address,
                              conntrail__refusal *why);
/* Writes the text form, at most CONNTRAIL__ADDRESS_TEXT bytes with the NUL. */
void conntrail__address_format(const conntrail__address *address, char *text);

/* ---- The emulation (engine.c) ---------------------------------------------------------------- */

/*
 * instance distinguishes emulations of one process: it goes into the seal of the records, so
 * that those of another emulation are foreign. NULL, with why, when an option cannot be.
 */
conntrail_emu *conntrail__engine_create(const conntrail_emu_options *options, uint64_t instance,
                                        conntrail__refusal *why);
/* Frees every socket of it as well: the front end has forgotten them before. */
void conntrail__engine_destroy(conntrail_emu *emu);

/* Empties it (reset.c), with the profile of its options. The sockets stay, with addresses and
 * options; open connections and flows are of no service, as if they had not been redirected. */
void conntrail__engine_reset(conntrail_emu *emu);

bool conntrail__engine_set_profile(conntrail_emu *emu, conntrail_emu_profile profile,
                                   conntrail__refusal *why);
/* As conntrail_emu_use_table(). */
conntrail_status conntrail__engine_use_table(conntrail_emu *emu, const conntrail_emu_table *table,
                                             conntrail__refusal *why);
/* profile_check.c: what is wrong with an answer; NULL: nothing. */
const char *conntrail__answer_fault(conntrail_emu_situation situation,
                                    const conntrail_emu_answer *answer);
/* NULL: there is none such. */
const conntrail_emu_table *conntrail__builtin_table(conntrail_emu_profile profile);
/* profile_names.c: "?" for values that are none. */
const char *conntrail__situation_operation(conntrail_emu_situation situation);
const char *conntrail__situation_name(conntrail_emu_situation situation);
void conntrail__engine_set_privileged(conntrail_emu *emu, bool privileged);
/* threads.c: a program begins with this number, which a process may have had before. What is known
 * of that process' threads does not count (R7). */
void conntrail__engine_process_begins(conntrail_emu *emu, uint32_t process);

/* ---- Services, filters, routes, faults: as emu.h describes each ------------------------------ */

conntrail_emu_service *conntrail__service_add(conntrail_emu *emu, const char *name,
                                              const conntrail_emu_guid *guid,
                                              conntrail__refusal *why);
conntrail_emu *conntrail__service_emulation(conntrail_emu_service *service);
const char *conntrail__service_name(const conntrail_emu_service *service);

/* Services of the same names and GUIDs as those of another emulation, and nothing else of them. */
bool conntrail__service_copy_all(conntrail_emu *emu, const conntrail_emu *from,
                                 conntrail__refusal *why);
/* NULL: there is none of this name. */
conntrail_emu_service *conntrail__service_named(const conntrail_emu *emu, const char *name);

typedef enum conntrail__filter_action {
  CONNTRAIL__REDIRECT,
  CONNTRAIL__REDIRECT_REMOTE,
  CONNTRAIL__BLOCK
} conntrail__filter_action;

/* target is NULL for CONNTRAIL__BLOCK. */
conntrail_status conntrail__filter_add(conntrail_emu_service *service,
                                       conntrail__filter_action action, const char *rule,
                                       const conntrail__address *target, conntrail__refusal *why);
conntrail_status conntrail__service_exempt_process(conntrail_emu_service *service, uint32_t process,
                                                   conntrail__refusal *why);
/* The id is another process' now. */
void conntrail__service_end_exemption(conntrail_emu_service *service, uint32_t process);
conntrail_status conntrail__service_exempt_user(conntrail_emu_service *service, const char *user,
                                                conntrail__refusal *why);
conntrail_status conntrail__service_set_context_layout(conntrail_emu_service *service,
                                                       conntrail_emu_context layout,
                                                       conntrail__refusal *why);
conntrail_status conntrail__service_set_context(conntrail_emu_service *service, const void *context,
                                                size_t size, conntrail__refusal *why);
conntrail_status conntrail__service_set_record_padding(conntrail_emu_service *service,
                                                       size_t padding, conntrail__refusal *why);

conntrail_status conntrail__route_add(conntrail_emu *emu, const char *destination,
                                      const conntrail__address *address, conntrail__refusal *why);
/* Where port 53 of all other IPv4 and IPv6 addresses is, without a trace. No family: nowhere. */
void conntrail__route_names(conntrail_emu *emu, const conntrail__address servers[2]);

/* socket: the engine's view of fault->socket, or NULL where the fault names none. */
conntrail_status conntrail__fault_add(conntrail_emu *emu, const conntrail_emu_fault *fault,
                                      conntrail__socket *socket, conntrail__refusal *why);
void conntrail__fault_clear(conntrail_emu *emu);

/* ---- A socket's life (socket.c) -------------------------------------------------------------- */

/*
 * A socket was created, with one reference. Who first connects it, sends or receives by it, asks or
 * sets is its user (R7, R8), and who created it until then. handle is the front end's own (a
 * descriptor), by which conntrail__locate finds it again while it connects. NULL: no memory.
 */
conntrail__socket *conntrail__socket_create(conntrail_emu *emu, conntrail__socket_kind kind,
                                            const conntrail__identity *who, intptr_t handle);
/* Another descriptor names it, or the front end needs it for the length of a call. */
void conntrail__socket_retain(conntrail__socket *socket);
/* One descriptor less. The last one closes it. */
void conntrail__socket_release(conntrail__socket *socket);

conntrail_emu *conntrail__socket_emulation(const conntrail__socket *socket);
/* Given at its first appearance: a decision about it, or this call. */
uint32_t conntrail__socket_number(conntrail__socket *socket);
/* No other socket of the emulation has this one, though it may have its memory later. */
uint32_t conntrail__socket_created(const conntrail__socket *socket);
conntrail__socket_kind conntrail__socket_kind_of(const conntrail__socket *socket);
conntrail__socket_state conntrail__socket_state_of(const conntrail__socket *socket);
conntrail_emu_state conntrail__socket_redirect_state(const conntrail__socket *socket,
                                                     const conntrail_emu_service *service);

/* bind() succeeded, or getsockname() gave the address of a socket bound before. */
void conntrail__socket_bound(conntrail__socket *socket, const conntrail__address *local);
/* listen() succeeded. local: as getsockname() gives it. */
void conntrail__socket_listening(conntrail__socket *socket, const conntrail__address *local);

bool conntrail__socket_is_bound(const conntrail__socket *socket);
/* It is another process' from now on: a program that was started with it. Its flows that need a
 * relay end, since relay sockets do not come along. */
void conntrail__socket_adopted(conntrail__socket *socket, const conntrail__identity *who);

/* ---- Connecting (classify.c) -------------------------------------------------------------- */

typedef struct conntrail__decision {
  uint32_t native;           /* 0: connect to target. Else: fail with this Winsock number */
  conntrail__address target; /* its family may be IPv4 for an IPv6 socket: map it */
} conntrail__decision;

typedef enum conntrail__outcome {
  CONNTRAIL__ESTABLISHED, /* the connection stands */
  CONNTRAIL__UNDERWAY,    /* it was begun and goes on without the caller */
  CONNTRAIL__REJECTED     /* the system refused it; native says how */
} conntrail__outcome;

/* A stream socket asks for remote: decides, before anything is sent. */
conntrail__decision conntrail__socket_connecting(conntrail__socket *socket,
                                                 const conntrail__address *remote,
                                                 const conntrail__identity *who);
/*
 * What became of the connect that conntrail__socket_connecting() allowed. Called once after the
 * system's connect and, where that was UNDERWAY, once more as soon as the front end learns the end.
 * local: the socket's own address, NULL where it is not known (REJECTED).
 */
void conntrail__socket_connected(conntrail__socket *socket, conntrail__outcome outcome,
                                 const conntrail__address *local, uint32_t native);
/* A program of another family listens where the socket connects to, and no service redirected it
 * (link.c). To be called between the two. */
void conntrail__socket_leads_to(conntrail__socket *socket, uint32_t family);
/* A connected datagram socket (datagram.c). NULL dissolves the association. */
void conntrail__socket_associated(conntrail__socket *socket, const conntrail__address *remote);
/* connect() to AF_UNSPEC: the socket is fresh again, an accepted one as well. The front end reports
 * the address that it is still bound to. */
void conntrail__socket_dissolved(conntrail__socket *socket);

/* Where the client believes to be connected. False: nothing to say, the system's answer holds. */
bool conntrail__socket_peer(const conntrail__socket *socket, conntrail__address *peer);

/* ---- Accepting (flow.c) ------------------------------------------------------------------- */

/* Asks the front end for the local address of a socket that is connecting in another thread. */
typedef bool (*conntrail__locate)(intptr_t handle, conntrail__address *local);

/* Room for an accept's socket: the accept then cannot fail. free() undoes it. NULL: no memory. */
conntrail__socket *conntrail__socket_room(conntrail_emu *emu, const conntrail__identity *who);

/*
 * listener accepted a connection from peer: a new socket of its emulation, with one reference, and
 * with its redirect record where it has one. room: NULL, or what it is made in. NULL: no memory.
 */
conntrail__socket *conntrail__socket_accepted(conntrail__socket *listener,
                                              const conntrail__address *peer,
                                              const conntrail__identity *who, intptr_t handle,
                                              conntrail__locate locate, conntrail__socket *room);

/*
 * For a front end that sees no listen() and no accept(): a connection from peer that was accepted
 * at local. The first returns whether a redirected connection is expected there; the second is as
 * conntrail__socket_accepted().
 */
bool conntrail__arrival_is_expected(conntrail_emu *emu, const conntrail__address *local,
                                    const conntrail__address *peer);
conntrail__socket *conntrail__socket_arrived(conntrail_emu *emu, const conntrail__address *local,
                                             const conntrail__address *peer,
                                             const conntrail__identity *who);

/* Where the client of an accepted connection with a record wanted to go. False: it has none. */
bool conntrail__socket_wanted(const conntrail__socket *accepted, conntrail__address *original);

/* For a front end that sees no accept(): who makes a call with the accepted connection, of which
 * the process that accepted it is unknown (R7). */
void conntrail__socket_seen(conntrail__socket *accepted, const conntrail__identity *who);
/* who has the accepted connection, and works with it: as if it had asked (R7). */
void conntrail__socket_taken(conntrail__socket *accepted, const conntrail__identity *who);

/* For a front end that cannot locate: whether a connection from peer, of which nothing is known,
 * may be one that is connecting and whose own address is not reported yet. */
bool conntrail__arrival_is_due(const conntrail__socket *listener, const conntrail__address *peer);

/* ---- Control codes (contract.c) ----------------------------------------------------------- */

/* One control code, with every argument that WSAIoctl has. */
typedef struct conntrail__call {
  uint32_t code;
  const void *in;
  uint32_t in_size;
  void *out;
  uint32_t capacity;
  uint32_t *bytes;
} conntrail__call;

/* What the front end knows of a descriptor that the emulation does not track. */
typedef struct conntrail__untracked {
  bool is_socket;
  bool is_internet;
  bool is_stream;
  bool is_datagram;
  bool is_listening;
  bool is_connected;
  bool is_ipv6;
} conntrail__untracked;

/* The codes of this contract. Any other code is not the engine's: the front end passes it on. */
bool conntrail__is_redirect_code(uint32_t code);

/* Performs a code on a tracked socket. Answers 0 or the Winsock number. */
uint32_t conntrail__socket_ioctl(conntrail__socket *socket, const conntrail__identity *who,
                                 const conntrail__call *call);

/*
 * A query that was begun and is not answered yet (pending.c). The front end's memory, from
 * conntrail__socket_begin() until it is in the list `ended`, where the front end finds it with its
 * answer, and notifies the callers that wait once its lock is released.
 */
typedef struct conntrail__pending {
  struct conntrail__pending *next;
  struct conntrail__pending **ended; /* the front end's list */
  conntrail__socket *socket;         /* NULL where it ended */
  uint64_t actor;
  conntrail__call call; /* its buffers are there until the end */
  uint32_t native;      /* the answer */
  void *waiting;        /* the front end's own: who waits */
} conntrail__pending;

/* Whether a code that is begun on this socket pends, with this profile and these arguments. */
bool conntrail__socket_pends(const conntrail__socket *socket, const conntrail__call *call);
/* It pends from now on. Of *pending the caller fills in ended, call and waiting. Without a
 * reference: closing the socket ends it with 995 (O2). */
void conntrail__socket_begin(conntrail__socket *socket, const conntrail__identity *who,
                             conntrail__pending *pending);
/* Ends it with 995 if it still pends on this socket; reads nothing of *pending otherwise. */
bool conntrail__socket_cancel(conntrail__socket *socket, const conntrail__pending *pending);
uint32_t conntrail__pending_count(const conntrail_emu *emu);
/* Answers the index-th of them, in the order in which they were begun, as the kernel would now. */
bool conntrail__pending_answer(conntrail_emu *emu, uint32_t index);
/* Forgets them all without an end: a forked child's memory has its parent's (E6). */
void conntrail__pending_forget(conntrail_emu *emu);

/* The same for a descriptor that is not tracked, closed ones included. */
uint32_t conntrail__untracked_ioctl(conntrail_emu *emu, const conntrail__untracked *untracked,
                                    const conntrail__call *call);
/* The same where no emulation is active: a system without WFP redirection. */
uint32_t conntrail__idle_ioctl(const conntrail__untracked *untracked, const conntrail__call *call);

/* SO_ORIGINAL_DST of a tracked socket. Answers 0; 1168 where it was not redirected; or a fault. */
uint32_t conntrail__socket_original_destination(conntrail__socket *socket,
                                                const conntrail__identity *who,
                                                conntrail__address *destination);

/* A misuse that the front end or the library noticed. socket may be NULL. */
void conntrail__note_misuse(conntrail_emu *emu, const conntrail__socket *socket,
                            conntrail_emu_misuse misuse, uint32_t size);
/* What a program asked for goes past the emulation, so that the front end refuses it with native
 * (E8).
 */
typedef enum conntrail__bypass {
  CONNTRAIL__NO_BYPASS,
  CONNTRAIL__CONNECT_BY_NAME, /* WSAConnectByName, WSAConnectByList */
  CONNTRAIL__REGISTERED_IO,   /* RIO's table of functions */
  CONNTRAIL__OTHER_TRANSPORT  /* a socket of UDP-Lite, DCCP or SCTP */
} conntrail__bypass;

/* socket may be NULL. */
void conntrail__note_bypass(conntrail_emu *emu, const conntrail__socket *socket,
                            conntrail__bypass bypass, uint32_t native);
/* The system has a peer for a socket that was not connected here: a misuse (OUTSIDE), noted once.
 */
void conntrail__socket_outside(conntrail__socket *socket);

#include "datagram.h"
#include "event.h"

#endif
