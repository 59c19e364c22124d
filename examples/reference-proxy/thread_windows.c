/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <process.h>
#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

struct thread {
  HANDLE native;
  void (*run)(void *argument);
  void *argument;
};

static unsigned __stdcall start(void *given) {
  const thread *self = given;
  self->run(self->argument);
  return 0;
}

thread *thread_start(void (*run)(void *argument), void *argument) {
  thread *started = malloc(sizeof *started);
  uintptr_t native;
  if (!started) {
    return NULL;
  }
  started->run = run;
  started->argument = argument;
  native = _beginthreadex(NULL, 0, start, started, 0, NULL);
  if (native == 0) {
    free(started);
    return NULL;
  }
  started->native = (HANDLE)native;
  return started;
}

void thread_join(thread *ended) {
  WaitForSingleObject(ended->native, INFINITE);
  CloseHandle(ended->native);
  free(ended);
}
