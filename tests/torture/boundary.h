/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TORTURE_BOUNDARY_H
#define CONNTRAIL_TESTS_TORTURE_BOUNDARY_H

/*
 * The calls that a case makes: those that the emulation watches, and conntrail's own. The linker
 * gives each a wrapper (-Wl,--wrap). Where a call failed because of the injected fault, and by
 * name, the wrapper makes it once more: the answer is then the right one only if the failed call
 * left everything as it was.
 */

#include <stdbool.h>

#include "conntrail/emu.h"

typedef struct torture_call {
  unsigned hits; /* before it */
} torture_call;

torture_call torture_call_begin(const char *name);
void torture_call_end(void);

/* After a call that answered this: whether it is to be repeated. Keeps errno. */
bool torture_repeat_status(const torture_call *call, conntrail_status status);
bool torture_repeat_errno(const torture_call *call, bool has_failed);
bool torture_repeat_pointer(const torture_call *call, const void *pointer);
bool torture_repeat_refused(const torture_call *call, bool is_none);
/* NULL is the only name of an error that the call has. */
bool torture_repeat_null(const torture_call *call, const void *pointer);

/* An emulation that exists in place of another one, either NULL. */
void torture_note_emulation(const conntrail_emu *ended, conntrail_emu *begun);
/* Ends those that exist, and what this thread is for them. */
void torture_end_emulations(void);

/* Whether the fault struck during the call. */
bool torture_struck(const torture_call *call);

#endif
