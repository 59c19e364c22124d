/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_ENDINGS_H
#define CONNTRAIL_SUPERVISOR_ENDINGS_H

/* What has become of sockets. */

#include "known.h"

/* A connection that was begun, until its accepted end and a process that has it were seen. */
typedef struct conntrail__awaited {
  struct conntrail__awaited *next;
  conntrail__address client;
  conntrail__address target;
  conntrail__address original;
  uint64_t since;
  uint64_t connecting; /* the cookies of both ends; 0: not known */
  uint64_t accepted;
  uint32_t inode;
  bool is_redirected;
  const conntrail__watch *watch; /* the program that listens there, or NULL */
} conntrail__awaited;

void conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                      const conntrail__address *original, bool is_redirected);
/* Before a connect to remote is decided: which accepted connections this process has. */
void conntrail__find_continued(const conntrail__notice *notice, const conntrail__address *remote);
/* Before this is expected: an earlier connection with the same port has ended. */
void conntrail__make_way(conntrail__supervisor *supervisor, const conntrail__known *client);
void conntrail__on_endings(evutil_socket_t fd, short what, void *supervisor);
void conntrail__on_endings_pause(evutil_socket_t fd, short what, void *supervisor);
void conntrail__on_tick(evutil_socket_t fd, short what, void *supervisor);
/* The socket's connect has ended, if it has. */
void conntrail__settle(conntrail__known *known, int own);
void conntrail__forget_awaited(conntrail__supervisor *supervisor);
/* What the kernel's list says of a connect that is underway. */
void conntrail__settle_by_list(const conntrail__supervisor *supervisor, conntrail__known *known);

#endif
