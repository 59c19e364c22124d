/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EVENT_H
#define CONNTRAIL_EVENT_H

/**
 * @file
 * conntrail on a libevent event_base: queries that call back in the loop, and the one call that a
 * proxy needs. It takes an accepted socket, and returns a bufferevent that carries its records and
 * is connecting; or a socket, for a proxy that reads and writes by itself.
 * Link conntrail::event (CMake) or conntrail-event (pkg-config). It needs only libevent_core.
 *
 *     static void on_connecting(conntrail_status status, struct bufferevent *onward, void *proxy);
 *
 *     conntrail_event_connect(base, accepted, (struct sockaddr *)&destination,
 *                             BEV_OPT_CLOSE_ON_FREE, on_connecting, proxy, NULL);
 *
 * Callbacks. Each request that was begun calls back exactly once. If the beginning call fails (a
 * negative status), the callback never runs. It runs in the thread that runs the base, in a later
 * turn of its loop: never inside the call that begins, cancels or closes. In the callback,
 * conntrail_native_error() is the number of the failure; after a beginning call that failed it has
 * no meaning.
 *
 * Statuses. The beginning call fails only if an argument is invalid or memory is exhausted. What
 * the system answers for a socket comes in the callback, including NOT_SOCKET. Thus it does not
 * matter whether the system answers at once (clause O1).
 *
 * The library owns a request. Its pointer may be used until its callback returned. Before a base is
 * freed, each of its requests must have called back or have been dropped.
 *
 * The socket may be closed before the answer; the status is then ABORTED (clause O2). Its number
 * must not be given to another query before that callback.
 *
 * Threads. Make calls for a base in the thread that runs it. The base needs no locks (evthread),
 * although the system may answer in another thread. A query that really pends uses a pair of
 * sockets until its callback.
 *
 * Blocking. No call waits for the answer to a query, except for a Windows socket without the
 * overlapped attribute (O4). Records are set, and SO_ORIGINAL_DST is asked for, by a plain call,
 * which the system answers from what it knows (conntrail.h, "Blocking").
 */

#include <stddef.h>

#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bufferevent;
struct evconnlistener;
struct event_base;

/** A query or a connection that was begun and has not called back yet. */
typedef struct conntrail_request conntrail_request;

/**
 * The answer to a query.
 *
 * @param status    as conntrail_query_records() and conntrail_query_context() return it, but never
 *                  BUFFER_TOO_SMALL; or ABORTED
 * @param blob      for CONNTRAIL_OK the bytes, the library's, until this returns; else NULL (O5)
 * @param size      for CONNTRAIL_OK bytes of blob, for CONNTRAIL_LIMIT bytes needed; else 0
 * @param argument  what the beginning call received
 */
typedef void (*conntrail_event_cb)(conntrail_status status, const void *blob, size_t size,
                                   void *argument);

/**
 * Asks for the redirect records of an accepted connection.
 *
 * @param base      in, not NULL
 * @param socket    the socket that accept() gave
 * @param callback  in, not NULL
 * @param argument  passed to callback
 * @param request   out, for conntrail_request_cancel(); may be NULL. Written if OK is returned
 *
 * @retval CONNTRAIL_OK         begun: callback will run
 * @retval CONNTRAIL_FAULT      base or callback is NULL
 * @retval CONNTRAIL_NO_MEMORY  of memory, or of sockets to be woken by
 *
 * Ownership: socket stays the caller's, the request is the library's. Threads: the base's.
 * Blocking: never, but see above. Clauses O1 to O6. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_query_records(struct event_base *base,
                                                                   conntrail_socket socket,
                                                                   conntrail_event_cb callback,
                                                                   void *argument,
                                                                   conntrail_request **request);

/**
 * Asks for the redirect context. Otherwise like conntrail_event_query_records().
 *
 * Ownership: socket stays the caller's, the request is the library's. Threads: the base's.
 * Blocking: never, but see above. Clauses O1 to O6. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_query_context(struct event_base *base,
                                                                   conntrail_socket socket,
                                                                   conntrail_event_cb callback,
                                                                   void *argument,
                                                                   conntrail_request **request);

/**
 * Asks where the client of a redirected connection wanted to go, as
 * conntrail_original_destination() does. Like conntrail_event_query_records(), except that the
 * callback's blob is a struct sockaddr_storage, and its failures are those of
 * conntrail_original_destination(), or ABORTED.
 *
 * @param base      in, not NULL
 * @param accepted  the socket that accept() gave
 * @param listener  the socket that accepted it, or CONNTRAIL_INVALID_SOCKET: see
 *                  conntrail_original_destination_by()
 * @param callback  in, not NULL
 * @param argument  passed to callback
 * @param request   out, for conntrail_request_cancel(); may be NULL. Written if OK is returned
 *
 * Ownership: accepted stays the caller's, the request is the library's. Threads: the base's.
 * Blocking: never, but see above. Clauses D1, D2, O1 to O6. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_original_destination(
    struct event_base *base, conntrail_socket accepted, conntrail_socket listener,
    conntrail_event_cb callback, void *argument, conntrail_request **request);

/**
 * Cancels a request. Its callback runs with ABORTED in the loop's next turn, even if the answer is
 * available already or the system never completes the query. In the callback itself it has no
 * effect.
 *
 * @param request  one whose callback has not returned; NULL is allowed
 *
 * Ownership: the request stays the library's. Threads: the base's. Blocking: never. Clause O2.
 * Since 0.1.
 */
CONNTRAIL_EVENT_API void conntrail_request_cancel(conntrail_request *request);

/**
 * Cancels a request without a callback, for a program that ends: the base may be freed right after.
 * In the callback itself it has no effect.
 *
 * @param request  one whose callback has not returned; NULL is allowed
 *
 * Ownership: the request does not exist any more. Threads: the base's. Blocking: at most until
 * another thread has sent the byte that it began to send. Clause O2. Since 0.1.
 */
CONNTRAIL_EVENT_API void conntrail_request_drop(conntrail_request *request);

/**
 * A connection to the original destination of an accepted one.
 *
 * @param status    CONNTRAIL_OK: onward carries the records. CONNTRAIL_OK_NOTHING_TO_TRANSFER: the
 *                  accepted connection was not redirected. Negative: there is no connection
 * @param onward    the callback's, connecting: give it callbacks with bufferevent_setcb(), and wait
 *                  for BEV_EVENT_CONNECTED. NULL if status is negative
 * @param argument  what the beginning call received
 */
typedef void (*conntrail_event_connect_cb)(conntrail_status status, struct bufferevent *onward,
                                           void *argument);

/**
 * Connects to the original destination of an accepted connection, in the one correct order: it
 * makes a socket, asks for the records of `accepted`, sets them on the socket, makes a bufferevent
 * of it, and connects.
 *
 * @param base         in, not NULL
 * @param accepted     the socket that accept() gave
 * @param destination  in, not NULL: a whole sockaddr_in or sockaddr_in6, copied; usually what
 *                     conntrail_original_destination() gave
 * @param options      BEV_OPT_..., usually BEV_OPT_CLOSE_ON_FREE
 * @param callback     in, not NULL
 * @param argument     passed to callback
 * @param request      out, for conntrail_request_cancel(); may be NULL. Written if OK is returned
 *
 * @retval CONNTRAIL_OK         begun: callback will run
 * @retval CONNTRAIL_FAULT      base, destination or callback is NULL
 * @retval CONNTRAIL_INVALID    destination is neither an IPv4 nor an IPv6 address
 * @retval CONNTRAIL_NO_MEMORY
 * @retval CONNTRAIL_OUTBOUND_CONNECT_FAILED  no socket could be made: EVUTIL_SOCKET_ERROR() says
 * why
 *
 * The callback's failures: a plain status is about the accepted socket, the statuses of
 * conntrail_query_records(); its OUTBOUND twin of the outbound one, those of
 * conntrail_set_records(), CONNTRAIL_OUTBOUND_NO_MEMORY for the bufferevent, and
 * CONNTRAIL_OUTBOUND_CONNECT_FAILED where the system refused to connect at once:
 * EVUTIL_SOCKET_ERROR() in the callback says why.
 *
 * Ownership: accepted stays the caller's, onward is the callback's. Threads: the base's. Blocking:
 * never, but see above. Clauses T1 to T3 and O1. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_connect(
    struct event_base *base, conntrail_socket accepted, const struct sockaddr *destination,
    int options, conntrail_event_connect_cb callback, void *argument, conntrail_request **request);

/**
 * A socket that connects to the original destination of an accepted connection.
 *
 * @param status    as for conntrail_event_connect_cb
 * @param onward    the callback's to close: a TCP socket that does not block, connecting, or
 *                  connected already. Wait until it is writable, then read SO_ERROR.
 *                  CONNTRAIL_INVALID_SOCKET if status is negative
 * @param argument  what the beginning call received
 */
typedef void (*conntrail_event_connect_socket_cb)(conntrail_status status, conntrail_socket onward,
                                                  void *argument);

/**
 * conntrail_event_connect() for a program that reads and writes by itself (splice(2), buffers of
 * its own): it returns a socket instead of a bufferevent. The callback receives the socket while it
 * connects; the program waits for it with an event and a time-out of its own. The callback may set
 * options. For an option that must be set before connect (a source address, a mark), make the
 * socket yourself, call conntrail_event_query_records(), and call conntrail_set_records() and
 * connect() in its callback.
 *
 * @param base         in, not NULL
 * @param accepted     the socket that accept() gave
 * @param destination  in, not NULL: a whole sockaddr_in or sockaddr_in6, copied; usually what
 *                     conntrail_original_destination() gave
 * @param callback     in, not NULL
 * @param argument     passed to callback
 * @param request      out, for conntrail_request_cancel(); may be NULL. Written if OK is returned
 *
 * @retval CONNTRAIL_OK         begun: callback will run
 * @retval CONNTRAIL_FAULT      base, destination or callback is NULL
 * @retval CONNTRAIL_INVALID    destination is neither an IPv4 nor an IPv6 address
 * @retval CONNTRAIL_NO_MEMORY
 * @retval CONNTRAIL_OUTBOUND_CONNECT_FAILED  no socket could be made: EVUTIL_SOCKET_ERROR() says
 * why
 *
 * After a failure no additional socket is open, and *request is unchanged. The callback's
 * failures are those of conntrail_event_connect(), without OUTBOUND_NO_MEMORY for a bufferevent;
 * CONNTRAIL_OUTBOUND_CONNECT_FAILED also if the system reports at once that there is no answer.
 *
 * Ownership: accepted stays the caller's, onward is the callback's. Threads: the base's. Blocking:
 * never, but see above. Clauses T1 to T3 and O1. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_connect_socket(
    struct event_base *base, conntrail_socket accepted, const struct sockaddr *destination,
    conntrail_event_connect_socket_cb callback, void *argument, conntrail_request **request);

/** Handles the connections of a listener: see conntrail_event_listener_new(). */
typedef struct conntrail_event_listener conntrail_event_listener;

/**
 * A connection was accepted, and the connection onward is begun.
 *
 * @param status       as for conntrail_event_connect_cb; or a failure of
 *                     conntrail_original_destination()
 * @param accepted     the callback's to close, whatever the status is
 * @param destination  where its client wanted to go; family AF_UNSPEC if that is not known
 * @param onward       the callback's, as for conntrail_event_connect_cb; NULL if status is
 *                     negative
 * @param argument     what conntrail_event_listener_new() received
 */
typedef void (*conntrail_event_accept_cb)(conntrail_status status, conntrail_socket accepted,
                                          const struct sockaddr_storage *destination,
                                          struct bufferevent *onward, void *argument);

/**
 * Handles all later connections of a listener: asks for their original destination, connects to it
 * with conntrail_event_connect(), and passes both to callback.
 *
 * @param listener  in, not NULL: its callback is replaced. Usually with LEV_OPT_CLOSE_ON_FREE
 * @param options   BEV_OPT_..., for the connections onward
 * @param callback  in, not NULL; once for each connection
 * @param argument  passed to callback
 * @return the caller's, for conntrail_event_listener_free(). NULL: no memory, or an argument is
 * NULL
 *
 * A redirect context in a layout that conntrail does not know is UNKNOWN_LAYOUT. A connection
 * without a context is asked for the system's SO_ORIGINAL_DST (D2).
 * Ownership: listener stays the caller's. Threads: the base's. Blocking: never, but see above.
 * Clauses D1, D2, O1. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_event_listener *
conntrail_event_listener_new(struct evconnlistener *listener, int options,
                             conntrail_event_accept_cb callback, void *argument);

/**
 * Removes the callback of the listener. Connections that were not passed to callback yet are closed
 * without a callback. Call it before evconnlistener_free(), and not in its own callback. NULL is
 * allowed.
 *
 * Ownership: it does not exist any more; the evconnlistener stays the caller's. Threads: the
 * base's. Blocking: as conntrail_request_drop(). Since 0.1.
 */
CONNTRAIL_EVENT_API void conntrail_event_listener_free(conntrail_event_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
