/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ASYNC_H
#define CONNTRAIL_ASYNC_H

/**
 * @file
 * Queries that are begun and not waited for, for programs with a loop of their own. On libevent,
 * conntrail/event.h does all of this, and calls back in the loop's thread.
 *
 *     conntrail_operation *operation;
 *     status = conntrail_begin_query_records(accepted, on_done, argument, &operation);
 *     ... on_done(argument): tell the loop ...
 *     status = conntrail_operation_result(operation, &records, &size);
 *     conntrail_operation_free(operation);
 *
 * How often on_done runs: exactly once where beginning answered CONNTRAIL_OK, never where it
 * failed. Where: in whatever thread the system completes the query, and before the beginning call
 * returns where the system answers at once, as it nearly always does; also inside the closing of
 * the socket. It holds no lock of conntrail's. It should only pass the word on.
 *
 * A query is put once in the usual case. What does not fit CONNTRAIL_USUAL_BLOB bytes, or can be
 * read in several ways, is asked for once more with the largest buffer (clauses Q3, Q5); and a
 * context that is not there is told from a connection that nobody redirected by asking for the
 * records as well (Q6). Each of these may pend.
 *
 * Closing the socket ends a query that pends with ABORTED (clause O2). The thread that began it may
 * end: Windows gives up what it began, and the query is asked once more in a thread of the system's
 * that does not end (O7). So is one that the program itself cancelled by CancelIoEx; use
 * conntrail_operation_cancel(). A socket without Windows'
 * overlapped attribute is asked at once and may block (O4).
 *
 * Memory. An operation takes some 1,500 bytes of heap until it is freed, and 64 KiB more where it
 * asked with the largest buffer; without those, NO_MEMORY is its result. Its blob stands in there,
 * and is never written to after on_done ran (O5).
 */

#include <stddef.h>

#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A query that was begun. */
typedef struct conntrail_operation conntrail_operation;

/** Called once, in any thread, when the result is there. */
typedef void (*conntrail_completion)(void *argument);

/**
 * Begins to read the redirect records of an accepted connection.
 *
 * @param socket      the socket that accept() gave; it must stay open or be closed, but its number
 *                    must not be handed to another socket before on_done ran
 * @param completion  in, not NULL
 * @param argument    handed to completion
 * @param operation   out, not NULL: written before completion can run
 *
 * @retval CONNTRAIL_OK         begun; completion runs, or has run already
 * @retval CONNTRAIL_FAULT      completion or operation is NULL. Nothing was begun
 * @retval CONNTRAIL_NO_MEMORY  nothing was begun
 *
 * Everything else, NOT_SOCKET too, is a result. Ownership: the operation is the caller's, to be
 * given to conntrail_operation_free(). Threads: any. Blocking: never, but see O4. Clauses O1 to
 * O6. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_begin_query_records(conntrail_socket socket,
                                                             conntrail_completion completion,
                                                             void *argument,
                                                             conntrail_operation **operation);

/**
 * Begins to read the redirect context. As conntrail_begin_query_records() in everything.
 *
 * Ownership: the operation is the caller's. Threads: any. Blocking: never, but see O4. Clauses O1
 * to O6. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_begin_query_context(conntrail_socket socket,
                                                             conntrail_completion completion,
                                                             void *argument,
                                                             conntrail_operation **operation);

/**
 * Begins to look for the original destination, as conntrail_original_destination() finds it. As
 * conntrail_begin_query_records() in everything, but that the blob of the result is a
 * struct sockaddr_storage.
 *
 * @param accepted    the socket that accept() gave
 * @param listener    the socket that accepted it, or CONNTRAIL_INVALID_SOCKET: see
 *                    conntrail_original_destination_by()
 * @param completion  in, not NULL
 * @param argument    handed to completion
 * @param operation   out, not NULL: written before completion can run
 *
 * Ownership: the operation is the caller's. Threads: any. Blocking: never, but see O4. Clauses D1,
 * D2, O1 to O6. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_begin_original_destination(
    conntrail_socket accepted, conntrail_socket listener, conntrail_completion completion,
    void *argument, conntrail_operation **operation);

/**
 * What came of it. May be asked often, and by a program that waits for nothing else; each time a
 * failure leaves its number for conntrail_native_error() in the thread that asks.
 *
 * PENDING until completion is called, also after a cancel. From then on the result stands, and the
 * operation may be freed by any thread, also while completion still runs in another. Whoever asks
 * instead of being told must keep what `argument` points to until completion has returned: only
 * completion itself can say when it is done with that.
 *
 * @param operation  what a beginning call gave, not freed
 * @param blob       out: for CONNTRAIL_OK the bytes, valid until the operation is freed. May be
 * NULL
 * @param size       out: for CONNTRAIL_OK bytes of blob, for CONNTRAIL_LIMIT bytes needed. May be
 *                   NULL
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_PENDING  completion was not called yet
 * @retval CONNTRAIL_ABORTED  the socket was closed first, or the operation was cancelled, also
 * where its answer was quicker than the cancel (O2)
 * @retval others             as conntrail_query_records(), conntrail_query_context() and
 *                            conntrail_original_destination(), but never BUFFER_TOO_SMALL
 *
 * Ownership: the blob stays the operation's. Threads: any. Blocking: never. Clause O1. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_operation_result(const conntrail_operation *operation,
                                                          const void **blob, size_t *size);

/**
 * Asks the system to give up. completion still runs, once: it may run in here, and until then the
 * result stays PENDING. After completion it only makes the result ABORTED.
 *
 * @param operation  not freed
 *
 * Ownership: the operation stays the caller's. Threads: any. Blocking: never. Clause O2. Since 0.1.
 */
CONNTRAIL_API void conntrail_operation_cancel(conntrail_operation *operation);

/**
 * Frees an operation; completion itself may do so. One that pends goes on for itself: completion
 * still runs, once, and its memory goes after that. NULL is allowed.
 *
 * Ownership: the operation and its blob are gone. Threads: any. Blocking: never. Clause O5.
 * Since 0.1.
 */
CONNTRAIL_API void conntrail_operation_free(conntrail_operation *operation);

#ifdef __cplusplus
}
#endif

#endif
