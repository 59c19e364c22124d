/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "fixture.h"

typedef struct thread_start {
  void (*body)(void *argument);
  void *argument;
} thread_start;

static pthread_t thread;
static thread_start thread_argument;

static void *run_thread(void *argument) {
  const thread_start *start = argument;
  start->body(start->argument);
  return NULL;
}

void fixture_thread_start(void (*body)(void *argument), void *argument) {
  thread_argument = (thread_start){body, argument};
  expect_number(pthread_create(&thread, NULL, run_thread, &thread_argument), 0);
}

void fixture_thread_join(void) {
  expect_number(pthread_join(thread, NULL), 0);
}

void fixture_thread_cancel(void (*body)(void *argument), void *argument) {
  void *end = NULL;
  fixture_thread_start(body, argument);
  expect_number(pthread_cancel(thread), 0);
  expect_number(pthread_join(thread, &end), 0);
  expect_true(end == PTHREAD_CANCELED);
}

/* ---- Signals --------------------------------------------------------------------------------- */

static pthread_t interrupted;
static pthread_t interrupter;
static atomic_bool is_interrupting;

static void (*in_handler)(void);

static void on_signal(int number) {
  int error = errno;
  (void)number;
  if (in_handler != NULL) {
    in_handler();
  }
  errno = error;
}

static void *interrupt(void *argument) {
  (void)argument;
  while (atomic_load(&is_interrupting)) {
    (void)pthread_kill(interrupted, SIGUSR1);
    (void)sched_yield();
  }
  return NULL;
}

void fixture_signals_begin(void (*handler)(void)) {
  const struct sigaction action = {.sa_handler = on_signal};
  in_handler = handler;
  expect_number(sigaction(SIGUSR1, &action, NULL), 0);
  interrupted = pthread_self();
  atomic_store(&is_interrupting, true);
  expect_number(pthread_create(&interrupter, NULL, interrupt, NULL), 0);
}

void fixture_signals_end(void) {
  atomic_store(&is_interrupting, false);
  expect_number(pthread_join(interrupter, NULL), 0);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static struct rlimit usual_descriptors;

void fixture_descriptors_forbid(void) {
  expect_number(getrlimit(RLIMIT_NOFILE, &usual_descriptors), 0);
  const struct rlimit none = {.rlim_cur = 0, .rlim_max = usual_descriptors.rlim_max};
  expect_number(setrlimit(RLIMIT_NOFILE, &none), 0);
}

void fixture_descriptors_allow(void) {
  expect_number(setrlimit(RLIMIT_NOFILE, &usual_descriptors), 0);
}

/* ---- What this machine has ------------------------------------------------------------------- */

static bool can_open(net_kind kind) {
  conntrail_socket socket = net_socket(kind);
  if (socket == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  (void)net_close(socket);
  return true;
}

static bool has_loopback6(void) {
  struct sockaddr_storage loopback = net_loopback(NET_TCP6, 0);
  conntrail_socket socket = net_socket(NET_TCP6);
  if (socket == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  bool bound = net_bind(socket, &loopback) == NET_OK;
  (void)net_close(socket);
  return bound;
}

static bool reaches_system(void) {
  bool reached = net_begin();
  net_end();
  return reached;
}

unsigned fixture_offers(void) {
  unsigned offers = fixture_offers_of_environment() | NEEDS_FORK | NEEDS_DISSOLVE | NEEDS_POSIX;
  offers |= has_loopback6() ? (unsigned)NEEDS_V6 : 0;
  offers |= reaches_system() ? (unsigned)NEEDS_ORACLE : 0;
  offers |= can_open(NET_ODD) ? (unsigned)NEEDS_ODD_SOCKETS : 0;
  offers |= can_open(NET_RAW4) ? (unsigned)NEEDS_RAW_SOCKETS : 0;
  return offers & ~fixture_forbids_of_environment();
}

static void read_all(int from, char *text, size_t capacity) {
  size_t used = 0;
  ssize_t got = 1;
  while (got > 0 && used + 1 < capacity) {
    got = read(from, text + used, capacity - 1 - used);
    used += got > 0 ? (size_t)got : 0;
  }
  text[used] = '\0';
}

static int wait_for(pid_t child) {
  int end = 0;
  (void)waitpid(child, &end, 0);
  return WIFEXITED(end) ? WEXITSTATUS(end) : -1;
}

static void redirect_and_close(int ends[2], int target) {
  (void)dup2(ends[1], target);
  (void)close(ends[0]);
  (void)close(ends[1]);
}

int fixture_in_child(int (*body)(void *argument), void *argument, char *text, size_t capacity) {
  int ends[2];
  if (pipe(ends) != 0) {
    return -1;
  }
  (void)fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    redirect_and_close(ends, STDERR_FILENO);
    int answer = body(argument);
    /* The parent's buffers and leak report are not the child's. */
    _exit(answer);
  }
  (void)close(ends[1]);
  read_all(ends[0], text, capacity);
  (void)close(ends[0]);
  return wait_for(child);
}

int fixture_create_unwatched(char *refusal, size_t capacity) {
  int ends[2];
  if (pipe(ends) != 0) {
    return -1;
  }
  pid_t child = fork();
  if (child == 0) {
    redirect_and_close(ends, STDOUT_FILENO);
    (void)execl(CONFORMANCE_UNWATCHED, "unwatched", (char *)NULL);
    _exit(126);
  }
  (void)close(ends[1]);
  read_all(ends[0], refusal, capacity);
  (void)close(ends[0]);
  return wait_for(child);
}
