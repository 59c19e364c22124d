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
#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A redirect service: see conntrail_emu_add_service(). */
typedef struct conntrail_emu_service conntrail_emu_service;

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
                              or delivered meanwhile; default 10 (R7). Set it higher for a test
                              whose process has more clients and a proxy that connects nowhere */
} conntrail_emu_options;

/* clang-format 14 and 19 lay this out in two ways. */
/* clang-format off */
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
 * @param process  0 restores the real process id
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

/* ---- The trail ------------------------------------------------------------------------------- */

/** What happened (E5). Appended to, never renumbered: X(name, number, word in the text). */
#define CONNTRAIL_EMU_EVENT_MAP(X)                                                                 \
  X(CONNECTING, 1, "connecting")    /* a socket asked for a destination */                         \
  X(REDIRECTED, 2, "redirected")    /* a service sent it to its proxy */                           \
  X(PERMITTED, 3, "permitted")      /* a service's filter matched, and permitted it */             \
  X(EXEMPTED, 4, "exempted")        /* a service permits its process or user */                    \
  X(BLOCKED, 5, "blocked")          /* a service refused it */                                     \
  X(DELIVERED, 6, "delivered")      /* it reached its destination */                               \
  X(REFUSED, 7, "refused")          /* no route, and the real network is not allowed */            \
  X(FAILED, 8, "failed")            /* its target did not answer */                                \
  X(ACCEPTED, 9, "accepted")        /* a proxy accepted a redirected connection, or received the   \
                                       first datagram of a redirected flow */                      \
  X(RECORD_LOST, 10, "record lost") /* ... but its record is gone (R9) */                          \
  X(RECORDS_QUERIED, 11, "records queried")                                                        \
  X(CONTEXT_QUERIED, 12, "context queried")                                                        \
  X(DESTINATION_QUERIED, 13, "original destination queried")                                       \
  X(RECORDS_SET, 14, "records set")                                                                \
  X(CLOSED, 15, "closed")                     /* an accepted, redirected socket */                 \
  X(LOOP, 16, "loop")                         /* it would return to a proxy: refused (R7) */       \
  X(FAULT, 17, "fault")                       /* a fault of the test affected it */                \
  X(MISUSE, 18, "misuse")                     /* a mistake that Windows reports late or never */   \
  X(RECORDS_RECEIVED, 19, "records received") /* with the first datagram of a flow */              \
  X(IDLE, 20, "idle")                         /* a redirected UDP flow ended by its time-out */    \
  X(CONTEXT_RECEIVED, 21, "context received") /* ... which came without its records */             \
  X(ASSUMED, 22, "assumed") /* the profile lacks this answer: its base gave it */                  \
  X(DROPPED, 23, "dropped") /* a connected, redirected UDP socket: its datagrams                   \
                               go nowhere */                                                       \
  X(HINT, 24, "hint")       /* no mistake now; one where a second service is installed (X4) */

/** What happened: the kinds of CONNTRAIL_EMU_EVENT_MAP. */
typedef enum conntrail_emu_event_kind {
#define CONNTRAIL_EMU_EVENT_CONSTANT(name, number, word) CONNTRAIL_EMU_##name = (number),
  CONNTRAIL_EMU_EVENT_MAP(CONNTRAIL_EMU_EVENT_CONSTANT)
#undef CONNTRAIL_EMU_EVENT_CONSTANT
} conntrail_emu_event_kind;

/** Misuse by name: X(name, number, what was done and the cure). */
#define CONNTRAIL_EMU_MISUSE_MAP(X)                                                                \
  X(LISTENER_QUERIED, 1, "records asked of the listening socket; ask the accepted one")            \
  X(SET_AFTER_CONNECT, 2,                                                                          \
    "records set after connect: too late, the redirect was already decided; set them on the "      \
    "fresh socket")                                                                                \
  X(SET_AFTER_BIND, 3, "records set after bind; set them right after socket()")                    \
  X(NOT_TRANSFERRED, 4,                                                                            \
    "accepted connection closed and its records never transferred, although a connection to the "  \
    "same destination was made; call conntrail_transfer_records before connect")                   \
  X(LAYOUT_DID_NOT_FIT, 5,                                                                         \
    "context read with a layout that does not fit; use a decoder for this redirect service")       \
  X(BUFFER_ASSUMED, 6,                                                                             \
    "buffer assumed to hold any blob: the answer was \"too small\" and nobody asked again; ask "   \
    "again with the size that was given")                                                          \
  X(OUTSIDE, 7,                                                                                    \
    "the socket was created before the emulation, or created or connected by a call that is not "  \
    "watched (io_uring, a raw system call); create it after conntrail_emu_create, and connect it " \
    "by connect()")                                                                                \
  X(NOBODY_LISTENS, 8,                                                                             \
    "redirected to a proxy address where nobody listens; start the proxy before the client, and "  \
    "compare its address with the service's target")                                               \
  X(MESSAGES_NOT_ENABLED, 9,                                                                       \
    "first datagram of a redirected flow received on a socket without messages enabled: its "      \
    "records are lost; call conntrail_enable_messages right after socket() or bind()")             \
  X(RECORDS_NOT_RECEIVED, 10,                                                                      \
    "first datagram of a redirected flow received by a call that has no place for its records: "   \
    "they are lost; receive with conntrail_recvmsg")                                               \
  X(CONTROL_TOO_SMALL, 11,                                                                         \
    "no room for the records or the context of a flow: they are lost; offer as much as the size "  \
    "says")                                                                                        \
  X(RECORDS_SENT_LATE, 12,                                                                         \
    "records sent with a later datagram: the decision fell at the first, or at connect; send "     \
    "them with the first datagram")                                                                \
  X(NOT_UPDATED, 13,                                                                               \
    "getpeername or shutdown of a socket that ConnectEx or AcceptEx connected, before "            \
    "SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT was set: Windows says that it is not "  \
    "connected; set the option first")

/** Misuse by name: CONNTRAIL_EMU_MISUSE_MAP. */
typedef enum conntrail_emu_misuse {
  CONNTRAIL_EMU_NO_MISUSE = 0,
#define CONNTRAIL_EMU_MISUSE_CONSTANT(name, number, text) CONNTRAIL_EMU_MISUSE_##name = (number),
  CONNTRAIL_EMU_MISUSE_MAP(CONNTRAIL_EMU_MISUSE_CONSTANT)
#undef CONNTRAIL_EMU_MISUSE_CONSTANT
} conntrail_emu_misuse;

/** The redirect state of a connection for one service, with the numbers of the WDK (R1). */
typedef enum conntrail_emu_state {
  CONNTRAIL_EMU_NOT_REDIRECTED = 0,
  CONNTRAIL_EMU_REDIRECTED_BY_SELF = 1,
  CONNTRAIL_EMU_REDIRECTED_BY_OTHER = 2,
  CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF = 3
} conntrail_emu_state;

/** One event. Unused fields are 0, NULL or of family 0. */
typedef struct conntrail_emu_event {
  size_t struct_size;                   /**< in: sizeof(conntrail_emu_event) */
  uint64_t number;                      /**< 1 for the first event of the emulation */
  conntrail_emu_event_kind kind;        /**< what happened */
  conntrail_emu_misuse misuse;          /**< MISUSE: which one */
  conntrail_emu_state state;            /**< if a service decided: the state that it saw;
                                             FAULT: a conntrail_emu_operation; REFUSED: 1 for
                                             WSAConnectByName and its like, 2 for RIO;
                                             ASSUMED: a conntrail_emu_situation */
  const conntrail_emu_service *service; /**< who decided, or whose connection it is */
  const conntrail_emu_service
      *untransferred_by; /**< LOOP: whose proxy did not transfer the records */
  uint32_t process;      /**< whose socket it is */
  uint32_t socket;   /**< sockets are numbered from 1 in the order in which they first appear: in a
                          decision, or as an argument of emu.h */
  uint32_t from;     /**< ACCEPTED: the client's socket. RECORDS_SET: the socket that the records
                          were queried from. LOOP: the accepted socket whose records were
                          not transferred. ASSUMED: the conntrail_emu_profile that answered */
  uint32_t hops;     /**< redirects in the records that the socket carries, or that it set */
  uint32_t native;   /**< the Winsock number of an answer */
  uint32_t size;     /**< bytes of records or context; bytes needed if it was too small */
  uint32_t capacity; /**< bytes that the caller offered */
  struct sockaddr_storage destination; /**< where the client wanted to go */
  struct sockaddr_storage target;      /**< where it was really sent */
  uint32_t protocol;                   /**< of the socket: 6 is TCP, 17 is UDP; 0 without one */
} conntrail_emu_event;

/** The name of a service, valid as long as its emulation. "" for NULL. */
CONNTRAIL_API const char *conntrail_emu_service_name(const conntrail_emu_service *service);

/** The word for a kind of event; "?" for other values. */
CONNTRAIL_API const char *conntrail_emu_event_word(conntrail_emu_event_kind kind);

/** What a misuse was and its cure; "?" for other values. */
CONNTRAIL_API const char *conntrail_emu_misuse_text(conntrail_emu_misuse misuse);

/** How many events of a kind there were, including those that are no longer kept. */
CONNTRAIL_API uint64_t conntrail_emu_count(const conntrail_emu *emu, conntrail_emu_event_kind kind);

/** How often a misuse was noticed. */
CONNTRAIL_API uint64_t conntrail_emu_misuse_count(const conntrail_emu *emu,
                                                  conntrail_emu_misuse misuse);

/**
 * The first kept event whose number is above `after`; 0 begins at the oldest.
 *
 * @param emu    the emulation
 * @param after  a number of an event, or 0
 * @param event  in/out: struct_size set by the caller, the rest written if true is returned
 * @return whether there was one
 */
CONNTRAIL_API bool conntrail_emu_next_event(const conntrail_emu *emu, uint64_t after,
                                            conntrail_emu_event *event);

/** How conntrail_emu_trail_text() writes. Combined by or. */
#define CONNTRAIL_EMU_TEXT_PLAIN 0u
#define CONNTRAIL_EMU_TEXT_NORMALISED 1u /**< process ids and ephemeral ports by name (E2) */
#define CONNTRAIL_EMU_TEXT_COLOUR 2u     /**< with ANSI colours, for a terminal */

/**
 * The kept trail as text, a line an event, for people.
 *
 * @param emu       the emulation
 * @param flags     CONNTRAIL_EMU_TEXT_ flags
 * @param text      out: always ended with NUL if capacity is above 0. May be NULL if it is 0
 * @param capacity  bytes that text holds
 * @return bytes of the whole text without its NUL, as snprintf counts.
 */
CONNTRAIL_API size_t conntrail_emu_trail_text(const conntrail_emu *emu, unsigned flags, char *text,
                                              size_t capacity);

/**
 * What the emulation sees of a socket (R1): its number, and the redirect state of what it
 * carries for a service. Both may be NULL. INVALID if the socket does not belong to this emulation.
 */
CONNTRAIL_API conntrail_status conntrail_emu_inspect(conntrail_emu *emu, conntrail_socket socket,
                                                     const conntrail_emu_service *service,
                                                     uint32_t *number, conntrail_emu_state *state);

#ifdef __cplusplus
}
#endif

#endif
