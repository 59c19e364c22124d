/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TORTURE_FAULT_H
#define CONNTRAIL_TESTS_TORTURE_FAULT_H

/*
 * Counts the calls of the code under test that can fail, and lets the n-th one fail. The counts are
 * in memory that forked processes share.
 */

#include <stdbool.h>
#include <stddef.h>

enum { TORTURE_STACK = 10 };

typedef struct torture_record {
  unsigned calls;             /* that could fail, since torture_arm() */
  bool has_failed;            /* the n-th call was made, and failed */
  const char *failed;         /* its name */
  const char *within;         /* the outermost call of the test that was under way; NULL: none */
  bool is_of_product;         /* made by the product's library, or for it */
  void *stack[TORTURE_STACK]; /* return addresses */
  int stack_size;
  bool was_reported;    /* that call of the test failed by name, and was repeated */
  bool has_other_error; /* that call failed otherwise */
  long other_error;     /* errno, or a conntrail_status */
} torture_record;

/* Once, before any process is forked. */
bool torture_prepare(void);
/* The n-th call from now on fails; 0: none does. */
void torture_arm(unsigned nth);
torture_record *torture_result(void);

/* The code under test makes this call: whether it fails. */
bool torture_fails(const char *call);

/* How many calls have failed in this thread. */
unsigned torture_hits(void);

/* The outermost call of the test into the code under test, in this thread. */
void torture_enter(const char *call);
void torture_leave(void);
bool torture_is_outermost(void);

/* The product's library makes a call that can fail, in this thread. */
void torture_enter_product(void);
void torture_leave_product(void);

/* Allocations of the code under test that were not freed. */
void torture_count_block(int change);
long torture_blocks(void);

#endif
