/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_FIXTURE_WIN_H
#define CONNTRAIL_TESTS_FIXTURE_WIN_H

/* What both places on Windows have in common, emulated or not. fixture_win.c also has threads and
 * the missing fork of fixture.h. */

/* The needs that the system itself meets. */
unsigned fixture_win_offers(void);

#endif
