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
/* At most size bytes of data to the pieces, in order. */
int conntrail__scatter(const conntrail__notice *notice, const struct iovec *pieces, size_t count,
                       const void *data, size_t size);
int conntrail__gather(const conntrail__notice *notice, const struct iovec *pieces, size_t count,
                      void *data, size_t size);
/* give.c: an address or a value at a place whose room the program says, as the kernel does it. */
int conntrail__give_sized(const conntrail__notice *notice, uint64_t to, uint64_t size_at,
                          const void *from, size_t size);

#endif
