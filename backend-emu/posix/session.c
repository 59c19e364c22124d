/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

CONNTRAIL__THREAD_LOCAL conntrail__thread conntrail__self;

/* A program that uses the seam, or creates an emulation and no more, carries the watched calls with
 * it, from a static archive too. */
#define DECLARE(name) extern CONNTRAIL__HIDDEN const char conntrail__keep_##name;
#define ADDRESS(name) &conntrail__keep_##name,
CONNTRAIL__WATCHED_FILES(DECLARE)
extern CONNTRAIL__HIDDEN const char *const conntrail__keep[];
const char *const conntrail__keep[] = {CONNTRAIL__WATCHED_FILES(ADDRESS)};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
atomic_bool conntrail__is_cautious;

void conntrail__native_expect_faults(void) {
  atomic_store_explicit(&conntrail__is_cautious, true, memory_order_relaxed);
}

/* Under the lock. */
static pid_t process;
static bool is_prepared; /* for fork */

/* A signal handler that runs while its thread holds the lock finds the flag and goes straight to
 * libc: waiting for the lock would be for ever. */
void conntrail__native_lock(void) {
  int state;
  conntrail__self.inside = 1;
  atomic_signal_fence(memory_order_seq_cst);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  pthread_mutex_lock(&lock);
  conntrail__self.cancel_state = state;
}

void conntrail__native_unlock(void) {
  conntrail__pending *ended = conntrail__overlapped_take_ended();
  int state = conntrail__self.cancel_state;
  pthread_mutex_unlock(&lock);
  pthread_setcancelstate(state, &state);
  atomic_signal_fence(memory_order_seq_cst);
  conntrail__self.inside = 0;
  if (ended != NULL) {
    conntrail__overlapped_notify(ended);
  }
}

bool conntrail__session_applies(void) {
  if (conntrail__self.is_probing) {
    conntrail__self.was_reached = true;
    return false;
  }
  return conntrail__self.inside == 0;
}

bool conntrail__session_refuses(const struct sockaddr *address, socklen_t size) {
  if (conntrail__self.inside == 0 || address == NULL || size < sizeof address->sa_family ||
      (address->sa_family != AF_INET && address->sa_family != AF_INET6)) {
    return false;
  }
  errno = ENETDOWN;
  return true;
}

static void before_fork(void) {
  conntrail__self.holds_for_fork = conntrail__self.inside == 0;
  if (conntrail__self.holds_for_fork) {
    conntrail__native_lock();
  }
}

static void end_fork(void) {
  if (conntrail__self.holds_for_fork) {
    conntrail__self.holds_for_fork = false;
    conntrail__native_unlock();
  }
}

/* The child's only thread is the one that forked. */
static void after_fork_in_child(void) {
  process = getpid();
  atomic_store_explicit(&conntrail__is_cautious, true, memory_order_relaxed);
  conntrail__session_forked();
  conntrail__session_inherit();
  end_fork();
}

bool conntrail__session_is_foreign(void) {
  return getpid() != process;
}

/* ---- What the shared logic asks of this front end -------------------------------------------- */

conntrail__thread_session *conntrail__native_thread(void) {
  return &conntrail__self.session;
}

uint32_t conntrail__native_process(void) {
  return (uint32_t)process;
}

bool conntrail__native_prepare(void) {
  if (!is_prepared) {
    process = getpid();
    is_prepared = pthread_atfork(before_fork, end_fork, after_fork_in_child) == 0;
  }
  return is_prepared;
}

void conntrail__native_begun(void) {
  atomic_fetch_add_explicit(&conntrail__active, 1, memory_order_relaxed);
}

void conntrail__native_ended(const conntrail_emu *emu) {
  conntrail__table_forget(emu);
  atomic_fetch_sub_explicit(&conntrail__active, 1, memory_order_relaxed);
}

bool conntrail__reference_take_quickly(int fd, conntrail__reference *reference) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  if (entry == NULL || !atomic_load_explicit(&entry->is_ready, memory_order_relaxed) ||
      atomic_load_explicit(&conntrail__is_cautious, memory_order_relaxed)) {
    return false;
  }
  reference->socket = conntrail__entry_socket(entry);
  reference->handle = fd;
  reference->family = atomic_load_explicit(&entry->family, memory_order_relaxed);
  reference->kind = CONNTRAIL__DATAGRAM;
  reference->is_inherited = false;
  reference->may_fault = false;
  reference->is_counted = false;
  return reference->socket != NULL;
}
