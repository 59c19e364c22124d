/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SEND_H
#define CONNTRAIL_SEND_H

/* Datagrams that a program sends: what the emulation reads of them, and where they go. */

#include <stdlib.h>

#include "reference.h"
#include "sockaddr.h"

/* ---- What is sent ---------------------------------------------------------------------------- */

enum { CONNTRAIL__USUAL_CONTROL = 512 };

/* An outgoing message: the redirect records in its control data, and the rest of that, which is
 * the system's. */
typedef struct conntrail__outgoing {
  const void *records; /* NULL: it has none */
  size_t records_size;
  const void *control; /* as the program gave it */
  size_t control_size;
  unsigned char *heap; /* to be freed */
  bool is_malformed;   /* the control data */
  size_t usual[CONNTRAIL__USUAL_CONTROL / sizeof(size_t)];
} conntrail__outgoing;

/* Finds the records. False: the control data is malformed. */
bool conntrail__outgoing_read(conntrail__outgoing *message, const void *control, size_t size);
/* The control data without the records, for the system. False: no memory. NULL, 0: nothing is
 * left. */
bool conntrail__outgoing_strip(conntrail__outgoing *message, void **control, size_t *size);
static inline void conntrail__outgoing_free(conntrail__outgoing *message) {
  free(message->heap);
}

/* ---- Where it goes --------------------------------------------------------------------------- */

typedef struct conntrail__send_decision {
  int error;         /* the system's error with which it fails; 0: it is sent */
  bool is_of_engine; /* the engine refuses it, and native is the exact number */
  uint32_t native;
  /* CONNTRAIL__NO_RELAY: through the program's own socket. Else through this one, to target,
   * without waiting and before the lock is given back. */
  intptr_t relay;
  bool is_elsewhere;               /* it is not where the program asked for */
  size_t size;                     /* 0: to where the socket is connected */
  struct sockaddr_storage address; /* of the target */
} conntrail__send_decision;

/* (locked) remote NULL: to where the socket is connected. */
void conntrail__send_decide(const conntrail__reference *socket, const conntrail__address *remote,
                            const conntrail__outgoing *message, const conntrail__identity *who,
                            conntrail__send_decision *decision);

#endif
