/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_MEASURE_H
#define CONNTRAIL_BENCH_MEASURE_H

/*
 * What the measurements share: rounds, spread, and the one table that all of them print.
 *
 * A measurement runs its variants one after the other within each round, and compares them within
 * that round: what else the machine does then affects both sides. Nothing here fails: a figure
 * that misses its target is a line in the table, and the exit is 0.
 */

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_MOST_ROUNDS = 1001 };

typedef struct bench_series {
  double values[BENCH_MOST_ROUNDS];
  unsigned count;
} bench_series;

typedef enum bench_aim { BENCH_NO_TARGET, BENCH_AT_MOST, BENCH_AT_LEAST } bench_aim;

typedef struct bench_target {
  bench_aim aim;
  double value;
} bench_target;

/* CONNTRAIL_BENCH_ROUNDS, or so many. */
unsigned bench_rounds(unsigned usual);

/* Keeps this process on one processor, so that a round is not split between two clocks. */
void bench_pin(void);

/* What this thread has computed so far: on a shared machine others' turns do not count. For work
 * that never waits. */
double bench_cpu_ns(void);
/* The clock on the wall, for work in several processes. */
double bench_wall_ns(void);

void bench_add(bench_series *series, double value);

/* The first line of a program's part of the table. */
void bench_heading(const char *title);

/* One line: metric, target, median, min, max, verdict (by the median). */
void bench_report(const char *metric, const char *unit, const bench_series *series,
                  bench_target target);
/* The quotient of two series, round by round. */
void bench_report_ratio(const char *metric, const bench_series *above, const bench_series *below,
                        bench_target target);
/* One line for a yes or no that was found out by trying. */
void bench_report_fact(const char *metric, const char *target, bool is_so, const char *found);
/* One line for what this machine does not let us measure. */
void bench_report_missing(const char *metric, const char *why);

bench_target bench_no_target(void);
bench_target bench_at_most(double value);
bench_target bench_at_least(double value);

/* Ends the program with what went wrong: the measurement itself is broken, not slow. */
void bench_need(bool condition, const char *what);

#endif
