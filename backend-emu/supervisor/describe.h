/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_DESCRIBE_H
#define CONNTRAIL_SUPERVISOR_DESCRIBE_H

/* What the kernel says of a socket. */

#include "../engine/engine.h"

typedef struct conntrail__nature {
  int family;
  int type;
  int protocol;
  bool is_internet; /* AF_INET, AF_INET6 */
  bool is_stream;   /* TCP, MPTCP */
  bool is_datagram; /* UDP, UDP-Lite */
  uint64_t cookie;  /* 0: it was not asked for */
} conntrail__nature;

bool conntrail__describe(int own, conntrail__nature *nature);
int conntrail__socket_option(int own, int level, int name);
uint64_t conntrail__cookie_of(int own);
uint32_t conntrail__inode_of(int own);
uint64_t conntrail__network_of(int own);
bool conntrail__own_address(int own, conntrail__address *address);
bool conntrail__peer_address(int own, conntrail__address *address);
bool conntrail__is_blocking(int own);
/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; 0: none. */
uint64_t conntrail__wait_limit(int own, int name);
conntrail__untracked conntrail__describe_untracked(int own);

#endif
