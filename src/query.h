/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_QUERY_H
#define CONNTRAIL_QUERY_H

/* Reading a whole blob, for the calls that work with one: transfer and original destination; and
 * the answer of a query that was begun and not waited for. */

#include "answer.h"
#include "backend.h"
#include "conntrail/conntrail.h"
#include "failure.h"

/* Records or a context, read whole. Larger ones than usual stand on the heap (T1). */
typedef struct conntrail__whole_blob {
  const unsigned char *bytes;
  size_t size;
  unsigned char *heap;
  unsigned char usual[CONNTRAIL_USUAL_BLOB];
} conntrail__whole_blob;

/* bytes and size are set where the status is OK. Release the blob whatever the status is. */
conntrail__verdict conntrail__whole_blob_read(conntrail__whole_blob *blob, conntrail_socket socket,
                                              uint32_t code);
void conntrail__whole_blob_release(conntrail__whole_blob *blob);

/*
 * What an answer to a query means after which no other is put: to a buffer of
 * CONNTRAIL_LARGEST_BLOB bytes, or one that is not AMBIGUOUS. first: what a smaller buffer was
 * answered with before, or answer itself. *size is for OK, BUFFER_TOO_SMALL and LIMIT. Not settled.
 */
conntrail__verdict conntrail__last_answer(conntrail_socket socket, const conntrail__answer *first,
                                          const conntrail__answer *answer, size_t *size);

/*
 * A verdict of NOT_REDIRECTED with the number CONNTRAIL__NO_RECORDS says only that this system has
 * no redirect records. This judges the socket as well, and returns what the caller gets (K1).
 */
conntrail__verdict conntrail__settled(conntrail__verdict verdict, conntrail_socket socket);

/*
 * The original destination, if the context was asked for already: verdict is the outcome of that,
 * not settled; context and size are for OK. listener: CONNTRAIL_INVALID_SOCKET if it is unknown.
 * *destination is written for OK.
 */
conntrail__verdict conntrail__destination_of(conntrail_socket accepted, conntrail_socket listener,
                                             conntrail__verdict verdict, const void *context,
                                             size_t size, struct sockaddr_storage *destination);

/* What a context that was not found means, by the verdict of the records (Q6). native: the number
 * that the context was answered with. */
conntrail__verdict conntrail__missing_context(conntrail__verdict records, uint32_t native);

#endif
