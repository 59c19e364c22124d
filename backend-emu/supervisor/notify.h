/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_NOTIFY_H
#define CONNTRAIL_SUPERVISOR_NOTIFY_H

/* Requests to a listener of seccomp's user notification. */

#include <sys/ioctl.h> /* _IOWR, which the requests are made with */
#include <sys/syscall.h>
#include <unistd.h>

/* As ioctl, whose request is an unsigned long in glibc and an int in musl. */
static inline int conntrail__notify(int listener, unsigned long request, void *argument) {
  return (int)syscall(SYS_ioctl, listener, request, argument);
}

#endif
