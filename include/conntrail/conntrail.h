/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONNTRAIL_H
#define CONNTRAIL_CONNTRAIL_H

/**
 * @file
 * conntrail returns where the client of a redirected connection wanted to go, and transfers WFP
 * redirect records from the connection that a proxy accepted to the connection that it opens. The
 * API is the same in production on Windows (WFP's control codes) and on Linux (netfilter), and in
 * tests with an emulated kernel, conntrail::emulation.
 *
 * A transparent proxy for TCP needs three calls:
 *
 *     struct sockaddr_storage destination;
 *     conntrail_original_destination(accepted, &destination);
 *     conntrail_socket outbound = socket(destination.ss_family, SOCK_STREAM, IPPROTO_TCP);
 *     conntrail_transfer_records(accepted, outbound);
 *     connect(outbound, (struct sockaddr *)&destination, address_size);
 *
 * in this order. Check the result of each one: examples/minimal_proxy.c is the complete program.
 * conntrail/datagram.h is for UDP.
 *
 * Errors. Every call returns a conntrail_status (status.h). An output is written only if the
 * description of the status says so. After any other failure it is unchanged.
 *
 * If several statuses apply, the first of these is returned (clause Q16): the caller's arguments
 * (FAULT, INVALID), the descriptor (NOT_SOCKET), its kind (INVALID), its state (NOT_CONNECTED), the
 * system's answer.
 *
 * Threads. Every call may be made from any thread, also for the same socket; the system decides
 * what two simultaneous calls on one socket do. conntrail keeps no state between calls.
 *
 * Memory. conntrail keeps no pointer to the caller's memory. Records and contexts of up to 1,024
 * bytes need no heap. If the system's answer is ambiguous (clauses Q3, Q5), a query allocates 64
 * KiB, asks once more, and frees them before it returns.
 *
 * Blocking. The kernel answers the control codes from what it already knows. The documents allow a
 * provider to block; no product is known where it does.
 *
 * Porting from raw WSAIoctl: do not ask for the size first, and do not compare with
 * ERROR_INSUFFICIENT_BUFFER. Systems report a buffer that is too small in six ways, and conntrail
 * understands all of them. WSAEINVAL does not only mean "not redirected": it also means "too small"
 * (clause Q5).
 */

#include <stddef.h>
#include <stdint.h>

#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The version of these headers. A new major version may change the interface (until 1.0 a minor
 * one). */
#define CONNTRAIL_VERSION_MAJOR 0
/** The version of these headers: minor. */
#define CONNTRAIL_VERSION_MINOR 1
/** The version of these headers: patch. */
#define CONNTRAIL_VERSION_PATCH 0
/** The version of these headers as text. */
#define CONNTRAIL_VERSION_TEXT "0.1.0"

/** The version as one number that grows: 0x00MMmmpp. */
#define CONNTRAIL_VERSION                                                                          \
  ((uint32_t)CONNTRAIL_VERSION_MAJOR << 16 | (uint32_t)CONNTRAIL_VERSION_MINOR << 8 |              \
   (uint32_t)CONNTRAIL_VERSION_PATCH)

/** Bytes. For larger redirect records and contexts, calls return LIMIT (clause Q4). */
#define CONNTRAIL_LARGEST_BLOB 65536u

/** Bytes. A buffer that holds the redirect records of most connections in one call. */
#define CONNTRAIL_USUAL_BLOB 1024u

/**
 * The version of the library that is loaded, to compare with CONNTRAIL_VERSION.
 *
 * Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API uint32_t conntrail_version(void);

/**
 * Reads the redirect records of an accepted, redirected connection: an opaque blob for
 * conntrail_set_records(). Reading does not consume them (clause Q1).
 *
 * @param socket    the socket that accept() gave; not the listening one (clause Q9)
 * @param buffer    out: the records. May be NULL if capacity is 0
 * @param capacity  bytes that buffer holds; 0 asks for the size alone (clause Q2)
 * @param size      out, not NULL: bytes written, or bytes needed
 *
 * @retval CONNTRAIL_OK                *size bytes were written; the bytes after them are unchanged
 * @retval CONNTRAIL_BUFFER_TOO_SMALL  *size bytes are needed; buffer is unchanged (Q3)
 * @retval CONNTRAIL_LIMIT             *size bytes are needed, more than CONNTRAIL_LARGEST_BLOB
 *                                     (Q4); one more than that if the system does not report it
 * @retval CONNTRAIL_NOT_REDIRECTED    connected, but not redirected: an ordinary case (Q5).
 * On a real Linux always, with the native number 10045 (K1)
 * @retval CONNTRAIL_NOT_SOCKET        Q7
 * @retval CONNTRAIL_NOT_CONNECTED     fresh, bound or listening (Q8, Q9)
 * @retval CONNTRAIL_INVALID           neither TCP nor UDP over IP (Q10)
 * @retval CONNTRAIL_FAULT             size is NULL, or buffer is NULL and capacity is not 0 (Q11)
 * @retval CONNTRAIL_NOT_SUPPORTED     Windows 7, Wine, or an emulation is linked and none exists
 *                                     (Q14)
 * @retval CONNTRAIL_VERSION_MISMATCH  the emulation is of another version than this library
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
 * redirected this connection, unchanged (clause Q12). Their meaning is private to the service
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
 * the redirect decision is made at connect. The last call before connect counts (S3); the same
 * records may be set on several sockets.
 *
 * @param socket   a TCP socket that is neither bound nor connected
 * @param records  in: what conntrail_query_records() gave, unchanged
 * @param size     bytes of records, 1 to CONNTRAIL_LARGEST_BLOB
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT          records is NULL and size is not 0 (S7)
 * @retval CONNTRAIL_INVALID        size is 0; not records of a query; already connected, UDP or
 *                                  listening (S2, S4, S5). The socket is unchanged
 * @retval CONNTRAIL_LIMIT          size is above CONNTRAIL_LARGEST_BLOB
 * @retval CONNTRAIL_NOT_SOCKET     S5
 * @retval CONNTRAIL_ACCESS         the process lacks the privilege (S6)
 * @retval CONNTRAIL_NOT_SUPPORTED  Windows 7, Wine, an emulation is linked and none exists; or a
 * real Linux, where no query gives records (K3)
 * @retval others                   the system's own refusals (Q15)
 *
 * Ownership: records stay the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_set_records(conntrail_socket socket, const void *records,
                                                     size_t size);

/**
 * Transfers the redirect records of an accepted connection to an outbound socket: one query and
 * one set, without heap if the records have at most 1,024 bytes (clause T1). Most proxies need
 * only this call. Call it between socket() and bind() or connect().
 *
 * @param accepted  the socket that accept() gave
 * @param outbound  a TCP socket that is neither bound nor connected
 *
 * @retval CONNTRAIL_OK                      the outbound socket carries the records
 * @retval CONNTRAIL_OK_NOTHING_TO_TRANSFER  the accepted socket was not redirected; the outbound
 *                                           one is unchanged (T2). On a real Linux always (K2)
 * @retval others                            the accepted socket could not be asked: the statuses
 *                                           of conntrail_query_records(), LIMIT and NO_MEMORY
 *                                           among them
 * @retval CONNTRAIL_OUTBOUND_...            the outbound socket did not take them: the statuses
 *                                           of conntrail_set_records(), each as its OUTBOUND twin
 *
 * After every failure the outbound socket is unchanged (T3).
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
 * @retval CONNTRAIL_UNKNOWN_LAYOUT  not a context of this layout. Never guess
 * @retval others                    given back to the caller as it is
 */
typedef conntrail_status (*conntrail_context_decoder)(const void *context, size_t size,
                                                      struct sockaddr_storage *destination,
                                                      void *argument);

/**
 * Where the client of a redirected connection wanted to go (clauses D1 to D3): from the
 * redirect context if there is one; otherwise from the system's own SO_ORIGINAL_DST.
 * On a real Linux: from netfilter, for REDIRECT, DNAT and TPROXY (K5 to K10). Call it once, right
 * after accept, and keep the answer: the kernel's entry may expire.
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
 *
 * On a real Linux alone:
 *
 * @retval CONNTRAIL_NOT_REDIRECTED        the kernel tracks the connection, and nothing translated
 *                                         it (K6)
 * @retval CONNTRAIL_DESTINATION_UNKNOWN   the kernel has no entry (K7)
 * @retval CONNTRAIL_DESTINATION_IS_PROXY  the client asked for the proxy's own address (K10)
 * @retval CONNTRAIL_MULTIPATH             Multipath TCP that was not redirected by TPROXY (K9)
 * @retval others                    as conntrail_query_context()
 *
 * Ownership: all memory is the caller's. Threads: any. Blocking: see above. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_original_destination(conntrail_socket accepted,
                                                              struct sockaddr_storage *destination);

/**
 * conntrail_original_destination() with the listener, a layout of the caller's own, or both.
 *
 * @param accepted     the socket that accept() gave
 * @param listener     the socket that accepted it, or CONNTRAIL_INVALID_SOCKET. On a real Linux it
 *                     distinguishes a TPROXY connection to an address of this host from a direct
 * one (K8)
 * @param decode       in: reads the context; called at most once, in this call. NULL: the two
 *                     layouts that conntrail_original_destination() knows
 * @param argument     passed to decode
 * @param destination  out, not NULL
 *
 * Statuses as conntrail_original_destination(), and those that decode returns. An answer of OK
 * without an IPv4 or IPv6 address is UNKNOWN_LAYOUT. Ownership: all memory is the caller's.
 * Threads: any. Blocking: see above, and decode's. Clause D1. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_original_destination_by(
    conntrail_socket accepted, conntrail_socket listener, conntrail_context_decoder decode,
    void *argument, struct sockaddr_storage *destination);

/**
 * Decodes the two layouts that conntrail_original_destination() knows, for contexts from another
 * source. Family numbers of Windows (AF_INET6 is 23) and of this system are both understood (D3).
 *
 * @param context      in: the bytes
 * @param size         bytes of context
 * @param destination  out, not NULL
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT           destination is NULL, or context is NULL and size is not 0
 * @retval CONNTRAIL_UNKNOWN_LAYOUT  another size, or an impossible family or port
 *
 * Ownership: all memory is the caller's. Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_decode_context(const void *context, size_t size,
                                                        struct sockaddr_storage *destination);

/* ---- The listening socket ------------------------------------------------------------------- */

/** The listener accepts what TPROXY delivers: connections and datagrams to foreign addresses. */
#define CONNTRAIL_LISTEN_TRANSPARENT 1u

/**
 * Prepares a listening socket for redirection, before bind(): TCP or UDP, IPv4 or IPv6. On Windows
 * and for REDIRECT nothing is needed; there it does nothing and succeeds.
 *
 * @param socket  a TCP or UDP socket that is not bound
 * @param flags   CONNTRAIL_LISTEN_TRANSPARENT for TPROXY, or 0
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID     an unknown flag, or a socket of another kind
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_ACCESS      the process has neither CAP_NET_ADMIN nor CAP_NET_RAW (K16)
 * @retval others                the system's own refusals (Q15)
 *
 * Ownership: the socket stays the caller's. Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_prepare_listener(conntrail_socket socket, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
