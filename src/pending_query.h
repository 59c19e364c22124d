/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PENDING_QUERY_H
#define CONNTRAIL_PENDING_QUERY_H

/*
 * A query that may pend: what the library and a backend, and on Linux the emulation of the same
 * process, agree on. No code.
 */

#include <stdint.h>

#include "conntrail/platform.h"

enum { CONNTRAIL__BACKEND_ROOM = 20 };

/*
 * The caller's memory, at one address from conntrail__backend_begin() until it is answered. The
 * buffer as well. In completed it may be begun again.
 */
typedef struct conntrail__overlapped {
  conntrail_socket socket;
  uint32_t code;
  void *out;
  uint32_t capacity;
  uint32_t bytes; /* 0 from the caller; what the system counted */
  void (*completed)(struct conntrail__overlapped *call, uint32_t native);
  void *owner;                         /* the caller's own, for completed */
  void *room[CONNTRAIL__BACKEND_ROOM]; /* the backend's own, while it pends */
} conntrail__overlapped;

/*
 * Linux: private options of SOL_CONNTRAIL, for setsockopt(). They carry a structure with a pointer
 * and a function of this process, so only an emulation in the same process knows them. Every other
 * kernel refuses them, and the query is asked at once.
 */
enum {
  CONNTRAIL__OPTION_BEGIN = 0x7001, /* 0: it pends; EALREADY: it does not, ask at once */
  CONNTRAIL__OPTION_CANCEL = 0x7002
};

typedef struct conntrail__pending_option {
  uint32_t version; /* CONNTRAIL_VERSION: the structure above is private to one version */
  conntrail_socket socket;
  conntrail__overlapped *call; /* of CANCEL only the address: another thread may write to it */
} conntrail__pending_option;

#endif
