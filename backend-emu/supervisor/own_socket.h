/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_OWN_SOCKET_H
#define CONNTRAIL_SUPERVISOR_OWN_SOCKET_H

/* A Unix socket of a supervisor, that listens at a path for this user alone. */

#include <stdbool.h>
#include <sys/stat.h>

#include "attach.h"
#include "supervisor.h"

typedef struct conntrail__own_socket {
  int fd; /* it never blocks */
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
  struct stat file; /* at path: of this socket */
} conntrail__own_socket;

/* type: SOCK_STREAM or SOCK_SEQPACKET. A socket that a killed supervisor left there is replaced.
 * False, with why. Either way conntrail__own_socket_close() follows. */
bool conntrail__own_socket_open(conntrail__own_socket *own, const char *path, int type, int backlog,
                                conntrail__refusal *why);
void conntrail__own_socket_close(conntrail__own_socket *own);

#endif
