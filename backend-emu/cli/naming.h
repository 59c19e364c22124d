/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_NAMING_H
#define CONNTRAIL_CLI_NAMING_H

#include "../service/hub.h"
#include "../supervisor/supervisor.h"

/* What processes are called, by whichever of the two watches them. */
typedef struct conntrail__naming {
  const void *of;
  const char *(*program)(const void *of, uint32_t process); /* NULL: nobody said */
  /* The file name of what it runs, where that is not what the program's first process ran. */
  const char *(*command)(const void *of, uint32_t process);
  bool (*has_met)(const void *of, const char *program);
} conntrail__naming;

conntrail__naming conntrail__naming_of_hub(const conntrail__hub *hub);
conntrail__naming conntrail__naming_of_supervisor(const conntrail__supervisor *supervisor);

#endif
