/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_BLOB_H
#define CONNTRAIL_ENGINE_BLOB_H

/* Bytes that several owners share: records, contexts. */

#include <stdint.h>

typedef struct conntrail__blob {
  uint32_t references;
  uint32_t size;
  uint8_t bytes[];
} conntrail__blob;

conntrail__blob *conntrail__blob_create(const void *bytes, uint32_t size);
conntrail__blob *conntrail__blob_share(conntrail__blob *blob);
void conntrail__blob_release(conntrail__blob *blob);

#endif
