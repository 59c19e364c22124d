/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_FIND_H
#define CONNTRAIL_CLI_FIND_H

/* Whether a program can be executed, found as execvp() finds it, before anything is started. */

#include <stdbool.h>
#include <stddef.h>

/* word: a path, or a name that stands in one of the folders of search; both relative to folder,
 * NULL: that of this process. search NULL: the system's usual folders. False, with why. */
bool conntrail__find_program(const char *word, const char *folder, const char *search, char *why,
                             size_t size);

/* folder/path; path itself where it is absolute, or folder is NULL. NULL: no memory. */
char *conntrail__path_below(const char *folder, const char *path);

#endif
