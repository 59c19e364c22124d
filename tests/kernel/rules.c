/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include "endpoints.h"

void redirect_to(int listener) {
  network_rules("table inet t {\n"
                "chain pre { type nat hook prerouting priority dstnat\n"
                "fib daddr type local accept\n"
                "meta l4proto { tcp, udp } redirect to :%u\n}\n"
                "chain out { type nat hook output priority -100\n"
                "meta mark 0x%x accept\n"
                "fib daddr type local accept\n"
                "meta l4proto { tcp, udp } redirect to :%u\n}\n}\n",
                port_of(listener), EXEMPT_MARK, port_of(listener));
}

void redirect_port_to(const char *protocol, unsigned port, int listener) {
  network_rules("table inet t { chain pre { type nat hook prerouting priority dstnat\n"
                "%s dport %u redirect to :%u\n}\n}\n",
                protocol, port, port_of(listener));
}

void tproxy_to(int listener) {
  network_routes("rule add fwmark 1 lookup 100\n"
                 "route add local 0.0.0.0/0 dev lo table 100\n");
  network_routes6("rule add fwmark 1 lookup 100\n"
                  "route add local ::/0 dev lo table 100\n");
  network_rules("table inet t {\n"
                "chain pre { type filter hook prerouting priority mangle\n"
                "meta l4proto tcp socket transparent 1 meta mark set 1 accept\n"
                "th dport != 80 fib daddr type local accept\n"
                "meta l4proto { tcp, udp } meta mark set 1 tproxy to :%u accept\n}\n"
                "chain out { type route hook output priority mangle\n"
                "meta mark 0x%x accept\n"
                "fib daddr type local accept\n"
                "meta l4proto { tcp, udp } meta mark set 1\n}\n}\n",
                port_of(listener), EXEMPT_MARK);
}

void track_only(void) {
  network_rules("table inet tracked { chain in { type filter hook input priority 0\n"
                "ct state invalid drop\n}\n}\n");
}
