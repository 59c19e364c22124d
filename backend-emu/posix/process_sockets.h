/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_PROCESS_SOCKETS_H
#define CONNTRAIL_POSIX_PROCESS_SOCKETS_H

/*
 * Which sockets the descriptors of a process name, as /proc tells it: by their inodes, which no two
 * open sockets share. All of it is safe in a child of vfork: no memory, no lock, nothing shared.
 */

#include <stdint.h>

#include "interpose.h"

typedef void (*conntrail__visit_socket)(void *arg, int fd, uint64_t inode);

/* process: 0 for this one, whose number /proc may count otherwise. False: /proc does not tell. */
CONNTRAIL__HIDDEN bool conntrail__process_sockets(pid_t process, conntrail__visit_socket visit,
                                                  void *arg);

/* The descriptors of a process, by the same number, for conntrail__socket_inode; -1: /proc does not
 * tell. */
CONNTRAIL__HIDDEN int conntrail__process_open(pid_t process);
/* 0: the descriptor names no socket. */
CONNTRAIL__HIDDEN uint64_t conntrail__socket_inode(int process, int fd);

#endif
