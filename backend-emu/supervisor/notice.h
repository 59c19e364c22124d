/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_NOTICE_H
#define CONNTRAIL_SUPERVISOR_NOTICE_H

/* A call that waits for its answer. */

#include <stdint.h>
#include <sys/socket.h>

#include "watch.h"

typedef enum conntrail__sys {
  CONNTRAIL__SYS_OTHER,
  CONNTRAIL__SYS_SOCKET,
  CONNTRAIL__SYS_BIND,
  CONNTRAIL__SYS_CONNECT,
  CONNTRAIL__SYS_LISTEN,
  CONNTRAIL__SYS_GETPEERNAME,
  CONNTRAIL__SYS_GETSOCKOPT,
  CONNTRAIL__SYS_SETSOCKOPT,
  CONNTRAIL__SYS_SENDTO,
  CONNTRAIL__SYS_RECVFROM,
  CONNTRAIL__SYS_SENDMSG,
  CONNTRAIL__SYS_RECVMSG,
  CONNTRAIL__SYS_SENDMMSG,
  CONNTRAIL__SYS_RECVMMSG,
  CONNTRAIL__SYS_SECCOMP,
  CONNTRAIL__SYS_PRCTL,
  CONNTRAIL__SYS_EXECVE,
  CONNTRAIL__SYS_EXECVEAT,
  CONNTRAIL__SYS_X32,
  CONNTRAIL__SYS_END
} conntrail__sys;

typedef struct conntrail__notice {
  conntrail__supervisor *supervisor;
  conntrail__watch *watch;
  uint64_t id;
  uint32_t thread;
  conntrail__sys call;
  bool is_parked;
  uint64_t cookie; /* parked: of its socket, where that was asked; else 0 */
  bool is_32;      /* an i386 program: pointers, sizes and control messages are narrow */
  uint64_t args[6];
} conntrail__notice;

typedef enum conntrail__answer_kind {
  CONNTRAIL__GIVE,  /* value, or error */
  CONNTRAIL__GO_ON, /* the program's own call goes on in the kernel */
  CONNTRAIL__WAITS  /* it is parked */
} conntrail__answer_kind;

typedef struct conntrail__answer {
  conntrail__answer_kind kind;
  int64_t value;
  int error;
} conntrail__answer;

/* answer.c */
conntrail__answer conntrail__give(int64_t value);
conntrail__answer conntrail__fail(int error); /* 0: the value 0 */
conntrail__answer conntrail__go_on(void);
conntrail__answer conntrail__waits(void);
/* What a system call of this process' own came to: its result, or errno. */
conntrail__answer conntrail__result(int64_t result);
bool conntrail__notice_is_valid(const conntrail__notice *notice);
void conntrail__send_answer(const conntrail__notice *notice, conntrail__answer answer);

/* call.c: what was called, whatever the architecture. False: it cannot be read (error says). */
struct seccomp_notif;
bool conntrail__read_call(const struct seccomp_notif *raw, conntrail__notice *notice, int *error);

/* bind_listen.c: the address that is the second and third argument. */
typedef struct conntrail__request {
  struct sockaddr_storage storage;
  socklen_t size;
} conntrail__request;
/* False: the size is none that the system takes, or it cannot be read (answer says). */
bool conntrail__read_request(const conntrail__notice *notice, conntrail__request *asked,
                             conntrail__answer *answer);

#endif
