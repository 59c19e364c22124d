/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"

/* A program may accept in one process and connect in another that it forked. exec gives another
 * command line, so that a test and the proxy that it starts stay apart. */

enum { MOST_GENERATIONS = 16, LONGEST = 1024, BEFORE_PARENT = sizeof ") S " - 1 };

static size_t read_command_line(uint32_t number, char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%u/cmdline", number);
  FILE *file = fopen(path, "re");
  size_t size = file == NULL ? 0 : fread(text, 1, LONGEST, file);
  if (file != NULL) {
    (void)fclose(file);
  }
  return size;
}

/* The name, in parentheses, may contain anything. */
uint32_t conntrail__read_parent(uint32_t number) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/%u/stat", number);
  FILE *file = fopen(path, "re");
  size_t size = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
  text[size] = '\0';
  if (file != NULL) {
    (void)fclose(file);
  }
  const char *end = strrchr(text, ')');
  return end != NULL && strlen(end) > BEFORE_PARENT
             ? (uint32_t)strtoul(end + BEFORE_PARENT, NULL, 10)
             : 0;
}

uint32_t conntrail__read_family(uint32_t number) {
  char own[LONGEST];
  char other[LONGEST];
  const size_t size = read_command_line(number, own);
  for (int i = 0; i < MOST_GENERATIONS && size > 0; i++) {
    uint32_t parent = conntrail__read_parent(number);
    if (parent <= 1 || read_command_line(parent, other) != size || memcmp(own, other, size) != 0) {
      break;
    }
    number = parent;
  }
  return number;
}
