/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_SPLICE_H
#define REFERENCE_PROXY_SPLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "conntrail/platform.h"

/*
 * Bytes from socket to socket without a copy, through a pipe: splice_linux.c. Where there is no
 * such thing (splice_none.c) no pipe is ever given.
 */

typedef struct splice_pipe splice_pipe;

/** The pipes of one worker. Start from {.most = N}; 0 is none. */
typedef struct splice_pipes {
  splice_pipe *idle;
  size_t made;
  size_t most;
} splice_pipes;

/** An empty pipe; NULL where there are `most` already, or the system gives none. */
splice_pipe *splice_take(splice_pipes *of);
/** One that still holds bytes is closed. */
void splice_give(splice_pipes *to, splice_pipe *given);
void splice_free(splice_pipes *all);

size_t splice_holds(const splice_pipe *pipe);

/** As recv: bytes, 0 at the end, negative with the system's error. For an empty pipe. */
ptrdiff_t splice_receive(splice_pipe *into, conntrail_socket from);
/** As send. */
ptrdiff_t splice_send(splice_pipe *from, conntrail_socket to);

/** Whether the last error says that this socket cannot be spliced at all. */
bool splice_is_impossible(void);

#endif
