/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_BUFFERS_H
#define REFERENCE_PROXY_BUFFERS_H

#include <stddef.h>

enum { BUFFER_SIZE = 65536 };

/** The memory that bytes under way may take, of one worker. Start from {.most = N}. */
typedef struct buffers {
  struct buffer *idle; /* the one used last is the first: it is in the processor's cache */
  size_t idle_count;
  size_t made;
  size_t most;
} buffers;

/** BUFFER_SIZE bytes; NULL where there are `most` already, or no memory. */
void *buffers_take(buffers *of);
void buffers_give(buffers *to, void *buffer);

/** Frees those that were given back. */
void buffers_free(buffers *all);

#endif
