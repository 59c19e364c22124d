/* SPDX-License-Identifier: MIT */
#include "bequest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "process_sockets.h"
#include "watched.h"

typedef struct testament {
  int connection; /* -1: there was nothing to say so far */
  bool is_void;   /* nobody hears it */
  conntrail__heir heir;
  unsigned count;
  conntrail__heirloom items[CONNTRAIL__BEQUEST_LIMIT];
} testament;

/* Inodes of sockets. */
typedef struct inodes {
  conntrail__heir heir;
  bool is_cut;
  unsigned count;
  uint64_t items[CONNTRAIL__BEQUEST_LIMIT];
} inodes;

static void say(const char *text) {
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

static bool exchange(int connection, const conntrail__request *request, const void *payload,
                     conntrail__reply *reply) {
  struct iovec pieces[2] = {{conntrail__readable(request), sizeof *request},
                            {conntrail__readable(payload), request->payload}};
  struct msghdr message;
  ssize_t size;
  memset(&message, 0, sizeof message);
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  do {
    size = CONNTRAIL__REAL(sendmsg)(connection, &message, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    return false;
  }
  do {
    size = CONNTRAIL__REAL(recv)(connection, reply, sizeof *reply, 0);
  } while (size < 0 && errno == EINTR);
  return size == (ssize_t)sizeof *reply;
}

/* A service that is gone is told by the new program, whose connections fail. */
static void send_items(testament *t) {
  conntrail__request request = {.operation = CONNTRAIL__OP_BEQUEATH,
                                .payload = t->count * (uint32_t)sizeof t->items[0]};
  conntrail__reply reply;
  if (t->count == 0 || t->is_void || !conntrail__channel_descent(&request)) {
    return;
  }
  if (t->connection < 0) {
    t->connection = conntrail__channel_open();
  }
  if (t->connection < 0 || !exchange(t->connection, &request, t->items, &reply)) {
    t->is_void = true;
  } else if ((reply.flags & CONNTRAIL__REPLY_YES) == 0) {
    t->is_void = true;
    say("conntrail: the service already keeps as many sockets for other programs as it can: some "
        "that go to the next one are not known there\n");
  }
  t->count = 0;
}

static void add(testament *t, uint32_t number, uint64_t inode) {
  for (unsigned i = 0; i < t->count; i++) {
    if (t->items[i].number == number) {
      return;
    }
  }
  if (t->count == CONNTRAIL__BEQUEST_LIMIT) {
    send_items(t);
  }
  t->items[t->count++] = (conntrail__heirloom){.inode = inode, .number = number};
}

static bool crosses(conntrail__heir heir, int fd) {
  int flags = CONNTRAIL__REAL(fcntl)(fd, F_GETFD);
  return flags >= 0 && (heir == CONNTRAIL__HEIR_BY_SPAWN || (flags & FD_CLOEXEC) == 0);
}

static uint64_t own_inode(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

static void note_inode(void *arg, int fd, uint64_t inode) {
  inodes *found = arg;
  (void)fd;
  if (found->count == CONNTRAIL__BEQUEST_LIMIT) {
    found->is_cut = true;
  } else {
    found->items[found->count++] = inode;
  }
}

static void note_crossing(void *arg, int fd, uint64_t inode) {
  const inodes *found = arg;
  if (crosses(found->heir, fd)) {
    note_inode(arg, fd, inode);
  }
}

static bool is_among(const inodes *known, uint64_t inode) {
  for (unsigned i = 0; i < known->count; i++) {
    if (known->items[i] == inode) {
      return true;
    }
  }
  return false;
}

/* Without the lock, another thread may close the descriptor at any time, and the entry with it:
 * then its number, which no other socket gets, says so. */
static uint32_t number_at(int fd) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  uint32_t number = entry == NULL ? 0 : atomic_load_explicit(&entry->number, memory_order_acquire);
  return conntrail__entry_socket(entry) == NULL ? 0 : number;
}

static void consider(testament *t, int fd, uint32_t number, uint64_t inode) {
  if (number != 0 && inode != 0 && number_at(fd) == number) {
    add(t, number, inode);
  }
}

static void collect_own(testament *t) {
  conntrail__native_lock();
  for (unsigned n = conntrail__table_next(0); n < CONNTRAIL__TABLE_REACH;
       n = conntrail__table_next(n + 1)) {
    int fd = (int)n;
    if (crosses(t->heir, fd)) {
      consider(t, fd, number_at(fd), own_inode(fd));
    }
  }
  conntrail__native_unlock();
}

/* A child of vfork: it has descriptors of its own, and the table speaks of its parent's. The lock
 * is its parent's too: should the child be killed with it, the parent would wait for ever. */
static void collect_of_parent(testament *t) {
  inodes crossing = {.heir = t->heir};
  int parent;
  if (!conntrail__process_sockets(0, note_crossing, &crossing) || crossing.count == 0) {
    return;
  }
  if (crossing.is_cut) {
    say("conntrail: more sockets cross this exec than the service is told of: some are not known "
        "after it\n");
  }
  parent = conntrail__process_open(conntrail__session_process());
  for (unsigned n = conntrail__table_next(0); parent >= 0 && n < CONNTRAIL__TABLE_REACH;
       n = conntrail__table_next(n + 1)) {
    uint32_t number = number_at((int)n);
    uint64_t inode = conntrail__socket_inode(parent, (int)n);
    if (is_among(&crossing, inode)) {
      consider(t, (int)n, number, inode);
    }
  }
  if (parent >= 0) {
    CONNTRAIL__REAL(close)(parent);
  }
}

int conntrail__bequeath(conntrail__heir heir) {
  testament t = {.connection = -1, .heir = heir};
  int error = errno;
  if (!conntrail__is_watched() || !conntrail__is_served ||
      conntrail__table_next(0) >= CONNTRAIL__TABLE_REACH) {
    return -1;
  }
  if (conntrail__session_is_foreign()) {
    collect_of_parent(&t);
  } else {
    collect_own(&t);
  }
  send_items(&t);
  errno = error;
  return t.connection;
}

static void consider_passed(void *arg, int fd) {
  uint32_t number = number_at(fd);
  consider(arg, fd, number, own_inode(fd));
}

int conntrail__bequeath_passed(const struct msghdr *message) {
  testament t = {.connection = -1};
  int error = errno;
  if (!conntrail__session_is_foreign()) {
    conntrail__passed_visit(message, consider_passed, &t);
    send_items(&t);
  }
  errno = error;
  return t.connection;
}

static void narrow_to(int connection, const inodes *kept) {
  conntrail__request request = {.operation = CONNTRAIL__OP_NARROW,
                                .payload = kept->count * (uint32_t)sizeof kept->items[0]};
  conntrail__reply reply;
  (void)exchange(connection, &request, kept->items, &reply);
}

void conntrail__bequest_leave(int connection) {
  int error = errno;
  if (connection >= 0) {
    CONNTRAIL__REAL(close)(connection);
  }
  errno = error;
}

void conntrail__bequest_revoke(int connection) {
  const inodes none = {.count = 0};
  int error = errno;
  if (connection >= 0) {
    narrow_to(connection, &none);
    conntrail__bequest_leave(connection);
  }
  errno = error;
}

/* A child that has ended has no descriptors, and claims nothing more. */
void conntrail__bequest_narrow(int connection, pid_t child) {
  inodes had = {.count = 0};
  int error = errno;
  if (connection >= 0) {
    (void)conntrail__process_sockets(child, note_inode, &had);
    if (!had.is_cut) {
      narrow_to(connection, &had);
    }
    conntrail__bequest_leave(connection);
  }
  errno = error;
}
