/* SPDX-License-Identifier: MIT */

/* What the command line asks for. */

#include <stdio.h>
#include <stdlib.h>

#include "conntrail/conntrail.h"
#include "probe.h"

static int list(void) {
  for (unsigned i = 0; i < conntrail__probe_row_count; i++) {
    const probe_row *row = &conntrail__probe_rows[i];
    (void)printf("%-4s %-40s %s; %s\n", row->clause, row->id,
                 conntrail__probe_place_name(row->place), conntrail__probe_call_name(row->call));
  }
  (void)printf("%u rows, catalogue %d\n", conntrail__probe_row_count, PROBE_CATALOGUE);
  return EXIT_SUCCESS;
}

static int ask(probe_options *options) {
  WSADATA data;
  int error = WSAStartup(MAKEWORD(2, 2), &data);
  if (error != 0) {
    (void)fprintf(stderr, "conntrail-probe: Winsock does not start (%d)\n", error);
    return EXIT_FAILURE;
  }
  int code = options->hns ? conntrail__probe_hns(options) : conntrail__probe_record(options);
  WSACleanup();
  return code;
}

int conntrail__probe_run(int count, char **words, const probe_hooks *hooks) {
  probe_options options = {.hooks = *hooks};
  if (!conntrail__probe_options(count, words, &options)) {
    return 2;
  }
  if (options.help) {
    conntrail__probe_help();
    return EXIT_SUCCESS;
  }
  if (options.version) {
    (void)printf("conntrail-probe %s, catalogue %d\n", CONNTRAIL_VERSION_TEXT, PROBE_CATALOGUE);
    return EXIT_SUCCESS;
  }
  if (options.list) {
    return list();
  }
  return options.check != NULL ? conntrail__probe_check(options.check) : ask(&options);
}
