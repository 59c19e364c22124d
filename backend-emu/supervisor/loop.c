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
  LOOKED_FOR_MORE = 16,
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

static void take(conntrail__watch *watch, const struct seccomp_notif *raw) {
  conntrail__notice notice = {.supervisor = watch->supervisor, .watch = watch};
  int error = 0;
  conntrail__answer answer =
      conntrail__read_call(raw, &notice, &error) ? handle(&notice) : conntrail__fail(error);
  if (answer.kind != CONNTRAIL__WAITS) {
    conntrail__send_answer(&notice, answer);
  }
}

/* Receiving waits where nothing is there, and for ever where every process under this filter has
 * ended. */
static int look(const conntrail__watch *watch) {
  struct pollfd wanted = {.fd = watch->fd, .events = POLLIN};
  return poll(&wanted, 1, 0) == 1 ? wanted.revents : 0;
}

void conntrail__take_notice(conntrail__watch *watch) {
  struct seccomp_notif raw;
  memset(&raw, 0, sizeof raw);
  if (conntrail__notify(watch->fd, SECCOMP_IOCTL_NOTIF_RECV, &raw) == 0) {
    take(watch, &raw);
  }
}

/* Not for each, and before the trail's ring is full; the tick does the rest. */
void conntrail__note_change(conntrail__supervisor *supervisor) {
  if (++supervisor->untold >= MOST_UNTOLD) {
    supervisor->untold = 0;
    supervisor->changed(supervisor->arg);
  }
}

/* Whether more has come is looked at where that was so the last time, and else now and then: epoll
 * tells as well. */
void conntrail__on_notice(evutil_socket_t fd, short what, void *arg) {
  conntrail__watch *watch = arg;
  const bool looks = watch->is_busy || ++watch->turn % LOOKED_FOR_MORE == 0;
  const int most = looks ? MOST_AT_ONCE : 1;
  int there = 0;
  int count = 0;
  (void)fd;
  (void)what;
  while (count < most && ((there = look(watch)) & POLLIN) != 0) {
    conntrail__take_notice(watch);
    conntrail__note_change(watch->supervisor);
    count++;
  }
  watch->is_busy = count > 1;
  if (count == 0 && (there & POLLHUP) != 0) {
    conntrail__watch_ended(watch);
    watch->supervisor->changed(watch->supervisor->arg);
  }
}
