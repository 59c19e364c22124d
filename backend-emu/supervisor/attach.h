/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_ATTACH_H
#define CONNTRAIL_SUPERVISOR_ATTACH_H

/*
 * How a program that another process starts comes under a supervisor. It connects to the
 * supervisor's socket (SOCK_SEQPACKET), puts the filter on itself, and sends one request. The
 * supervisor takes the listener by its number (pidfd_getfd): sending the descriptor would be a call
 * that the filter reports to the supervisor, which does not read the listener yet. One reply; then
 * the program is started.
 */

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { CONNTRAIL__ATTACH_VERSION = 1 };

typedef struct conntrail__attach_request {
  uint32_t version;
  int32_t listener; /* its number in the process that asks */
  char program[64]; /* as the trail is to call it; ended by 0 */
} conntrail__attach_request;

typedef struct conntrail__attach_reply {
  uint32_t is_supervised;
  char why[252]; /* where it is not */
} conntrail__attach_reply;

/* False: the path is too long for a socket. */
static inline int conntrail__socket_path(struct sockaddr_un *where, const char *path) {
  *where = (struct sockaddr_un){.sun_family = AF_UNIX};
  return snprintf(where->sun_path, sizeof where->sun_path, "%s", path) <
         (int)sizeof where->sun_path;
}

#endif
