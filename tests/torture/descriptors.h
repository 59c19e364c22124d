/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TORTURE_DESCRIPTORS_H
#define CONNTRAIL_TESTS_TORTURE_DESCRIPTORS_H

/* Which descriptors the system gave to the code under test, and which of them that gave on to the
 * case. What it neither closed nor gave on is a leak. */

void torture_descriptors_begin(void);
/* The system gave it, or -1. */
void torture_opened(int fd);
void torture_closed(int fd);
/* The case has it now, or -1. */
void torture_given(int fd);

/* The lowest descriptor that leaked, or -1. */
int torture_leaked(void);

#endif
