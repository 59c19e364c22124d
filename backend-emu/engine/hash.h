/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_HASH_H
#define CONNTRAIL_ENGINE_HASH_H

/* uthash, as the engine's tables use it. */

#include <stdint.h>
#include <string.h>

/* uthash ends the process when memory runs out, unless HASH_NONFATAL_OOM is set. Then the element's
 * handle has no table after it could not be added: the caller looks at hh.tbl. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)(element))
/* Every datagram is looked up. Keys are addresses and numbers, of a multiple of four bytes;
 * uthash's own functions take them byte by byte, five times as long. */
static inline unsigned conntrail__hash(const void *key, size_t size) {
  const unsigned char *bytes = key;
  uint64_t hash = size;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
  }
  if (i < size) {
    uint32_t rest;
    memcpy(&rest, bytes + i, sizeof rest);
    hash = (hash ^ rest) * UINT64_C(0x9E3779B97F4A7C15);
  }
  return (unsigned)(hash ^ hash >> 32);
}
#define HASH_FUNCTION(key, size, hash) ((hash) = conntrail__hash(key, size))
#include <uthash.h>

#endif
