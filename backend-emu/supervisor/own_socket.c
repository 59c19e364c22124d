/* SPDX-License-Identifier: MIT */
#include "own_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "path_lock.h"

/* [D] unix(7): a socket that does not listen refuses, whatever its type. A full backlog does not
 * (EAGAIN). [D] net/unix/af_unix.c: a path to anything else refuses as well. */
static bool is_left_behind(const struct sockaddr_un *where) {
  struct stat there;
  if (lstat(where->sun_path, &there) != 0 || !S_ISSOCK(there.st_mode)) {
    return false;
  }
  int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool is_refused = probe >= 0 &&
                    connect(probe, (const struct sockaddr *)where, sizeof *where) != 0 &&
                    errno == ECONNREFUSED;
  if (probe >= 0) {
    close(probe);
  }
  return is_refused;
}

/* A supervisor that begins has bound its socket before it listens: only under the lock does a
 * socket that refuses belong to none. */
bool conntrail__remove_left_socket(const char *path) {
  struct sockaddr_un where;
  if (!conntrail__socket_path(&where, path) || !is_left_behind(&where)) {
    return false;
  }
  int lock = conntrail__path_lock(path);
  if (lock < 0) {
    return false;
  }
  if (is_left_behind(&where)) {
    (void)unlink(path);
  }
  bool is_removed = access(path, F_OK) != 0; /* by this process or another one */
  conntrail__path_unlock(path, lock);
  return is_removed;
}

static bool bind_own(int fd, const struct sockaddr_un *where) {
  const mode_t before = umask(S_IXUSR | S_IRWXG | S_IRWXO);
  bool is_bound = bind(fd, (const struct sockaddr *)where, sizeof *where) == 0;
  int error = errno;
  if (!is_bound && error == EADDRINUSE && is_left_behind(where)) {
    (void)unlink(where->sun_path);
    is_bound = bind(fd, (const struct sockaddr *)where, sizeof *where) == 0;
    error = errno;
  }
  (void)umask(before);
  errno = error;
  return is_bound;
}

/* False, with errno. */
static bool listen_at(conntrail__own_socket *own, const struct sockaddr_un *where, int backlog) {
  int lock = conntrail__path_lock(where->sun_path);
  if (lock < 0) {
    return false;
  }
  bool is_bound = bind_own(own->fd, where);
  if (is_bound && stat(where->sun_path, &own->file) == 0) {
    memcpy(own->path, where->sun_path, sizeof own->path);
  }
  bool is_ready = is_bound && listen(own->fd, backlog) == 0;
  int cause = errno;
  conntrail__path_unlock(where->sun_path, lock);
  errno = cause;
  return is_ready;
}

/* bind() never says EEXIST: only the lock does. */
static const char *reason(int error) {
  return error == EEXIST ? "another file has the name of its lock, which ends in .conntrail-lock: "
                           "remove that file, or choose another path"
                         : strerror(error);
}

static bool refuse(conntrail__refusal *why, const char *path, const char *what) {
  snprintf(why->text, sizeof why->text, "%.200s: %.200s", path, what);
  return false;
}

bool conntrail__own_socket_open(conntrail__own_socket *own, const char *path, int type, int backlog,
                                conntrail__refusal *why) {
  struct sockaddr_un where;
  own->fd = -1;
  if (!conntrail__socket_path(&where, path)) {
    return refuse(why, path, "the path is too long for a socket: at most 107 bytes");
  }
  own->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return (own->fd >= 0 && listen_at(own, &where, backlog)) || refuse(why, path, reason(errno));
}

/* While this one was ending, another supervisor may have begun to serve there. */
static bool is_own_file(const conntrail__own_socket *own) {
  struct stat there;
  return own->path[0] != '\0' && stat(own->path, &there) == 0 && there.st_dev == own->file.st_dev &&
         there.st_ino == own->file.st_ino;
}

void conntrail__own_socket_close(conntrail__own_socket *own) {
  if (is_own_file(own)) {
    (void)unlink(own->path);
  }
  if (own->fd >= 0) {
    close(own->fd);
  }
  own->fd = -1;
  own->path[0] = '\0';
}
