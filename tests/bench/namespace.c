/* SPDX-License-Identifier: MIT */
#include "namespace.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Four calls of libnftables, found at run time: its headers are seldom installed, it is wherever
 * the nft command is. */
typedef struct nftables {
  void *(*create)(uint32_t flags);
  int (*buffer_errors)(void *context);
  int (*run)(void *context, const char *commands);
  void (*destroy)(void *context);
} nftables;

static nftables library;
static bool has_library;

static bool find(void *handle, const char *name, void *function) {
  void *symbol = dlsym(handle, name);
  if (symbol != NULL) {
    memcpy(function, &symbol, sizeof symbol);
  }
  return symbol != NULL;
}

void bench_namespace_prepare(void) {
  void *handle = dlopen("libnftables.so.1", RTLD_NOW);
  has_library = handle != NULL && find(handle, "nft_ctx_new", &library.create) &&
                find(handle, "nft_ctx_buffer_error", &library.buffer_errors) &&
                find(handle, "nft_run_cmd_from_buffer", &library.run) &&
                find(handle, "nft_ctx_free", &library.destroy);
}

const char *bench_namespace_means(void) {
  return has_library ? "libnftables" : "the nft command";
}

static bool give_reason(bench_reason *why, const char *what) {
  snprintf(why->text, sizeof why->text, "%s: %s", what, strerror(errno));
  return false;
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    /* Where the system refuses, the next step says so. */
    ssize_t ignored = write(fd, text, strlen(text));
    (void)ignored;
    close(fd);
  }
}

/* A program that is started in a user namespace keeps its rights as root alone. */
static void become_root_inside(unsigned user, unsigned group) {
  char text[64];
  write_file("/proc/self/setgroups", "deny");
  snprintf(text, sizeof text, "0 %u 1", user);
  write_file("/proc/self/uid_map", text);
  snprintf(text, sizeof text, "0 %u 1", group);
  write_file("/proc/self/gid_map", text);
}

static bool leave_network(bench_reason *why) {
  unsigned user = geteuid();
  unsigned group = getegid();
  if (user == 0 && unshare(CLONE_NEWNET) == 0) {
    return true;
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return give_reason(why, "unshare");
  }
  become_root_inside(user, group);
  return true;
}

static bool raise_loopback(bench_reason *why) {
  struct ifreq request;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bool is_up = false;
  memset(&request, 0, sizeof request);
  memcpy(request.ifr_name, "lo", sizeof "lo");
  if (fd >= 0) {
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    is_up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
  }
  return is_up || give_reason(why, "loopback up");
}

bool bench_namespace_enter(bench_reason *why) {
  return leave_network(why) && raise_loopback(why);
}

static bool run_by_library(const char *commands) {
  void *context = library.create(0);
  bool is_done =
      context != NULL && library.buffer_errors(context) == 0 && library.run(context, commands) == 0;
  if (context != NULL) {
    library.destroy(context);
  }
  return is_done;
}

static void become_nft(int commands) {
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(commands, STDIN_FILENO);
  dup2(nowhere, STDERR_FILENO);
  execlp("nft", "nft", "-f", "-", (char *)NULL);
  execl("/usr/sbin/nft", "nft", "-f", "-", (char *)NULL);
  _exit(127);
}

static bool run_by_command(const char *commands) {
  int ends[2];
  int status = -1;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return false;
  }
  pid_t child = fork();
  if (child == 0) {
    become_nft(ends[0]);
  }
  /* Fits the pipe, which has a reader here as well: nft may be gone already. */
  bool is_told = child > 0 && write(ends[1], commands, strlen(commands)) > 0;
  close(ends[0]);
  close(ends[1]);
  return is_told && waitpid(child, &status, 0) == child && status == 0;
}

bool bench_namespace_redirect(unsigned from, unsigned to, bench_reason *why) {
  char commands[256];
  snprintf(commands, sizeof commands,
           "table ip bench {\n"
           "chain out { type nat hook output priority -100; tcp dport %u redirect to :%u; }\n"
           "}\n",
           from, to);
  errno = 0;
  if (has_library ? run_by_library(commands) : run_by_command(commands)) {
    return true;
  }
  snprintf(why->text, sizeof why->text, "%s refuses the rule, or is not installed",
           bench_namespace_means());
  return false;
}
