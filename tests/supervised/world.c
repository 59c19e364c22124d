/* SPDX-License-Identifier: MIT */
/*
 * The supervising thread. It is started first, has no filter, and has descriptors of its own.
 * A thread that calls emu.h has the filter. It must not make a watched call while the supervising
 * thread waits for it: what needs such a call, the supervising thread does. A child of fork has no
 * listener, since it copies the descriptors of who forks.
 */
#include "../../backend-emu/supervisor/launch.h"
#include "../../backend-emu/supervisor/loop.h"
#include "world_internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef void (*world_task)(void *arg);

static struct {
  pthread_mutex_t gate;
  pthread_t thread;
  int orders[2]; /* a pipe: stand still */
  sem_t stopped;
  sem_t asked;
  sem_t done;
  world_task task; /* NULL: go on */
  void *arg;
  bool has_begun;
  int listener; /* of the filter; a descriptor of the supervising thread, as all that follows */
  struct event_base *base;
  struct event *ordered;
  struct event *idle; /* answers while there is no emulation */
  conntrail__supervisor *supervisor;
  conntrail__watch *watch;
} world = {.gate = PTHREAD_MUTEX_INITIALIZER};

void world_must(bool is_so, const char *what) {
  if (!is_so) {
    perror(what);
    abort();
  }
}

uint32_t world_this_thread(void) {
  return (uint32_t)syscall(SYS_gettid);
}

static void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0) {
    world_must(errno == EINTR, "sem_wait");
  }
}

/* ---- Orders ---------------------------------------------------------------------------------- */

/* In the supervising thread. */
static void on_order(evutil_socket_t fd, short what, void *arg) {
  char order;
  (void)what;
  (void)arg;
  world_must(read(fd, &order, sizeof order) == 1, "an order");
  (void)sem_post(&world.stopped);
  for (;;) {
    wait_for(&world.asked);
    if (world.task == NULL) {
      return;
    }
    world.task(world.arg);
    (void)sem_post(&world.done);
  }
}

void world_stand_still(void) {
  const char order = 0;
  pthread_mutex_lock(&world.gate);
  if (!world.has_begun) {
    return;
  }
  world_must(write(world.orders[1], &order, sizeof order) == 1, "an order");
  wait_for(&world.stopped);
}

void world_resume(void) {
  if (world.has_begun) {
    world.task = NULL;
    (void)sem_post(&world.asked);
  }
  pthread_mutex_unlock(&world.gate);
}

static void have_done(world_task task, void *arg) {
  world.task = task;
  world.arg = arg;
  (void)sem_post(&world.asked);
  wait_for(&world.done);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

/* Nobody decides: the system does what was asked. */
static void on_idle(evutil_socket_t fd, short what, void *arg) {
  struct seccomp_notif call;
  struct seccomp_notif_resp answer;
  (void)what;
  (void)arg;
  memset(&call, 0, sizeof call);
  if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
    answer = (struct seccomp_notif_resp){.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    (void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

/* What was accepted and closed since the last call comes first in the trail. */
static void on_call(evutil_socket_t fd, short what, void *arg) {
  conntrail__watch *watch = arg;
  (void)fd;
  (void)what;
  conntrail__supervisor_catch_up(watch->supervisor, false);
  conntrail__take_notice(watch);
}

static void nothing(void *arg) {
  (void)arg;
}

/* ---- Emulations ------------------------------------------------------------------------------ */

bool world_has_emulation(void) {
  return world.supervisor != NULL;
}

static void begin(void *arg) {
  conntrail__refusal why = {""};
  conntrail__watch *watch = calloc(1, sizeof *watch);
  (void)event_del(world.idle);
  world.supervisor = conntrail__supervisor_create(world.base, arg, nothing, NULL, &why);
  world_must(world.supervisor != NULL && watch != NULL, why.text);
  world.supervisor->disguise = world_disguise;
  *watch = (conntrail__watch){
      .supervisor = world.supervisor, .fd = dup(world.listener), .program = "test"};
  watch->readable = event_new(world.base, watch->fd, EV_READ | EV_PERSIST, on_call, watch);
  world_must(watch->readable != NULL && event_add(watch->readable, NULL) == 0, "event_add");
  world.supervisor->watches = watch;
  world.watch = watch;
}

void world_begin(conntrail_emu *emu) {
  have_done(begin, emu);
}

static void end(void *arg) {
  (void)arg;
  conntrail__supervisor_destroy(world.supervisor);
  world.supervisor = NULL;
  world.watch = NULL;
  (void)event_add(world.idle, NULL);
}

void world_end(void) {
  have_done(end, NULL);
}

static void sweep(void *arg) {
  (void)arg;
  if (world.supervisor != NULL) {
    conntrail__supervisor_catch_up(world.supervisor, false);
  }
}

void world_sweep(void) {
  have_done(sweep, NULL);
}

typedef struct search {
  int fd;
  uint32_t thread;
  int family;
  conntrail__socket *found;
} search;

static void find(void *arg) {
  search *s = arg;
  int ignored;
  uint32_t lack = 0;
  const conntrail__notice notice = {
      .supervisor = world.supervisor, .watch = world.watch, .thread = s->thread};
  int own = conntrail__borrow(&notice, s->fd, &ignored);
  const conntrail__known *known = own < 0 ? NULL : conntrail__know(&notice, own, &lack);
  if (own >= 0) {
    (void)close(own);
  }
  if (known != NULL) {
    s->family = known->family;
    s->found = known->socket;
  }
}

conntrail__socket *world_find(int fd, int *family) {
  search s = {.fd = fd, .thread = world_this_thread(), .family = AF_UNSPEC};
  if (world.supervisor != NULL) {
    have_done(find, &s);
  }
  *family = s.family;
  return s.found;
}

static void close_it(void *arg) {
  (void)close(*(const int *)arg);
}

void world_close(int fd) {
  int error = errno;
  if (pthread_equal(pthread_self(), world.thread)) {
    (void)close(fd);
  } else {
    have_done(close_it, &fd);
  }
  errno = error;
}

/* ---- The process ----------------------------------------------------------------------------- */

/* What it opens must not take numbers that the cases expect to be free, and a copy of a descriptor
 * would keep open what they close. */
static void have_own_descriptors(void) {
  unsigned kept = (unsigned)world.orders[0];
  world_must(unshare(CLONE_FILES) == 0, "descriptors of the supervising thread's own");
  (void)close_range(STDERR_FILENO + 1, kept - 1, 0);
  (void)close_range(kept + 1, ~0U, 0);
}

static void *supervise(void *arg) {
  have_own_descriptors();
  world.base = event_base_new();
  world_must(world.base != NULL, "event_base_new");
  world.ordered = event_new(world.base, world.orders[0], EV_READ | EV_PERSIST, on_order, NULL);
  world_must(world.ordered != NULL && event_add(world.ordered, NULL) == 0, "event_add");
  (void)event_base_dispatch(world.base);
  return arg;
}

static void start_thread(void) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  world_must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0 &&
                 pthread_create(&world.thread, NULL, supervise, NULL) == 0 &&
                 pthread_sigmask(SIG_SETMASK, &before, NULL) == 0,
             "the supervising thread");
}

/* In the supervising thread: takes the listener over from those that it supervises. */
static void attend(void *arg) {
  int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
  world.listener = (int)syscall(SYS_pidfd_getfd, process, *(const int *)arg, 0);
  world_must(world.listener >= 0, "pidfd_getfd");
  (void)close(process);
  world.idle = event_new(world.base, world.listener, EV_READ | EV_PERSIST, on_idle, NULL);
  world_must(world.idle != NULL && event_add(world.idle, NULL) == 0, "event_add");
}

static void supervise_this_process(void) {
  world_must(pipe(world.orders) == 0 && sem_init(&world.stopped, 0, 0) == 0 &&
                 sem_init(&world.asked, 0, 0) == 0 && sem_init(&world.done, 0, 0) == 0,
             "the supervising thread");
  start_thread();
  int listener = conntrail__install_filter(false);
  world_must(listener >= 0, "a filter for this thread");
  world.has_begun = true;
  world_stand_still();
  have_done(attend, &listener);
  world_resume();
  (void)close(listener);
}

void world_supervise(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, supervise_this_process);
}
