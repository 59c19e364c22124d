/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_CHECK_H
#define CONNTRAIL_CLI_CHECK_H

/* The commands check and profile. Both answer an exit status. */

int conntrail__check_file(const char *file);
/* word: the name of a profile that is compiled in, or a file. */
int conntrail__show_profile(const char *word);

#endif
