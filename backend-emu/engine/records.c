/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "blob.h"
#include "emulation.h"
#include "flow.h"
#include "random.h"
#include "records.h"
#include "service.h"

/*
 * The blob: a header, an entry for each redirect (the oldest first), and a seal over both. No
 * caller may read it, so it has the machine's own byte order and no version.
 */

typedef struct header {
  uint32_t magic;
  uint32_t size; /* of the whole blob */
  uint32_t hops;
  uint32_t unused;
} header;

typedef struct entry {
  uint32_t size; /* with its padding */
  uint32_t service;
  uint64_t flow;
  conntrail_emu_guid guid;
  conntrail__address original;
} entry;

enum { MAGIC = 0x52525443, SEAL = sizeof(uint64_t) };

static header read_header(const uint8_t *bytes) {
  header h;
  memcpy(&h, bytes, sizeof h);
  return h;
}

static entry read_entry(const uint8_t *bytes, uint32_t offset) {
  entry e;
  memcpy(&e, bytes + offset, sizeof e);
  return e;
}

/* The seal vouches for the sizes: only this engine writes blobs. */
static entry newest_entry(const uint8_t *bytes) {
  uint32_t offset = sizeof(header);
  entry e = read_entry(bytes, offset);
  for (uint32_t hops = read_header(bytes).hops; hops > 1; hops--) {
    offset += e.size;
    e = read_entry(bytes, offset);
  }
  return e;
}

static entry describe(const conntrail__flow *flow) {
  entry e;
  memset(&e, 0, sizeof e);
  e.size = (uint32_t)sizeof e + flow->service->padding;
  e.service = flow->service->index;
  e.flow = flow->id;
  e.guid = flow->service->guid;
  e.original = flow->original;
  return e;
}

conntrail__blob *conntrail__records_extend(const conntrail_emu *emu, const conntrail__blob *carried,
                                           const conntrail__flow *flow) {
  header h = {MAGIC, sizeof h + SEAL, 0, 0};
  uint32_t older = 0;
  entry added = describe(flow);
  if (carried != NULL) {
    h = read_header(carried->bytes);
    older = h.size - (uint32_t)sizeof h - SEAL;
  }
  h.size += added.size;
  h.hops++;
  conntrail__blob *blob = conntrail__blob_create(NULL, h.size);
  if (blob == NULL) {
    return NULL;
  }
  uint8_t *to = blob->bytes;
  memcpy(to, &h, sizeof h);
  to += sizeof h;
  if (older > 0) {
    memcpy(to, carried->bytes + sizeof h, older);
  }
  memcpy(to + older, &added, sizeof added);
  memset(to + older + sizeof added, 0, flow->service->padding);
  uint64_t seal = conntrail__seal(emu->seal_key, blob->bytes, h.size - SEAL);
  memcpy(blob->bytes + h.size - SEAL, &seal, SEAL);
  return blob;
}

static bool is_sealed(const conntrail_emu *emu, const uint8_t *bytes, uint32_t size) {
  header h;
  uint64_t seal;
  if (size < sizeof h + SEAL) {
    return false;
  }
  memcpy(&h, bytes, sizeof h);
  memcpy(&seal, bytes + size - SEAL, SEAL);
  return h.magic == MAGIC && h.size == size &&
         seal == conntrail__seal(emu->seal_key, bytes, size - SEAL);
}

conntrail__blob *conntrail__records_accept(conntrail_emu *emu, const void *bytes, uint32_t size,
                                           bool *no_memory) {
  *no_memory = false;
  if (!is_sealed(emu, bytes, size)) {
    return NULL;
  }
  const conntrail__flow *flow = conntrail__flow_find(emu, newest_entry(bytes).flow);
  if (flow != NULL && flow->records != NULL && flow->records->size == size &&
      memcmp(flow->records->bytes, bytes, size) == 0) {
    return conntrail__blob_share(flow->records);
  }
  conntrail__blob *copy = conntrail__blob_create(bytes, size);
  *no_memory = copy == NULL;
  return copy;
}

uint32_t conntrail__records_hops(const conntrail__blob *records) {
  return records == NULL ? 0 : read_header(records->bytes).hops;
}

uint64_t conntrail__records_newest_flow(const conntrail__blob *records) {
  return newest_entry(records->bytes).flow;
}

uint32_t conntrail__records_newest_service(const conntrail__blob *records) {
  return newest_entry(records->bytes).service;
}

uint64_t conntrail__records_services(const conntrail__blob *records) {
  uint64_t services = 0;
  uint32_t offset = sizeof(header);
  for (uint32_t hops = conntrail__records_hops(records); hops > 0; hops--) {
    entry e = read_entry(records->bytes, offset);
    services |= UINT64_C(1) << e.service;
    offset += e.size;
  }
  return services;
}
