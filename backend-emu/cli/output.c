/* SPDX-License-Identifier: MIT */
/* For pipe2. */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../supervisor/escape.h"

enum { LINES = 5, LONGEST_LINE = 200, LATER = 20000 /* microseconds */ };

static void keep(conntrail__output *output, const char *bytes, size_t size) {
  const size_t room = sizeof output->last - 1;
  if (size > room) {
    bytes += size - room;
    size = room;
  }
  if (output->size + size > room) {
    const size_t gone = output->size + size - room;
    memmove(output->last, output->last + gone, output->size - gone);
    output->size -= gone;
  }
  memcpy(output->last + output->size, bytes, size);
  output->size += size;
  output->last[output->size] = '\0';
}

/* The reader of stderr may have closed it. Then nothing is written. */
static void pass_on(const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(STDERR_FILENO, bytes, size);
    if (written <= 0 && errno != EINTR) {
      return;
    }
    if (written > 0) {
      bytes += written;
      size -= (size_t)written;
    }
  }
}

/* A pipe that is writable takes as much as is read at once here. An error is no reason to wait. */
static bool takes_more(void) {
  struct pollfd wanted = {.fd = STDERR_FILENO, .events = POLLOUT};
  return poll(&wanted, 1, 0) != 0;
}

void conntrail__output_drain(conntrail__output *output) {
  static const struct timeval soon = {.tv_usec = LATER};
  char bytes[PIPE_BUF];
  ssize_t size = 1;
  if (output->readable == NULL) {
    return;
  }
  while (size > 0 && takes_more()) {
    size = read(output->fd, bytes, sizeof bytes);
    if (size > 0) {
      pass_on(bytes, (size_t)size);
      keep(output, bytes, (size_t)size);
    }
  }
  if (size >= 0) { /* its other end is closed, or stderr is full */
    (void)event_del(output->readable);
  }
  if (size > 0) {
    (void)event_add(output->later, &soon);
  }
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  conntrail__output_drain(arg);
}

static void on_later(evutil_socket_t fd, short what, void *arg) {
  const conntrail__output *output = arg;
  (void)fd;
  (void)what;
  (void)event_add(output->readable, NULL);
}

static bool watch(conntrail__output *output, struct event_base *base) {
  output->readable = event_new(base, output->fd, EV_READ | EV_PERSIST, on_readable, output);
  output->later = event_new(base, -1, 0, on_later, output);
  return output->readable != NULL && output->later != NULL &&
         event_add(output->readable, NULL) == 0;
}

static void forget(conntrail__output *output) {
  if (output->readable != NULL) {
    event_free(output->readable);
  }
  if (output->later != NULL) {
    event_free(output->later);
  }
  output->readable = NULL;
  output->later = NULL;
  close(output->fd);
}

bool conntrail__output_open(conntrail__output *output, struct event_base *base, int *writes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return false;
  }
  output->fd = ends[0];
  /* Reading what is not there would wait for ever. */
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 || !watch(output, base)) {
    forget(output);
    close(ends[1]);
    errno = ENOMEM;
    return false;
  }
  *writes = ends[1];
  return true;
}

void conntrail__output_say(FILE *out, const conntrail__output *output) {
  const char *at = output->last + output->size;
  int lines = 0;
  while (at > output->last && lines <= LINES) { /* the end of the last line counts */
    at--;
    lines += *at == '\n' || at == output->last + output->size - 1;
  }
  at += *at == '\n';
  while (*at != '\0') {
    const size_t size = strcspn(at, "\n");
    char line[LONGEST_LINE];
    char shown[4 * LONGEST_LINE];
    snprintf(line, sizeof line, "%.*s", (int)size, at);
    conntrail__escape(line, shown, sizeof shown);
    fprintf(out, "  | %s\n", shown);
    at += size + (at[size] == '\n');
  }
}

void conntrail__output_close(conntrail__output *output) {
  if (output->readable != NULL) {
    conntrail__output_drain(output);
    forget(output);
  }
}
