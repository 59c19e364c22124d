/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_FILTER_H
#define CONNTRAIL_SUPERVISOR_FILTER_H

/* Numbers that the filter and the reader of calls share. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CONNTRAIL__X32 = 0x40000000,
  /* i386 [D] arch/x86/entry/syscalls/syscall_32.tbl */
  CONNTRAIL__I386_EXECVE = 11,
  CONNTRAIL__I386_SOCKETCALL = 102,
  CONNTRAIL__I386_PRCTL = 172,
  CONNTRAIL__I386_RECVMMSG = 337,
  CONNTRAIL__I386_SENDMMSG = 345,
  CONNTRAIL__I386_SECCOMP = 354,
  CONNTRAIL__I386_EXECVEAT = 358,
  CONNTRAIL__I386_SOCKET = 359,
  CONNTRAIL__I386_BIND = 361,
  CONNTRAIL__I386_CONNECT = 362,
  CONNTRAIL__I386_LISTEN = 363,
  CONNTRAIL__I386_GETSOCKOPT = 365,
  CONNTRAIL__I386_SETSOCKOPT = 366,
  CONNTRAIL__I386_GETPEERNAME = 368,
  CONNTRAIL__I386_SENDTO = 369,
  CONNTRAIL__I386_SENDMSG = 370,
  CONNTRAIL__I386_RECVFROM = 371,
  CONNTRAIL__I386_RECVMSG = 372,
  CONNTRAIL__I386_RECVMMSG_TIME64 = 417,
  CONNTRAIL__IO_URING_SETUP = 425 /* of both */
};

/* The number of a call that is answered, at this place of their list; 0: there are no more. */
uint32_t conntrail__answered_call(bool is_32, size_t place);

#endif
