/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONNTRAIL_H
#define CONNTRAIL_CONNTRAIL_H

/**
 * @file
 * conntrail: carry WFP redirect records from the connection that a proxy accepted to the
 * connection that it opens. One API over Windows' own control codes and over an emulation of
 * the kernel's part for tests on Linux.
 *
 * A transparent proxy for TCP needs three calls:
 *
 *     struct sockaddr_storage destination;
 *     conntrail_original_destination(accepted, &destination);
 *     conntrail_socket outbound = socket(destination.ss_family, SOCK_STREAM, IPPROTO_TCP);
 *     conntrail_transfer_records(accepted, outbound);
 *     connect(outbound, (struct sockaddr *)&destination, address_size);
 *
 * in that order, each checked: examples/minimal_proxy.c is the whole program. One for UDP takes
 * the records from the first datagram of a flow, conntrail_recvmsg(), and sends them with the
 * first datagram that it forwards, conntrail_sendmsg(): examples/udp_relay.c.
 *
 * Errors. Every call answers a conntrail_status (status.h). Outputs are written only where the
 * description of a status says so; after any other failure they are as they were.
 *
 * Which status wins where several apply (clause Q16): the caller's arguments (FAULT, INVALID),
 * then the descriptor (NOT_SOCKET), then its kind (INVALID), then its state (NOT_CONNECTED),
 * then the system's answer.
 *
 * Threads. Every call may be made from any thread, also for the same socket; what the system
 * does with two calls at once on one socket is its own. conntrail keeps no state between calls.
 *
 * Memory. conntrail keeps no pointer that it was given. Records and contexts up to 1,024 bytes
 * take no heap. Only where the system's answer can be read in several ways (clauses Q3, Q5) a
 * query takes 64 KiB of heap, to ask once more, and gives them back before it returns. A message
 * whose control data need more than 4,096 bytes takes as much heap, for the length of the call.
 *
 * Blocking. The control codes answer from what the kernel already knows. The documents let a
 * provider block; no product is known to see it. Messages block as the socket does.
 *
 * Coming from raw WSAIoctl: do not probe for a size first, and do not compare with
 * ERROR_INSUFFICIENT_BUFFER: systems say "too small" in six ways, and conntrail reads them all.
 * Do not take WSAEINVAL for "not redirected": it also means "too small" (clause Q5).
 */

#include <stddef.h>
#include <stdint.h>

#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CONNTRAIL_VERSION_MAJOR 0
#define CONNTRAIL_VERSION_MINOR 1
#define CONNTRAIL_VERSION_PATCH 0
#define CONNTRAIL_VERSION_TEXT "0.1.0"

/** The version as one number that grows: 0x00MMmmpp. */
#define CONNTRAIL_VERSION                                                                          \
  ((uint32_t)CONNTRAIL_VERSION_MAJOR << 16 | (uint32_t)CONNTRAIL_VERSION_MINOR << 8 |              \
   (uint32_t)CONNTRAIL_VERSION_PATCH)

/** Bytes. Redirect records and contexts above this are answered with LIMIT (clause Q4). */
#define CONNTRAIL_LARGEST_BLOB 65536u

/** Bytes. A buffer that holds the redirect records of most connections in one call. */
#define CONNTRAIL_USUAL_BLOB 1024u

/**
 * The version of the library that is running, to compare with CONNTRAIL_VERSION.
 *
 * Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API uint32_t conntrail_version(void);

/**
 * Reads the redirect records of an accepted, redirected connection: an opaque blob for
 * conntrail_set_records(). Reading does not use them up (clause Q1).
 *
 * @param socket    the socket that accept() gave; not the listening one (clause Q9)
 * @param buffer    out: the records. May be NULL where capacity is 0
 * @param capacity  bytes that buffer holds; 0 asks for the size alone (clause Q2)
 * @param size      out, not NULL: bytes written, or bytes needed
 *
 * @retval CONNTRAIL_OK                *size bytes were written; those behind them are untouched
 * @retval CONNTRAIL_BUFFER_TOO_SMALL  *size bytes are needed; buffer is untouched (Q3)
 * @retval CONNTRAIL_LIMIT             *size bytes are needed, more than CONNTRAIL_LARGEST_BLOB
 *                                     (Q4); one more than that where the system does not say
 * @retval CONNTRAIL_NOT_REDIRECTED    connected, but nobody redirected it: an ordinary case (Q5)
 * @retval CONNTRAIL_NOT_SOCKET        Q7
 * @retval CONNTRAIL_NOT_CONNECTED     fresh, bound or listening (Q8, Q9)
 * @retval CONNTRAIL_INVALID           neither TCP nor UDP over IP (Q10)
 * @retval CONNTRAIL_FAULT             size is NULL, or buffer is NULL and capacity is not 0 (Q11)
 * @retval CONNTRAIL_NOT_SUPPORTED     Windows 7, Wine, or no emulation active (Q14)
 * @retval CONNTRAIL_NO_MEMORY         the system's, or for asking once more (see Memory above)
 * @retval others                      the system's own refusals (Q15): IN_PROGRESS, INTERRUPTED,
 *                                     NET_DOWN, NO_PROTOCOL_OPTION, ACCESS, ABORTED, PENDING,
 *                                     NOT_INITIALISED, UNKNOWN
 *
 * Ownership: all memory is the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_query_records(conntrail_socket socket, void *buffer,
                                                       size_t capacity, size_t *size);

/**
 * Reads the redirect context: the bytes that the redirect service itself attached when it
 * redirected this connection, unchanged (clause Q12). What they mean is between the service
 * and its proxy; conntrail_original_destination() knows the usual layouts.
 *
 * Parameters, statuses and rules as for conntrail_query_records(), and
 *
 * @retval CONNTRAIL_NO_CONTEXT  redirected, but without a context (Q6)
 *
 * Ownership: all memory is the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_query_context(conntrail_socket socket, void *buffer,
                                                       size_t capacity, size_t *size);

/**
 * Gives a socket the redirect records of the connection that it continues, so that redirect
 * services recognise it. Call it on a fresh TCP socket, before bind and connect (clause S2):
 * the decision falls at connect. The last call before connect holds (S3); the same records may
 * go to several sockets.
 *
 * @param socket   a TCP socket that is neither bound nor connected
 * @param records  in: what conntrail_query_records() gave, unchanged
 * @param size     bytes of records, 1 to CONNTRAIL_LARGEST_BLOB
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT          records is NULL and size is not 0 (S7)
 * @retval CONNTRAIL_INVALID        size is 0; not records of a query; already connected, UDP or
 *                                  listening (S2, S4, S5). The socket is as it was
 * @retval CONNTRAIL_LIMIT          size is above CONNTRAIL_LARGEST_BLOB
 * @retval CONNTRAIL_NOT_SOCKET     S5
 * @retval CONNTRAIL_ACCESS         the process may not (S6)
 * @retval CONNTRAIL_NOT_SUPPORTED  Windows 7, Wine, or no emulation active
 * @retval others                   the system's own refusals (Q15)
 *
 * Ownership: records stay the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_set_records(conntrail_socket socket, const void *records,
                                                     size_t size);

/**
 * Carries the redirect records of an accepted connection over to an outbound socket: one query
 * and one set, no heap while the records fit 1,024 bytes (clause T1). What nine proxies in ten
 * need. Call it between socket() and bind() or connect().
 *
 * @param accepted  the socket that accept() gave
 * @param outbound  a TCP socket that is neither bound nor connected
 *
 * @retval CONNTRAIL_OK                      the outbound socket carries the records
 * @retval CONNTRAIL_OK_NOTHING_TO_TRANSFER  the accepted socket was not redirected; the outbound
 *                                           one is as it was (T2)
 * @retval a plain failure                   the accepted socket could not be asked: the statuses
 *                                           of conntrail_query_records(), LIMIT and NO_MEMORY
 *                                           among them
 * @retval an OUTBOUND failure               the outbound socket did not take them: the statuses
 *                                           of conntrail_set_records(), each as its OUTBOUND twin
 *
 * After every failure the outbound socket is as it was (T3).
 * Ownership: both sockets stay the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_transfer_records(conntrail_socket accepted,
                                                          conntrail_socket outbound);

/**
 * Reads the addresses out of a redirect context of a product's own layout.
 *
 * @param context      the bytes, exactly as the redirect service attached them
 * @param size         bytes of context
 * @param destination  out: the original destination. Cleared before the call
 * @param argument     what the caller of conntrail_original_destination_by() gave
 * @retval CONNTRAIL_OK              destination holds a sockaddr_in or sockaddr_in6
 * @retval CONNTRAIL_UNKNOWN_LAYOUT  not a context of this layout: it must never be guessed
 * @retval any other failure         given back to the caller as it is
 */
typedef conntrail_status (*conntrail_context_decoder)(const void *context, size_t size,
                                                      struct sockaddr_storage *destination,
                                                      void *argument);

/**
 * Where the client of a redirected connection wanted to go (clauses D1 to D3): from the
 * redirect context if there is one; if there is none, from the system's own SO_ORIGINAL_DST.
 * A context is recognised by its exact size and then verified: two SOCKADDR_STORAGE (256 bytes,
 * the original remote address first, as Microsoft's sample writes it) or one (128 bytes).
 *
 * @param accepted     the socket that accept() gave
 * @param destination  out, not NULL: a sockaddr_in or sockaddr_in6 with this system's numbers
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT           destination is NULL
 * @retval CONNTRAIL_UNKNOWN_LAYOUT  the context is in another layout: use
 *                                   conntrail_original_destination_by()
 * @retval CONNTRAIL_NO_CONTEXT      no context, and no SO_ORIGINAL_DST either
 * @retval others                    as conntrail_query_context()
 *
 * Ownership: all memory is the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_original_destination(conntrail_socket accepted,
                                                              struct sockaddr_storage *destination);

/**
 * conntrail_original_destination() with a layout of the caller's own.
 *
 * @param accepted     the socket that accept() gave
 * @param decode       in, not NULL: reads the context; called at most once, in this call
 * @param argument     handed to decode
 * @param destination  out, not NULL
 *
 * Statuses as conntrail_original_destination(), FAULT where decode is NULL, and whatever decode
 * answered. An answer of OK without an IPv4 or IPv6 address is UNKNOWN_LAYOUT.
 * Ownership: all memory is the caller's. Threads: any. Blocking: see above, and decode's.
 * Clause D1. Since 0.1.
 */
CONNTRAIL_API conntrail_status
conntrail_original_destination_by(conntrail_socket accepted, conntrail_context_decoder decode,
                                  void *argument, struct sockaddr_storage *destination);

/**
 * The two layouts that conntrail_original_destination() knows, for contexts that came another
 * way. Family numbers of Windows (AF_INET6 is 23) and of this system are both understood (D3).
 *
 * @param context      in: the bytes
 * @param size         bytes of context
 * @param destination  out, not NULL
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT           destination is NULL, or context is NULL and size is not 0
 * @retval CONNTRAIL_UNKNOWN_LAYOUT  another size, or a family or port that cannot be
 *
 * Ownership: all memory is the caller's. Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_decode_context(const void *context, size_t size,
                                                        struct sockaddr_storage *destination);

/* ---- Messages: redirect records and context of UDP ------------------------------------------ */

/** Pieces of memory that one datagram may be spread over. */
#define CONNTRAIL_MOST_BUFFERS 16u

/** A piece of a datagram. */
typedef struct conntrail_buffer {
  void *bytes; /**< conntrail_sendmsg() only reads it */
  size_t size;
} conntrail_buffer;

/** In: conntrail_recvmsg() leaves the datagram, with all that comes with it, to be read again. */
#define CONNTRAIL_MESSAGE_PEEK 1u

/* What did not reach the caller. Combined by or. */
#define CONNTRAIL_LOST_DATA 1u    /**< the end of the datagram: payload is too small */
#define CONNTRAIL_LOST_RECORDS 2u /**< redirect records: records_capacity is too small */
#define CONNTRAIL_LOST_CONTEXT 4u /**< the redirect context: context_capacity is too small */
#define CONNTRAIL_LOST_CONTROL                                                                     \
  8u                                 /**< control messages, maybe records and context among them:  \
                                          the three capacities are too small together */
#define CONNTRAIL_LOST_MALFORMED 16u /**< what stands behind a malformed control message */

/**
 * A datagram with what belongs to it. Start from CONNTRAIL_MESSAGE_INIT. One message object may
 * serve any number of calls, one after the other; it keeps what the library looked up for the
 * socket that it served last, so a message for each socket is the quickest.
 */
typedef struct conntrail_message {
  size_t struct_size; /**< in: sizeof(conntrail_message) */

  /** recv: out, who sent it; bytes without a meaning are 0. send: in, to whom; family 0 sends to
   * where the socket is connected */
  struct sockaddr_storage peer;

  conntrail_buffer *payload; /**< in: the pieces; may be NULL where payload_count is 0 */
  size_t payload_count;      /**< in: at most CONNTRAIL_MOST_BUFFERS */
  size_t payload_size;       /**< recv: out, bytes that were written. send: ignored */

  void *records;           /**< recv: out, may be NULL where not wanted. send: in, or NULL */
  size_t records_capacity; /**< recv: in, bytes that records holds. send: ignored */
  size_t records_size;     /**< recv: out, 0 where none came. send: in, 0 sends none */

  void *context;           /**< recv: out, may be NULL where not wanted. send: ignored */
  size_t context_capacity; /**< recv: in, bytes that context holds */
  size_t context_size;     /**< recv: out, 0 where none came */

  /** The caller's own control messages, as this system lays them out (CMSG_, WSA_CMSG_); ours are
   * never among them. recv: out, may be NULL where not wanted. send: in, or NULL. Aligned as
   * struct cmsghdr and WSACMSGHDR are */
  void *control;
  size_t control_capacity; /**< recv: in, bytes that control holds. send: ignored */
  size_t control_size;     /**< recv: out, 0 where none came. send: in, 0 sends none */

  unsigned flags; /**< in: CONNTRAIL_MESSAGE_PEEK or 0. send: 0 */
  unsigned lost;  /**< recv: out, CONNTRAIL_LOST_... send: untouched */

  conntrail_socket library_socket; /**< the library's own */
  void *library_call;              /**< the library's own */
} conntrail_message;

#define CONNTRAIL_MESSAGE_INIT                                                                     \
  {                                                                                                \
    sizeof(conntrail_message), {0}, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, 0, 0,          \
        CONNTRAIL_INVALID_SOCKET, NULL                                                             \
  }

/**
 * Lets redirect records and context arrive with the datagrams of a UDP socket: for IPv4, IPv6,
 * and both where the socket takes both (clause M1). Call it before the first datagram can come:
 * between bind and the first receive at the latest. Calling it again does no harm.
 *
 * @param socket  a UDP socket
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_INVALID        not UDP over IP
 * @retval CONNTRAIL_NOT_SUPPORTED  Windows 7, Wine, or no emulation active: datagrams come without
 *                                  records, as if nobody redirected them
 * @retval others                   the system's own refusals (Q15)
 *
 * After a failure the socket may take them for one of IPv4 and IPv6 only.
 * Ownership: the socket stays the caller's. Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_enable_messages(conntrail_socket socket);

/**
 * Receives one datagram, with the redirect records and context that the first one of a flow
 * carries (M1, M2). Later ones come without: keep the records with the flow, by message->peer.
 *
 * @param socket   a UDP socket, bound, after conntrail_enable_messages()
 * @param message  in/out, as described above
 *
 * @retval CONNTRAIL_OK                 a datagram, whole
 * These three received a datagram as well; message->lost tells all that is missing, and the sizes
 * tell what is there. Where several apply, the first of them is answered:
 * @retval CONNTRAIL_DATA_TRUNCATED     the datagram is larger than payload (M4)
 * @retval CONNTRAIL_CONTROL_TRUNCATED  records, context or control messages did not fit.
 *                                      LOST_RECORDS, LOST_CONTEXT: the size says how much it is,
 *                                      and nothing was written. They will not come again (M4)
 * @retval CONNTRAIL_INVALID_MESSAGE    the system's control data are malformed; what stood before
 *                                      that is there (M6)
 * After all others nothing was received, and message is as it was:
 * @retval CONNTRAIL_WOULD_BLOCK        the socket does not block, and no datagram is there
 * @retval CONNTRAIL_FAULT              message is NULL, or a pointer in it is where its size is
 *                                      not 0
 * @retval CONNTRAIL_INVALID            struct_size or flags; not UDP; on Windows: not bound
 * @retval CONNTRAIL_LIMIT              more than CONNTRAIL_MOST_BUFFERS pieces
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_NO_MEMORY          before anything was received
 * @retval CONNTRAIL_UNREACHABLE        an earlier datagram of this socket found nobody there
 * @retval CONNTRAIL_TIMED_OUT          SO_RCVTIMEO, on Windows
 * @retval others                       the system's own refusals (Q15)
 *
 * Ownership: all memory is the caller's. Threads: any; a message object serves one call at a
 * time. Blocking: as recvmsg on this socket. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_recvmsg(conntrail_socket socket,
                                                 conntrail_message *message);

/**
 * Sends one datagram, with redirect records where the message has some: then redirect services
 * recognise the flow that it begins (M3). The decision falls at the first datagram from this
 * socket to this destination, so that is the one that needs them; on later ones they do no harm.
 * connect() on a UDP socket is a first datagram without records: send one with records before it.
 *
 * @param socket   a UDP socket
 * @param message  in/out: records are what conntrail_recvmsg() gave, unchanged. Nothing but the
 *                 library's own members is written
 *
 * @retval CONNTRAIL_OK               sent, whole
 * After all others nothing was sent:
 * @retval CONNTRAIL_WOULD_BLOCK      the socket does not block, and its buffer is full
 * @retval CONNTRAIL_FAULT            message is NULL, or a pointer in it is where its size is not 0
 * @retval CONNTRAIL_INVALID          struct_size or flags; not UDP; not records of a query or of
 *                                    conntrail_recvmsg()
 * @retval CONNTRAIL_INVALID_MESSAGE  message->control is malformed, or holds redirect records (M6)
 * @retval CONNTRAIL_LIMIT            records above CONNTRAIL_LARGEST_BLOB, more control data than
 *                                    that, or too many pieces
 * @retval CONNTRAIL_TOO_LARGE        no datagram holds so much
 * @retval CONNTRAIL_NOT_CONNECTED    no peer, and the socket is not connected
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_ACCESS           a redirect service or a firewall blocks it
 * @retval CONNTRAIL_UNREACHABLE      there is no way to the peer, or nobody there
 * @retval CONNTRAIL_NO_MEMORY
 * @retval others                     the system's own refusals (Q15)
 *
 * Ownership: all memory is the caller's. Threads: any; a message object serves one call at a
 * time. Blocking: as sendmsg on this socket. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_sendmsg(conntrail_socket socket,
                                                 conntrail_message *message);

#ifdef __cplusplus
}
#endif

#endif
