/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_HOSTS_H
#define CONNTRAIL_FILES_SCENARIO_HOSTS_H

/* "hosts" of a scenario: names, and the addresses that programs find for them. */

#include "scenario_shape.h"

/* As many of a family fit into an answer of 512 bytes, behind the longest name. */
enum { CONNTRAIL__MOST_ADDRESSES = 8 };

typedef struct conntrail__host {
  const char *name;
  conntrail__address addresses[2 * CONNTRAIL__MOST_ADDRESSES]; /* without a port that counts */
  size_t count;
} conntrail__host;

/* A check of scenario_shape.h: of the value of "hosts". */
bool conntrail__scenario_check_hosts(const checker *c, const json_t *value, const char *path);

bool conntrail__scenario_has_hosts(const conntrail__scenario *scenario);
/* Names do not differ by case. False: it is none of them. */
bool conntrail__scenario_find_host(const conntrail__scenario *scenario, const char *name,
                                   conntrail__host *host);
/* A name that was probably meant; NULL: none is near. */
const char *conntrail__scenario_similar_host(const conntrail__scenario *scenario, const char *name);

#endif
