/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "blob.h"

conntrail__blob *conntrail__blob_create(const void *bytes, uint32_t size) {
  conntrail__blob *blob = malloc(sizeof *blob + size);
  if (blob == NULL) {
    return NULL;
  }
  blob->references = 1;
  blob->size = size;
  if (bytes != NULL) {
    memcpy(blob->bytes, bytes, size);
  }
  return blob;
}

conntrail__blob *conntrail__blob_share(conntrail__blob *blob) {
  if (blob != NULL) {
    blob->references++;
  }
  return blob;
}

void conntrail__blob_release(conntrail__blob *blob) {
  if (blob != NULL && --blob->references == 0) {
    free(blob);
  }
}
