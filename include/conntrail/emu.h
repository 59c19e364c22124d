/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_H
#define CONNTRAIL_EMU_H

/**
 * @file
 * Controls the emulation, for tests. A product does not include this file.
 *
 * An emulation behaves as the Windows kernel and any number of redirect services, for the sockets
 * of this process:
 *
 *     conntrail_emu *emu = conntrail_emu_create(NULL);
 *     conntrail_emu_service *acme = conntrail_emu_add_service(emu, "acme", NULL);
 *     conntrail_emu_redirect(acme, "tcp 93.184.216.0/24 port 80", proxy_address);
 *     conntrail_emu_route(emu, "93.184.216.34:80", server_address);
 *     ... run the proxy under test, and a client that connects to 93.184.216.34:80 ...
 *     assert(conntrail_emu_count(emu, CONNTRAIL_EMU_DELIVERED) == 1);
 *     assert(conntrail_emu_count(emu, CONNTRAIL_EMU_MISUSE) == 0);
 *     conntrail_emu_destroy(emu);
 *
 * Which sockets belong to it (clause E3). A socket belongs to the emulation that was current in
 * the thread that created it, for as long as it is open. The first emulation is current for the
 * whole process; a further one only in threads that called conntrail_emu_enter().
 *
 * Where connections go. If no redirect service redirects a connection, it goes to its route.
 * Loopback addresses need no route. Any other connection is refused (ENETUNREACH) and reported in
 * the trail, so that a test never reaches a real network by mistake.
 *
 * UDP. A flow is a socket and a destination. The decision about it is made at its first datagram or
 * at connect(). The proxy sees the client's own address as the sender. If the same client socket
 * has a second destination at the same proxy, the proxy sees another address, which needs a
 * descriptor of the process (M9). Flows end with their socket, or by conntrail_emu_advance(). On
 * Linux, read() on a UDP socket is not watched, and datagrams of the C library's own resolver are
 * not seen.
 *
 * What happened: conntrail/emu_trail.h has each event, and conntrail/emu_report.h what became of
 * the connections. This file includes both.
 *
 * Errors. A refused call changes nothing. conntrail_emu_refusal() then says what was wrong,
 * where, and what to do.
 *
 * Threads. Every call may be made from any thread while the emulation exists; the last thread that
 * uses it destroys it. Blocking: no call waits for anything but the emulation's own lock. Clauses
 * are those of docs/reference/behaviour.md. All since 0.1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/emu_profile.h"
#include "conntrail/emu_report.h"
#include "conntrail/emu_trail.h"
#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A redirect service's identity, laid out as Windows' GUID. */
typedef struct conntrail_emu_guid {
  uint32_t data1;   /**< the first eight digits */
  uint16_t data2;   /**< the next four */
  uint16_t data3;   /**< the next four */
  uint8_t data4[8]; /**< the last sixteen */
} conntrail_emu_guid;

/** Bytes of the largest redirect context. */
#define CONNTRAIL_EMU_LARGEST_CONTEXT 61440u
/** Bytes of the largest padding of one record. */
#define CONNTRAIL_EMU_LARGEST_PADDING 131072u

/* ---- An emulation ---------------------------------------------------------------------- */

/** Options for conntrail_emu_create(). Start from CONNTRAIL_EMU_OPTIONS_INIT; 0 is the default. */
typedef struct conntrail_emu_options {
  size_t struct_size;            /**< sizeof(conntrail_emu_options) */
  conntrail_emu_profile profile; /**< default: documented */
  uint64_t seed;                 /**< of faults with a probability, and of the records' seal */
  bool unprivileged;             /**< setting records returns ACCESS (S6) */
  bool windows_7;                /**< the control codes return NOT_SUPPORTED (Q14) */
  bool real_network;             /**< destinations without a route go to the real network */
  uint32_t trail_capacity;       /**< events kept; default 8,192. Counts are not limited */
  uint32_t loop_limit;           /**< so many connections at one service for one destination, all
                                      without a transfer, are a loop; default 1,000. It is a safeguard
                                      if the exact rule does not find the loop (R7) */
  uint32_t idle_limit;           /**< milliseconds of conntrail_emu_advance() after which a UDP flow
                                      without a datagram ends; default 60,000 (M2) */
  uint32_t loop_entries; /**< a loop is reported if a process accepted so many connections of
                              one service for one destination, keeps them open, and connects
                              there again in any thread or forked child, with nothing transferred
                              or delivered meanwhile; default 10. Set it higher for a test whose
                              process has more clients and a proxy that connects nowhere (R7) */
} conntrail_emu_options;

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
/** The value to start conntrail_emu_options from. */
#define CONNTRAIL_EMU_OPTIONS_INIT                                                                 \
  { sizeof(conntrail_emu_options), CONNTRAIL_EMU_DOCUMENTED, 0, false, false, false, 0, 0, 0, 0 }
/* clang-format on */

/**
 * Creates an emulation. It becomes current for the whole process if no other is.
 *
 * @param options  in; NULL for the defaults
 * @return the emulation, owned by the caller, to be given to conntrail_emu_destroy(). NULL if an
 *         option is impossible, memory is exhausted, or the watched calls (connect, accept,
 *         close ...) of this process are not conntrail's; conntrail_emu_refusal() says which, and
 *         what to link (clause E7).
 */
CONNTRAIL_API conntrail_emu *conntrail_emu_create(const conntrail_emu_options *options);

/**
 * Ends an emulation and frees everything that belongs to it. Its sockets stay open and become
 * untracked. NULL is allowed.
 */
CONNTRAIL_API void conntrail_emu_destroy(conntrail_emu *emu);

/** Makes an emulation current in this thread; NULL restores the one of the process (E3). */
CONNTRAIL_API void conntrail_emu_enter(conntrail_emu *emu);

/**
 * Sets the process and user as which the calling thread acts from now on. A socket gets this
 * identity when the thread is the first to connect it, accept it, send or receive by it, or query
 * or set its records. Filters and exemptions by process or user use it, and it distinguishes a
 * client from a proxy in the same thread (R7, R8).
 *
 * @param process  0 restores the real process id. Otherwise choose a number that no process has,
 * such as 40004711: Linux counts to 4,194,304 at most, and Windows' numbers are multiples of 4.
 * @param user     NULL or "" is no user; at most 63 bytes, copied
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_LIMIT  the user's name is too long
 */
CONNTRAIL_API conntrail_status conntrail_emu_act_as(uint32_t process, const char *user);

/** Whether this emulation's processes may set redirect records (S6). They may by default. */
CONNTRAIL_API void conntrail_emu_set_privileged(conntrail_emu *emu, bool privileged);

/**
 * Why the last refused call of emu.h in this thread was refused: one sentence with the offending
 * text, the place in it, and what to do. "" when none was. Valid until the next refusal in this
 * thread.
 */
CONNTRAIL_API const char *conntrail_emu_refusal(void);

/** Sets what conntrail_emu_refusal() says in this thread: at most 319 bytes. Returns status. */
CONNTRAIL_API conntrail_status conntrail_emu_refuse(conntrail_status status, const char *text);

/**
 * Lets so many milliseconds pass for the emulation, which has no clock of its own: UDP flows that
 * were idle for the limit of the options end, and the next datagram begins a new one, with records
 * of its own (M2).
 */
CONNTRAIL_API void conntrail_emu_advance(conntrail_emu *emu, uint32_t milliseconds);

/** How many UDP flows there are now, those of routes included. */
CONNTRAIL_API size_t conntrail_emu_datagram_flows(const conntrail_emu *emu);

/* ---- Redirect services and their filters ------------------------------------------------- */

/**
 * Adds a redirect service: a WFP provider with a redirect handle of its own.
 *
 * @param emu   the emulation
 * @param name  in: shown in the trail; 1 to 31 bytes, unique in this emulation, copied
 * @param guid  in: its identity; NULL makes one from the name
 * @return the service, owned by the emulation. NULL when refused: a name that is empty, too long
 *         or taken, a GUID that is taken, or no memory.
 */
CONNTRAIL_API conntrail_emu_service *conntrail_emu_add_service(conntrail_emu *emu, const char *name,
                                                               const conntrail_emu_guid *guid);

/**
 * Adds a filter that redirects to a proxy. The rule says which connections, as words in any
 * order, each at most once, an address first or after tcp:
 *
 *     tcp, udp             the protocol; tcp without it
 *     93.184.216.0/24      the remote address or prefix; "any" is every address
 *     port 80, port 80-90  the remote port; without it, every port
 *     process 4711         only sockets of this process
 *     user NAME            only sockets of this user
 *     weight 10            higher weights decide first; 0 without it
 *     by-other permit      what to do with a connection that another service
 *                          redirected before: redirect (default), permit, block (R2)
 *     again block          what to do in the state "previously redirected by self":
 *                          permit (default) or block; never redirect (R2)
 *
 * @param service who redirects
 * @param rule    in: which connections
 * @param target  in: the proxy's address, IPv4 or IPv6 as the rule's prefix. The address 0.0.0.0
 *                or :: stands for Windows' rule: loopback where the client's socket has no local
 *                address, else that local address (R5). Port 0 is refused
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID    the rule or the target; conntrail_emu_refusal() shows where
 * @retval CONNTRAIL_NO_MEMORY
 */
CONNTRAIL_API conntrail_status conntrail_emu_redirect(conntrail_emu_service *service,
                                                      const char *rule,
                                                      const struct sockaddr *target);

/**
 * Adds a filter that redirects to a proxy on another host: without a redirect handle, so without
 * records and context (R4). Parameters and statuses as conntrail_emu_redirect().
 */
CONNTRAIL_API conntrail_status conntrail_emu_redirect_remote(conntrail_emu_service *service,
                                                             const char *rule,
                                                             const struct sockaddr *target);

/** Adds a filter that blocks (EACCES at connect, or at the first datagram). rule as for
 * conntrail_emu_redirect(). */
CONNTRAIL_API conntrail_status conntrail_emu_block(conntrail_emu_service *service,
                                                   const char *rule);

/** The service lets connections of this process pass, as eBPF products do (R8). */
CONNTRAIL_API conntrail_status conntrail_emu_exempt_process(conntrail_emu_service *service,
                                                            uint32_t process);

/** The service lets connections of this user pass, as HNS does (R8). 1 to 63 bytes, copied. */
CONNTRAIL_API conntrail_status conntrail_emu_exempt_user(conntrail_emu_service *service,
                                                         const char *user);

/** What a service attaches to the connections that it redirects. */
typedef enum conntrail_emu_context {
  CONNTRAIL_EMU_CONTEXT_TWO_ADDRESSES = 0, /**< original remote, then original local; 256 bytes */
  CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS = 1,   /**< original remote; 128 bytes */
  CONNTRAIL_EMU_CONTEXT_NONE = 2           /**< nothing (Q6) */
} conntrail_emu_context;

/** Chooses the layout of the contexts to come; two addresses by default (D1). */
CONNTRAIL_API conntrail_status conntrail_emu_set_context_layout(conntrail_emu_service *service,
                                                                conntrail_emu_context layout);

/**
 * Attaches these bytes to every connection to come, instead of a layout. Copied; 0 bytes are no
 * context. LIMIT above CONNTRAIL_EMU_LARGEST_CONTEXT; FAULT for NULL with a size.
 */
CONNTRAIL_API conntrail_status conntrail_emu_set_context(conntrail_emu_service *service,
                                                         const void *context, size_t size);

/**
 * Makes this service's part of the records larger by so many bytes: a Windows kernel promises no
 * size. LIMIT above CONNTRAIL_EMU_LARGEST_PADDING.
 */
CONNTRAIL_API conntrail_status conntrail_emu_set_record_padding(conntrail_emu_service *service,
                                                                size_t padding);

/* ---- Routes ---------------------------------------------------------- */

/**
 * Sets where a destination is during the test. A later route for the same destination replaces it.
 *
 * @param emu          the emulation
 * @param destination  in: "93.184.216.34:80" or "[2606:2800:220:1::1]:80"
 * @param address      in: the address of the server; IPv4, or IPv6 for an IPv6 destination. An
 *                     IPv6 destination may be served over IPv4
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID    conntrail_emu_refusal() says which and why
 * @retval CONNTRAIL_NO_MEMORY
 */
CONNTRAIL_API conntrail_status conntrail_emu_route(conntrail_emu *emu, const char *destination,
                                                   const struct sockaddr *address);

/* ---- Faults ---------------------------------------------------------------------------------- */

/** The calls that a fault affects. */
typedef enum conntrail_emu_operation {
  CONNTRAIL_EMU_ANY_CODE = 0, /**< every control code below */
  CONNTRAIL_EMU_QUERY_RECORDS = 1,
  CONNTRAIL_EMU_QUERY_CONTEXT = 2,
  CONNTRAIL_EMU_SET_RECORDS = 3,
  CONNTRAIL_EMU_ORIGINAL_DESTINATION = 4, /**< SO_ORIGINAL_DST */
  CONNTRAIL_EMU_CONNECT = 5,              /**< native: the Winsock number connect fails with */
  CONNTRAIL_EMU_ACCEPT = 6,               /**< the accepted connection, or the first datagram of a
                                               flow, has lost its record, as after a backlog
                                               overflow (R9); native is ignored */
  CONNTRAIL_EMU_ENABLE_MESSAGES = 7,      /**< the socket options of conntrail_enable_messages() */
  CONNTRAIL_EMU_RECEIVE_MESSAGE = 8,      /**< conntrail_recvmsg() alone; the datagram stays. On
                                               Windows also every WSARecvMsg */
  CONNTRAIL_EMU_SEND_MESSAGE = 9          /**< conntrail_sendmsg() alone; nothing is sent. On
                                               Windows also every WSASendMsg */
} conntrail_emu_operation;

/** A fault (E4). Start from CONNTRAIL_EMU_FAULT_INIT. It affects calls that match every member. */
typedef struct conntrail_emu_fault {
  size_t struct_size;                   /**< sizeof(conntrail_emu_fault) */
  conntrail_emu_operation operation;    /**< the calls that it affects */
  const conntrail_emu_service *service; /**< only connections that it redirected; NULL: all */
  conntrail_socket socket;              /**< only this one; CONNTRAIL_INVALID_SOCKET: all */
  uint32_t native;                      /**< the Winsock number to return; for control codes,
                                             SO_ORIGINAL_DST and messages any value but 0 */
  uint32_t bytes;                       /**< the byte count to return with it */
  uint32_t nth;         /**< affect only the n-th matching call from now; 0: every one */
  uint32_t per_million; /**< affect with this probability; 0: always. Not with nth */
} conntrail_emu_fault;

/* clang-format off */
/** The value to start a conntrail_emu_fault from. */
#define CONNTRAIL_EMU_FAULT_INIT                                                                   \
  { sizeof(conntrail_emu_fault), CONNTRAIL_EMU_ANY_CODE, NULL, CONNTRAIL_INVALID_SOCKET, 0, 0, 0, 0 }
/* clang-format on */

/** Adds a fault. Copied. INVALID if it contradicts itself: see conntrail_emu_refusal(). */
CONNTRAIL_API conntrail_status conntrail_emu_add_fault(conntrail_emu *emu,
                                                       const conntrail_emu_fault *fault);

/** Removes every fault. */
CONNTRAIL_API void conntrail_emu_clear_faults(conntrail_emu *emu);

/* ---- Queries that pend ----------------------------------------------------------------------- */

/**
 * How many asynchronous queries (conntrail/async.h, conntrail/event.h) are pending (O1). With the
 * profile CONTRARY every one pends until conntrail_emu_complete() or a cancel. Closing its socket
 * or destroying the emulation completes it with ABORTED (O2). With the other profiles none pends.
 */
CONNTRAIL_API size_t conntrail_emu_pending(conntrail_emu *emu);

/**
 * Completes one of them, with the answer that the kernel would give now. On Linux its completion
 * runs in this thread, before this call returns; on Windows in a thread of the system, soon. Index
 * 0 is the query that was begun first; any order is allowed. INVALID if there are not so many.
 */
CONNTRAIL_API conntrail_status conntrail_emu_complete(conntrail_emu *emu, size_t index);

#ifdef __cplusplus
}
#endif

#endif
