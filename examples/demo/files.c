/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64: no two blocks alike, so that a block lost, doubled or misplaced is seen. */
static void fill(unsigned char *bytes, size_t size) {
  uint64_t word = UINT64_C(0x9E3779B97F4A7C15) ^ size;
  for (size_t i = 0; i < size; i += sizeof word) {
    word ^= word << 13;
    word ^= word >> 7;
    word ^= word << 17;
    memcpy(bytes + i, &word, sizeof word);
  }
}

bool files_make(files *made) {
  *made = (files){{{"/small", "64 KiB", 65536, NULL},
                   {"/medium", "1 MiB", 1048576, NULL},
                   {"/large", "32 MiB", 33554432, NULL}}};
  for (size_t i = 0; i < FILES; i++) {
    made->list[i].bytes = malloc(made->list[i].size);
    if (!made->list[i].bytes) {
      files_free(made);
      return false;
    }
    fill(made->list[i].bytes, made->list[i].size);
  }
  return true;
}

void files_free(files *made) {
  for (size_t i = 0; i < FILES; i++) {
    free(made->list[i].bytes);
    made->list[i].bytes = NULL;
  }
}
