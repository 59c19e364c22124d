/* SPDX-License-Identifier: MIT */

/*
 * A real Linux kernel that redirects by netfilter, in network namespaces of the case's own
 * (tests/kernel/network.h). No emulation is linked: the product's library meets what it meets in
 * production.
 */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernel/network.h"
#include "expect.h"
#include "runner.h"

static conntrail_emu_profile profile;

/* A machine that forbids namespaces, or lacks nft and ip, says so: no case is run then. */
unsigned fixture_offers_of_environment(void) {
  network_reason why;
  if (!network_is_possible(&why)) {
    (void)printf("1..0 # SKIP %s\n", why.text);
    exit(RUNNER_SKIPPED);
  }
  return NEEDS_NETFILTER;
}

unsigned fixture_forbids_of_environment(void) {
  return NEEDS_NOTHING;
}

void fixture_begin(conntrail_emu_profile asked) {
  profile = asked;
  network_create();
  (void)net_begin();
}

void fixture_end(void) {
  net_end();
}

/* The kernel has no profiles. */
conntrail_emu_profile fixture_profile(void) {
  return profile;
}

/* From now on the kernel tracks connections, as it does on every machine with nat rules. */
void fixture_open(const conntrail_emu_options *options) {
  (void)options;
  network_rules("table inet case { chain tracked { type filter hook input priority 0\n"
                "ct state invalid drop\n}\n}\n");
}

/* The namespaces end with the process. */
void fixture_close(void) {
}

conntrail_emu *fixture_emulation(void) {
  return NULL;
}

/* "tcp 93.184.216.0/24 port 80" is a rule of emu.h; nftables words it in another way. */
conntrail_emu_service *fixture_redirect(const char *name, const char *rule,
                                        const struct sockaddr_storage *proxy) {
  char protocol[4] = "";
  char prefix[64] = "";
  char port[6] = "";
  (void)name;
  expect_number(sscanf(rule, "%3s %63s port %5s", protocol, prefix, port), 3);
  network_rules("table inet case { chain out { type nat hook output priority -100\n"
                "%s daddr %s %s dport %s redirect to :%u\n}\n}\n",
                strchr(prefix, ':') == NULL ? "ip" : "ip6", prefix, protocol, port,
                net_port(proxy));
  return NULL;
}

void fixture_tproxy(const struct sockaddr_storage *proxy) {
  network_routes("rule add fwmark 1 lookup 100\n"
                 "route add local 0.0.0.0/0 dev lo table 100\n");
  network_routes6("rule add fwmark 1 lookup 100\n"
                  "route add local ::/0 dev lo table 100\n");
  network_rules(
      "table inet case { chain pre { type filter hook prerouting priority mangle\n"
      "meta l4proto tcp socket transparent 1 meta mark set 1 accept\n"
      "ip daddr 10.0.9.0/24 meta l4proto { tcp, udp } meta mark set 1 tproxy ip to :%u accept\n"
      "ip6 daddr fd00:9::/64 meta l4proto { tcp, udp } meta mark set 1 tproxy ip6 to :%u accept\n"
      "}\n}\n",
      net_port(proxy), net_port(proxy));
}

void fixture_forget_flows(void) {
  network_forget_flows();
}

void fixture_drop_rights(void) {
  network_drop_rights();
}

void fixture_other_host_begin(void) {
  network_enter(CLIENT_HOST);
}

void fixture_other_host_end(void) {
  network_enter(PROXY_HOST);
}

void fixture_client_begin(void) {
}

void fixture_client_end(void) {
}
