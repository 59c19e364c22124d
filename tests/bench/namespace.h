/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_NAMESPACE_H
#define CONNTRAIL_BENCH_NAMESPACE_H

/*
 * The kernel's own redirection, to compare with: a network namespace of our own that ends with
 * the process, loopback up, and one nft rule. No system setting is touched, and no privilege is
 * needed where unprivileged user namespaces are allowed.
 */

#include <stdbool.h>

typedef struct bench_reason {
  char text[160];
} bench_reason;

/* Looks for libnftables, so that loading it is not part of a measurement. */
void bench_namespace_prepare(void);
/* How bench_namespace_redirect() talks to nftables. */
const char *bench_namespace_means(void);

/* This process moves into a new, empty network with loopback up. */
bool bench_namespace_enter(bench_reason *why);
/* TCP to that port goes to the other port of this host from now on. */
bool bench_namespace_redirect(unsigned from, unsigned to, bench_reason *why);

#endif
