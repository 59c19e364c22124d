/* SPDX-License-Identifier: MIT */

/*
 * A redirect service for eBPF for Windows, as the conformance suite needs one: TCP to port 80 and
 * UDP to port 53 of 93.184.216.0/24 and 2606:2800:220::/48 goes to a proxy on loopback, with the
 * redirect context that Microsoft's sample driver attaches: the original remote address, then the
 * original local one, each in a SOCKADDR_STORAGE (clause D1). See docs/how-to/windows-profile.md.
 *
 * The map proxy_ports says where the proxy is, by ports in network byte order: entry 0 for TCP over
 * IPv4, 1 for TCP over IPv6, 2 for UDP over IPv4, 3 for UDP over IPv6; 0 lets them pass.
 */

#include "redirect_bpf.h"

enum { TCP = 6, UDP = 17, INET = 2, INET6 = 23, ADDRESS_BYTES = 128 };
enum { ADDRESS_WORDS = ADDRESS_BYTES / 4, PROXY_PORTS = 4 };

/* In network byte order, as a little-endian machine holds them. */
#define PORT_80 0x5000u
#define PORT_53 0x3500u
#define PREFIX4 0x00D8B85Du       /* 93.184.216.0 */
#define MASK4 0x00FFFFFFu         /* /24 */
#define PREFIX6_FIRST 0x00280626u /* 2606:2800 */
#define PREFIX6_SECOND 0x2002u    /* :0220 */
#define MASK6_SECOND 0xFFFFu      /* /48 */
#define LOOPBACK4 0x0100007Fu
#define LOOPBACK6_LAST 0x01000000u

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, uint32_t);
  __type(value, uint32_t);
  __uint(max_entries, PROXY_PORTS);
  __uint(pinning, LIBBPF_PIN_BY_NAME);
} proxy_ports SEC(".maps");

/* Two SOCKADDR_STORAGE, word by word: family and port, then the address. */
typedef struct redirect_context {
  uint32_t remote[ADDRESS_WORDS];
  uint32_t local[ADDRESS_WORDS];
} redirect_context;

/* Where a connection or flow to this port goes to; 0: it passes. */
static inline uint16_t proxy_port(const bpf_sock_addr_t *connection, uint32_t is_ipv6) {
  uint32_t entry = is_ipv6;
  if (connection->protocol == UDP && connection->user_port == PORT_53) {
    entry += 2;
  } else if (connection->protocol != TCP || connection->user_port != PORT_80) {
    return 0;
  }
  uint32_t *port = bpf_map_lookup_elem(&proxy_ports, &entry);
  return port ? (uint16_t)*port : 0;
}

static inline uint32_t family_and_port(uint32_t family, uint16_t port) {
  return family | (uint32_t)port << 16;
}

SEC("cgroup/connect4")
int redirect_connect4(bpf_sock_addr_t *connection) {
  uint16_t port = proxy_port(connection, 0);
  if (port == 0 || (connection->user_ip4 & MASK4) != PREFIX4) {
    return BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT;
  }
  redirect_context context = {0};
  context.remote[0] = family_and_port(INET, connection->user_port);
  context.remote[1] = connection->user_ip4;
  context.local[0] = family_and_port(INET, connection->msg_src_port);
  context.local[1] = connection->msg_src_ip4;
  if (bpf_sock_addr_set_redirect_context(connection, &context, sizeof context) == 0) {
    connection->user_ip4 = LOOPBACK4;
    connection->user_port = port;
  }
  return BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT;
}

/* sockaddr_in6: family and port, flow, address, scope. */
static inline void write_address6(uint32_t *to, uint16_t port, const uint32_t *address) {
  to[0] = family_and_port(INET6, port);
  to[2] = address[0];
  to[3] = address[1];
  to[4] = address[2];
  to[5] = address[3];
}

SEC("cgroup/connect6")
int redirect_connect6(bpf_sock_addr_t *connection) {
  uint16_t port = proxy_port(connection, 1);
  if (port == 0 || connection->user_ip6[0] != PREFIX6_FIRST ||
      (connection->user_ip6[1] & MASK6_SECOND) != PREFIX6_SECOND) {
    return BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT;
  }
  redirect_context context = {0};
  write_address6(context.remote, connection->user_port, connection->user_ip6);
  write_address6(context.local, connection->msg_src_port, connection->msg_src_ip6);
  if (bpf_sock_addr_set_redirect_context(connection, &context, sizeof context) == 0) {
    connection->user_ip6[0] = 0;
    connection->user_ip6[1] = 0;
    connection->user_ip6[2] = 0;
    connection->user_ip6[3] = LOOPBACK6_LAST;
    connection->user_port = port;
  }
  return BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT;
}
