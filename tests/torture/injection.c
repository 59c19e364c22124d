/* SPDX-License-Identifier: MIT */
#include "injection.h"

#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "boundary.h"
#include "descriptors.h"
#include "fault.h"
#include "fixture.h"
#include "native.h"

enum { LEAST_LIMIT_SECONDS = 30, LIMIT_FACTOR = 10, WHY_SIZE = 512 };

/* In memory that the forked process shares. */
typedef struct verdict {
  bool is_done;
  bool has_passed; /* with the fault */
  bool has_passed_afterwards;
  unsigned calls;
  long blocks;
  int leaked; /* a descriptor, or -1 */
  torture_record record;
  char why[WHY_SIZE]; /* the first expectation that did not hold */
} verdict;

static verdict *shared;
extern const char __executable_start;

bool torture_begin(void) {
  void *memory =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  shared = memory == MAP_FAILED ? NULL : memory;
  return shared != NULL && torture_prepare();
}

/* ---- In the process of its own --------------------------------------------------------------- */

static const torture_case *running;
static conntrail_emu_profile running_profile;
static bool is_open;

START_TEST(run_case) {
  is_open = true;
  fixture_begin(running_profile);
  running->body();
  fixture_end();
  is_open = false;
}
END_TEST

static bool run(const torture_case *one, conntrail_emu_profile profile, char *why) {
  Suite *suite = suite_create("torture");
  TCase *tcase = tcase_create(one->name);
  tcase_add_test(tcase, run_case);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_set_fork_status(runner, CK_NOFORK);
  running = one;
  running_profile = profile;
  srunner_run_all(runner, CK_SILENT);
  bool has_passed = srunner_ntests_failed(runner) == 0;
  if (!has_passed) {
    TestResult **failures = srunner_failures(runner);
    (void)snprintf(why, WHY_SIZE, "%s", tr_msg(failures[0]));
    free(failures);
  }
  srunner_free(runner);
  if (is_open) { /* the case ended at an expectation */
    fixture_end();
    torture_end_emulations();
    is_open = false;
  }
  return has_passed;
}

static _Noreturn void run_alone(const torture_case *one, conntrail_emu_profile profile,
                                unsigned nth, unsigned limit) {
  /* At SIGALRM, Check ends the process group. */
  (void)setpgid(0, 0);
  alarm(limit);
  torture_replace_native();
  torture_descriptors_begin();
  torture_arm(nth);
  shared->has_passed = run(one, profile, shared->why);
  shared->record = *torture_result();
  shared->leaked = torture_leaked();
  torture_arm(0);
  char ignored[WHY_SIZE];
  shared->has_passed_afterwards = run(one, profile, shared->has_passed ? shared->why : ignored);
  shared->blocks = torture_blocks();
  shared->is_done = true;
  _exit(0);
}

/* Answers how the process ended. limit: in seconds. */
static int run_forked(const torture_case *one, conntrail_emu_profile profile, unsigned nth,
                      unsigned limit) {
  int end = -1;
  memset(shared, 0, sizeof *shared);
  (void)fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    run_alone(one, profile, nth, limit);
  }
  while (child > 0 && waitpid(child, &end, 0) < 0 && errno == EINTR) {
  }
  return end;
}

/* ---- The verdict ----------------------------------------------------------------------------- */

static void print_stack(const torture_record *record) {
  for (int index = 0; index < record->stack_size; ++index) {
    (void)printf(" +0x%" PRIxPTR, (uintptr_t)record->stack[index] - (uintptr_t)&__executable_start);
  }
}

static torture_outcome find_fault(const torture_case *one, unsigned nth, const char *format, ...) {
  const torture_record *record = &shared->record;
  va_list list;
  va_start(list, format);
  (void)printf("%s %u: ", one->name, nth);
  (void)vprintf(format, list);
  va_end(list);
  /* A process that died has not copied it. */
  record = record->failed == NULL ? torture_result() : record;
  (void)printf(" (%s within %s)\n   stack", record->failed == NULL ? "-" : record->failed,
               record->within == NULL ? "-" : record->within);
  print_stack(record);
  (void)printf("\n");
  (void)fflush(stdout);
  return TORTURE_FINDING;
}

static unsigned milliseconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (unsigned)((unsigned long long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000);
}

bool torture_measure(const torture_case *one, conntrail_emu_profile profile,
                     torture_baseline *baseline) {
  unsigned begin = milliseconds();
  int end = run_forked(one, profile, 0, LEAST_LIMIT_SECONDS);
  if (end != 0 || !shared->is_done || !shared->has_passed || !shared->has_passed_afterwards) {
    (void)find_fault(one, 0, "fails without a fault (ended %d, done %d, passed %d, again %d): %s",
                     end, shared->is_done, shared->has_passed, shared->has_passed_afterwards,
                     shared->why);
    return false;
  }
  if (shared->leaked >= 0) {
    (void)find_fault(one, 0, "leaves descriptor %d without a fault", shared->leaked);
    return false;
  }
  *baseline = (torture_baseline){shared->record.calls, shared->blocks, milliseconds() - begin};
  return true;
}

/* The case looked at how often something was attempted: the failed call and its repetition were two
 * attempts. */
static bool counts_attempts(void) {
  static const char *const counters[] = {"scenario_count(",
                                         "scenario_misuse(",
                                         "scenario_event(",
                                         "_event_word(",
                                         "redirects_by(",
                                         "conntrail_emu_count(",
                                         "summary_of_world(",
                                         "conntrail_emu_entered(",
                                         "_trail_text(",
                                         "trails[",
                                         "text is ",
                                         "event.",
                                         "event->"};
  for (size_t index = 0; index < sizeof counters / sizeof counters[0]; ++index) {
    if (strstr(shared->why, counters[index]) != NULL) {
      return true;
    }
  }
  /* Of a walk: a number, not the answer of a step. */
  static const char walks[] = "a walk is ";
  const char *found = strstr(shared->why, walks);
  return found != NULL && isdigit((unsigned char)found[sizeof walks - 1]);
}

/* A call that libevent made itself, neither for a call of the case nor for the product: it has the
 * error. */
static bool was_of_libevent(const torture_record *record) {
  return record->within == NULL && record->failed != NULL && !record->is_of_product;
}

/* A caller that does not block learns later of a refusal, from the system. If the system cannot
 * tell it, the call tells it at once. */
static bool was_told_at_once(const torture_record *record) {
  return record->has_other_error && record->other_error == ECONNREFUSED &&
         strstr(shared->why, "is REFUSED, expected UNDERWAY") != NULL;
}

static torture_outcome judge_failed(const torture_case *one, unsigned nth) {
  const torture_record *record = &shared->record;
  bool is_named = strstr(shared->why, "NO_MEMORY") != NULL ||
                  strstr(shared->why, "CONNECT_FAILED") != NULL || was_of_libevent(record);
  if (!record->was_reported && is_named) {
    return TORTURE_COMPLETION;
  }
  /* The loop limit of that case counts attempts, too. */
  bool is_limit = strcmp(one->name, "sending_loop_limit") == 0;
  if (record->was_reported && (is_limit || counts_attempts())) {
    return TORTURE_ATTEMPT;
  }
  if (record->was_reported) {
    return find_fault(one, nth, "was not as before: %s", shared->why);
  }
  if (was_told_at_once(record)) {
    return TORTURE_SURVIVED;
  }
  if (record->has_other_error) {
    return find_fault(one, nth, "wrong name %ld: %s", record->other_error, shared->why);
  }
  return find_fault(one, nth, "wrong answer: %s", shared->why);
}

torture_outcome torture_inject(const torture_case *one, conntrail_emu_profile profile, unsigned nth,
                               const torture_baseline *baseline) {
  torture_arm(0);
  /* Without a fault it took so long on this machine, at this moment. */
  unsigned usual = baseline->milliseconds / 1000;
  int end = run_forked(one, profile, nth, LEAST_LIMIT_SECONDS + LIMIT_FACTOR * usual);
  if (end == -1 || WIFSIGNALED(end)) {
    return end != -1 && WTERMSIG(end) == SIGKILL
               ? find_fault(one, nth, "hangs")
               : find_fault(one, nth, "ends by signal %d", WTERMSIG(end));
  }
  if (!shared->is_done) {
    return find_fault(one, nth, "ends with exit code %d", WEXITSTATUS(end));
  }
  if (!shared->has_passed_afterwards) {
    return find_fault(one, nth, "fails afterwards: %s", shared->why);
  }
  /* A case that ended early keeps what it holds, and so does libevent for it. */
  bool is_over = shared->has_passed || shared->record.within != NULL;
  if (is_over && shared->leaked >= 0) {
    return find_fault(one, nth, "leaves descriptor %d", shared->leaked);
  }
  if (shared->has_passed && shared->blocks > baseline->blocks) {
    return find_fault(one, nth, "leaves %ld blocks of memory", shared->blocks - baseline->blocks);
  }
  if (!shared->has_passed) {
    return judge_failed(one, nth);
  }
  return shared->record.was_reported ? TORTURE_REPEATED : TORTURE_SURVIVED;
}
