/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_LEVEL_LINUX_H
#define CONNTRAIL_LEVEL_LINUX_H

/*
 * The socket level SOL_CONNTRAIL (conntrail/linux.h) as the emulated kernel answers it, for the
 * front ends of Linux. They bring the program's values here and take the answers back.
 */

#include "conntrail/linux.h"
#include "native_calls.h"

enum {
  CONNTRAIL__LARGEST_RECORDS = 65536,
  CONNTRAIL__ORIGINAL_DESTINATION =
      80 /* SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST: linux/netfilter_* */
};

/* A descriptor, tracked or not, and what the front end does with it. */
typedef struct conntrail__level {
  const void *own; /* the front end's, for the calls that follow */
  uint32_t (*control)(const void *own, const conntrail__call *call);
  uint32_t (*original)(const void *own, conntrail__address *destination);
  void (*note_layout)(const void *own, uint32_t size);
  conntrail__untracked (*describe)(const void *own);
  /* The errno of a control code that was refused: conntrail__level_errno(), or another one. */
  int (*error_of)(const void *own, uint32_t native);
  uint32_t *last_error; /* CONNTRAIL_LINUX_LAST_ERROR */
} conntrail__level;

/* The errno of a Winsock number at this level. */
int conntrail__level_errno(uint32_t native);
/* The errno of a message call, which has no level. */
int conntrail__message_errno(uint32_t native);

/* getsockopt(), the simple form. 0, and *value of *size bytes in room, which has
 * CONNTRAIL__LARGEST_RECORDS; or an errno. */
int conntrail__level_get(const conntrail__level *level, int name, unsigned char *room,
                         const unsigned char **value, uint32_t *size);

/* setsockopt(CONNTRAIL_LINUX_RECORDS). 0 or an errno. */
int conntrail__level_set_records(const conntrail__level *level, const void *value, uint32_t size);

/* setsockopt() of the four options that enable messages. */
bool conntrail__level_enables(int name);
/* (locked) 0 or the Winsock number. */
uint32_t conntrail__level_enable(conntrail__socket *socket, int name, bool is_enabled);

/* What a program passes to the full form, in memory of this process. */
typedef struct conntrail__level_buffers {
  const void *in;
  uint32_t in_size;
  void *out;
  uint32_t room;
} conntrail__level_buffers;

/* The full form: fills in native, bytes and length, which is how much stands at out. */
void conntrail__level_call(const conntrail__level *level, struct conntrail_linux_call *asked,
                           const conntrail__level_buffers *buffers);

/* Whether an option asks netfilter for the original destination, and whether netfilter could know
 * it of such a socket: it knows no datagrams, and an IPv4 socket has no level IPv6. */
bool conntrail__netfilter_is_asked(int level, int name);
bool conntrail__netfilter_knows(conntrail__socket_kind kind, int family, int level);

/*
 * (locked) SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST, as netfilter answers: each level (IPPROTO_IP,
 * IPPROTO_IPV6) knows the connections of its own family, and wants room for the whole address. 0,
 * and its size; or an errno.
 */
int conntrail__netfilter_original(conntrail__socket *socket, const conntrail__identity *who,
                                  int level, size_t room, struct sockaddr_storage *storage,
                                  size_t *size);

/* (locked) conntrail__datagram_received(), whose messages are numbered as Windows does: those that
 * it wrote behind the system's own get the numbers of linux.h. */
void conntrail__level_received(conntrail__socket *socket, const conntrail__identity *who,
                               conntrail__received *arrived);

#endif
