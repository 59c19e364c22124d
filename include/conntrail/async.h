/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ASYNC_H
#define CONNTRAIL_ASYNC_H

/**
 * @file
 * Asynchronous queries, for programs with an event loop of their own. For libevent,
 * conntrail/event.h does all of this, and calls back in the thread of the loop.
 *
 *     conntrail_operation *operation;
 *     status = conntrail_begin_query_records(accepted, on_done, argument, &operation);
 *     ... on_done(argument): wake the loop ...
 *     status = conntrail_operation_result(operation, &records, &size);
 *     conntrail_operation_free(operation);
 *
 * on_done runs exactly once if the beginning call returned CONNTRAIL_OK, and never if it failed. It
 * runs in the thread in which the system completes the query. If the system answers at once, as it
 * nearly always does, it runs before the beginning call returns. It may also run while the socket
 * is being closed. conntrail holds no lock meanwhile. on_done should only wake the program.
 *
 * In the usual case the system is asked once. It is asked once more with the largest buffer if the
 * answer does not fit CONNTRAIL_USUAL_BLOB bytes or is ambiguous (clauses Q3, Q5). If there is no
 * context, it is also asked for the records, to find out whether the connection was redirected
 * (Q6). Each of these queries may pend.
 *
 * Closing the socket completes a pending query with ABORTED (clause O2). The thread that began a
 * query may end: Windows then cancels it, and it is asked once more in a thread of the system that
 * does not end (O7). The same happens if the program itself cancels it by CancelIoEx; use
 * conntrail_operation_cancel(). On a socket without Windows' overlapped attribute the query is
 * synchronous and may block (O4).
 *
 * Memory. An operation needs about 1,500 bytes of heap until it is freed, and 64 KiB more if it
 * asked with the largest buffer; without those, its result is NO_MEMORY. They contain its blob,
 * which is never written to after on_done ran (O5).
 */

#include <stddef.h>

#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A query that was begun. */
typedef struct conntrail_operation conntrail_operation;

/** Called once, in any thread, when the result is available. */
typedef void (*conntrail_completion)(void *argument);

/**
 * Begins to read the redirect records of an accepted connection.
 *
 * @param socket      the socket that accept() gave; it may be closed, but its number must not be
 *                    given to another socket before on_done ran
 * @param completion  in, not NULL
 * @param argument    passed to completion
 * @param operation   out, not NULL: written before completion can run
 *
 * @retval CONNTRAIL_OK         begun; completion runs, or has run already
 * @retval CONNTRAIL_FAULT      completion or operation is NULL. Nothing was begun
 * @retval CONNTRAIL_NO_MEMORY  nothing was begun
 *
 * Everything else is a result, including NOT_SOCKET. Ownership: the operation is the caller's, to
 * be given to conntrail_operation_free(). Threads: any. Blocking: never, but see O4. Clauses O1 to
 * O6. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_begin_query_records(conntrail_socket socket,
                                                             conntrail_completion completion,
                                                             void *argument,
                                                             conntrail_operation **operation);

/**
 * Begins to read the redirect context. Otherwise like conntrail_begin_query_records().
 *
 * Ownership: the operation is the caller's. Threads: any. Blocking: never, but see O4. Clauses O1
 * to O6. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_begin_query_context(conntrail_socket socket,
                                                             conntrail_completion completion,
                                                             void *argument,
                                                             conntrail_operation **operation);

/**
 * Begins to look for the original destination, as conntrail_original_destination() does. Like
 * conntrail_begin_query_records(), except that the blob of the result is a struct
 * sockaddr_storage.
 *
 * @param accepted    the socket that accept() gave
 * @param listener    the socket that accepted it, or CONNTRAIL_INVALID_SOCKET: see
 *                    conntrail_original_destination_by()
 * @param completion  in, not NULL
 * @param argument    passed to completion
 * @param operation   out, not NULL: written before completion can run
 *
 * Ownership: the operation is the caller's. Threads: any. Blocking: never, but see O4. Clauses D1,
 * D2, O1 to O6. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_begin_original_destination(
    conntrail_socket accepted, conntrail_socket listener, conntrail_completion completion,
    void *argument, conntrail_operation **operation);

/**
 * Returns the result. It may be called repeatedly, also to poll. After a failure,
 * conntrail_native_error() in the calling thread returns its number.
 *
 * The result is PENDING until completion is called, also after a cancel. From then on it does not
 * change, and any thread may free the operation, even while completion still runs in another one. A
 * program that polls must keep what `argument` points to until completion has returned.
 *
 * @param operation  what a beginning call gave, not freed
 * @param blob       out: for CONNTRAIL_OK the bytes, valid until the operation is freed. May be
 * NULL
 * @param size       out: for CONNTRAIL_OK bytes of blob, for CONNTRAIL_LIMIT bytes needed. May be
 *                   NULL
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_PENDING  completion has not been called yet
 * @retval CONNTRAIL_ABORTED  the socket was closed first, or the operation was cancelled, also
 * if its answer came before the cancel (O2)
 * @retval others             as conntrail_query_records(), conntrail_query_context() and
 *                            conntrail_original_destination(), but never BUFFER_TOO_SMALL
 *
 * Ownership: the blob stays the operation's. Threads: any. Blocking: never. Clause O1. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_operation_result(const conntrail_operation *operation,
                                                          const void **blob, size_t *size);

/**
 * Asks the system to cancel the query. completion still runs, once, possibly inside this call;
 * until then the result stays PENDING. After completion, this call only makes the result ABORTED.
 *
 * @param operation  not freed
 *
 * Ownership: the operation stays the caller's. Threads: any. Blocking: never. Clause O2. Since 0.1.
 */
CONNTRAIL_API void conntrail_operation_cancel(conntrail_operation *operation);

/**
 * Frees an operation; completion itself may do so. If the query pends, completion still runs, once,
 * and the memory is freed after that. NULL is allowed.
 *
 * Ownership: the operation and its blob do not exist any more. Threads: any. Blocking: never.
 * Clause O5. Since 0.1.
 */
CONNTRAIL_API void conntrail_operation_free(conntrail_operation *operation);

#ifdef __cplusplus
}
#endif

#endif
