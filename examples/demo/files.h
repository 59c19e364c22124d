/* SPDX-License-Identifier: MIT */
#ifndef DEMO_FILES_H
#define DEMO_FILES_H

#include <stdbool.h>
#include <stddef.h>

/** A file that the server has and the client compares with what it got. */
typedef struct file {
  const char *path;
  const char *size_in_words;
  size_t size;
  unsigned char *bytes;
} file;

enum { FILES = 3 };

typedef struct files {
  file list[FILES];
} files;

/** Makes the three files; the same bytes in every run. False: no memory. */
bool files_make(files *made);
void files_free(files *made);

#endif
