/* SPDX-License-Identifier: MIT */

/* Asks every row, each several times, and writes the file. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

/* After so many rows in which no redirect arrived the rest of them is not tried. */
enum { MOST_FAILURES = 3 };

static unsigned failures[PROBE_NEEDS_BACKLOG + 1];

static const char *missing(const probe_options *options, const probe_row *row) {
  switch (row->need) {
  case PROBE_NEEDS_TCP:
    return options->tcp.is_given ? NULL : "not asked for: --redirected and --proxy";
  case PROBE_NEEDS_UDP:
    return options->udp.is_given ? NULL : "not asked for: --udp-redirected and --udp-proxy";
  case PROBE_NEEDS_BACKLOG:
    return options->backlog && options->tcp.is_given ? NULL : "not asked for: --backlog";
  default:
    return NULL;
  }
}

static void ask_once(const probe_options *options, const probe_row *row, probe_answer *answer) {
  probe_scene scene;
  memset(answer, 0, sizeof *answer);
  if (conntrail__probe_scene_open(&scene, options, row)) {
    conntrail__probe_ask(row, &scene, answer);
  } else {
    answer->obstacle = scene.obstacle;
  }
  conntrail__probe_scene_close(&scene);
}

static bool is_asked_enough(const probe_result *result) {
  if (result->row->need == PROBE_NEEDS_BACKLOG) {
    return result->count == 1;
  }
  return result->count == PROBE_MOST_ASKED ||
         (result->count >= PROBE_ASKED &&
          conntrail__answers_period(result->answers, result->count) < result->count);
}

static void ask_row(const probe_options *options, probe_result *result) {
  const probe_row *row = result->row;
  result->obstacle = missing(options, row);
  if (result->obstacle == NULL && failures[row->need] >= MOST_FAILURES) {
    result->obstacle = "not tried: no redirect arrived before";
  }
  while (result->obstacle == NULL && !is_asked_enough(result)) {
    probe_answer *answer = &result->answers[result->count];
    ask_once(options, row, answer);
    if (result->count == 0 && answer->obstacle != NULL) {
      result->obstacle = answer->obstacle;
      failures[row->need] += row->need != PROBE_NEEDS_NOTHING ? 1 : 0;
    } else {
      failures[row->need] = 0;
      result->count++;
    }
  }
}

static unsigned ask_rows(const probe_options *options, probe_result *results) {
  unsigned asked = 0;
  for (unsigned i = 0; i < conntrail__probe_row_count; i++) {
    const probe_row *row = &conntrail__probe_rows[i];
    if (options->only == NULL || strncmp(row->id, options->only, strlen(options->only)) == 0) {
      results[asked].row = row;
      ask_row(options, &results[asked]);
      asked++;
    }
  }
  return asked;
}

static void write_origin(probe_writer *writer, const probe_options *options, const char *system) {
  char date[16];
  SYSTEMTIME now;
  GetSystemTime(&now);
  (void)snprintf(date, sizeof date, "%04u-%02u-%02u", now.wYear, now.wMonth, now.wDay);
  conntrail__json_open(writer, "origin", '{');
  conntrail__json_text(writer, "system", system);
  conntrail__json_text(writer, "date", date);
  conntrail__json_text(writer, "tool", "conntrail-probe");
  conntrail__json_text(writer, "redirector",
                       options->tcp.is_given || options->udp.is_given ? "given" : "none");
  conntrail__json_close(writer, '}');
}

static void write_file(FILE *out, const probe_options *options, const probe_result *results,
                       unsigned count) {
  char system[64];
  probe_writer writer = {.out = out, .flat_from = UINT32_MAX, .is_first = true};
  conntrail__system_name(system, sizeof system);
  conntrail__json_open(&writer, NULL, '{');
  conntrail__json_text(&writer, "format", "conntrail profile 1");
  conntrail__json_text(&writer, "name", options->name != NULL ? options->name : system);
  conntrail__json_text(&writer, "base", "documented");
  write_origin(&writer, options, system);
  conntrail__answers_write_profile(&writer, results, count);
  conntrail__answers_write_behaviour(&writer, results, count);
  conntrail__json_open(&writer, "measurements", '{');
  conntrail__json_number(&writer, "format", PROBE_FORMAT);
  conntrail__json_number(&writer, "catalogue", PROBE_CATALOGUE);
  conntrail__system_write(&writer, options->with_names);
  conntrail__answers_write_rows(&writer, results, count);
  conntrail__json_close(&writer, '}');
  conntrail__json_close(&writer, '}');
  (void)fputc('\n', out);
}

static int write_named_file(const probe_options *options, const probe_result *results,
                            unsigned count) {
  FILE *out = options->output != NULL ? fopen(options->output, "wb") : stdout;
  if (out == NULL) {
    (void)fprintf(stderr, "conntrail-probe: %s cannot be written\n", options->output);
    return EXIT_FAILURE;
  }
  write_file(out, options, results, count);
  bool is_written = ferror(out) == 0;
  if (out != stdout) {
    is_written = fclose(out) == 0 && is_written;
  }
  if (!is_written) {
    (void)fprintf(stderr, "conntrail-probe: the file could not be written whole\n");
  }
  return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void sum_up(const probe_result *results, unsigned count) {
  unsigned answered = 0;
  for (unsigned i = 0; i < count; i++) {
    answered += results[i].count > 0 ? 1u : 0u;
  }
  (void)fprintf(stderr, "conntrail-probe: %u of %u rows answered, each asked %u times or more\n",
                answered, count, (unsigned)PROBE_ASKED);
}

int conntrail__probe_record(probe_options *options) {
  const char *obstacle;
  probe_result *results = calloc(conntrail__probe_row_count, sizeof *results);
  int code = EXIT_FAILURE;
  if (results == NULL) {
    (void)fprintf(stderr, "conntrail-probe: no memory\n");
  } else if (!conntrail__probe_proxy_open(options, &obstacle)) {
    (void)fprintf(stderr, "conntrail-probe: %s\n", obstacle);
  } else {
    unsigned count = ask_rows(options, results);
    code = write_named_file(options, results, count);
    sum_up(results, count);
  }
  conntrail__probe_proxy_close();
  free(results);
  return code;
}
