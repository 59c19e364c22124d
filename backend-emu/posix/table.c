/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#include "../frontend/native_calls.h"

conntrail__page *_Atomic conntrail__pages[CONNTRAIL__PAGE_COUNT];

static conntrail__page *spare;

bool conntrail__table_reserve(void) {
  if (spare == NULL) {
    spare = calloc(1, sizeof *spare);
  }
  return spare != NULL;
}

static conntrail__entry *make_entry(int fd, int *error) {
  unsigned number = (unsigned)fd;
  if (number >= CONNTRAIL__TABLE_REACH) {
    *error = EMFILE;
    return NULL;
  }
  if (!conntrail__table_reserve()) {
    *error = ENOMEM;
    return NULL;
  }
  conntrail__page *page = spare;
  spare = NULL;
  atomic_store_explicit(&conntrail__pages[number / CONNTRAIL__PAGE_SIZE], page,
                        memory_order_release);
  return &page->entries[number % CONNTRAIL__PAGE_SIZE];
}

enum { COOKIE = 57 }; /* SO_COOKIE, since Linux 4.12 */

/* What the kernel knows a socket by, however many descriptors name it. 0: it does not tell. False:
 * the descriptor names no socket. */
static bool read_cookie(int fd, uint64_t *cookie) {
  socklen_t size = sizeof *cookie;
  int error = errno;
  bool is_socket = true;
  if (CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, COOKIE, cookie, &size) != 0) {
    is_socket = errno != EBADF && errno != ENOTSOCK;
    *cookie = 0;
  }
  errno = error;
  return is_socket;
}

bool conntrail__table_is_stale(int fd) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  if (conntrail__entry_socket(entry) == NULL) {
    return false;
  }
  uint64_t known = atomic_load_explicit(&entry->cookie, memory_order_relaxed);
  uint64_t cookie = 0;
  return known != 0 && (!read_cookie(fd, &cookie) || (cookie != 0 && cookie != known));
}

int conntrail__table_put(int fd, conntrail__socket *socket, int family) {
  int error = 0;
  conntrail__socket *earlier;
  conntrail__entry *entry = conntrail__table_entry(fd);
  if (entry == NULL) {
    entry = make_entry(fd, &error);
  }
  if (entry == NULL) {
    return error;
  }
  uint64_t cookie = 0;
  (void)read_cookie(fd, &cookie);
  entry->family = family;
  atomic_store_explicit(&entry->cookie, cookie, memory_order_relaxed);
  atomic_store_explicit(&entry->is_ready, false, memory_order_relaxed);
  atomic_store_explicit(&entry->is_datagram,
                        conntrail__socket_kind_of(socket) == CONNTRAIL__DATAGRAM,
                        memory_order_relaxed);
  earlier = atomic_exchange_explicit(&entry->socket, socket, memory_order_relaxed);
  if (earlier != NULL) {
    conntrail__socket_release(earlier);
  }
  return 0;
}

conntrail__socket *conntrail__table_take(int fd) {
  conntrail__entry *entry = conntrail__table_entry(fd);
  if (entry == NULL) {
    return NULL;
  }
  return atomic_exchange_explicit(&entry->socket, NULL, memory_order_relaxed);
}

void conntrail__table_drop(int fd) {
  (void)conntrail__table_take(fd);
}

static void forget_in_page(conntrail__page *page, const conntrail_emu *emu) {
  for (unsigned i = 0; i < CONNTRAIL__PAGE_SIZE; i++) {
    conntrail__socket *socket = conntrail__entry_socket(&page->entries[i]);
    if (socket != NULL && conntrail__socket_emulation(socket) == emu) {
      atomic_store_explicit(&page->entries[i].socket, NULL, memory_order_relaxed);
    }
  }
}

void conntrail__table_forget(const conntrail_emu *emu) {
  for (unsigned i = 0; i < CONNTRAIL__PAGE_COUNT; i++) {
    conntrail__page *page = atomic_load_explicit(&conntrail__pages[i], memory_order_relaxed);
    if (page != NULL) {
      forget_in_page(page, emu);
    }
  }
}

unsigned conntrail__table_next(unsigned first) {
  unsigned number = first;
  while (number < CONNTRAIL__TABLE_REACH) {
    conntrail__entry *entry = conntrail__table_entry((int)number);
    if (entry == NULL) {
      number = (number / CONNTRAIL__PAGE_SIZE + 1) * CONNTRAIL__PAGE_SIZE;
    } else if (conntrail__entry_socket(entry) != NULL) {
      return number;
    } else {
      number++;
    }
  }
  return CONNTRAIL__TABLE_REACH;
}

/* ---- native_calls.h -------------------------------------------------------------------------- */

conntrail__socket *conntrail__native_find(intptr_t handle, int *family) {
  conntrail__entry *entry = conntrail__table_entry((int)handle);
  conntrail__socket *socket = conntrail__entry_socket(entry);
  *family = socket == NULL ? AF_UNSPEC : atomic_load_explicit(&entry->family, memory_order_relaxed);
  return socket;
}

/* A page of the table serves the next one that needs it. */
bool conntrail__native_reserve(void **entry) {
  *entry = NULL;
  return conntrail__table_reserve();
}

int conntrail__native_track(intptr_t handle, intptr_t like, conntrail__socket *socket, int family,
                            void *entry) {
  (void)like;
  (void)entry;
  return conntrail__table_put((int)handle, socket, family);
}
