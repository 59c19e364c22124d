/* SPDX-License-Identifier: MIT */
#include "path_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  MOST_TURNS = 10000 /* of other processes before this one */
};

typedef char lock_name[sizeof((struct sockaddr_un *)0)->sun_path + sizeof ".conntrail-lock"];

static void name_of(lock_name name, const char *path) {
  snprintf(name, sizeof(lock_name), "%.107s.conntrail-lock", path);
}

/* The process that had the lock before removed its file. */
static bool is_file_at(int fd, const char *name) {
  struct stat locked;
  struct stat there;
  return fstat(fd, &locked) == 0 && stat(name, &there) == 0 && locked.st_dev == there.st_dev &&
         locked.st_ino == there.st_ino;
}

/* [D] flock(2): the kernel releases the lock of a process that was killed. */
/* Removing the lock must not remove a file that a user keeps there. */
static bool is_ours(int fd) {
  struct stat there;
  return fstat(fd, &there) == 0 && S_ISREG(there.st_mode) && there.st_size == 0;
}

int conntrail__path_lock(const char *path) {
  lock_name name;
  name_of(name, path);
  for (int i = 0; i < MOST_TURNS; i++) {
    int fd =
        open(name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
      return -1;
    }
    if (!is_ours(fd)) {
      close(fd);
      errno = EEXIST;
      return -1;
    }
    int result = flock(fd, LOCK_EX);
    int error = errno;
    if (result == 0 && is_file_at(fd, name)) {
      return fd;
    }
    close(fd);
    if (result != 0 && error != EINTR) {
      errno = error;
      return -1;
    }
  }
  errno = EBUSY;
  return -1;
}

void conntrail__path_unlock(const char *path, int lock) {
  lock_name name;
  name_of(name, path);
  (void)unlink(name);
  close(lock);
}
