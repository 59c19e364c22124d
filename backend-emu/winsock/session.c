/* SPDX-License-Identifier: MIT */

/* The face as the control of the emulation sees it: lock, threads, emulations that exist. */

#include "winsock.h"

#include <stdio.h>
#include <string.h>

enum { USER_TEXT = 64 };

static SRWLOCK lock = SRWLOCK_INIT;

enum { MOST_EMULATIONS = 256 };

/* An emulation that exists. A thread that entered one knows it by its instance: its memory may
 * belong to another one by now. */
typedef struct resident {
  conntrail_emu *emu; /* NULL: the place is free */
  uint64_t instance;
} resident;

static resident residents[MOST_EMULATIONS];
static uint64_t last_instance;
static uint64_t process_instance; /* of the one that is current for the process; 0: none */
static LONG64 last_actor;

typedef struct thread_state {
  uint64_t actor;
  uint64_t entered; /* instance; 0: the process's */
  uint32_t process;
  char user[USER_TEXT];
  conntrail__refusal refusal;
} thread_state;

static _Thread_local thread_state self;

void conntrail__face_lock(void) {
  AcquireSRWLockExclusive(&lock);
}

/* It is held for moments only. Who still has it after so many turns will not give it back. */
bool conntrail__face_try_lock(void) {
  enum { TURNS = 100000 };
  for (int turn = 0; turn < TURNS; turn++) {
    if (TryAcquireSRWLockExclusive(&lock)) {
      return true;
    }
    (void)SwitchToThread();
  }
  return false;
}

void conntrail__face_unlock(void) {
  conntrail__pending *ended = conntrail__queries_ended();
  ReleaseSRWLockExclusive(&lock);
  if (ended != NULL) {
    conntrail__queries_tell(ended);
  }
}

bool conntrail__face_is_watching(conntrail__refusal *why) {
  const char *stranger = NULL;
  if (conntrail__calls_are_ours(&stranger)) {
    return true;
  }
  snprintf(why->text, sizeof why->text,
           "this program's %s is not conntrail's: link the emulation into the program itself, "
           "ahead of ws2_32 and kernel32",
           stranger);
  return false;
}

static resident *find_resident(const conntrail_emu *emu) {
  for (int place = 0; place < MOST_EMULATIONS; place++) {
    if (residents[place].emu == emu) {
      return &residents[place];
    }
  }
  return NULL;
}

static resident *find_instance(uint64_t instance) {
  for (int place = 0; place < MOST_EMULATIONS; place++) {
    if (residents[place].emu != NULL && residents[place].instance == instance) {
      return &residents[place];
    }
  }
  return NULL;
}

uint64_t conntrail__face_next_instance(void) {
  return find_resident(NULL) != NULL ? ++last_instance : 0;
}

void conntrail__face_begin(conntrail_emu *emu) {
  resident *begun = find_resident(NULL);
  *begun = (resident){emu, last_instance};
  if (process_instance == 0) {
    process_instance = begun->instance;
  }
}

void conntrail__face_end(conntrail_emu *emu) {
  resident *ended = find_resident(emu);
  conntrail__descriptor_forget(emu);
  conntrail__duplicate_forget(emu);
  if (process_instance == ended->instance) {
    process_instance = 0;
  }
  *ended = (resident){NULL, 0};
}

uint64_t conntrail__session_instance(const conntrail_emu *emu) {
  return find_resident(emu)->instance;
}

bool conntrail__session_exists(uint64_t instance) {
  return find_instance(instance) != NULL;
}

void conntrail__face_enter(conntrail_emu *emu) {
  conntrail__face_lock();
  const resident *entered = emu != NULL ? find_resident(emu) : NULL;
  self.entered = entered != NULL ? entered->instance : 0;
  conntrail__face_unlock();
}

conntrail_emu *conntrail__session_current(void) {
  const resident *found = self.entered != 0 ? find_instance(self.entered) : NULL;
  if (found == NULL) {
    found = find_instance(process_instance);
  }
  return found != NULL ? found->emu : NULL;
}

void conntrail__face_act_as(uint32_t process, const char *user) {
  self.process = process;
  snprintf(self.user, sizeof self.user, "%s", user != NULL ? user : "");
}

void conntrail__session_identity(conntrail__identity *who) {
  if (self.actor == 0) {
    self.actor = (uint64_t)InterlockedIncrement64(&last_actor);
  }
  who->actor = self.actor;
  who->process = self.process != 0 ? self.process : GetCurrentProcessId();
  who->user = self.user[0] != '\0' ? self.user : NULL;
}

conntrail__socket *conntrail__face_find(const conntrail_emu *emu, conntrail_socket handle) {
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  return found != NULL && conntrail__socket_emulation(found->socket) == emu ? found->socket : NULL;
}

/* Every call here looks anyhow. */
void conntrail__face_expect_faults(void) {
}

conntrail__refusal *conntrail__face_refusal(void) {
  return &self.refusal;
}
