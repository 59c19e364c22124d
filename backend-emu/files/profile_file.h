/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_PROFILE_FILE_H
#define CONNTRAIL_FILES_PROFILE_FILE_H

/* Profiles as files: docs/reference/profile-format.md. */

#include <stdio.h>

#include "conntrail/emu_profile.h"
#include "document.h"

#define CONNTRAIL__PROFILE_FORMAT "conntrail profile 1"

typedef struct conntrail__profile_file conntrail__profile_file;

/* What a table cannot hold, says the emulation: conntrail_emu_answer_fault(), or the engine's. */
typedef const char *(*conntrail__answer_check)(conntrail_emu_situation situation,
                                               const conntrail_emu_answer *answer);

/* Reads and checks all of it. NULL, with why. */
conntrail__profile_file *conntrail__profile_read(const char *file, conntrail__answer_check check,
                                                 conntrail__complaint *why);
/* The same of a document that is a profile, which stays the caller's. */
conntrail__profile_file *conntrail__profile_read_document(const conntrail__document *document,
                                                          conntrail__answer_check check,
                                                          conntrail__complaint *why);
/* Whether a document calls itself a profile. */
bool conntrail__profile_is_one(const conntrail__document *document);
/* Valid as long as the file. */
const conntrail_emu_table *conntrail__profile_table(const conntrail__profile_file *profile);
void conntrail__profile_free(conntrail__profile_file *profile);

/* The word of a profile that is compiled in; false: there is none such. */
bool conntrail__profile_named(const char *word, conntrail_emu_profile *profile);

/* Writes a table as a file. False: it could not be written. */
bool conntrail__profile_print(FILE *out, const conntrail_emu_table *table);

/* profile_words.c: the words of situations and behaviours; NULL for an index that is none. */
const char *conntrail__profile_operation(unsigned situation);
const char *conntrail__profile_situation(unsigned situation);
const char *conntrail__profile_behaviour(unsigned behaviour);
/* value: 1 or 2. */
const char *conntrail__profile_value(unsigned behaviour, unsigned value);
const char *conntrail__profile_base(conntrail_emu_profile profile);

#endif
