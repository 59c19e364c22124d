/* SPDX-License-Identifier: MIT */
/* For getdents64. */
#define _GNU_SOURCE
#include "process_sockets.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum { NUMBER_TEXT = 12, PATH_TEXT = 32 };

/* snprintf is not for children of vfork. Answers where the text begins, in a buffer of
 * NUMBER_TEXT. */
static const char *format(char *buffer, unsigned number) {
  char *at = &buffer[NUMBER_TEXT - 1];
  *at = '\0';
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return at;
}

/* Answers a negative number for what is none: "." and "..". */
static int parse(const char *text) {
  int number = 0;
  if (*text == '\0') {
    return -1;
  }
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') {
      return -1;
    }
    number = number * 10 + (*text - '0');
  }
  return number;
}

int conntrail__process_open(pid_t process) {
  char path[PATH_TEXT] = "/proc/";
  char number[NUMBER_TEXT];
  const char *text = process == 0 ? "self" : format(number, (unsigned)process);
  size_t size = strlen(text);
  memcpy(path + 6, text, size + 1);
  memcpy(path + 6 + size, "/fd", sizeof "/fd");
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

uint64_t conntrail__socket_inode(int process, int fd) {
  char number[NUMBER_TEXT];
  struct stat status;
  return fstatat(process, format(number, (unsigned)fd), &status, 0) == 0 && S_ISSOCK(status.st_mode)
             ? (uint64_t)status.st_ino
             : 0;
}

static void visit_entry(int process, const struct dirent64 *entry, conntrail__visit_socket visit,
                        void *arg) {
  int fd = parse(entry->d_name);
  uint64_t inode = fd < 0 ? 0 : conntrail__socket_inode(process, fd);
  if (inode != 0) {
    visit(arg, fd, inode);
  }
}

bool conntrail__process_sockets(pid_t process, conntrail__visit_socket visit, void *arg) {
  _Alignas(struct dirent64) char entries[1024];
  struct dirent64 entry;
  int folder = conntrail__process_open(process);
  ssize_t size = folder < 0 ? -1 : getdents64(folder, (void *)entries, sizeof entries);
  for (; size > 0; size = getdents64(folder, (void *)entries, sizeof entries)) {
    for (ssize_t at = 0; at < size; at += entry.d_reclen) {
      const size_t left = (size_t)(size - at);
      memcpy(&entry, entries + at, left < sizeof entry ? left : sizeof entry);
      visit_entry(folder, &entry, visit, arg);
    }
  }
  if (folder >= 0) {
    CONNTRAIL__REAL(close)(folder);
  }
  return folder >= 0 && size == 0;
}
