/* SPDX-License-Identifier: MIT */
/* Gives every file of a folder to the fuzzer's function: the corpus, without a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Not every fuzzer has one. */
int LLVMFuzzerInitialize(int *count, char ***arguments) __attribute__((weak));

enum { LARGEST = 1 << 20, FEWEST = 20 };

static uint8_t bytes[LARGEST];

static int replay(const char *folder, const char *name) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    (void)fprintf(stderr, "replay: %s cannot be opened\n", path);
    return 0;
  }
  size_t size = fread(bytes, 1, sizeof bytes, file);
  (void)fclose(file);
  /* Of the exact size, so that a sanitizer sees what is read behind it. */
  uint8_t *exact = malloc(size == 0 ? 1 : size);
  if (exact == NULL) {
    return 0;
  }
  for (size_t i = 0; i < size; i++) {
    exact[i] = bytes[i];
  }
  (void)LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  return 1;
}

int main(int count, char **arguments) {
  DIR *folder = count == 2 ? opendir(arguments[1]) : NULL;
  int replayed = 0;
  if (LLVMFuzzerInitialize != NULL) {
    (void)LLVMFuzzerInitialize(&count, &arguments);
  }
  if (folder == NULL) {
    (void)fprintf(stderr, "replay: give the folder of the corpus\n");
    return EXIT_FAILURE;
  }
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] != '.') {
      replayed += replay(arguments[1], entry->d_name);
    }
  }
  (void)closedir(folder);
  (void)printf("replayed %d inputs\n", replayed);
  if (replayed < FEWEST) {
    (void)fprintf(stderr, "replay: fewer than %d inputs: this is not the corpus\n", FEWEST);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
