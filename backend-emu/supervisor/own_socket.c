/* SPDX-License-Identifier: MIT */
#include "own_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* [D] unix(7): nobody listens, whatever the type of the socket that was there. */
bool conntrail__supervisor_is_gone(const char *path) {
  struct sockaddr_un where;
  if (!conntrail__socket_path(&where, path)) {
    return false;
  }
  int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  bool is_refused = probe >= 0 &&
                    connect(probe, (const struct sockaddr *)&where, sizeof where) != 0 &&
                    errno == ECONNREFUSED;
  if (probe >= 0) {
    close(probe);
  }
  return is_refused;
}

static bool bind_own(int fd, const struct sockaddr_un *where) {
  const mode_t before = umask(S_IXUSR | S_IRWXG | S_IRWXO);
  bool is_bound = bind(fd, (const struct sockaddr *)where, sizeof *where) == 0;
  int error = errno;
  if (!is_bound && error == EADDRINUSE && conntrail__supervisor_is_gone(where->sun_path)) {
    (void)unlink(where->sun_path);
    is_bound = bind(fd, (const struct sockaddr *)where, sizeof *where) == 0;
    error = errno;
  }
  (void)umask(before);
  errno = error;
  return is_bound;
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
  if (own->fd < 0 || !bind_own(own->fd, &where)) {
    return refuse(why, path, strerror(errno));
  }
  if (stat(where.sun_path, &own->file) == 0) {
    memcpy(own->path, where.sun_path, sizeof own->path);
  }
  return listen(own->fd, backlog) == 0 || refuse(why, path, strerror(errno));
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
