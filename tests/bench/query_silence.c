/* SPDX-License-Identifier: MIT */
#include "query_silence.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "measure.h"
#include "world.h"

enum { QUERIES = 100000, COOKIE = 57 };

static unsigned long heap_calls;

/* The linker sends the library's calls here, and __real_ ones to libc. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size) {
  heap_calls++;
  return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  heap_calls++;
  return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
  heap_calls++;
  return __real_realloc(block, size);
}

typedef enum subject { QUERY, QUERY_AND_SYSTEM_CALL, QUERY_AND_HEAP } subject;

/* Lets pass getsockopt of SO_COOKIE (clause E11), write and exit; the kernel ends the process at
 * any other system call. */
static bool guard(void) {
  static struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, COOKIE, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* In a child under the guard: no exit_group, so no exit(). */
static void leave(unsigned long heap) {
  if (write(STDOUT_FILENO, &heap, sizeof heap) < 0) {
    syscall(SYS_exit, 2);
  }
  syscall(SYS_exit, 0);
}

static void query_under_guard(subject what) {
  unsigned char records[CONNTRAIL_USUAL_BLOB];
  size_t size;
  bench_world world = bench_world_begin();
  struct sockaddr_in destination = bench_world_destination(34);
  bench_pair pair = bench_world_connect(&world, &destination);
  unsigned long before = heap_calls;
  if (!guard()) {
    _exit(3);
  }
  for (int i = 0; i < QUERIES; i++) {
    if (conntrail_query_records(pair.accepted, records, sizeof records, &size) != CONNTRAIL_OK) {
      syscall(SYS_exit, 4);
    }
  }
  if (what == QUERY_AND_SYSTEM_CALL) {
    (void)getppid();
  } else if (what == QUERY_AND_HEAP) {
    void *volatile block = malloc(1); /* volatile: or the compiler leaves both calls out */
    free(block);
  }
  leave(heap_calls - before);
}

typedef struct finding {
  int status;
  unsigned long heap;
  bool has_heap;
} finding;

static finding try_subject(subject what) {
  finding found = {0, 0, false};
  int ends[2];
  bench_need(pipe(ends) == 0, "a pipe");
  pid_t child = fork();
  bench_need(child >= 0, "fork");
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    query_under_guard(what);
  }
  close(ends[1]);
  found.has_heap = read(ends[0], &found.heap, sizeof found.heap) == sizeof found.heap;
  close(ends[0]);
  bench_need(waitpid(child, &found.status, 0) == child, "waitpid");
  return found;
}

static bool was_killed(const finding *found) {
  return WIFSIGNALED(found->status);
}

static bool is_guarded(const finding *system_call, const finding *heap) {
  return was_killed(system_call) && heap->has_heap && heap->heap == 1;
}

void bench_silence_report(void) {
  static const char calls[] = "100,000 x query_records: system calls other than SO_COOKIE";
  static const char heap[] = "100,000 x query_records: heap allocations";
  char text[32];
  fflush(stdout);
  finding found = try_subject(QUERY);
  finding system_call = try_subject(QUERY_AND_SYSTEM_CALL);
  finding allocation = try_subject(QUERY_AND_HEAP);
  if (!is_guarded(&system_call, &allocation)) {
    bench_report_missing(calls, "seccomp or the linker's --wrap has no effect here");
    return;
  }
  bench_report_fact(calls, "0", found.has_heap, found.has_heap ? "0" : "1 or more");
  snprintf(text, sizeof text, "%lu", found.heap);
  bench_report_fact(heap, "0", found.has_heap && found.heap == 0, found.has_heap ? text : "?");
}
