/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_SCRIPTED_HEAP_H
#define CONNTRAIL_TESTS_SCRIPTED_HEAP_H

/*
 * malloc as the code under test sees it. The executable is linked with -Wl,--wrap=malloc, which
 * wraps the calls of a static Check as well: they are distinguished by watching only the code under
 * test.
 */

#include <stdbool.h>
#include <stddef.h>

/* Counts from 0 again, not watching. The n-th watched call answers NULL; 0: none does. */
void scripted_heap_begin(unsigned failing_call);

/* Watches from now on, or no more. Returns whether it did before. */
bool scripted_heap_watch(bool watch);

/* The watched calls, and the size that the last one asked for. */
unsigned scripted_heap_calls(void);
size_t scripted_heap_last_size(void);

#endif
