/* SPDX-License-Identifier: MIT */
/* For memfd_create. */
#define _GNU_SOURCE
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../files/scenario_shape.h"
#include "find.h"

/* ---- The folder ------------------------------------------------------------------------------ */

char *conntrail__scenario_folder(const conntrail__scenario *scenario) {
  const char *slash = strrchr(scenario->file, '/');
  struct stat about;
  if (slash == NULL || stat(scenario->file, &about) != 0 || !S_ISREG(about.st_mode)) {
    return realpath(".", NULL);
  }
  char *folder = strndup(scenario->file, (size_t)(slash - scenario->file) + 1);
  char *whole = folder == NULL ? NULL : realpath(folder, NULL);
  free(folder);
  return whole;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static const char *input_word(const json_t *program, const char *member) {
  return json_string_value(json_object_get(json_object_get(program, "stdin"), member));
}

/* A path is made absolute: the program runs in its own folder. */
static bool read_command(conntrail__start *start, const char *folder) {
  const json_t *words = json_object_get(start->program, "command");
  const size_t count = json_array_size(words);
  start->command = calloc(count + 1, sizeof *start->command);
  for (size_t i = 0; start->command != NULL && i < count; i++) {
    const char *word = json_string_value(json_array_get(words, i));
    memcpy(&start->command[i], &word, sizeof word); /* execvp's type has no const */
  }
  const char *first = json_string_value(json_array_get(words, 0));
  if (start->command == NULL || first == NULL || strchr(first, '/') == NULL) {
    return start->command != NULL;
  }
  start->program_path = conntrail__path_below(folder, first);
  start->command[0] = start->program_path;
  return start->program_path != NULL;
}

bool conntrail__start_read(conntrail__start *start, const conntrail__scenario *scenario,
                           const json_t *program, const char *folder) {
  const char *place = json_string_value(json_object_get(program, "cwd"));
  const char *file = input_word(program, "file");
  *start =
      (conntrail__start){json_object_get(scenario->root, "env"), program, NULL, NULL, NULL, NULL};
  start->folder = conntrail__path_below(folder, place == NULL ? "." : place);
  start->input = file == NULL ? NULL : conntrail__path_below(folder, file);
  return read_command(start, folder) && start->folder != NULL &&
         (file == NULL || start->input != NULL);
}

void conntrail__start_free(conntrail__start *start) {
  free(start->command);
  free(start->program_path);
  free(start->folder);
  free(start->input);
}

/* ---- Whether it can be started --------------------------------------------------------------- */

static bool is_folder(const char *path) {
  struct stat about;
  if (stat(path, &about) != 0) {
    return false;
  }
  errno = S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
  return errno == 0 && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

static bool is_readable(const char *path) {
  struct stat about;
  if (stat(path, &about) != 0) {
    return false;
  }
  errno = S_ISDIR(about.st_mode) ? EISDIR : 0;
  return errno == 0 && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}

/* False: it says nothing of it. */
static bool find_variable(const json_t *environment, const char *name, const char **value) {
  const json_t *given = json_object_get(environment, name);
  *value = given == NULL ? *value : json_string_value(given);
  return given != NULL;
}

static const char *search_of(const conntrail__start *start) {
  const char *search = getenv("PATH");
  if (!find_variable(json_object_get(start->program, "env"), "PATH", &search)) {
    (void)find_variable(start->shared, "PATH", &search);
  }
  return search;
}

static bool refuse(const conntrail__scenario *scenario, conntrail__complaint *why, const char *path,
                   const char *step, const char *what) {
  const checker c = {scenario, why};
  char below[CONNTRAIL__PATH_TEXT];
  snprintf(below, sizeof below, "%.200s/%s", path, step);
  return conntrail__shape_refuse(&c, below, "%s", what);
}

static bool refuse_path(const conntrail__scenario *scenario, conntrail__complaint *why,
                        const char *path, const char *step, const char *file) {
  char text[400];
  snprintf(text, sizeof text, "%.300s: %s", file, strerror(errno));
  return refuse(scenario, why, path, step, text);
}

bool conntrail__start_check(const conntrail__start *start, const conntrail__scenario *scenario,
                            const char *path, conntrail__complaint *why) {
  char text[400];
  if (!is_folder(start->folder)) {
    return refuse_path(scenario, why, path, "cwd", start->folder);
  }
  if (start->input != NULL && !is_readable(start->input)) {
    return refuse_path(scenario, why, path, "stdin/file", start->input);
  }
  return conntrail__find_program(start->command[0], start->folder, search_of(start), text,
                                 sizeof text) ||
         refuse(scenario, why, path, "command/0", text);
}

static bool check_each(const conntrail__scenario *scenario, const char *list, const char *folder,
                       conntrail__complaint *why) {
  const json_t *all = json_object_get(scenario->root, list);
  bool is_fine = true;
  for (size_t i = 0; is_fine && i < json_array_size(all); i++) {
    conntrail__start start;
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/%s/%zu", list, i);
    is_fine =
        conntrail__start_read(&start, scenario, json_array_get(all, i), folder)
            ? conntrail__start_check(&start, scenario, path, why)
            : conntrail__document_refuse(scenario, why, path, "no memory to look for a program");
    conntrail__start_free(&start);
  }
  return is_fine;
}

bool conntrail__start_check_all(const conntrail__scenario *scenario, conntrail__complaint *why) {
  char *folder = conntrail__scenario_folder(scenario);
  bool is_fine = folder != NULL ||
                 conntrail__document_refuse(scenario, why, "", "its folder: %s", strerror(errno));
  is_fine = is_fine && check_each(scenario, "programs", folder, why) &&
            check_each(scenario, "clients", folder, why);
  free(folder);
  return is_fine;
}

/* ---- In the child ---------------------------------------------------------------------------- */

static bool set_variables(const json_t *environment) {
  const char *name;
  json_t *value;
  bool is_set = true;
  json_object_foreach(conntrail__document_iterable(environment), name, value) {
    is_set = is_set && (json_is_null(value) ? unsetenv(name)
                                            : setenv(name, json_string_value(value), 1)) == 0;
  }
  return is_set;
}

/* Not a pipe, which would need a process that writes. */
static int open_text(const char *text) {
  int fd = memfd_create("stdin", MFD_CLOEXEC);
  for (size_t size = strlen(text); fd >= 0 && size > 0;) {
    ssize_t written = write(fd, text, size);
    if (written <= 0) {
      return -1;
    }
    text += written;
    size -= (size_t)written;
  }
  return fd < 0 || lseek(fd, 0, SEEK_SET) != 0 ? -1 : fd;
}

static bool set_input(const conntrail__start *start) {
  const char *text = input_word(start->program, "text");
  int fd = text != NULL ? open_text(text)
                        : open(start->input == NULL ? "/dev/null" : start->input,
                               O_RDONLY | O_CLOEXEC | O_NOCTTY);
  return fd >= 0 && dup2(fd, STDIN_FILENO) >= 0;
}

int conntrail__start_prepare(void *arg) {
  const conntrail__start *start = arg;
  bool is_done = set_variables(start->shared);
  if (is_done && start->program != NULL) {
    is_done = set_variables(json_object_get(start->program, "env")) && chdir(start->folder) == 0 &&
              set_input(start);
  }
  return is_done ? 0 : errno;
}
