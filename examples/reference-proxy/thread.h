/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_PROXY_THREAD_H
#define REFERENCE_PROXY_THREAD_H

/* A thread, of POSIX (thread_posix.c) or of Windows (thread_windows.c). */
typedef struct thread thread;

/** NULL where the system gives none. */
thread *thread_start(void (*run)(void *argument), void *argument);

/** Waits until run has returned, and frees the thread. */
void thread_join(thread *ended);

#endif
