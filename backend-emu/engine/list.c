/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "list.h"

void *conntrail__list_grow(conntrail__list *list, size_t item_size) {
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
    void *items = realloc(list->items, capacity * item_size);
    if (items == NULL) {
      return NULL;
    }
    list->items = items;
    list->capacity = capacity;
  }
  uint8_t *place = (uint8_t *)list->items + list->count * item_size;
  memset(place, 0, item_size);
  list->count++;
  return place;
}
