/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "filter.h"
#include "memory.h"
#include "notice.h"

/* Which call it is, and its arguments, of either architecture. */

enum { MOST_ARGUMENTS = 6 };

static conntrail__sys call_64(int number) {
  switch (number) {
  case SYS_socket:
    return CONNTRAIL__SYS_SOCKET;
  case SYS_bind:
    return CONNTRAIL__SYS_BIND;
  case SYS_connect:
    return CONNTRAIL__SYS_CONNECT;
  case SYS_listen:
    return CONNTRAIL__SYS_LISTEN;
  case SYS_getpeername:
    return CONNTRAIL__SYS_GETPEERNAME;
  case SYS_getsockopt:
    return CONNTRAIL__SYS_GETSOCKOPT;
  case SYS_setsockopt:
    return CONNTRAIL__SYS_SETSOCKOPT;
  case SYS_sendto:
    return CONNTRAIL__SYS_SENDTO;
  case SYS_recvfrom:
    return CONNTRAIL__SYS_RECVFROM;
  case SYS_sendmsg:
    return CONNTRAIL__SYS_SENDMSG;
  case SYS_recvmsg:
    return CONNTRAIL__SYS_RECVMSG;
  case SYS_sendmmsg:
    return CONNTRAIL__SYS_SENDMMSG;
  case SYS_recvmmsg:
    return CONNTRAIL__SYS_RECVMMSG;
  case SYS_seccomp:
    return CONNTRAIL__SYS_SECCOMP;
  case SYS_prctl:
    return CONNTRAIL__SYS_PRCTL;
  case SYS_execve:
    return CONNTRAIL__SYS_EXECVE;
  case SYS_execveat:
    return CONNTRAIL__SYS_EXECVEAT;
  default:
    return (unsigned)number >= CONNTRAIL__X32 ? CONNTRAIL__SYS_X32 : CONNTRAIL__SYS_OTHER;
  }
}

static conntrail__sys call_32(int number) {
  switch (number) {
  case CONNTRAIL__I386_SOCKET:
    return CONNTRAIL__SYS_SOCKET;
  case CONNTRAIL__I386_BIND:
    return CONNTRAIL__SYS_BIND;
  case CONNTRAIL__I386_CONNECT:
    return CONNTRAIL__SYS_CONNECT;
  case CONNTRAIL__I386_LISTEN:
    return CONNTRAIL__SYS_LISTEN;
  case CONNTRAIL__I386_GETPEERNAME:
    return CONNTRAIL__SYS_GETPEERNAME;
  case CONNTRAIL__I386_GETSOCKOPT:
    return CONNTRAIL__SYS_GETSOCKOPT;
  case CONNTRAIL__I386_SETSOCKOPT:
    return CONNTRAIL__SYS_SETSOCKOPT;
  case CONNTRAIL__I386_SENDTO:
    return CONNTRAIL__SYS_SENDTO;
  case CONNTRAIL__I386_RECVFROM:
    return CONNTRAIL__SYS_RECVFROM;
  case CONNTRAIL__I386_SENDMSG:
    return CONNTRAIL__SYS_SENDMSG;
  case CONNTRAIL__I386_RECVMSG:
    return CONNTRAIL__SYS_RECVMSG;
  case CONNTRAIL__I386_SENDMMSG:
    return CONNTRAIL__SYS_SENDMMSG;
  case CONNTRAIL__I386_RECVMMSG:
  case CONNTRAIL__I386_RECVMMSG_TIME64:
    return CONNTRAIL__SYS_RECVMMSG;
  case CONNTRAIL__I386_SECCOMP:
    return CONNTRAIL__SYS_SECCOMP;
  case CONNTRAIL__I386_PRCTL:
    return CONNTRAIL__SYS_PRCTL;
  case CONNTRAIL__I386_EXECVE:
    return CONNTRAIL__SYS_EXECVE;
  case CONNTRAIL__I386_EXECVEAT:
    return CONNTRAIL__SYS_EXECVEAT;
  default:
    return CONNTRAIL__SYS_OTHER;
  }
}

/* [D] linux/net.h: SYS_SOCKET and its like, the first argument of socketcall. */
static const struct {
  conntrail__sys call;
  unsigned arguments;
} socket_calls[] = {
    [1] = {CONNTRAIL__SYS_SOCKET, 3},      [2] = {CONNTRAIL__SYS_BIND, 3},
    [3] = {CONNTRAIL__SYS_CONNECT, 3},     [4] = {CONNTRAIL__SYS_LISTEN, 2},
    [7] = {CONNTRAIL__SYS_GETPEERNAME, 3}, [11] = {CONNTRAIL__SYS_SENDTO, 6},
    [12] = {CONNTRAIL__SYS_RECVFROM, 6},   [14] = {CONNTRAIL__SYS_SETSOCKOPT, 5},
    [15] = {CONNTRAIL__SYS_GETSOCKOPT, 5}, [16] = {CONNTRAIL__SYS_SENDMSG, 3},
    [17] = {CONNTRAIL__SYS_RECVMSG, 3},    [19] = {CONNTRAIL__SYS_RECVMMSG, 5},
    [20] = {CONNTRAIL__SYS_SENDMMSG, 4},
};

static bool read_socket_call(conntrail__notice *notice, int *error) {
  uint64_t which = notice->args[0];
  uint32_t words[MOST_ARGUMENTS] = {0};
  notice->call = CONNTRAIL__SYS_OTHER;
  if (which >= sizeof socket_calls / sizeof *socket_calls || socket_calls[which].arguments == 0) {
    return true;
  }
  *error = conntrail__read_memory(notice, words, notice->args[1],
                                  socket_calls[which].arguments * sizeof *words);
  notice->call = socket_calls[which].call;
  for (int i = 0; i < MOST_ARGUMENTS; i++) {
    notice->args[i] = words[i];
  }
  return *error == 0;
}

bool conntrail__read_call(const struct seccomp_notif *raw, conntrail__notice *notice, int *error) {
  notice->id = raw->id;
  notice->thread = raw->pid;
  notice->is_32 = raw->data.arch == AUDIT_ARCH_I386;
  for (int i = 0; i < MOST_ARGUMENTS; i++) {
    notice->args[i] = notice->is_32 ? (uint32_t)raw->data.args[i] : raw->data.args[i];
  }
  *error = 0;
  if (notice->is_32 && raw->data.nr == CONNTRAIL__I386_SOCKETCALL) {
    return read_socket_call(notice, error);
  }
  notice->call = notice->is_32 ? call_32(raw->data.nr) : call_64(raw->data.nr);
  return true;
}
