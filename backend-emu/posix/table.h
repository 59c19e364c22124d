/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_TABLE_H
#define CONNTRAIL_POSIX_TABLE_H

/*
 * From descriptors to the engine's sockets: two levels, grown on demand, never shrunk. Looking up
 * neither allocates nor calls the system. Winsock's table (descriptor.c) is another one: its
 * handles are sparse, and it is read under the lock only.
 *
 * Entries change under the lock. They are read without it for one question only: whether a
 * descriptor is worth taking the lock. The signal handler that interrupted the lock's holder may
 * empty them (conntrail__table_drop).
 */

#include <stdatomic.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "interpose.h"

enum { CONNTRAIL__PAGE_SIZE = 1024, CONNTRAIL__PAGE_COUNT = 1024 };
/* Descriptors from this number on are refused (EMFILE): Linux' own default limit. */
enum { CONNTRAIL__TABLE_REACH = CONNTRAIL__PAGE_SIZE * CONNTRAIL__PAGE_COUNT };

typedef struct conntrail__entry {
  conntrail__socket *_Atomic socket;
  atomic_int family;       /* AF_INET or AF_INET6 */
  _Atomic uint64_t cookie; /* SO_COOKIE of the descriptor's socket; 0: not known */
  atomic_bool is_datagram;
  atomic_bool is_ready; /* a datagram socket that can receive, as was found out once */
} conntrail__entry;

typedef struct conntrail__page {
  conntrail__entry entries[CONNTRAIL__PAGE_SIZE];
} conntrail__page;

extern CONNTRAIL__HIDDEN conntrail__page *_Atomic conntrail__pages[CONNTRAIL__PAGE_COUNT];

/* NULL where the table holds nothing so far. */
static inline conntrail__entry *conntrail__table_entry(int fd) {
  unsigned number = (unsigned)fd;
  conntrail__page *page;
  if (number >= CONNTRAIL__TABLE_REACH) {
    return NULL;
  }
  page =
      atomic_load_explicit(&conntrail__pages[number / CONNTRAIL__PAGE_SIZE], memory_order_acquire);
  return page == NULL ? NULL : &page->entries[number % CONNTRAIL__PAGE_SIZE];
}

static inline conntrail__socket *conntrail__entry_socket(conntrail__entry *entry) {
  return entry == NULL ? NULL : atomic_load_explicit(&entry->socket, memory_order_relaxed);
}

static inline conntrail__socket *conntrail__table_find(int fd) {
  return conntrail__entry_socket(conntrail__table_entry(fd));
}

/* Whether a descriptor is worth a look at what it sends and receives. Without the lock. */
static inline bool conntrail__table_is_datagram(int fd) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  return conntrail__entry_socket(entry) != NULL &&
         atomic_load_explicit(&entry->is_datagram, memory_order_relaxed);
}

/* (locked) Found out: datagrams can come to it. */
static inline void conntrail__table_set_ready(int fd) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  atomic_store_explicit(&entry->is_ready, true, memory_order_relaxed);
}

/* (locked) The descriptor names socket from now on, whose reference the table takes over; whatever
 * it named before is released. 0, or EMFILE or ENOMEM; the reference is then still the caller's. */
CONNTRAIL__HIDDEN int conntrail__table_put(int fd, conntrail__socket *socket, int family);

/* (locked) conntrail__table_put() will not lack memory the next time. False: no memory. */
CONNTRAIL__HIDDEN bool conntrail__table_reserve(void);

/* (locked) Whether the descriptor was closed behind the emulation's back, by a raw system call: it
 * names another socket now, or nothing. */
CONNTRAIL__HIDDEN bool conntrail__table_is_stale(int fd);

/* (locked) The descriptor names nothing any more. The caller takes over the reference, if any. */
CONNTRAIL__HIDDEN conntrail__socket *conntrail__table_take(int fd);

/* Without the lock: the entry is emptied and its reference lost to the emulation's end, so that
 * a descriptor that is used again does not inherit it. */
CONNTRAIL__HIDDEN void conntrail__table_drop(int fd);

/* (locked) Forgets every descriptor of this emulation, without releasing anything. */
CONNTRAIL__HIDDEN void conntrail__table_forget(const conntrail_emu *emu);

/* The first descriptor from `first` on that may be tracked; TABLE_REACH where there is none. */
CONNTRAIL__HIDDEN unsigned conntrail__table_next(unsigned first);

#endif
