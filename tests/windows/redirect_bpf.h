/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_REDIRECT_BPF_H
#define CONNTRAIL_REDIRECT_BPF_H

/*
 * What redirect.bpf.c needs of eBPF for Windows. With that project's headers on the include path
 * they are taken; without them the few declarations below, so that the program compiles anywhere.
 */

#if __has_include("ebpf_nethooks.h")

#include "bpf_helpers.h"
#include "ebpf_nethooks.h"

#else

#include <stdint.h>

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) value *name

/*
 * [S] eBPF for Windows, include/ebpf_nethooks.h and ebpf_structs.h, v1.0.0-rc1 to v1.5.0: the names
 * and numbers of that project, none besides. Releases before had one verdict to proceed,
 * BPF_SOCK_ADDR_VERDICT_PROCEED; they are not supported.
 */
enum { BPF_MAP_TYPE_ARRAY = 2, LIBBPF_PIN_BY_NAME = 1 };
typedef enum _ebpf_sock_addr_verdict {
  BPF_SOCK_ADDR_VERDICT_REJECT,
  BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT,
  BPF_SOCK_ADDR_VERDICT_PROCEED_HARD
} ebpf_sock_addr_verdict_t;

typedef struct bpf_sock_addr {
  uint32_t family;
  struct {
    union {
      uint32_t msg_src_ip4;
      uint32_t msg_src_ip6[4];
    };
    uint16_t msg_src_port;
  };
  struct {
    union {
      uint32_t user_ip4;
      uint32_t user_ip6[4];
    };
    uint16_t user_port;
  };
  uint32_t protocol;
  uint32_t compartment_id;
  uint64_t interface_luid;
} bpf_sock_addr_t;

typedef void *(*find_in_map)(void *map, const void *key);
static const find_in_map bpf_map_lookup_elem = (find_in_map)1;
typedef int (*attach_context)(bpf_sock_addr_t *context, void *data, uint32_t size);
static const attach_context bpf_sock_addr_set_redirect_context = (attach_context)0x10001;

#endif

#endif
