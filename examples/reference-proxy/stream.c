/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include "system.h"

/* A connection's first bytes are cheaper to copy than a pipe is to find. */
enum { SPLICE_AFTER = 2 * BUFFER_SIZE, ROUNDS = 8, SHUT_SENDING = 1 };

bool stream_is_blocked(const stream *asked) {
  return asked->begin < asked->end || asked->is_held_back ||
         (asked->pipe && splice_holds(asked->pipe) > 0);
}

/* False: it broke. An end that is still connecting takes nothing yet. */
static bool took(stream *moved, ptrdiff_t size) {
  if (size >= 0) {
    moved->to->is_connected = true;
    moved->passed += (uint64_t)size;
    return true;
  }
  moved->to->is_writable = false;
  return system_would_wait() || (!moved->to->is_connected && system_is_unconnected());
}

static bool send_bytes(stream *moved) {
  while (moved->begin < moved->end && moved->to->is_writable) {
    const ptrdiff_t size =
        system_send(moved->to->socket, moved->bytes + moved->begin, moved->end - moved->begin);
    if (!took(moved, size)) {
      return false;
    }
    moved->begin += size > 0 ? (size_t)size : 0;
  }
  return true;
}

static bool send_spliced(stream *moved) {
  while (splice_holds(moved->pipe) > 0 && moved->to->is_writable) {
    if (!took(moved, splice_send(moved->pipe, moved->to->socket))) {
      return false;
    }
  }
  return true;
}

static bool send_waiting(stream *moved) {
  return moved->pipe ? send_spliced(moved) : send_bytes(moved);
}

/* What a read said. False: it broke. */
static bool came(stream *moved, ptrdiff_t size) {
  if (size < 0) {
    moved->from->is_readable = false;
    return system_would_wait();
  }
  moved->has_ended = size == 0;
  return true;
}

/* Less than there was room for: that was all, and the system will say when there is more. */
static bool receive_bytes(stream *moved) {
  const ptrdiff_t size = system_receive(moved->from->socket, moved->bytes, BUFFER_SIZE);
  moved->begin = 0;
  moved->end = size > 0 ? (size_t)size : 0;
  if (size > 0 && size < BUFFER_SIZE && !moved->from->will_end) {
    moved->from->is_readable = false;
  }
  return came(moved, size);
}

static bool receive_spliced(stream *moved, stream_tools *with) {
  const ptrdiff_t size = splice_receive(moved->pipe, moved->from->socket);
  if (size < 0 && splice_is_impossible()) {
    moved->is_unspliceable = true;
    splice_give(&with->pipes, moved->pipe);
    moved->pipe = NULL;
    return true;
  }
  return came(moved, size);
}

static bool pass_peeked(stream *moved, stream_tools *with) {
  ptrdiff_t size = system_peek(moved->from->socket, with->scratch, BUFFER_SIZE);
  with->peeked++;
  if (size <= 0) {
    return came(moved, size);
  }
  size = system_send(moved->to->socket, with->scratch, (size_t)size);
  if (!took(moved, size)) {
    return false;
  }
  moved->is_held_back = size < 0;
  return size <= 0 || system_receive(moved->from->socket, with->scratch, (size_t)size) == size;
}

static bool receive(stream *moved, stream_tools *with) {
  if (moved->pipe) {
    return receive_spliced(moved, with);
  }
  return moved->bytes ? receive_bytes(moved) : pass_peeked(moved, with);
}

static void choose_way(stream *moved, stream_tools *with) {
  if (!moved->pipe && !moved->is_unspliceable && moved->passed >= SPLICE_AFTER) {
    moved->pipe = splice_take(&with->pipes);
  }
  if (!moved->pipe && !moved->bytes) {
    moved->bytes = buffers_take(&with->buffers);
  }
}

/* If both directions have ended, closing the sockets reports it. */
static void tell_end(stream *moved) {
  if (moved->has_ended && !moved->is_finished && moved->to->is_connected) {
    if (!moved->back->is_finished) {
      shutdown(moved->to->socket, SHUT_SENDING);
    }
    moved->is_finished = true;
  }
}

static stream_result move_on(stream *moved, stream_tools *with) {
  for (int round = 0; round < ROUNDS; round++) {
    if (!send_waiting(moved)) {
      return STREAM_BROKE;
    }
    moved->is_held_back = moved->is_held_back && !moved->to->is_writable;
    if (stream_is_blocked(moved) || moved->has_ended || !moved->from->is_readable) {
      return STREAM_WAITS;
    }
    choose_way(moved, with);
    if (!receive(moved, with)) {
      return STREAM_BROKE;
    }
  }
  return STREAM_HAS_MORE;
}

stream_result stream_move(stream *moved, stream_tools *with) {
  const stream_result result = move_on(moved, with);
  if (stream_is_blocked(moved)) {
    return result;
  }
  if (moved->bytes) {
    buffers_give(&with->buffers, moved->bytes);
    moved->bytes = NULL;
  }
  if (result != STREAM_BROKE) {
    tell_end(moved);
  }
  return result;
}

void stream_close(stream *closed, stream_tools *with) {
  if (closed->bytes) {
    buffers_give(&with->buffers, closed->bytes);
    closed->bytes = NULL;
  }
  if (closed->pipe) {
    splice_give(&with->pipes, closed->pipe);
    closed->pipe = NULL;
  }
}
