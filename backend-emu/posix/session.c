/* SPDX-License-Identifier: MIT */
#include "session.h"
#include "kernel.h"
#include "served.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_EMULATIONS = 256 };

CONNTRAIL__THREAD_LOCAL conntrail__thread conntrail__self;

/* A program that uses the seam, or creates an emulation and no more, carries the watched calls with
 * it, from a static archive too. */
const char *const conntrail__anchors[12] = {
    &conntrail__anchor_accept,      &conntrail__anchor_address, &conntrail__anchor_batch,
    &conntrail__anchor_bind_listen, &conntrail__anchor_connect, &conntrail__anchor_datagram,
    &conntrail__anchor_descriptor,  &conntrail__anchor_exec,    &conntrail__anchor_option,
    &conntrail__anchor_outside,     &conntrail__anchor_receive, &conntrail__anchor_socket};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint_fast64_t last_actor;
atomic_bool conntrail__is_cautious;

void conntrail__face_expect_faults(void) {
  atomic_store_explicit(&conntrail__is_cautious, true, memory_order_relaxed);
}

/* All of this under the lock. */
static struct {
  conntrail__resident residents[MOST_EMULATIONS];
  unsigned used; /* places that were ever used */
  conntrail__resident *current;
  uint64_t last_instance;
  pid_t process;
  bool is_prepared; /* for fork */
  bool is_child;    /* residents may be inherited */
} session;

/* A signal handler that runs while its thread holds the lock finds the flag and goes straight to
 * libc: waiting for the lock would be for ever. */
void conntrail__face_lock(void) {
  conntrail__self.inside = 1;
  atomic_signal_fence(memory_order_seq_cst);
  pthread_mutex_lock(&lock);
}

void conntrail__face_unlock(void) {
  conntrail__pending *ended = conntrail__overlapped_take_ended();
  pthread_mutex_unlock(&lock);
  atomic_signal_fence(memory_order_seq_cst);
  conntrail__self.inside = 0;
  if (ended != NULL) {
    conntrail__overlapped_tell(ended);
  }
}

bool conntrail__session_applies(void) {
  if (conntrail__self.is_probing) {
    conntrail__self.was_reached = true;
    return false;
  }
  return conntrail__self.inside == 0;
}

static void before_fork(void) {
  conntrail__self.holds_for_fork = conntrail__self.inside == 0;
  if (conntrail__self.holds_for_fork) {
    conntrail__face_lock();
    if (conntrail__is_served) {
      conntrail__channel_before_fork();
    }
  }
}

static void end_fork(bool is_child) {
  if (conntrail__self.holds_for_fork) {
    if (conntrail__is_served) {
      conntrail__channel_after_fork(is_child);
    }
    conntrail__self.holds_for_fork = false;
    conntrail__face_unlock();
  }
}

static void after_fork(void) {
  end_fork(false);
}

static void inherit(void) {
  session.is_child = true;
  for (unsigned i = 0; i < session.used; i++) {
    session.residents[i].is_inherited = true;
    if (session.residents[i].emu != NULL) {
      conntrail__pending_forget(session.residents[i].emu);
    }
  }
}

/* The child's only thread is the one that forked: what was current for it is so for the process. */
static void after_fork_in_child(void) {
  const conntrail__resident *current = conntrail__session_current();
  session.process = getpid();
  atomic_store_explicit(&conntrail__is_cautious, true, memory_order_relaxed);
  session.current = current == NULL ? NULL : &session.residents[current - session.residents];
  conntrail__self.entered = 0;
  if (!conntrail__is_served) {
    inherit();
  }
  end_fork(true);
}

pid_t conntrail__session_process(void) {
  return session.process;
}

bool conntrail__session_is_foreign(void) {
  return getpid() != session.process;
}

bool conntrail__session_is_inherited(const conntrail__socket *socket) {
  const conntrail__resident *resident;
  if (!session.is_child) {
    return false;
  }
  resident = conntrail__session_resident(conntrail__kernel_emulation(socket));
  return resident != NULL && resident->is_inherited;
}

static conntrail__resident *free_place(void) {
  for (unsigned i = 0; i < MOST_EMULATIONS; i++) {
    if (session.residents[i].emu == NULL) {
      return &session.residents[i];
    }
  }
  return NULL;
}

static bool prepare(void) {
  if (!session.is_prepared) {
    session.process = getpid();
    session.is_prepared = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
  }
  return session.is_prepared;
}

uint64_t conntrail__face_next_instance(void) {
  if (free_place() == NULL || !prepare()) {
    return 0;
  }
  return ++session.last_instance;
}

void conntrail__face_begin(conntrail_emu *emu) {
  conntrail__resident *resident = free_place();
  unsigned place = (unsigned)(resident - session.residents);
  resident->emu = emu;
  resident->instance = session.last_instance;
  resident->is_inherited = false;
  if (session.used <= place) {
    session.used = place + 1;
  }
  if (session.current == NULL || session.current->is_inherited) {
    session.current = resident;
  }
  atomic_fetch_add_explicit(&conntrail__active, 1, memory_order_relaxed);
}

void conntrail__session_serve(void) {
  atomic_store_explicit(&conntrail__is_cautious, true, memory_order_relaxed);
  if (conntrail__face_next_instance() != 0) {
    conntrail__face_begin(conntrail__served_token());
  }
}

const conntrail__resident *conntrail__session_resident(const conntrail_emu *emu) {
  for (unsigned i = 0; i < session.used; i++) {
    if (session.residents[i].emu == emu) {
      return &session.residents[i];
    }
  }
  return NULL;
}

static const conntrail__resident *resident_of_instance(uint64_t instance) {
  for (unsigned i = 0; i < session.used; i++) {
    if (session.residents[i].emu != NULL && session.residents[i].instance == instance) {
      return &session.residents[i];
    }
  }
  return NULL;
}

void conntrail__face_end(conntrail_emu *emu) {
  const conntrail__resident *found = conntrail__session_resident(emu);
  conntrail__resident *resident;
  if (found == NULL) {
    return;
  }
  resident = &session.residents[found - session.residents];
  conntrail__table_forget(emu);
  if (session.current == resident) {
    session.current = NULL;
  }
  resident->emu = NULL;
  atomic_fetch_sub_explicit(&conntrail__active, 1, memory_order_relaxed);
}

const conntrail__resident *conntrail__session_current(void) {
  if (conntrail__self.entered != 0) {
    const conntrail__resident *entered = resident_of_instance(conntrail__self.entered);
    if (entered != NULL) {
      return entered;
    }
    conntrail__self.entered = 0;
  }
  return session.current;
}

void conntrail__face_enter(conntrail_emu *emu) {
  const conntrail__resident *resident;
  conntrail__face_lock();
  resident = emu == NULL ? NULL : conntrail__session_resident(emu);
  conntrail__self.entered = resident == NULL ? 0 : resident->instance;
  conntrail__face_unlock();
}

void conntrail__face_act_as(uint32_t process, const char *user) {
  conntrail__self.process = process;
  snprintf(conntrail__self.user, sizeof conntrail__self.user, "%s", user == NULL ? "" : user);
}

void conntrail__session_identity(conntrail__identity *who) {
  conntrail__thread *self = &conntrail__self;
  if (self->actor == 0) {
    self->actor = atomic_fetch_add_explicit(&last_actor, 1, memory_order_relaxed) + 1;
  }
  who->actor = self->actor;
  who->process = self->process != 0 ? self->process : (uint32_t)session.process;
  who->user = self->user[0] == '\0' ? NULL : self->user;
}

conntrail__refusal *conntrail__face_refusal(void) {
  return &conntrail__self.refusal;
}

conntrail__socket *conntrail__face_find(const conntrail_emu *emu, conntrail_socket socket) {
  conntrail__socket *known = conntrail__table_find(socket);
  return known != NULL && conntrail__kernel_emulation(known) == emu ? known : NULL;
}

static void fill_hold(conntrail__hold *hold, const conntrail__entry *entry) {
  const conntrail__resident *resident =
      conntrail__session_resident(conntrail__kernel_emulation(hold->socket));
  conntrail__kernel_retain(hold->socket);
  hold->instance = resident->instance;
  hold->is_inherited = resident->is_inherited;
  hold->family = entry->family;
  hold->kind = conntrail__kernel_kind_of(hold->socket);
  hold->state = conntrail__kernel_state_of(hold->socket);
  hold->is_quick = false;
  hold->may_fault = conntrail__kernel_may_fault(resident->emu);
}

bool conntrail__hold_take(int fd, conntrail__hold *hold) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  if (conntrail__entry_socket(entry) == NULL) {
    return false;
  }
  conntrail__face_lock();
  hold->socket = conntrail__entry_socket(entry);
  if (hold->socket != NULL) {
    fill_hold(hold, entry);
  }
  conntrail__face_unlock();
  return hold->socket != NULL;
}

bool conntrail__hold_take_quickly(int fd, conntrail__hold *hold) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  if (entry == NULL || !atomic_load_explicit(&entry->is_ready, memory_order_relaxed) ||
      atomic_load_explicit(&conntrail__is_cautious, memory_order_relaxed)) {
    return false;
  }
  hold->socket = conntrail__entry_socket(entry);
  hold->family = atomic_load_explicit(&entry->family, memory_order_relaxed);
  hold->kind = CONNTRAIL__DATAGRAM;
  hold->is_inherited = false;
  hold->may_fault = false;
  hold->is_quick = true;
  hold->fd = fd;
  return hold->socket != NULL;
}

/* Another socket may be there by now, or none. */
static bool resume_quickly(const conntrail__hold *hold) {
  conntrail__face_lock();
  if (conntrail__table_find(hold->fd) == hold->socket) {
    return true;
  }
  conntrail__face_unlock();
  return false;
}

bool conntrail__hold_resume(conntrail__hold *hold) {
  if (hold->is_quick) {
    return resume_quickly(hold);
  }
  conntrail__face_lock();
  if (resident_of_instance(hold->instance) == NULL) {
    conntrail__face_unlock();
    return false;
  }
  return true;
}

void conntrail__hold_end(conntrail__hold *hold) {
  if (!hold->is_quick) {
    conntrail__kernel_release(hold->socket);
  }
  hold->socket = NULL;
  conntrail__face_unlock();
}

void conntrail__hold_drop(conntrail__hold *hold) {
  if (!hold->is_quick && conntrail__hold_resume(hold)) {
    conntrail__hold_end(hold);
  }
}
