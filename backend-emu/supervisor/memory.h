/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_MEMORY_H
#define CONNTRAIL_SUPERVISOR_MEMORY_H

/* A program's memory. */

#include <sys/uio.h>

#include "notice.h"

/* 0, or the errno for the program. */
int conntrail__read_memory(const conntrail__notice *notice, void *to, uint64_t from, size_t size);
int conntrail__write_memory(const conntrail__notice *notice, uint64_t to, const void *from,
                            size_t size);

/* Several places, which one system call copies. */
enum { CONNTRAIL__PARTS = 6 };
typedef struct conntrail__parts {
  struct iovec own[CONNTRAIL__PARTS + 1];
  struct iovec theirs[CONNTRAIL__PARTS];
  size_t count;
  size_t size;
} conntrail__parts;
/* own has to stay until it is copied. */
void conntrail__add_part(conntrail__parts *parts, uint64_t theirs, void *own, size_t size);
/* Then size bytes of the supervisor's data, which stand in so many of its pieces, in order. */
int conntrail__read_parts(const conntrail__notice *notice, conntrail__parts *parts, size_t count,
                          size_t size);
int conntrail__write_parts(const conntrail__notice *notice, conntrail__parts *parts, size_t count,
                           size_t size);

/* give.c: an address or a value at a place whose room the program says, as the kernel does it. */
int conntrail__give_sized(const conntrail__notice *notice, uint64_t to, uint64_t size_at,
                          const void *from, size_t size);

#endif
