/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_DATAGRAM_H
#define CONNTRAIL_DATAGRAM_H

/**
 * @file
 * UDP: receives datagrams with their redirect records and context, finds their original
 * destination, and sends replies that have this destination as their sender.
 *
 * A transparent proxy for UDP needs five calls:
 *
 *     conntrail_enable_messages(socket);                             once, before bind
 *     conntrail_recvmsg(socket, &message);                           each datagram of a client
 *     conntrail_datagram_destination(socket, &message, ..., &flow);  the first one of each flow
 *     conntrail_sendmsg(outbound, &message);                         with the records that came
 *     conntrail_reply(socket, &flow, ...);                           each datagram of the server
 *
 * examples/udp_relay.c is the complete program. A flow is a client and a destination. Keep a table
 * of flows with the key message.peer and message.local.
 *
 * Errors, threads and memory: see conntrail/conntrail.h. A message whose control data need more
 * than 4,096 bytes allocates as much heap during the call. The calls block as the socket does.
 */

#include "conntrail/conntrail.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How many pieces of memory one datagram may consist of. */
#define CONNTRAIL_MOST_BUFFERS 16u

/** A piece of a datagram. */
typedef struct conntrail_buffer {
  void *bytes; /**< conntrail_sendmsg() only reads it */
  size_t size; /**< bytes that it holds */
} conntrail_buffer;

/** In: conntrail_recvmsg() does not remove the datagram and what belongs to it. */
#define CONNTRAIL_MESSAGE_PEEK 1u

/** In: the control message that conntrail_enable_messages() asked a real Linux for (IP_ORIGDSTADDR,
 * IPV6_ORIGDSTADDR) stays among the caller's control messages, because the caller enabled it too
 * (K15). Without this flag it is only in message->local. */
#define CONNTRAIL_MESSAGE_KEEP_LOCAL 2u

/* What did not reach the caller. Combined by or. */
#define CONNTRAIL_LOST_DATA 1u    /**< the end of the datagram: payload is too small */
#define CONNTRAIL_LOST_RECORDS 2u /**< redirect records: records_capacity is too small */
#define CONNTRAIL_LOST_CONTEXT 4u /**< the redirect context: context_capacity is too small */
#define CONNTRAIL_LOST_CONTROL                                                                     \
  8u                                 /**< control messages, maybe records and context among them:  \
                                          the three capacities are too small together */
#define CONNTRAIL_LOST_MALFORMED 16u /**< what stands behind a malformed control message */

/**
 * A datagram and what belongs to it. Start from CONNTRAIL_MESSAGE_INIT. One message object may be
 * used for any number of calls, one after the other. It keeps what the library looked up for the
 * last socket, so that one message for each socket is fastest.
 */
typedef struct conntrail_message {
  size_t struct_size; /**< in: sizeof(conntrail_message) */

  /** recv: out, who sent it; bytes without a meaning are 0. send: in, to whom; family 0 sends to
   * where the socket is connected */
  struct sockaddr_storage peer;

  /** recv: out, the address to which the datagram was sent, on a real Linux (K11); family 0
   * elsewhere. send: ignored */
  struct sockaddr_storage local;

  conntrail_buffer *payload; /**< in: the pieces; may be NULL if payload_count is 0 */
  size_t payload_count;      /**< in: at most CONNTRAIL_MOST_BUFFERS */
  size_t payload_size;       /**< recv: out, bytes that were written. send: ignored */

  void *records;           /**< recv: out, may be NULL if not wanted. send: in, or NULL */
  size_t records_capacity; /**< recv: in, bytes that records holds. send: ignored */
  size_t records_size;     /**< recv: out, 0 if none arrived. send: in, 0 sends none */

  void *context;           /**< recv: out, may be NULL if not wanted. send: ignored */
  size_t context_capacity; /**< recv: in, bytes that context holds */
  size_t context_size;     /**< recv: out, 0 if none arrived */

  /** The caller's own control messages, as this system lays them out (CMSG_, WSA_CMSG_); ours are
   * never among them. recv: out, may be NULL if not wanted. send: in, or NULL. Aligned as
   * struct cmsghdr and WSACMSGHDR are */
  void *control;
  size_t control_capacity; /**< recv: in, bytes that control holds. send: ignored */
  size_t control_size;     /**< recv: out, 0 if none arrived. send: in, 0 sends none */

  unsigned flags; /**< recv: in, CONNTRAIL_MESSAGE_ flags or 0. send: 0 */
  unsigned lost;  /**< recv: out, CONNTRAIL_LOST_... send: untouched */

  conntrail_socket library_socket; /**< private to the library */
  void *library_call;              /**< private to the library */
} conntrail_message;

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
/** The value to start a conntrail_message from. */
#define CONNTRAIL_MESSAGE_INIT                                                                     \
  {                                                                                                \
    sizeof(conntrail_message), {0}, {0}, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, 0, 0,     \
        CONNTRAIL_INVALID_SOCKET, NULL                                                             \
  }
/* clang-format on */

/**
 * Enables redirect records and context for the datagrams of a UDP socket: for IPv4, for IPv6, or
 * for both if the socket receives both (clause M1). On a real Linux, which has no records, it
 * enables the address to which each datagram was sent (K11). Call it before the first datagram can
 * arrive, at the latest between bind and the first receive. It may be called again.
 *
 * @param socket  a UDP socket
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_INVALID        not UDP over IP
 * @retval CONNTRAIL_NOT_SUPPORTED  Windows 7, Wine, or an emulation is linked and none exists:
 *                                  datagrams arrive without records, as if they were not redirected
 * @retval others                   the system's own refusals (Q15)
 *
 * After a failure they may be enabled for IPv4 or IPv6 only.
 * Ownership: the socket stays the caller's. Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_enable_messages(conntrail_socket socket);

/**
 * Receives one datagram. The first datagram of a flow has the redirect records and the context (M1,
 * M2). Later ones do not: keep the records with the flow.
 *
 * @param socket   a UDP socket, bound, after conntrail_enable_messages()
 * @param message  in/out, as described above
 *
 * @retval CONNTRAIL_OK                 a datagram, whole
 *
 * These three received a datagram as well; message->lost says all that is missing, and the sizes
 * say what is there. Where several apply, the first of them is answered:
 *
 * @retval CONNTRAIL_DATA_TRUNCATED     the datagram is larger than payload (M4)
 * @retval CONNTRAIL_CONTROL_TRUNCATED  records, context or control messages did not fit.
 *                                      LOST_RECORDS, LOST_CONTEXT: the size says how much it is,
 *                                      and nothing was written. They will not come again (M4)
 * @retval CONNTRAIL_INVALID_MESSAGE    the system's control data are malformed; what stood before
 *                                      that is there (M6)
 *
 * After all others nothing was received, and message is as it was:
 *
 * @retval CONNTRAIL_WOULD_BLOCK        the socket does not block, and no datagram is there
 * @retval CONNTRAIL_FAULT              message is NULL, or a pointer in it is NULL and its size is
 *                                      not 0
 * @retval CONNTRAIL_INVALID            struct_size or flags; not UDP; on Windows: not bound
 * @retval CONNTRAIL_LIMIT              more than CONNTRAIL_MOST_BUFFERS pieces
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_NO_MEMORY          before anything was received
 * @retval CONNTRAIL_UNREACHABLE        an earlier datagram of this socket was not delivered
 * @retval CONNTRAIL_TIMED_OUT          SO_RCVTIMEO, on Windows
 * @retval others                       the system's own refusals (Q15)
 *
 * Ownership: all memory is the caller's. Threads: any; a message object serves one call at a
 * time. Blocking: as recvmsg on this socket. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_recvmsg(conntrail_socket socket,
                                                 conntrail_message *message);

/**
 * Sends one datagram, with redirect records if the message has some. Redirect services then
 * recognise the flow that it begins (M3). They decide at the first datagram from this socket to
 * this destination, so that one needs the records; later ones may have them. connect() on a UDP
 * socket counts as a first datagram without records: send one with records before it.
 *
 * @param socket   a UDP socket
 * @param message  in/out: records are what conntrail_recvmsg() gave, unchanged. Nothing but the
 *                 library's own members is written
 *
 * @retval CONNTRAIL_OK               sent, whole
 *
 * After all others nothing was sent:
 *
 * @retval CONNTRAIL_WOULD_BLOCK      the socket does not block, and its buffer is full
 * @retval CONNTRAIL_FAULT            message is NULL, or a pointer in it is NULL and its size is
 * not 0
 * @retval CONNTRAIL_INVALID          struct_size or flags; not UDP; not records of a query or of
 *                                    conntrail_recvmsg()
 * @retval CONNTRAIL_INVALID_MESSAGE  message->control is malformed, or holds redirect records (M6)
 * @retval CONNTRAIL_LIMIT            records above CONNTRAIL_LARGEST_BLOB, more control data than
 *                                    that, or too many pieces
 * @retval CONNTRAIL_TOO_LARGE        no datagram holds so much
 * @retval CONNTRAIL_NOT_CONNECTED    no peer, and the socket is not connected
 * @retval CONNTRAIL_NOT_SOCKET
 * @retval CONNTRAIL_ACCESS           a redirect service or a firewall blocks it
 * @retval CONNTRAIL_UNREACHABLE      there is no route to the peer, or it does not answer
 * @retval CONNTRAIL_NO_MEMORY
 * @retval CONNTRAIL_NOT_SUPPORTED    records on a real Linux, which would ignore them (K4)
 * @retval others                     the system's own refusals (Q15)
 *
 * Ownership: all memory is the caller's. Threads: any; a message object serves one call at a
 * time. Blocking: as sendmsg on this socket. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_sendmsg(conntrail_socket socket,
                                                 conntrail_message *message);

/* ---- The flows of a UDP proxy --------------------------------------------------------------- */

/**
 * What a proxy needs to reply to the client of a UDP flow. Start from CONNTRAIL_FLOW_INIT, and end
 * with conntrail_flow_end().
 *
 * A flow is a client and a destination: one client's address may send to several destinations.
 */
typedef struct conntrail_flow {
  size_t struct_size;                  /**< in: sizeof(conntrail_flow) */
  struct sockaddr_storage peer;        /**< out: the client, from message->peer */
  struct sockaddr_storage local;       /**< out: where its datagrams arrived; family 0 if the
                                            system does not report it */
  struct sockaddr_storage destination; /**< out: a sockaddr_in or sockaddr_in6 */
  conntrail_socket library_socket;     /**< private to the library */
} conntrail_flow;

/* clang-format 14 and 19 lay this out in two ways. */
/* clang-format off */
/** The value to start a conntrail_flow from. */
#define CONNTRAIL_FLOW_INIT                                                                        \
  { sizeof(conntrail_flow), {0}, {0}, {0}, CONNTRAIL_INVALID_SOCKET }
/* clang-format on */

/**
 * Returns the original destination of a flow's first datagram: from the redirect context that came
 * with it; on a real Linux from the kernel, for TPROXY and for REDIRECT (K12, K13). Call it once
 * for each flow, with its first datagram. Behind REDIRECT the look-up takes some microseconds, and
 * the kernel's entry may expire.
 *
 * Behind REDIRECT, peer and local identify a flow only while the kernel has its entry, by default
 * 30 seconds without a datagram. Afterwards the same two addresses may belong to another
 * destination of that client. Therefore call it again for the next datagram after a pause:
 * examples/udp_flow.c does so after 20 seconds.
 *
 * @param socket    the UDP socket that received it, after conntrail_enable_messages()
 * @param first     in: the message as conntrail_recvmsg() left it
 * @param decode    in: reads the context; NULL: the layouts of conntrail_original_destination()
 * @param argument  passed to decode
 * @param flow      out, not NULL: peer, local and destination
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_FAULT                first or flow is NULL
 * @retval CONNTRAIL_INVALID              a struct_size is wrong
 * @retval CONNTRAIL_CONTROL_TRUNCATED    a context arrived, and first had no space for it
 * @retval CONNTRAIL_UNKNOWN_LAYOUT       the context is in another layout
 * @retval CONNTRAIL_NO_CONTEXT           records arrived, but no context
 * @retval CONNTRAIL_NOT_REDIRECTED       it was not redirected: it was sent to the proxy itself
 *
 * On a real Linux alone:
 *
 * @retval CONNTRAIL_DESTINATION_UNKNOWN  the kernel has no entry for the flow
 * @retval CONNTRAIL_DESTINATION_ACCESS   behind REDIRECT, without CAP_NET_ADMIN (K13)
 * @retval CONNTRAIL_DESTINATION_IS_PROXY the client asked for the proxy's own address
 * @retval others                         those that decode returns; the system's own refusals (Q15)
 *
 * After a failure flow is unchanged. Ownership: all memory is the caller's. Threads: any. Blocking:
 * never, and decode's. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_datagram_destination(conntrail_socket socket,
                                                              const conntrail_message *first,
                                                              conntrail_context_decoder decode,
                                                              void *argument, conntrail_flow *flow);

/**
 * Sends a datagram to the client of a flow, so that the client sees the flow's destination as the
 * sender (M7, K14). On Windows and in the emulation this is a plain send. On a real Linux behind
 * REDIRECT it sends from the address where the client's datagrams arrived. Behind TPROXY it sends
 * through a socket that is bound to the destination. The first reply opens that socket, with the
 * privileges of conntrail_prepare_listener(), and conntrail_flow_end() closes it.
 *
 * @param socket         the UDP socket that received the flow's datagrams
 * @param flow           in/out: what conntrail_datagram_destination() wrote
 * @param payload        in: the pieces, only read; may be NULL if payload_count is 0
 * @param payload_count  at most CONNTRAIL_MOST_BUFFERS
 *
 * @retval CONNTRAIL_OK       sent, whole
 *
 * After all others nothing was sent:
 *
 * @retval CONNTRAIL_FAULT    flow is NULL, or a pointer is NULL and its size is not 0
 * @retval CONNTRAIL_INVALID  struct_size is wrong, or the flow has no peer
 * @retval CONNTRAIL_LIMIT    too many pieces
 * @retval CONNTRAIL_ACCESS   the process may not send from the destination: it needs CAP_NET_ADMIN
 * or CAP_NET_RAW, and CAP_NET_BIND_SERVICE for a port below 1,024
 * @retval others             as conntrail_sendmsg()
 *
 * Ownership: all memory is the caller's; the flow owns a socket until conntrail_flow_end().
 * Threads: any; a flow object serves one call at a time. Blocking: as sendmsg on this socket.
 * Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_reply(conntrail_socket socket, conntrail_flow *flow,
                                               conntrail_buffer *payload, size_t payload_count);

/**
 * Closes the socket that conntrail_reply() opened. The object may be used again. NULL is allowed.
 *
 * Ownership: the flow owns nothing afterwards. Threads: any; one call at a time on a flow.
 * Blocking: never. Clause K14. Since 0.1.
 */
CONNTRAIL_API void conntrail_flow_end(conntrail_flow *flow);

#ifdef __cplusplus
}
#endif

#endif
