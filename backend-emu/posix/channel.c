/* SPDX-License-Identifier: MIT */
/* For secure_getenv. No call with a socket address is defined here. */
#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "bequest.h"
#include "frame.h"
#include "kernel.h"
#include "served.h"
#include "watched.h"

enum { LOWEST_DESCRIPTOR = 700 };

bool conntrail__is_served;

static struct {
  int fd;
  int child_fd; /* between before_fork and after_fork; -1: none */
  bool is_dead;
  bool may_fault;
  uint32_t number;
  uint64_t cookie;
  conntrail__reply child; /* what the service said to the child's connection */
  uint32_t process;
  uint32_t last_socket;
  conntrail__ring *ring;
  conntrail__ring *child_ring;
  unsigned char answer[CONNTRAIL__FRAME_LIMIT];
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
} channel = {.fd = -1, .child_fd = -1};

static void die(const char *what) {
  char text[400];
  ssize_t written;
  int size;
  if (channel.is_dead) {
    return;
  }
  channel.is_dead = true;
  size = snprintf(text, sizeof text,
                  "conntrail: process %d: the emulation's service at %s %s: connections fail with "
                  "ENETDOWN from now on; start the program under a service that runs "
                  "(conntrail-emu run, serve, attach), or unset " CONNTRAIL__SERVICE_VARIABLE "\n",
                  (int)getpid(), channel.path, what);
  written = write(STDERR_FILENO, text, (size_t)size);
  (void)written;
}

/* enclosed: the descriptor that comes along, or -1; NULL where none is awaited. */
static bool receive_reply(int fd, int *enclosed, conntrail__answer *answer) {
  ssize_t size = conntrail__frame_receive(fd, channel.answer, sizeof channel.answer, enclosed);
  if (size < (ssize_t)sizeof answer->reply) {
    return false;
  }
  memcpy(&answer->reply, channel.answer, sizeof answer->reply);
  answer->payload = channel.answer + sizeof answer->reply;
  return (size_t)size == sizeof answer->reply + answer->reply.payload +
                             (size_t)answer->reply.closing * sizeof(int32_t);
}

static void close_carriers(const conntrail__answer *answer) {
  const unsigned char *next = answer->payload + answer->reply.payload;
  for (uint32_t i = 0; i < answer->reply.closing; i++) {
    int32_t carrier;
    memcpy(&carrier, next + i * sizeof carrier, sizeof carrier);
    CONNTRAIL__REAL(close)(carrier);
  }
}

/* The first exchange of a connection. NULL: the service does not answer, or (its number says so)
 * refuses. */
static conntrail__ring *introduce(int fd, const conntrail__request *hello, const void *payload,
                                  conntrail__answer *answer) {
  void *memory = MAP_FAILED;
  int passed = -1;
  errno = 0;
  answer->reply.native = 0;
  if (conntrail__frame_send(fd, hello, payload, -1) && receive_reply(fd, &passed, answer) &&
      passed >= 0) {
    memory = mmap(NULL, sizeof *channel.ring, PROT_READ | PROT_WRITE, MAP_SHARED, passed, 0);
  }
  if (passed >= 0) {
    CONNTRAIL__REAL(close)(passed);
  }
  return memory == MAP_FAILED ? NULL : memory;
}

static bool exchange(const conntrail__request *request, const void *payload, int enclosed,
                     int *lent, conntrail__answer *answer) {
  if (channel.is_dead || channel.fd < 0 ||
      !conntrail__frame_send(channel.fd, request, payload, enclosed)) {
    return false;
  }
  errno = 0;
  return receive_reply(channel.fd, lent, answer);
}

bool conntrail__channel_ask_with(conntrail__request *request, const void *payload, int enclosed,
                                 int *lent, conntrail__answer *answer) {
  int error = errno;
  bool is_answered = exchange(request, payload, enclosed, lent, answer);
  if (is_answered) {
    close_carriers(answer);
  } else {
    die(errno == EAGAIN ? "does not answer" : "is gone");
  }
  errno = error;
  return is_answered;
}

bool conntrail__channel_ask(conntrail__request *request, const void *payload,
                            conntrail__answer *answer) {
  return conntrail__channel_ask_with(request, payload, -1, NULL, answer);
}

/* Whether the ring has a place, once the service has emptied it if need be. */
static bool make_room(void) {
  conntrail__request sync = {.operation = CONNTRAIL__OP_SYNC};
  conntrail__answer answer;
  uint32_t written;
  if (channel.is_dead || channel.ring == NULL) {
    return false;
  }
  written = atomic_load_explicit(&channel.ring->written, memory_order_relaxed);
  return written - atomic_load_explicit(&channel.ring->taken, memory_order_acquire) <
             CONNTRAIL__RING_PLACES ||
         conntrail__channel_ask(&sync, NULL, &answer);
}

/* The service, before it sleeps, wants waking first and looks then; here it is the other way
 * round, so that one of the two is seen. */
static void publish(uint32_t written) {
  static const conntrail__request wake = {.operation = CONNTRAIL__OP_WAKE};
  atomic_store(&channel.ring->written, written);
  if (atomic_load(&channel.ring->wants_waking) != 0 &&
      atomic_exchange(&channel.ring->wants_waking, 0) != 0 &&
      !conntrail__frame_send(channel.fd, &wake, NULL, -1)) {
    die(errno == EAGAIN ? "does not read" : "is gone");
  }
}

void conntrail__channel_tell(conntrail__request *request) {
  int error = errno;
  request->payload = 0;
  if (make_room()) {
    uint32_t written = atomic_load_explicit(&channel.ring->written, memory_order_relaxed);
    conntrail__told *place = &channel.ring->places[written % CONNTRAIL__RING_PLACES];
    place->request = *request;
    place->time = conntrail__ring_now();
    publish(written + 1);
  }
  errno = error;
}

bool conntrail__channel_is_there(void) {
  int error = errno;
  char byte;
  bool is_there = !channel.is_dead && channel.fd >= 0 &&
                  CONNTRAIL__REAL(recv)(channel.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
                  errno == EAGAIN;
  if (!is_there) {
    die("is gone");
  }
  errno = error;
  return is_there;
}

uint32_t conntrail__channel_next_socket(void) {
  return ++channel.last_socket;
}

uint32_t conntrail__channel_process(void) {
  return channel.process;
}

bool conntrail__channel_may_fault(void) {
  return channel.may_fault;
}

/* Out of the way of programs that close the descriptors from 3 on, or count on small ones. */
static int move_up(int fd) {
  int moved = CONNTRAIL__REAL(fcntl)(fd, F_DUPFD_CLOEXEC, (long)LOWEST_DESCRIPTOR);
  if (moved < 0) {
    return fd;
  }
  CONNTRAIL__REAL(close)(fd);
  return moved;
}

int conntrail__channel_open(void) {
  struct sockaddr_un address;
  struct timeval patience = {.tv_sec = CONNTRAIL__SERVICE_PATIENCE};
  int fd = CONNTRAIL__REAL(socket)(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -1;
  }
  fd = move_up(fd);
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, channel.path, sizeof address.sun_path);
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (CONNTRAIL__REAL(connect)(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    CONNTRAIL__REAL(close)(fd);
    errno = error;
    return -1;
  }
  return fd;
}

static void greet(void) {
  const char *program = secure_getenv(CONNTRAIL__PROGRAM_VARIABLE);
  conntrail__request hello = {.operation = CONNTRAIL__OP_HELLO,
                              .process = (uint32_t)getpid(),
                              .argument = {CONNTRAIL__PROTOCOL_VERSION}};
  conntrail__answer answer;
  if (program != NULL && strlen(program) < CONNTRAIL__PROGRAM_TEXT) {
    hello.payload = (uint32_t)strlen(program);
  }
  (void)snprintf(hello.user, sizeof hello.user, "%s", program_invocation_short_name);
  channel.process = hello.process;
  channel.ring = introduce(channel.fd, &hello, program, &answer);
  if (answer.reply.native != 0) {
    die("refused this process (another version of conntrail, or too many processes)");
  } else if (channel.ring == NULL) {
    die("does not answer");
  } else {
    channel.number = answer.reply.number;
    channel.cookie = answer.reply.cookie;
    channel.may_fault = (answer.reply.flags & CONNTRAIL__REPLY_MAY_FAULT) != 0;
  }
}

static void open_and_greet(const char *path) {
  memcpy(channel.path, path, strlen(path) + 1);
  channel.fd = conntrail__channel_open();
  if (channel.fd < 0) {
    die(errno == ENOENT || errno == ECONNREFUSED ? "is not there" : "cannot be reached");
  } else {
    greet();
  }
}

void conntrail__channel_join(const char *path) {
  conntrail__is_served = true;
  if (strlen(path) < sizeof channel.path) {
    open_and_greet(path);
  } else {
    die("has too long a name");
  }
  conntrail__session_serve();
}

void conntrail__channel_release_all(void) {
  conntrail__request last = {.operation = CONNTRAIL__OP_SYNC};
  conntrail__answer answer;
  for (unsigned fd = conntrail__table_next(0); fd < CONNTRAIL__TABLE_REACH;
       fd = conntrail__table_next(fd)) {
    conntrail__served_release(conntrail__table_take((int)fd));
  }
  (void)conntrail__channel_ask(&last, NULL, &answer);
}

void conntrail__channel_leave(void) {
  if (channel.fd >= 0) {
    CONNTRAIL__REAL(close)(channel.fd);
  }
  if (channel.ring != NULL) {
    (void)munmap(channel.ring, sizeof *channel.ring);
  }
  channel.fd = -1;
  channel.ring = NULL;
  channel.is_dead = false;
  conntrail__session_end(conntrail__served_token());
  conntrail__is_served = false;
}

/* Before main, so that no socket of the program's is missed. */
#if defined(__GNUC__)
__attribute__((constructor))
#endif
static void
begin(void) {
  const char *path = secure_getenv(CONNTRAIL__SERVICE_VARIABLE);
  int error = errno;
  if (path == NULL || path[0] == '\0' || conntrail__is_served || conntrail__stands_aside()) {
    return;
  }
  conntrail__native_lock();
  conntrail__channel_join(path);
  conntrail__claim_all();
  conntrail__native_unlock();
  errno = error;
}

bool conntrail__channel_descent(conntrail__request *request) {
  request->socket = channel.number;
  request->actor = channel.cookie;
  request->argument[0] = CONNTRAIL__PROTOCOL_VERSION;
  return channel.number != 0;
}

void conntrail__channel_before_fork(void) {
  conntrail__request hello = {.operation = CONNTRAIL__OP_HELLO_FORK};
  conntrail__answer answer = {.payload = NULL};
  int error = errno;
  (void)conntrail__channel_descent(&hello);
  channel.child_fd = channel.is_dead ? -1 : conntrail__channel_open();
  if (channel.child_fd >= 0) {
    channel.child_ring = introduce(channel.child_fd, &hello, NULL, &answer);
  }
  if (channel.child_fd >= 0 && channel.child_ring == NULL) {
    CONNTRAIL__REAL(close)(channel.child_fd);
    channel.child_fd = -1;
  }
  channel.child = answer.reply;
  errno = error;
}

void conntrail__channel_after_fork(bool is_child) {
  int error = errno;
  int done = is_child ? channel.fd : channel.child_fd;
  conntrail__ring *ring = is_child ? channel.ring : channel.child_ring;
  if (is_child) {
    channel.fd = channel.child_fd;
    channel.number = channel.child.number;
    channel.cookie = channel.child.cookie;
    channel.ring = channel.child_ring;
    channel.process = (uint32_t)getpid();
  }
  if (ring != NULL) {
    (void)munmap(ring, sizeof *ring);
  }
  channel.child_ring = NULL;
  if (done >= 0) {
    CONNTRAIL__REAL(close)(done);
  }
  if (is_child && channel.fd < 0) {
    die("did not take in this child of fork");
  }
  channel.child_fd = -1;
  errno = error;
}

int conntrail__channel_fd(void) {
  return conntrail__is_served && !conntrail__session_is_foreign() ? channel.fd : -1;
}

bool conntrail__channel_is(int fd) {
  return conntrail__is_served && fd >= 0 && fd == conntrail__channel_fd();
}

void conntrail__channel_make_way(int fd) {
  if (conntrail__channel_is(fd)) {
    conntrail__native_lock();
    channel.fd = CONNTRAIL__REAL(fcntl)(fd, F_DUPFD_CLOEXEC, (long)LOWEST_DESCRIPTOR);
    conntrail__native_unlock();
  }
}
