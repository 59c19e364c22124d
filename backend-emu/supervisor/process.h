/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_PROCESS_H
#define CONNTRAIL_SUPERVISOR_PROCESS_H

/* Who makes a call. */

#include "../engine/hash.h"
#include "notice.h"

/* A process that made a call. */
typedef struct conntrail__process {
  uint32_t number;
  uint32_t family; /* the oldest of those that forked and run the same */
  conntrail__watch *watch;
  char command[CONNTRAIL__NAME];
  char user[CONNTRAIL__NAME];
  uint64_t looked_at; /* when the last two were read */
  bool is_over;       /* kept for a while: the trail names it */
  UT_hash_handle hh;
} conntrail__process;

/* Who makes this call: valid until the next call of it. */
conntrail__identity conntrail__identify(const conntrail__notice *notice);
/* As the system says, whatever it says of itself. */
conntrail__identity conntrail__identify_process(const conntrail__notice *notice);
/* Exempts the processes that are there already. False: no memory. */
bool conntrail__exempt_processes(const conntrail__supervisor *supervisor,
                                 conntrail_emu_service *service, const char *program);
/* NULL: the process is of no program. */
const conntrail__watch *conntrail__watch_of(const conntrail__supervisor *supervisor,
                                            uint32_t process);
/* Whether the process has a descriptor of this inode. */
bool conntrail__holds(uint32_t process, uint32_t inode);
/* Some of the processes, in turn: those that have ended give free what they had. */
void conntrail__look_at_processes(conntrail__supervisor *supervisor);
void conntrail__forget_processes(conntrail__supervisor *supervisor);

/* As it was read when the process made its first call. */
uint32_t conntrail__family_of(const conntrail__supervisor *supervisor, uint32_t number);

/* family.c: the oldest ancestor that runs the same command line; the process itself where none
 * does. */
uint32_t conntrail__read_family(uint32_t number);
/* 0: not known. */
uint32_t conntrail__read_parent(uint32_t number);

#endif
