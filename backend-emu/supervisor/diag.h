/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_DIAG_H
#define CONNTRAIL_SUPERVISOR_DIAG_H

/* The kernel's own list of sockets (netlink, sock_diag), unprivileged: look-ups by address, and
 * word of each socket that is destroyed. */

#include "../engine/engine.h"

typedef struct conntrail__diag {
  int events; /* -1: not open */
  int questions;
} conntrail__diag;

/* A socket as sock_diag describes it. */
typedef struct conntrail__diag_socket {
  uint64_t cookie;
  uint32_t inode; /* 0: closed by every program */
  int family;     /* AF_INET, AF_INET6 */
  int state;      /* of TCP */
  conntrail__address local;
  conntrail__address remote;
} conntrail__diag_socket;

/* False, with errno. */
bool conntrail__diag_open(conntrail__diag *diag);
void conntrail__diag_close(conntrail__diag *diag);

/* The TCP connection between these two. cookie 0: whichever it is. False: there is none. */
bool conntrail__diag_find(const conntrail__diag *diag, const conntrail__address *local,
                          const conntrail__address *remote, uint64_t cookie,
                          conntrail__diag_socket *found);

/* Whether a stream socket listens there. */
bool conntrail__diag_listens(const conntrail__diag *diag, const conntrail__address *local);

typedef void (*conntrail__diag_report)(void *arg, const conntrail__diag_socket *socket);

/* Reads all that there is now. False: some were lost. is_any: some came. */
bool conntrail__diag_read(const conntrail__diag *diag, conntrail__diag_report report, void *arg,
                          bool *is_any);

#endif
