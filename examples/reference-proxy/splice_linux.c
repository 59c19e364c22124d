/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* splice, pipe2, F_SETPIPE_SZ */

#include "splice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* As much as an ordinary user may have; where the system gives less, less is used. */
enum { AT_ONCE = 1 << 20 };

struct splice_pipe {
  splice_pipe *next;
  int from, to;
  size_t holds;
};

static void close_pipe(splice_pipes *of, splice_pipe *closed) {
  close(closed->from);
  close(closed->to);
  free(closed);
  of->made--;
}

splice_pipe *splice_take(splice_pipes *of) {
  splice_pipe *taken = of->idle;
  int ends[2];
  if (taken) {
    of->idle = taken->next;
    return taken;
  }
  taken = of->made < of->most ? malloc(sizeof *taken) : NULL;
  if (!taken || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    free(taken);
    return NULL;
  }
  (void)fcntl(ends[1], F_SETPIPE_SZ, AT_ONCE);
  *taken = (splice_pipe){NULL, ends[0], ends[1], 0};
  of->made++;
  return taken;
}

void splice_give(splice_pipes *to, splice_pipe *given) {
  if (given->holds > 0) {
    close_pipe(to, given);
    return;
  }
  given->next = to->idle;
  to->idle = given;
}

void splice_free(splice_pipes *all) {
  while (all->idle) {
    splice_pipe *closed = all->idle;
    all->idle = closed->next;
    close_pipe(all, closed);
  }
}

size_t splice_holds(const splice_pipe *pipe) {
  return pipe->holds;
}

ptrdiff_t splice_receive(splice_pipe *into, conntrail_socket from) {
  const ssize_t size =
      splice(from, NULL, into->to, NULL, AT_ONCE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  into->holds += size > 0 ? (size_t)size : 0;
  return size;
}

ptrdiff_t splice_send(splice_pipe *from, conntrail_socket to) {
  const ssize_t size =
      splice(from->from, NULL, to, NULL, from->holds, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  from->holds -= size > 0 ? (size_t)size : 0;
  return size;
}

bool splice_is_impossible(void) {
  return errno == EINVAL;
}
