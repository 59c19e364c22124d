/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_FOLDER_H
#define CONNTRAIL_CLI_FOLDER_H

#include <stdbool.h>

/* A folder of this user's alone, for a socket without a given name. Both processes of a run remove
 * it, so that it goes whichever of them is killed. */
typedef struct conntrail__folder {
  char path[64]; /* empty: none was made */
  char socket[80];
} conntrail__folder;

/* False, and errno. Folders whose runs were killed as a whole are removed first. */
bool conntrail__folder_make(conntrail__folder *folder);
void conntrail__folder_remove(const conntrail__folder *folder);

#endif
