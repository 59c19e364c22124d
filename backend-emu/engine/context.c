/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"

/*
 * [S] The layouts of redirect contexts in the field: SOCKADDR_STORAGE as a Windows driver writes
 * it, with Windows' family numbers, on every system (D1, D3).
 */
enum { STORAGE = 128, WINDOWS_AF_INET = 2, WINDOWS_AF_INET6 = 23 };

static void write_storage(const conntrail__address *address, uint8_t *out) {
  memset(out, 0, STORAGE);
  if (address->family == CONNTRAIL__NO_FAMILY) {
    return;
  }
  bool is_ipv4 = address->family == CONNTRAIL__IPV4;
  out[0] = is_ipv4 ? WINDOWS_AF_INET : WINDOWS_AF_INET6;
  out[2] = (uint8_t)(address->port >> 8);
  out[3] = (uint8_t)address->port;
  if (is_ipv4) {
    memcpy(out + 4, address->bytes, 4);
    return;
  }
  memcpy(out + 8, address->bytes, 16);
  for (unsigned i = 0; i < 4; i++) {
    out[24 + i] = (uint8_t)(address->scope >> (8 * i));
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
    return 2 * STORAGE;
  case CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS:
    return STORAGE;
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
    write_storage(&flow->original_local, out + STORAGE);
  }
}
