/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_QUERY_H
#define CONNTRAIL_QUERY_H

/* Reading a whole blob, for the calls that work with one: transfer and original destination. */

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

#endif
