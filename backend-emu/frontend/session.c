/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdio.h>

static struct {
  conntrail__session_entry entries[CONNTRAIL__MOST_EMULATIONS];
  unsigned used; /* entries that were ever used */
  conntrail__session_entry *current;
  uint64_t last_instance;
  uint64_t last_actor;
  bool is_child; /* entries may be inherited */
} session;

static conntrail__session_entry *entry_of(const conntrail_emu *emu) {
  for (unsigned i = 0; i < session.used; i++) {
    if (session.entries[i].emu == emu) {
      return &session.entries[i];
    }
  }
  return NULL;
}

static conntrail__session_entry *entry_of_instance(uint64_t instance) {
  for (unsigned i = 0; i < session.used; i++) {
    if (session.entries[i].emu != NULL && session.entries[i].instance == instance) {
      return &session.entries[i];
    }
  }
  return NULL;
}

static conntrail__session_entry *free_entry(void) {
  conntrail__session_entry *unused = entry_of(NULL);
  if (unused != NULL) {
    return unused;
  }
  return session.used < CONNTRAIL__MOST_EMULATIONS ? &session.entries[session.used] : NULL;
}

uint64_t conntrail__session_next_instance(void) {
  return free_entry() == NULL || !conntrail__native_prepare() ? 0 : ++session.last_instance;
}

void conntrail__session_begin(conntrail_emu *emu) {
  conntrail__session_entry *begun = free_entry();
  *begun = (conntrail__session_entry){.emu = emu, .instance = session.last_instance};
  unsigned place = (unsigned)(begun - session.entries);
  if (session.used <= place) {
    session.used = place + 1;
  }
  if (session.current == NULL || session.current->is_inherited) {
    session.current = begun;
  }
  conntrail__native_begun();
}

void conntrail__session_end(const conntrail_emu *emu) {
  conntrail__session_entry *ended = emu == NULL ? NULL : entry_of(emu);
  if (ended == NULL) {
    return;
  }
  conntrail__native_ended(emu);
  if (session.current == ended) {
    session.current = NULL;
  }
  ended->emu = NULL;
}

const conntrail__session_entry *conntrail__session_entry_of(const conntrail_emu *emu) {
  return entry_of(emu);
}

bool conntrail__session_exists(uint64_t instance) {
  return entry_of_instance(instance) != NULL;
}

static conntrail__session_entry *current(void) {
  conntrail__thread_session *self = conntrail__native_thread();
  conntrail__session_entry *entered = self->entered == 0 ? NULL : entry_of_instance(self->entered);
  if (entered != NULL) {
    return entered;
  }
  self->entered = 0;
  return session.current;
}

const conntrail__session_entry *conntrail__session_current(void) {
  return current();
}

void conntrail__lock_swept(void) {
  conntrail__native_lock();
  conntrail__native_sweep();
}

void conntrail__session_enter(const conntrail_emu *emu) {
  conntrail__native_lock();
  const conntrail__session_entry *entered = emu == NULL ? NULL : entry_of(emu);
  conntrail__native_thread()->entered = entered == NULL ? 0 : entered->instance;
  conntrail__native_unlock();
}

void conntrail__session_act_as(uint32_t process, const char *user) {
  conntrail__thread_session *self = conntrail__native_thread();
  self->process = process;
  snprintf(self->user, sizeof self->user, "%s", user == NULL ? "" : user);
}

void conntrail__session_identity(conntrail__identity *who) {
  conntrail__thread_session *self = conntrail__native_thread();
  if (self->actor == 0) {
    self->actor = ++session.last_actor;
  }
  const uint32_t process = self->process != 0 ? self->process : conntrail__native_process();
  const char *user = self->user[0] == '\0' ? NULL : self->user;
  *who = (conntrail__identity){.actor = self->actor, .process = process, .user = user};
}

conntrail__refusal *conntrail__session_refusal(void) {
  return &conntrail__native_thread()->refusal;
}

conntrail__socket *conntrail__session_find(const conntrail_emu *emu, conntrail_socket socket) {
  int family;
  conntrail__socket *known = conntrail__native_find((intptr_t)socket, &family);
  return known != NULL && conntrail__socket_emulation(known) == emu ? known : NULL;
}

void conntrail__session_forked(void) {
  session.current = current();
  conntrail__native_thread()->entered = 0;
}

void conntrail__session_inherit(void) {
  session.is_child = true;
  for (unsigned i = 0; i < session.used; i++) {
    session.entries[i].is_inherited = true;
    if (session.entries[i].emu != NULL) {
      conntrail__pending_forget(session.entries[i].emu);
    }
  }
}

bool conntrail__session_is_inherited(const conntrail__socket *socket) {
  if (!session.is_child) {
    return false;
  }
  const conntrail__session_entry *entry = entry_of(conntrail__socket_emulation(socket));
  return entry != NULL && entry->is_inherited;
}
