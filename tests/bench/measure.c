/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* tests/bench/instructions prints the same columns. */
#define LINE "%-58s %9s %10s %10s %10s  %s\n"

unsigned bench_rounds(unsigned usual) {
  const char *text = getenv("CONNTRAIL_BENCH_ROUNDS");
  unsigned long rounds = text == NULL ? usual : strtoul(text, NULL, 10);
  bench_need(rounds > 0 && rounds <= BENCH_MOST_ROUNDS, "CONNTRAIL_BENCH_ROUNDS is 1 to 1001");
  return (unsigned)rounds;
}

void bench_pin(void) {
  cpu_set_t all;
  cpu_set_t one;
  size_t last = 0;
  CPU_ZERO(&all);
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof all, &all) != 0) {
    return;
  }
  for (size_t i = 0; i < CPU_SETSIZE; i++) {
    last = CPU_ISSET(i, &all) ? i : last;
  }
  CPU_SET(last, &one);
  (void)sched_setaffinity(0, sizeof one, &one);
}

static double read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double bench_cpu_ns(void) {
  return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double bench_wall_ns(void) {
  return read_clock(CLOCK_MONOTONIC);
}

void bench_add(bench_series *series, double value) {
  bench_need(series->count < BENCH_MOST_ROUNDS, "a series holds 1001 rounds");
  series->values[series->count++] = value;
}

void bench_heading(const char *title) {
  printf("\n%s\n", title);
  printf(LINE, "metric", "target", "median", "min", "max", "verdict");
  fflush(stdout);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct column {
  char text[32];
} column;

static column number(double value) {
  column c;
  double size = value < 0 ? -value : value;
  int places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  snprintf(c.text, sizeof c.text, "%.*f", places, value);
  return c;
}

static column target_text(bench_target target) {
  column c = {""};
  if (target.aim != BENCH_NO_TARGET) {
    snprintf(c.text, sizeof c.text, "%s %g",
             target.aim == BENCH_AT_MOST ? "<=" : ">=", target.value);
  }
  return c;
}

static column verdict_text(bench_target target, double median) {
  column c = {""};
  double missing = target.aim == BENCH_AT_MOST ? median - target.value : target.value - median;
  if (target.aim == BENCH_NO_TARGET) {
    return c;
  }
  snprintf(c.text, sizeof c.text, missing <= 0 ? "reached" : "short by %s", number(missing).text);
  return c;
}

void bench_report(const char *metric, const char *unit, const bench_series *series,
                  bench_target target) {
  bench_series sorted = *series;
  char name[96];
  double median;
  bench_need(sorted.count > 0, metric);
  qsort(sorted.values, sorted.count, sizeof sorted.values[0], compare);
  median = (sorted.values[sorted.count / 2] + sorted.values[(sorted.count - 1) / 2]) / 2;
  snprintf(name, sizeof name, unit[0] == '\0' ? "%s" : "%s, %s", metric, unit);
  printf(LINE, name, target_text(target).text, number(median).text, number(sorted.values[0]).text,
         number(sorted.values[sorted.count - 1]).text, verdict_text(target, median).text);
  fflush(stdout);
}

void bench_report_ratio(const char *metric, const bench_series *above, const bench_series *below,
                        bench_target target) {
  bench_series ratio = {{0}, 0};
  bench_need(above->count == below->count, metric);
  for (unsigned i = 0; i < above->count; i++) {
    bench_add(&ratio, above->values[i] / below->values[i]);
  }
  bench_report(metric, "", &ratio, target);
}

void bench_report_fact(const char *metric, const char *target, bool is_so, const char *found) {
  printf(LINE, metric, target, found, "", "", is_so ? "reached" : "missed");
  fflush(stdout);
}

void bench_report_missing(const char *metric, const char *why) {
  printf("%-58s not measured: %s\n", metric, why);
  fflush(stdout);
}

bench_target bench_no_target(void) {
  return (bench_target){BENCH_NO_TARGET, 0};
}

bench_target bench_at_most(double value) {
  return (bench_target){BENCH_AT_MOST, value};
}

bench_target bench_at_least(double value) {
  return (bench_target){BENCH_AT_LEAST, value};
}

void bench_need(bool condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "bench: cannot measure: %s (errno: %s)\n", what, strerror(errno));
    exit(1);
  }
}
