/* SPDX-License-Identifier: MIT */
/* For struct mmsghdr. No call with a socket address is defined here. */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include "batch_flags.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(batch)

enum { NANOSECONDS = 1000000000 };

/* A failure after the first is returned by the next call. */
static int send_each(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  unsigned done = 0;
  while (done < count) {
    ssize_t sent = sendmsg(fd, &messages[done].msg_hdr, flags);
    if (sent < 0) {
      break;
    }
    messages[done++].msg_len = (unsigned)sent;
  }
  return done > 0 || count == 0 ? (int)done : -1;
}

CONNTRAIL__EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count,
                               conntrail__batch_flags flags) {
  if (conntrail__is_watched() && messages != NULL && conntrail__table_find(fd) != NULL) {
    return send_each(fd, messages, count, (int)flags);
  }
  return CONNTRAIL__REAL(sendmmsg)(fd, messages, count, flags);
}

/* As Linux does, the limit is looked at after each datagram, and no wait is cut short by it. */
static bool is_over(const struct timespec *end) {
  struct timespec now;
  if (end == NULL || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
    return false;
  }
  return now.tv_sec > end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec);
}

static struct timespec end_of(const struct timespec *limit) {
  struct timespec end = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += limit->tv_sec;
  end.tv_nsec += limit->tv_nsec;
  if (end.tv_nsec >= NANOSECONDS) {
    end.tv_sec++;
    end.tv_nsec -= NANOSECONDS;
  }
  return end;
}

static int receive_each(int fd, struct mmsghdr *messages, unsigned count, int flags,
                        const struct timespec *end) {
  unsigned done = 0;
  int each = flags & ~MSG_WAITFORONE;
  while (done < count) {
    ssize_t size = recvmsg(fd, &messages[done].msg_hdr, each);
    if (size < 0) {
      break;
    }
    messages[done++].msg_len = (unsigned)size;
    if ((flags & MSG_WAITFORONE) != 0) {
      each |= MSG_DONTWAIT;
    }
    if (is_over(end)) {
      break;
    }
  }
  return done > 0 || count == 0 ? (int)done : -1;
}

static bool is_time(const struct timespec *limit) {
  return limit->tv_sec >= 0 && limit->tv_nsec >= 0 && limit->tv_nsec < NANOSECONDS;
}

CONNTRAIL__EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count,
                               conntrail__batch_flags flags, struct timespec *limit) {
  struct timespec end;
  if (!conntrail__is_watched() || messages == NULL || !conntrail__table_is_datagram(fd) ||
      (limit != NULL && !is_time(limit))) {
    return CONNTRAIL__REAL(recvmmsg)(fd, messages, count, flags, limit);
  }
  if (limit != NULL) {
    end = end_of(limit);
  }
  return receive_each(fd, messages, count, (int)flags, limit == NULL ? NULL : &end);
}
