/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_LATE_CONNECT_H
#define CONNTRAIL_TESTS_LATE_CONNECT_H

/* A connect() behind conntrail's, in a shared library of its own, that may return late: as when
 * the other side runs first, which is chance otherwise. */

/* The next connect returns when it is let go, 20 seconds later at the most. */
void late_connect_hold(void);
void late_connect_let_go(void);

#endif
