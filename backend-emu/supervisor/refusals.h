/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_REFUSALS_H
#define CONNTRAIL_SUPERVISOR_REFUSALS_H

/* What is refused because it cannot be supervised. */

#include "notice.h"

/* Each is reported once for a program: on stderr, and in the trail. */
typedef enum conntrail__refused {
  CONNTRAIL__UNREADABLE, /* the program's memory or descriptors */
  CONNTRAIL__OTHER_NETWORK,
  CONNTRAIL__RAW_SOCKET,
  CONNTRAIL__OTHER_PROTOCOL,
  CONNTRAIL__NAME_SERVICE,
  CONNTRAIL__NAME_PORT,
  CONNTRAIL__NO_DESCRIPTOR,
  CONNTRAIL__SECOND_LISTENER,
  CONNTRAIL__OWN_FILTER,
  CONNTRAIL__X32_CALL,
  CONNTRAIL__PRIVILEGED_FILE
} conntrail__refused;
void conntrail__tell_refused(const conntrail__notice *notice, conntrail__refused what);
/* The same, of a file. */
void conntrail__tell_refused_file(const conntrail__notice *notice, conntrail__refused what,
                                  const char *file);
/* errno for the program, where a call of this process' own failed: it is not the program that lacks
 * a descriptor. */
int conntrail__explain_lack(const conntrail__notice *notice, int error);

#endif
