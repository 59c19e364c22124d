/* SPDX-License-Identifier: MIT */

/* conntrail-probe.exe: the system itself is asked. */

#include "probe.h"

int main(int count, char **words) {
  const probe_hooks none = {0};
  return conntrail__probe_run(count, words, &none);
}
