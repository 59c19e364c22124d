/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_EDITS_H
#define CONNTRAIL_EMU_EDITS_H

/* Misspelt words. Inline: the engine and the library of files share no object. */

#include <string.h>

enum { CONNTRAIL__LONGEST_COMPARED = 64 };

static inline unsigned conntrail__least(unsigned a, unsigned b, unsigned c) {
  unsigned smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

/* How many letters must be inserted, removed or replaced to make one of the other. Both have at
 * most CONNTRAIL__LONGEST_COMPARED bytes. */
static inline unsigned conntrail__edits(const char *word, size_t length, const char *text) {
  size_t columns = strlen(text);
  unsigned row[CONNTRAIL__LONGEST_COMPARED + 1] = {0};
  for (size_t j = 0; j <= columns; j++) {
    row[j] = (unsigned)j;
  }
  for (size_t i = 1; i <= length; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= columns; j++) {
      unsigned replaced = diagonal + (word[i - 1] == text[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = conntrail__least(row[j] + 1, row[j - 1] + 1, replaced);
    }
  }
  return row[columns];
}

#endif
