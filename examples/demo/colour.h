/* SPDX-License-Identifier: MIT */
#ifndef DEMO_COLOUR_H
#define DEMO_COLOUR_H

#include <stdbool.h>

/** What is printed before words to colour them, and after them to end it; or empty texts. */
typedef struct colours {
  const char *strong;
  const char *good;
  const char *bad;
  const char *moved; /* redirected, and records on their route_taken */
  const char *faint;
  const char *end;
} colours;

colours colours_choose(bool wanted);

#endif
