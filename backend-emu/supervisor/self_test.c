/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "borrow.h"
#include "describe.h"
#include "diag.h"
#include "launch.h"
#include "memory.h"
#include "notice.h"
#include "notify.h"
#include "state.h"
#include "watch.h"

/* Everything that supervising needs, tried on a child that connects to this process. */

enum { SUPERVISION, BORROWING, MEMORY, COOKIES, SOCKET_LIST, DESTROY_EVENTS, PATIENCE = 5000 };

static const char *const names[CONNTRAIL__NEEDS] = {
    [SUPERVISION] = "system calls are supervised by user notification (Linux 5.19 or later)",
    [BORROWING] = "a program's descriptors are borrowed (pidfd_getfd)",
    [MEMORY] = "a program's memory is read (process_vm_readv)",
    [COOKIES] = "a socket is known again (SO_COOKIE)",
    [SOCKET_LIST] = "the kernel lists sockets (sock_diag, tcp_diag)",
    [DESTROY_EVENTS] = "the kernel reports when a socket ends (sock_diag's destroy events)"};

static bool need(conntrail__need *needs, int which, bool is_met, const char *cure) {
  needs[which].is_met = is_met;
  snprintf(needs[which].cure, sizeof needs[which].cure, "%s", is_met ? "" : cure);
  return is_met;
}

/* ---- The child ------------------------------------------------------------------------------- */

static int connect_to(void *arg) {
  const struct sockaddr_in *where = arg;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int result = connect(fd, (const struct sockaddr *)where, sizeof *where);
  _exit(fd >= 0 && result == 0 ? 0 : 1);
}

static bool receive(int listener, struct seccomp_notif *raw) {
  struct pollfd wanted = {.fd = listener, .events = POLLIN};
  memset(raw, 0, sizeof *raw);
  return poll(&wanted, 1, PATIENCE) == 1 && (wanted.revents & POLLIN) != 0 &&
         conntrail__notify(listener, SECCOMP_IOCTL_NOTIF_RECV, raw) == 0;
}

static void try_call(conntrail__supervisor *s, conntrail__watch *watch, conntrail__need *needs,
                     const struct sockaddr_in *where) {
  struct seccomp_notif raw;
  conntrail__notice notice = {.supervisor = s, .watch = watch};
  struct sockaddr_in read_back;
  int error = 0;
  if (!need(needs, SUPERVISION,
            receive(watch->fd, &raw) && conntrail__read_call(&raw, &notice, &error),
            "no notification came; use Linux 5.19 or later, not gVisor")) {
    return;
  }
  int own = conntrail__borrow(&notice, (int)notice.args[0], &error);
  (void)need(needs, BORROWING, own >= 0,
             "give conntrail-emu CAP_SYS_PTRACE: docker run --cap-add SYS_PTRACE, options: of a "
             "container job at GitHub, securityContext.capabilities in Kubernetes");
  (void)need(needs, MEMORY,
             conntrail__read_memory(&notice, &read_back, notice.args[1], sizeof read_back) == 0 &&
                 memcmp(&read_back, where, sizeof read_back) == 0,
             "give conntrail-emu CAP_SYS_PTRACE, or set kernel.yama.ptrace_scope to 1 or 0");
  (void)need(needs, COOKIES, own >= 0 && conntrail__cookie_of(own) != 0, "use Linux 4.12 or later");
  if (own >= 0) {
    close(own);
  }
  conntrail__send_answer(&notice, conntrail__go_on());
}

static void count_destroyed(void *arg, const conntrail__diag_socket *gone) {
  (void)gone;
  ++*(int *)arg;
}

/* The child's socket ends with it. */
static bool is_told(const conntrail__diag *diag) {
  struct pollfd wanted = {.fd = diag->events, .events = POLLIN};
  int count = 0;
  if (poll(&wanted, 1, PATIENCE) == 1) {
    bool ignored;
    (void)conntrail__diag_read(diag, count_destroyed, &count, &ignored);
  }
  return count > 0;
}

static bool is_listed(const conntrail__diag *diag, int server) {
  conntrail__diag_socket found;
  conntrail__address local;
  conntrail__address peer;
  struct pollfd wanted = {.fd = server, .events = POLLIN};
  int accepted = poll(&wanted, 1, PATIENCE) == 1 ? accept(server, NULL, NULL) : -1;
  bool is_found = accepted >= 0 && conntrail__own_address(accepted, &local) &&
                  conntrail__peer_address(accepted, &peer) &&
                  conntrail__diag_find(diag, &local, &peer, conntrail__cookie_of(accepted), &found);
  if (accepted >= 0) {
    close(accepted);
  }
  return is_found;
}

/* ---- The test -------------------------------------------------------------------------------- */

static void supervise_child(conntrail__supervisor *s, conntrail__need *needs, int server,
                            struct sockaddr_in *where) {
  conntrail__refusal why;
  conntrail__launch launch = {.act = connect_to, .arg = where};
  if (!conntrail__launch_child(&launch, &why)) {
    (void)need(needs, SUPERVISION, false, why.text);
    return;
  }
  conntrail__watch watch = {.supervisor = s, .fd = launch.listener, .program = "a child"};
  try_call(s, &watch, needs, where);
  close(launch.listener);
  close(launch.report);
  (void)need(needs, SOCKET_LIST, s->diag.questions >= 0 && is_listed(&s->diag, server),
             "load the kernel's modules inet_diag and tcp_diag (modprobe tcp_diag udp_diag)");
  (void)waitpid(launch.child, NULL, 0);
  (void)need(needs, DESTROY_EVENTS, s->diag.events >= 0 && is_told(&s->diag),
             "load the kernel's modules inet_diag, tcp_diag and udp_diag");
}

static int open_server(struct sockaddr_in *where) {
  socklen_t size = sizeof *where;
  *where = (struct sockaddr_in){.sin_family = AF_INET};
  where->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server >= 0 &&
      (bind(server, (struct sockaddr *)where, sizeof *where) != 0 || listen(server, 1) != 0 ||
       getsockname(server, (struct sockaddr *)where, &size) != 0)) {
    close(server);
    return -1;
  }
  return server;
}

bool conntrail__supervisor_try(conntrail__need needs[CONNTRAIL__NEEDS]) {
  conntrail__supervisor *s = calloc(1, sizeof *s);
  struct sockaddr_in where;
  int server = open_server(&where);
  bool is_whole = true;
  for (int i = 0; i < CONNTRAIL__NEEDS; i++) {
    needs[i] = (conntrail__need){.what = names[i]};
    (void)need(needs, i, false, "not tried, because of what is missing above");
  }
  if (s != NULL && server >= 0) {
    (void)conntrail__diag_open(&s->diag);
    supervise_child(s, needs, server, &where);
    conntrail__slots_close(s);
    conntrail__diag_close(&s->diag);
  }
  if (server >= 0) {
    close(server);
  }
  free(s);
  for (int i = 0; i < CONNTRAIL__NEEDS; i++) {
    is_whole = is_whole && needs[i].is_met;
  }
  return is_whole;
}
