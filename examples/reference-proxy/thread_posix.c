/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>

struct thread {
  pthread_t native;
  void (*run)(void *argument);
  void *argument;
};

static void *start(void *given) {
  const thread *self = given;
  self->run(self->argument);
  return NULL;
}

thread *thread_start(void (*run)(void *argument), void *argument) {
  thread *started = malloc(sizeof *started);
  if (!started) {
    return NULL;
  }
  started->run = run;
  started->argument = argument;
  if (pthread_create(&started->native, NULL, start, started) != 0) {
    free(started);
    return NULL;
  }
  return started;
}

void thread_join(thread *ended) {
  pthread_join(ended->native, NULL);
  free(ended);
}
