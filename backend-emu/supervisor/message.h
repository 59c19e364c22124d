/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_MESSAGE_H
#define CONNTRAIL_SUPERVISOR_MESSAGE_H

/* The arguments of sendto, recvfrom, and of the calls with a struct msghdr, of either width. */

#include "memory.h"
#include "notice.h"

typedef struct conntrail__message {
  uint64_t at;           /* of its struct msghdr; 0: there is none */
  uint64_t name;         /* 0: none */
  uint64_t name_size_at; /* recvfrom: where the size of the name stands */
  int32_t name_size;     /* its room, or its size */
  size_t count;          /* pieces: in the supervisor's room for them */
  size_t room;           /* bytes of all pieces */
  uint64_t control;      /* 0: none */
  size_t control_size;
} conntrail__message;

/* 0, or an errno for the program. */
int conntrail__read_sendto(const conntrail__notice *notice, conntrail__message *message);
int conntrail__read_recvfrom(const conntrail__notice *notice, conntrail__message *message);
int conntrail__read_header(const conntrail__notice *notice, uint64_t at,
                           conntrail__message *message);
/* What recvmsg() returns in the header, and the same as it is written. */
typedef struct conntrail__told {
  uint32_t name_size;
  size_t control_size;
  int flags;
  uint32_t narrow[2];
  struct msghdr wide;
} conntrail__told;
/* Adds it to what is written. told has to stay until then. */
void conntrail__tell_header(const conntrail__notice *notice, const conntrail__message *message,
                            conntrail__told *told, conntrail__parts *parts);

/* The index-th of a struct mmsghdr[], and where its length goes. */
uint64_t conntrail__header_at(const conntrail__notice *notice, uint64_t first, unsigned index);
int conntrail__write_length(const conntrail__notice *notice, uint64_t header, uint32_t length);

/* Control messages of one width as those of another. Answers bytes; is_cut: not all fitted. */
size_t conntrail__convert_control(bool to_narrow, const void *from, size_t size, void *to,
                                  size_t capacity, bool *is_cut);

#endif
