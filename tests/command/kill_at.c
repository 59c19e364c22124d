/* SPDX-License-Identifier: MIT */
/*
 * kill_at CALL:N:WHEN [--child] PROGRAM...: runs PROGRAM, and kills it at the N-th system call of
 * that name, of all its threads together: WHEN is "before" or "after". --child: it is PROGRAM's
 * first child that is meant. Exits as PROGRAM does, 128 + N for a signal. Traced, so that any
 * program has any step; a signal that ends this process ends them as well.
 */
#define _GNU_SOURCE

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SYSCALL_STOP = SIGTRAP | 0x80, FAILED = 125 };

static const struct {
  const char *name;
  long number;
} calls[] = {{"socket", SYS_socket},
             {"connect", SYS_connect},
             {"accept4", SYS_accept4},
             {"getsockname", SYS_getsockname},
             {"getpeername", SYS_getpeername},
             {"getsockopt", SYS_getsockopt},
             {"setsockopt", SYS_setsockopt},
             {"sendto", SYS_sendto},
             {"recvfrom", SYS_recvfrom},
             {"sendmsg", SYS_sendmsg},
             {"recvmsg", SYS_recvmsg},
             {"read", SYS_read},
             {"write", SYS_write},
             {"readv", SYS_readv},
             {"writev", SYS_writev},
             {"close", SYS_close},
             {"ioctl", SYS_ioctl},
             {"seccomp", SYS_seccomp},
             {"execve", SYS_execve},
             {"pidfd_getfd", SYS_pidfd_getfd},
             {"epoll_wait", SYS_epoll_wait},
             {"process_vm_readv", SYS_process_vm_readv}};

typedef struct plan {
  long call;
  unsigned left; /* until it is the one */
  bool is_after;
  bool is_childs;
  pid_t program;
  pid_t victim;   /* 0: not born */
  pid_t about_to; /* the thread that is in the call meant; 0: none */
} plan;

static bool read_plan(const char *text, plan *p) {
  char *when = NULL;
  const size_t size = strcspn(text, ":");
  p->left = text[size] == ':' ? (unsigned)strtoul(text + size + 1, &when, 10) : 0;
  if (p->left == 0 || *when != ':') {
    return false;
  }
  p->is_after = strcmp(when + 1, "after") == 0;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strlen(calls[i].name) == size && memcmp(calls[i].name, text, size) == 0) {
      p->call = calls[i].number;
      return true;
    }
  }
  return false;
}

static pid_t start(char **command) {
  pid_t child = fork();
  if (child == 0) {
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    (void)raise(SIGSTOP);
    (void)execvp(command[0], command);
    perror(command[0]);
    _exit(FAILED);
  }
  return child;
}

static void on_call(plan *p, pid_t thread) {
  struct __ptrace_syscall_info about;
  if (p->victim == 0 ||
      ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof about, &about) <= 0) {
    return;
  }
  bool is_entry = about.op == PTRACE_SYSCALL_INFO_ENTRY;
  if (is_entry && p->left > 0 && about.entry.nr == (uint64_t)p->call) {
    p->left--;
    if (p->left == 0) {
      p->about_to = thread;
    }
  }
  if (p->about_to == thread && is_entry != p->is_after) {
    (void)kill(p->victim, SIGKILL);
  }
}

/* The signal that the program is to get; 0: none. */
static int on_stop(plan *p, pid_t thread, int status) {
  unsigned long born = 0;
  const int number = WSTOPSIG(status);
  const int event = status >> 16;
  if (number == SYSCALL_STOP) {
    on_call(p, thread);
    return 0;
  }
  if (event == PTRACE_EVENT_FORK && p->is_childs && p->victim == 0) {
    (void)ptrace(PTRACE_GETEVENTMSG, thread, NULL, &born);
    p->victim = (pid_t)born;
  }
  return event != 0 || number == SIGSTOP || number == SIGTRAP ? 0 : number;
}

static int trace(plan *p) {
  int status;
  pid_t thread;
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
                       PTRACE_O_TRACEEXEC | (p->is_childs ? PTRACE_O_TRACEFORK : 0);
  if (waitpid(p->program, &status, 0) != p->program || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SETOPTIONS, p->program, NULL, options) != 0) {
    return FAILED;
  }
  (void)ptrace(PTRACE_SYSCALL, p->program, NULL, 0L);
  while ((thread = waitpid(-1, &status, __WALL)) > 0) {
    if (WIFSTOPPED(status)) {
      const long deliver = on_stop(p, thread, status);
      (void)ptrace(PTRACE_SYSCALL, thread, NULL, deliver);
    } else if (thread == p->program) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  return FAILED;
}

int main(int count, char **arguments) {
  plan p = {.call = -1};
  int first = 2;
  if (count > 2 && strcmp(arguments[2], "--child") == 0) {
    p.is_childs = true;
    first = 3;
  }
  if (count <= first || !read_plan(arguments[1], &p)) {
    fprintf(stderr, "kill_at: CALL:N:before|after [--child] PROGRAM...\n");
    return FAILED;
  }
  p.program = start(arguments + first);
  p.victim = p.is_childs ? 0 : p.program;
  return trace(&p);
}
