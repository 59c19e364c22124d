/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BENCH_QUERY_SILENCE_H
#define CONNTRAIL_BENCH_QUERY_SILENCE_H

/*
 * Proves by trying that a query makes no system call but SO_COOKIE (clause E11) and takes no heap:
 * a child process lets the kernel end it at any other (seccomp), and counts what reaches malloc and
 * its like (the program is linked with --wrap). Each proof is tried on something that must fail it
 * as well.
 */
void bench_silence_report(void);

#endif
