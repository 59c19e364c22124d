/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_PATH_LOCK_H
#define CONNTRAIL_SUPERVISOR_PATH_LOCK_H

/* One process at a time makes or removes the socket at a path. While it does, the empty file
 * PATH.conntrail-lock exists. A file of this name that has content stays, and is an error. */

/* Waits while another process of this user has the lock. Its descriptor; -1 and errno. */
int conntrail__path_lock(const char *path);
void conntrail__path_unlock(const char *path, int lock);

#endif
