/* SPDX-License-Identifier: MIT */
#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "find.h"
#include "running.h"

int conntrail__attach(const char *socket, char *const *command) {
  conntrail__refusal why;
  if (!conntrail__find_program(command[0], NULL, getenv("PATH"), why.text, sizeof why.text) ||
      !conntrail__supervisor_attach(socket, conntrail__file_name(command[0]), &why)) {
    return conntrail__complain(why.text);
  }
  (void)execvp(command[0], command);
  snprintf(why.text, sizeof why.text, "%.200s: %s", command[0], strerror(errno));
  return conntrail__complain(why.text);
}
