/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_LIST_H
#define CONNTRAIL_ENGINE_LIST_H

/* An array that grows. */

#include <stddef.h>
#include <stdint.h>

typedef struct conntrail__list {
  void *items;
  uint32_t count;
  uint32_t capacity;
} conntrail__list;

/* A place for one more item of so many bytes; NULL where memory ran out, the list unchanged. */
void *conntrail__list_grow(conntrail__list *list, size_t item_size);

#endif
