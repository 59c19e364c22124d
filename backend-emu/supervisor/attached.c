/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "launch.h"
#include "notify.h"
#include "own_socket.h"
#include "state.h"
#include "watch.h"

/* Programs that others start ask to be supervised (attach.h), at a socket of this user's alone. */

enum { MOST_ASKING = 64, BACKLOG = 64, SECONDS_TO_ASK = 5, MICROSECONDS_FULL = 50000 };

/* A connection whose request has not come yet. */
typedef struct asking {
  struct asking *next;
  conntrail__attachments *attachments;
  struct event *readable;
  int fd;
} asking;

struct conntrail__attachments {
  conntrail__supervisor *supervisor;
  struct event *readable;
  struct event *full; /* accepts again once there may be a descriptor */
  asking *asking;
  unsigned count;
  conntrail__own_socket socket;
};

/* ---- One request ----------------------------------------------------------------------------- */

static void end(asking *a) {
  asking **place = &a->attachments->asking;
  while (*place != a) {
    place = &(*place)->next;
  }
  *place = a->next;
  a->attachments->count--;
  event_free(a->readable);
  close(a->fd);
  free(a);
}

/* [D] seccomp_unotify(2): ENOENT where the id is none of the listener's. */
static bool is_listener(int fd) {
  uint64_t none = 0;
  return conntrail__notify(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) != 0 && errno == ENOENT;
}

static const char *supervise(const asking *a, conntrail__attach_request *request) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (request->version != CONNTRAIL__ATTACH_VERSION) {
    return "that supervisor is of another version of conntrail-emu";
  }
  if (getsockopt(a->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
    return "the supervisor is of another user";
  }
  int listener = conntrail__take_listener(peer.pid, request->listener);
  if (listener < 0) {
    return errno == EPERM
               ? "the supervisor may not take the program's descriptors (pidfd_getfd: EPERM); give "
                 "it CAP_SYS_PTRACE, or set kernel.yama.ptrace_scope to 0"
               : "the supervisor cannot take the filter's listener; is the program in its process "
                 "namespace, and has it a free descriptor?";
  }
  request->program[sizeof request->program - 1] = '\0';
  if (!is_listener(listener) || conntrail__watch_over(a->attachments->supervisor, listener,
                                                      peer.pid, request->program) == NULL) {
    close(listener);
    return "the supervisor has no memory for the program, or that was no filter's listener";
  }
  return NULL;
}

static void answer(const asking *a, const char *refusal) {
  conntrail__attach_reply reply = {.is_supervised = refusal == NULL};
  snprintf(reply.why, sizeof reply.why, "%s", refusal == NULL ? "" : refusal);
  (void)send(a->fd, &reply, sizeof reply, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Also when its time is over: where this process could not run, the request may be there. */
static void on_request(evutil_socket_t fd, short what, void *arg) {
  asking *a = arg;
  conntrail__attach_request request;
  (void)what;
  ssize_t size = recv(fd, &request, sizeof request, MSG_DONTWAIT | MSG_TRUNC);
  if (size == (ssize_t)sizeof request) {
    answer(a, supervise(a, &request));
  } else if (size > 0) {
    answer(a, "the request is malformed");
  }
  end(a);
}

/* ---- Who comes ------------------------------------------------------------------------------- */

static bool add(conntrail__attachments *attachments, int fd) {
  static const struct timeval patience = {.tv_sec = SECONDS_TO_ASK};
  asking *a = calloc(1, sizeof *a);
  if (a == NULL) {
    return false;
  }
  *a = (asking){attachments->asking, attachments, NULL, fd};
  a->readable = event_new(attachments->supervisor->base, fd, EV_READ, on_request, a);
  if (a->readable == NULL || event_add(a->readable, &patience) != 0) {
    if (a->readable != NULL) {
      event_free(a->readable);
    }
    free(a);
    return false;
  }
  attachments->asking = a;
  attachments->count++;
  return true;
}

static void on_connection(evutil_socket_t fd, short what, void *arg) {
  static const struct timeval later = {.tv_usec = MICROSECONDS_FULL};
  conntrail__attachments *attachments = arg;
  (void)what;
  if (attachments->count >= MOST_ASKING) { /* they wait in the system's queue */
    (void)event_del(attachments->readable);
    (void)event_add(attachments->full, &later);
    return;
  }
  int own = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (own >= 0) {
    if (!add(attachments, own)) {
      close(own);
    }
  } else if (errno != EAGAIN && errno != EINTR &&
             errno != ECONNABORTED) { /* EMFILE, and its like */
    (void)event_del(attachments->readable);
    (void)event_add(attachments->full, &later);
  }
}

static void on_later(evutil_socket_t fd, short what, void *arg) {
  const conntrail__attachments *attachments = arg;
  (void)fd;
  (void)what;
  (void)event_add(attachments->readable, NULL);
}

/* ---- The socket ------------------------------------------------------------------------------ */

static bool refuse(conntrail__refusal *why, const char *path, const char *what) {
  snprintf(why->text, sizeof why->text, "%.200s: %.200s", path, what);
  return false;
}

static bool watch(conntrail__attachments *attachments) {
  struct event_base *base = attachments->supervisor->base;
  attachments->readable =
      event_new(base, attachments->socket.fd, EV_READ | EV_PERSIST, on_connection, attachments);
  attachments->full = event_new(base, -1, 0, on_later, attachments);
  return attachments->readable != NULL && attachments->full != NULL &&
         event_add(attachments->readable, NULL) == 0;
}

bool conntrail__supervisor_accept_at(conntrail__supervisor *supervisor, const char *path,
                                     conntrail__refusal *why) {
  conntrail__attachments *attachments = calloc(1, sizeof *attachments);
  if (attachments == NULL) {
    return refuse(why, path, "no memory for a supervisor's socket");
  }
  attachments->supervisor = supervisor;
  supervisor->attachments = attachments;
  return conntrail__own_socket_open(&attachments->socket, path, SOCK_SEQPACKET, BACKLOG, why) &&
         (watch(attachments) || refuse(why, path, "libevent does not watch the socket"));
}

void conntrail__forget_attachments(conntrail__supervisor *supervisor) {
  conntrail__attachments *attachments = supervisor->attachments;
  if (attachments == NULL) {
    return;
  }
  while (attachments->asking != NULL) {
    end(attachments->asking);
  }
  if (attachments->readable != NULL) {
    event_free(attachments->readable);
  }
  if (attachments->full != NULL) {
    event_free(attachments->full);
  }
  conntrail__own_socket_close(&attachments->socket);
  free(attachments);
  supervisor->attachments = NULL;
}
