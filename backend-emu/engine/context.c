/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../src/numbers.h"
#include "blob.h"
#include "context.h"
#include "flow.h"

static void write_storage(const conntrail__address *address, uint8_t *out) {
  memset(out, 0, CONNTRAIL__STORAGE_SIZE);
  if (address->family == CONNTRAIL__NO_FAMILY) {
    return;
  }
  bool is_ipv4 = address->family == CONNTRAIL__IPV4;
  out[0] = is_ipv4 ? CONNTRAIL__WINDOWS_INET : CONNTRAIL__WINDOWS_INET6;
  out[CONNTRAIL__PORT_AT] = (uint8_t)(address->port >> 8);
  out[CONNTRAIL__PORT_AT + 1] = (uint8_t)address->port;
  if (is_ipv4) {
    memcpy(out + CONNTRAIL__INET_ADDRESS_AT, address->bytes, 4);
    return;
  }
  memcpy(out + CONNTRAIL__INET6_ADDRESS_AT, address->bytes, 16);
  for (unsigned i = 0; i < 4; i++) {
    out[CONNTRAIL__INET6_SCOPE_AT + i] = (uint8_t)(address->scope >> (8 * i));
  }
}

uint32_t conntrail__context_size(const conntrail__flow *flow) {
  if (flow->records == NULL) {
    return 0;
  }
  if (flow->context != NULL) {
    return flow->context->size;
  }
  switch ((conntrail_emu_context)flow->layout) {
  case CONNTRAIL_EMU_CONTEXT_TWO_ADDRESSES:
    return 2 * CONNTRAIL__STORAGE_SIZE;
  case CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS:
    return CONNTRAIL__STORAGE_SIZE;
  case CONNTRAIL_EMU_CONTEXT_NONE:
  default:
    return 0;
  }
}

void conntrail__context_write(const conntrail__flow *flow, uint8_t *out) {
  if (flow->context != NULL) {
    memcpy(out, flow->context->bytes, flow->context->size);
    return;
  }
  write_storage(&flow->original, out);
  if (flow->layout == CONNTRAIL_EMU_CONTEXT_TWO_ADDRESSES) {
    write_storage(&flow->original_local, out + CONNTRAIL__STORAGE_SIZE);
  }
}
