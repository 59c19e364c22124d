/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "borrow.h"
#include "handlers.h"
#include "loop.h"
#include "notice.h"
#include "notify.h"
#include "state.h"
#include "watch.h"

/* Receives calls, and has each answered. */

enum {
  MOST_AT_ONCE = 64,
  MOST_UNTOLD = 64,
  LOOKED_FOR_MORE = 4,
  THOUSAND = 1000,
  MILLION = 1000000
};

uint64_t conntrail__milliseconds(void) {
  struct timespec now = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * THOUSAND + (uint64_t)(now.tv_nsec / MILLION);
}

static const conntrail__handler handlers[CONNTRAIL__SYS_END] = {
    [CONNTRAIL__SYS_BIND] = conntrail__on_bind,
    [CONNTRAIL__SYS_CONNECT] = conntrail__on_connect,
    [CONNTRAIL__SYS_LISTEN] = conntrail__on_listen,
    [CONNTRAIL__SYS_GETPEERNAME] = conntrail__on_getpeername,
    [CONNTRAIL__SYS_GETSOCKOPT] = conntrail__on_getsockopt,
    [CONNTRAIL__SYS_SETSOCKOPT] = conntrail__on_setsockopt,
    [CONNTRAIL__SYS_SENDTO] = conntrail__on_send,
    [CONNTRAIL__SYS_SENDMSG] = conntrail__on_send,
    [CONNTRAIL__SYS_SENDMMSG] = conntrail__on_send,
    [CONNTRAIL__SYS_RECVFROM] = conntrail__on_receive,
    [CONNTRAIL__SYS_RECVMSG] = conntrail__on_receive,
    [CONNTRAIL__SYS_RECVMMSG] = conntrail__on_receive,
};

static const conntrail__plain_handler plain_handlers[CONNTRAIL__SYS_END] = {
    [CONNTRAIL__SYS_SOCKET] = conntrail__refuse_socket,
    [CONNTRAIL__SYS_SECCOMP] = conntrail__on_own_filter,
    [CONNTRAIL__SYS_PRCTL] = conntrail__on_own_filter,
    [CONNTRAIL__SYS_EXECVE] = conntrail__on_start,
    [CONNTRAIL__SYS_EXECVEAT] = conntrail__on_start,
    [CONNTRAIL__SYS_X32] = conntrail__refuse_x32,
};

/* The borrowed descriptor is closed before the answer: the program may close its own right after,
 * and the connection ends with the last one. A call that waits keeps it. */
static conntrail__answer handle(const conntrail__notice *notice) {
  if (plain_handlers[notice->call] != NULL) {
    return plain_handlers[notice->call](notice);
  }
  if (handlers[notice->call] == NULL) {
    return conntrail__go_on();
  }
  int error = ENETDOWN;
  int own = conntrail__borrow(notice, (int)notice->args[0], &error);
  if (own < 0 && (error != EBADF || !conntrail__answers_of_nothing(notice))) {
    return conntrail__fail(error);
  }
  conntrail__answer answer = handlers[notice->call](notice, own);
  if (own >= 0 && answer.kind != CONNTRAIL__WAITS) {
    close(own);
  }
  return answer;
}

typedef enum taken { NOTHING, WAITS, ANSWERED } taken;

static taken take(conntrail__watch *watch, const struct seccomp_notif *raw) {
  conntrail__notice notice = {.supervisor = watch->supervisor, .watch = watch};
  int error = 0;
  conntrail__answer answer =
      conntrail__read_call(raw, &notice, &error) ? handle(&notice) : conntrail__fail(error);
  if (answer.kind == CONNTRAIL__WAITS) {
    return WAITS;
  }
  conntrail__send_answer(&notice, answer);
  return ANSWERED;
}

static taken receive(conntrail__watch *watch) {
  struct seccomp_notif raw;
  memset(&raw, 0, sizeof raw);
  if (conntrail__notify(watch->fd, SECCOMP_IOCTL_NOTIF_RECV, &raw) != 0) {
    return NOTHING;
  }
  return take(watch, &raw);
}

void conntrail__take_notice(conntrail__watch *watch) {
  (void)receive(watch);
}

/* Not for each, and before the trail's ring is full; the tick does the rest. */
void conntrail__note_change(conntrail__supervisor *supervisor) {
  if (++supervisor->untold >= MOST_UNTOLD) {
    supervisor->untold = 0;
    supervisor->changed(supervisor->arg);
  }
}

/* Receiving waits where nothing is there, and before Linux 6.11 for ever where every process under
 * this filter has ended. */
static int look(const conntrail__watch *watch) {
  struct pollfd wanted = {.fd = watch->fd, .events = POLLIN};
  return poll(&wanted, 1, 0) == 1 ? wanted.revents : 0;
}

/* An answer lets a program go on, which may have called again by now: whether it has is looked at
 * where that was so the last time, and else now and then; epoll reports them as well. A program
 * that was not answered makes no call. */
static bool has_more(conntrail__watch *watch, taken last) {
  if (last != ANSWERED || (!watch->is_busy && ++watch->turn % LOOKED_FOR_MORE != 0)) {
    return false;
  }
  watch->is_busy = (look(watch) & POLLIN) != 0;
  return watch->is_busy;
}

/* How many were there: the first one is. */
static int take_some(conntrail__watch *watch) {
  int count = 0;
  taken last = ANSWERED;
  do {
    last = receive(watch);
    conntrail__note_change(watch->supervisor);
    count += last != NOTHING;
  } while (count < MOST_AT_ONCE && has_more(watch, last));
  return count;
}

void conntrail__on_notice(evutil_socket_t fd, short what, void *arg) {
  conntrail__watch *watch = arg;
  (void)fd;
  (void)what;
  const bool is_told = watch->ends_receiving || (look(watch) & POLLIN) != 0;
  if ((!is_told || take_some(watch) == 0) && (look(watch) & (POLLIN | POLLHUP)) == POLLHUP) {
    conntrail__watch_ended(watch);
    watch->supervisor->changed(watch->supervisor->arg);
  }
}

void conntrail__take_next(conntrail__watch *watch) {
  if (watch->fd >= 0 && has_more(watch, ANSWERED)) {
    (void)take_some(watch);
  }
}
