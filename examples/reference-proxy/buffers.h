/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_BUFFERS_H
#define REFERENCE_PROXY_BUFFERS_H

#include <stddef.h>

enum { BUFFER_SIZE = 65536 };

/** The memory for bytes in transit, of one worker. Start from {.most = N}. */
typedef struct buffers {
  struct buffer *idle; /* the last used one comes first: it is in the processor's cache */
  size_t idle_count;
  size_t made;
  size_t most;
} buffers;

/** BUFFER_SIZE bytes; NULL if `most` are in use, or memory is exhausted. */
void *buffers_take(buffers *of);
void buffers_give(buffers *to, void *buffer);

/** Frees the idle ones. */
void buffers_free(buffers *all);

#endif
