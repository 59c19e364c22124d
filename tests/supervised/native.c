/* SPDX-License-Identifier: MIT */
/* What backend-emu/frontend asks of this environment (native_calls.h), as far as emu.h needs it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "world_internal.h"

/* ---- Threads --------------------------------------------------------------------------------- */

/* What emu.h remembers of each thread; the supervising thread looks it up by the thread's number.
 */
typedef struct session {
  struct session *next;
  uint32_t thread;
  conntrail__thread_session kept;
} session;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static session *sessions;

static void forget(void *arg) {
  session **at = &sessions;
  pthread_mutex_lock(&mutex);
  while (*at != arg) {
    at = &(*at)->next;
  }
  *at = (*at)->next;
  pthread_mutex_unlock(&mutex);
  free(arg);
}

static void make_key(void) {
  world_must(pthread_key_create(&key, forget) == 0, "pthread_key_create");
}

static session *begin_session(void) {
  session *begun = calloc(1, sizeof *begun);
  world_must(begun != NULL && pthread_setspecific(key, begun) == 0, "a thread's session");
  begun->thread = world_this_thread();
  pthread_mutex_lock(&mutex);
  begun->next = sessions;
  sessions = begun;
  pthread_mutex_unlock(&mutex);
  return begun;
}

conntrail__thread_session *conntrail__native_thread(void) {
  pthread_once(&once, make_key);
  session *own = pthread_getspecific(key);
  return own != NULL ? &own->kept : &begin_session()->kept;
}

void world_disguise(uint32_t thread, conntrail__identity *who) {
  who->user = NULL;
  pthread_mutex_lock(&mutex);
  for (const session *s = sessions; s != NULL; s = s->next) {
    if (s->thread == thread) {
      who->process = s->kept.process != 0 ? s->kept.process : who->process;
      who->user = s->kept.user[0] == '\0' ? NULL : s->kept.user;
    }
  }
  pthread_mutex_unlock(&mutex);
}

uint32_t conntrail__native_process(void) {
  return (uint32_t)getpid();
}

/* ---- Emulations ------------------------------------------------------------------------------ */

void conntrail__native_lock(void) {
  world_stand_still();
}

void conntrail__native_unlock(void) {
  world_resume();
}

bool conntrail__native_is_watching(conntrail__refusal *why) {
  bool is_free;
  world_supervise();
  world_stand_still();
  is_free = !world_has_emulation();
  world_resume();
  if (!is_free) {
    (void)snprintf(why->text, sizeof why->text, "a supervisor has one emulation at a time");
  }
  return is_free;
}

bool conntrail__native_prepare(void) {
  return true;
}

void conntrail__native_begun(void) {
  world_begin(conntrail__session_current()->emu);
}

void conntrail__native_ended(const conntrail_emu *emu) {
  (void)emu;
  world_end();
}

void conntrail__native_expect_faults(void) {
}

void conntrail__native_sweep(void) {
  world_sweep();
}

conntrail__socket *conntrail__native_find(intptr_t handle, int *family) {
  return world_find((int)handle, family);
}

/* A relay socket is the supervising thread's, whose descriptors are its own. */
void conntrail__native_close(intptr_t handle) {
  world_close((int)handle);
}
