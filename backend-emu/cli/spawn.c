/* SPDX-License-Identifier: MIT */
#include "spawn.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../service/protocol.h"

enum { NOT_STARTED = 127, MOST_HEADERS = 64, MOST_ORPHANS = 1000 };

static bool is_readable(const char *path) {
  return access(path, R_OK) == 0;
}

static bool find_beside(char *path, size_t capacity) {
  static const char *const places[] = {"/libconntrail-preload.so",
                                       "/../lib/libconntrail-preload.so", CONNTRAIL__PRELOAD_PLACE};
  char own[PATH_MAX];
  char *slash;
  ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
  if (size <= 0) {
    return false;
  }
  own[size] = '\0';
  slash = strrchr(own, '/');
  *slash = '\0';
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    int used = snprintf(path, capacity, "%s%s", own, places[i]);
    if (used > 0 && (size_t)used < capacity && is_readable(path)) {
      return true;
    }
  }
  return false;
}

bool conntrail__find_preload(char *path, size_t capacity, char *why, size_t why_size) {
  const char *given = getenv("CONNTRAIL_EMU_PRELOAD");
  if (given != NULL && given[0] != '\0') {
    snprintf(path, capacity, "%s", given);
    if (is_readable(path)) {
      return true;
    }
    snprintf(why, why_size, "CONNTRAIL_EMU_PRELOAD is %.200s: %s", given, strerror(errno));
    return false;
  }
  if (find_beside(path, capacity)) {
    return true;
  }
  snprintf(why, why_size,
           "libconntrail-preload.so is neither beside this program nor where it was installed; set "
           "CONNTRAIL_EMU_PRELOAD to its path");
  return false;
}

static bool find_program(const char *program, char *path, size_t capacity) {
  const char *folders = getenv("PATH");
  if (strchr(program, '/') != NULL) {
    snprintf(path, capacity, "%s", program);
    return access(path, X_OK) == 0;
  }
  while (folders != NULL && *folders != '\0') {
    size_t size = strcspn(folders, ":");
    snprintf(path, capacity, "%.*s/%s", (int)size, folders, program);
    if (access(path, X_OK) == 0) {
      return true;
    }
    folders += size + (folders[size] == ':');
  }
  errno = ENOENT;
  return false;
}

static bool has_interpreter(FILE *file, const Elf64_Ehdr *header) {
  Elf64_Phdr part;
  if (header->e_phnum > MOST_HEADERS || fseek(file, (long)header->e_phoff, SEEK_SET) != 0) {
    return true;
  }
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (fread(&part, sizeof part, 1, file) != 1 || part.p_type == PT_INTERP) {
      return true;
    }
  }
  return false;
}

/* Scripts, and programs of other word sizes, get the benefit of the doubt. */
static bool is_static(const char *path) {
  FILE *file = fopen(path, "rb");
  Elf64_Ehdr header;
  bool is_found = false;
  if (file == NULL) {
    return false;
  }
  if (fread(&header, sizeof header, 1, file) == 1 && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
      header.e_ident[EI_CLASS] == ELFCLASS64) {
    is_found = !has_interpreter(file, &header);
  }
  fclose(file);
  return is_found;
}

bool conntrail__can_be_watched(const char *program, char *why, size_t why_size) {
  char path[PATH_MAX];
  struct stat about;
  if (!find_program(program, path, sizeof path)) {
    snprintf(why, why_size, "%.200s: %s", program, strerror(errno));
    return false;
  }
  if (is_static(path)) {
    snprintf(why, why_size,
             "%.200s is statically linked: no library can be preloaded into it, so its connections "
             "cannot be watched; use a build that is linked dynamically",
             path);
    return false;
  }
  if (stat(path, &about) == 0 && (about.st_mode & (S_ISUID | S_ISGID)) != 0 && geteuid() != 0) {
    snprintf(why, why_size,
             "%.200s is set-user-id: the system preloads nothing into it, so its connections "
             "cannot be watched; use a copy without that bit",
             path);
    return false;
  }
  return true;
}

static void set_environment(const conntrail__start *start, const char *preload) {
  const char *earlier = getenv("LD_PRELOAD");
  char both[2 * PATH_MAX];
  snprintf(both, sizeof both, "%s%s%s", preload, earlier == NULL ? "" : ":",
           earlier == NULL ? "" : earlier);
  (void)setenv("LD_PRELOAD", both, 1);
  (void)setenv(CONNTRAIL__SERVICE_VARIABLE, start->service, 1);
  if (start->name != NULL) {
    (void)setenv(CONNTRAIL__PROGRAM_VARIABLE, start->name, 1);
  } else {
    (void)unsetenv(CONNTRAIL__PROGRAM_VARIABLE);
  }
}

void conntrail__become(const conntrail__start *start, const char *preload) {
  set_environment(start, preload);
  (void)execvp(start->command[0], start->command);
}

pid_t conntrail__spawn(const conntrail__start *start, const char *preload) {
  pid_t parent = getpid();
  pid_t child = fork();
  sigset_t none;
  if (child != 0) {
    if (child > 0 && start->is_apart) {
      (void)setpgid(child, child);
    }
    return child;
  }
  if (start->is_apart) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO); /* stdout is the main program's */
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(NOT_STARTED);
    }
  }
  (void)signal(SIGINT, SIG_DFL);
  (void)signal(SIGQUIT, SIG_DFL);
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  conntrail__become(start, preload);
  fprintf(stderr, "conntrail-emu: %s: %s\n", start->command[0], strerror(errno));
  _exit(NOT_STARTED);
}

/* The first child of this process; 0 where there is none. */
static pid_t any_child(void) {
  char text[64];
  FILE *children;
  snprintf(text, sizeof text, "/proc/self/task/%d/children", (int)getpid());
  children = fopen(text, "re");
  if (children == NULL || fgets(text, sizeof text, children) == NULL) {
    text[0] = '\0';
  }
  if (children != NULL) {
    fclose(children);
  }
  return (pid_t)strtol(text, NULL, 10);
}

void conntrail__end_orphans(void) {
  pid_t child = any_child();
  for (int round = 0; round < MOST_ORPHANS && child > 0; round++) {
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    child = any_child();
  }
}
