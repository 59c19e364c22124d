/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_STREAM_H
#define REFERENCE_PROXY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffers.h"
#include "conntrail/platform.h"
#include "splice.h"

/** One end of a connection: its socket, and what is known of it without asking the system. */
typedef struct endpoint {
  conntrail_socket socket;
  bool is_connected;
  bool is_readable;
  bool is_writable;
  bool will_end; /* its end was seen: what is there now is the last of it */
} endpoint;

/** What the streams of a worker share. */
typedef struct stream_tools {
  buffers buffers;
  splice_pipes pipes;
  unsigned char *scratch; /* BUFFER_SIZE, for those who get no buffer */
  size_t peeked;          /* times that it was needed */
  bool
      trusts_short_reads; /* the system announces ends, so that a short read need not be repeated */
} stream_tools;

/** The bytes of one direction. All zero but the endpoints, at first. */
typedef struct stream {
  endpoint *from, *to;
  const struct stream *back; /* the other direction */
  unsigned char *bytes;      /* NULL while nothing waits */
  size_t begin, end;         /* of what waits in bytes */
  splice_pipe *pipe;         /* instead of bytes, once many have passed */
  bool is_unspliceable;
  bool is_held_back; /* bytes were left in `from`, because `to` did not take them */
  bool has_ended;    /* from will send no more */
  bool is_finished;  /* and the end was passed on */
  uint64_t passed;   /* bytes */
} stream;

typedef enum stream_result {
  STREAM_WAITS,    /* for an endpoint */
  STREAM_HAS_MORE, /* others come first */
  STREAM_BROKE     /* the system's error says how */
} stream_result;

/**
 * Passes on what can be passed on now, and no more than is fair to other connections. Where all
 * buffers are in use, it takes from the one end no more than the other takes: slower, but an
 * end that reads goes on, however many others do not.
 */
stream_result stream_move(stream *moved, stream_tools *with);

/** Whether bytes are there that `to` did not take. */
bool stream_is_blocked(const stream *asked);

/** Gives back what it holds. */
void stream_close(stream *closed, stream_tools *with);

#endif
