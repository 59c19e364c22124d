/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EVENT_H
#define CONNTRAIL_EVENT_H

/**
 * @file
 * conntrail on a libevent event_base: queries that call back in the loop, and the one call that a
 * proxy needs: an accepted socket in, a bufferevent out that carries its records and is connecting;
 * or a socket, for a proxy that reads and writes by itself.
 * Link conntrail::event (CMake) or conntrail-event (pkg-config): it needs libevent_core and nothing
 * else of libevent.
 *
 *     static void on_connecting(conntrail_status status, struct bufferevent *onward, void *proxy);
 *
 *     conntrail_event_connect(base, accepted, (struct sockaddr *)&destination,
 *                             BEV_OPT_CLOSE_ON_FREE, on_connecting, proxy, NULL);
 *
 * Callbacks. Exactly one for each request that was begun, none for one that was refused (a negative
 * status). In the thread that runs the base, in a later turn of its loop: never inside the call
 * that begins, cancels or closes. In the callback, conntrail_native_error() is the failure's
 * number; after a refused beginning call it says nothing.
 *
 * Statuses. Only mistakes in the arguments and want of memory are refused by the beginning call.
 * All that the system says of a socket comes in the callback, NOT_SOCKET as well, so that it does
 * not matter whether the system answers at once (clause O1).
 *
 * A request is the library's. Its pointer may be used until its callback returned. Before a base is
 * freed, each of its requests must have called back or have been dropped; right after, it may be.
 *
 * The socket may be closed before the answer, which is then ABORTED (clause O2); but its number
 * must not be given to another query before that callback.
 *
 * Threads. Calls for a base belong into the thread that runs it. The base needs no locks (evthread)
 * although the system may answer in another thread. A query that really pends takes a pair of
 * sockets until its callback.
 *
 * Blocking. Never for the answer to a query, but for a Windows socket without the overlapped
 * attribute (O4). Records are set, and SO_ORIGINAL_DST is asked for, by a plain call, which the
 * system answers from what it knows (conntrail.h, "Blocking").
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

/** A query, or a connection, that was begun and has not called back. */
typedef struct conntrail_request conntrail_request;

/**
 * The answer to a query.
 *
 * @param status    as conntrail_query_records() and conntrail_query_context() give it, but never
 *                  BUFFER_TOO_SMALL; or ABORTED
 * @param blob      for CONNTRAIL_OK the bytes, the library's, until this returns; else NULL (O5)
 * @param size      for CONNTRAIL_OK bytes of blob, for CONNTRAIL_LIMIT bytes needed; else 0
 * @param argument  what the beginning call got
 */
typedef void (*conntrail_event_cb)(conntrail_status status, const void *blob, size_t size,
                                   void *argument);

/**
 * Asks for the redirect records of an accepted connection.
 *
 * @param base      in, not NULL
 * @param socket    the socket that accept() gave
 * @param callback  in, not NULL
 * @param argument  handed to callback
 * @param request   out, to cancel it by; may be NULL. Written where OK is returned
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
 * Asks for the redirect context. As conntrail_event_query_records() in everything.
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
 * conntrail_original_destination() does. As conntrail_event_query_records() in everything, but that
 * the callback's blob is a struct sockaddr_storage, and its failures are those of
 * conntrail_original_destination(); or ABORTED.
 *
 * @param base      in, not NULL
 * @param accepted  the socket that accept() gave
 * @param listener  the socket that accepted it, or CONNTRAIL_INVALID_SOCKET: see
 *                  conntrail_original_destination_by()
 * @param callback  in, not NULL
 * @param argument  handed to callback
 * @param request   out, to cancel it by; may be NULL. Written where OK is returned
 *
 * Ownership: accepted stays the caller's, the request is the library's. Threads: the base's.
 * Blocking: never, but see above. Clauses D1, D2, O1 to O6. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_original_destination(
    struct event_base *base, conntrail_socket accepted, conntrail_socket listener,
    conntrail_event_cb callback, void *argument, conntrail_request **request);

/**
 * Gives a request up. Its callback runs with ABORTED in the loop's next turn, also where the answer
 * is there already or the system never ends the query. In the callback itself, nothing happens.
 *
 * @param request  one whose callback has not returned; NULL is allowed
 *
 * Ownership: the request stays the library's. Threads: the base's. Blocking: never. Clause O2.
 * Since 0.1.
 */
CONNTRAIL_EVENT_API void conntrail_request_cancel(conntrail_request *request);

/**
 * Gives a request up without a callback, for a program that ends: right after, the base may be
 * freed. In the callback itself, nothing happens.
 *
 * @param request  one whose callback has not returned; NULL is allowed
 *
 * Ownership: the request is gone. Threads: the base's. Blocking: no longer than another thread
 * needs to send the byte that it has begun to send. Clause O2. Since 0.1.
 */
CONNTRAIL_EVENT_API void conntrail_request_drop(conntrail_request *request);

/**
 * A connection that goes on where an accepted one was redirected from.
 *
 * @param status    CONNTRAIL_OK: onward carries the records. CONNTRAIL_OK_NOTHING_TO_TRANSFER: the
 *                  accepted connection was not redirected. Negative: there is no connection
 * @param onward    the callback's, connecting: give it callbacks with bufferevent_setcb(), and wait
 *                  for BEV_EVENT_CONNECTED. NULL where status is negative
 * @param argument  what the beginning call got
 */
typedef void (*conntrail_event_connect_cb)(conntrail_status status, struct bufferevent *onward,
                                           void *argument);

/**
 * Goes on where an accepted connection was redirected from, in the one order that is right: makes a
 * socket, asks for the records of `accepted`, sets them on it, makes a bufferevent of it, connects.
 *
 * @param base         in, not NULL
 * @param accepted     the socket that accept() gave
 * @param destination  in, not NULL: a whole sockaddr_in or sockaddr_in6, copied; mostly what
 *                     conntrail_original_destination() gave
 * @param options      BEV_OPT_..., mostly BEV_OPT_CLOSE_ON_FREE
 * @param callback     in, not NULL
 * @param argument     handed to callback
 * @param request      out, to cancel it by; may be NULL. Written where OK is returned
 *
 * @retval CONNTRAIL_OK         begun: callback will run
 * @retval CONNTRAIL_FAULT      base, destination or callback is NULL
 * @retval CONNTRAIL_INVALID    destination is neither an IPv4 nor an IPv6 address
 * @retval CONNTRAIL_NO_MEMORY
 * @retval CONNTRAIL_OUTBOUND_CONNECT_FAILED  no socket could be made: EVUTIL_SOCKET_ERROR() says
 * why
 *
 * The callback's failures: a plain status speaks of the accepted socket, the statuses of
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
 * A socket that goes on where an accepted connection was redirected from.
 *
 * @param status    as for conntrail_event_connect_cb
 * @param onward    the callback's to close: a TCP socket that does not block, connecting, or
 *                  connected already. Wait until it can be written to, then ask for SO_ERROR.
 *                  CONNTRAIL_INVALID_SOCKET where status is negative
 * @param argument  what the beginning call got
 */
typedef void (*conntrail_event_connect_socket_cb)(conntrail_status status, conntrail_socket onward,
                                                  void *argument);

/**
 * conntrail_event_connect() for a program that reads and writes by itself (splice(2), buffers of
 * its own): gives the socket instead of a bufferevent. It is handed over while it connects, so that
 * the program's own event and its own time-out wait for it. Its options may be set in the callback;
 * one that must stand before connect (a source address, a mark) needs a socket of the program's,
 * and conntrail_event_query_records() with conntrail_set_records() and connect() in its callback.
 *
 * @param base         in, not NULL
 * @param accepted     the socket that accept() gave
 * @param destination  in, not NULL: a whole sockaddr_in or sockaddr_in6, copied; mostly what
 *                     conntrail_original_destination() gave
 * @param callback     in, not NULL
 * @param argument     handed to callback
 * @param request      out, to cancel it by; may be NULL. Written where OK is returned
 *
 * @retval CONNTRAIL_OK         begun: callback will run
 * @retval CONNTRAIL_FAULT      base, destination or callback is NULL
 * @retval CONNTRAIL_INVALID    destination is neither an IPv4 nor an IPv6 address
 * @retval CONNTRAIL_NO_MEMORY
 * @retval CONNTRAIL_OUTBOUND_CONNECT_FAILED  no socket could be made: EVUTIL_SOCKET_ERROR() says
 * why
 *
 * After a failure nothing is open that was not before, and *request is as it was. The callback's
 * failures are those of conntrail_event_connect(), without OUTBOUND_NO_MEMORY for a bufferevent;
 * CONNTRAIL_OUTBOUND_CONNECT_FAILED also where the system tells at once that nobody is there.
 *
 * Ownership: accepted stays the caller's, onward is the callback's. Threads: the base's. Blocking:
 * never, but see above. Clauses T1 to T3 and O1. Since 0.1.
 */
CONNTRAIL_EVENT_API conntrail_status conntrail_event_connect_socket(
    struct event_base *base, conntrail_socket accepted, const struct sockaddr *destination,
    conntrail_event_connect_socket_cb callback, void *argument, conntrail_request **request);

/** What a listener's connections are handed to. */
typedef struct conntrail_event_listener conntrail_event_listener;

/**
 * A connection was accepted, and the connection onward is begun.
 *
 * @param status       as for conntrail_event_connect_cb; or a failure of
 *                     conntrail_original_destination()
 * @param accepted     the callback's to close, whatever the status is
 * @param destination  where its client wanted to go; family AF_UNSPEC where that is not known
 * @param onward       the callback's, as for conntrail_event_connect_cb; NULL where status is
 *                     negative
 * @param argument     what conntrail_event_listener_new() got
 */
typedef void (*conntrail_event_accept_cb)(conntrail_status status, conntrail_socket accepted,
                                          const struct sockaddr_storage *destination,
                                          struct bufferevent *onward, void *argument);

/**
 * From now on a listener's connections are asked for their original destination, continued to it
 * with conntrail_event_connect(), and then handed to callback.
 *
 * @param listener  in, not NULL: takes its callback. Mostly with LEV_OPT_CLOSE_ON_FREE
 * @param options   BEV_OPT_..., for the connections onward
 * @param callback  in, not NULL; once for each connection
 * @param argument  handed to callback
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
 * Takes the listener's callback away. Connections that were not handed over are dropped: closed,
 * without a callback. Call it before evconnlistener_free(), not in a callback of its own. NULL is
 * allowed.
 *
 * Ownership: it is gone; the evconnlistener stays the caller's. Threads: the base's. Blocking: as
 * conntrail_request_drop(). Since 0.1.
 */
CONNTRAIL_EVENT_API void conntrail_event_listener_free(conntrail_event_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
