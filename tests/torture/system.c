/* SPDX-License-Identifier: MIT */
/* The calls of conntrail-emu that can fail, beside its allocations (memory.c): its objects call
 * these functions in place of the libraries' (CMakeLists.txt). */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

#define FAILING(result, name, parameters, arguments, failure, error)                               \
  result torture_##name parameters;                                                                \
  result torture_##name parameters {                                                               \
    if (torture_fails(#name)) {                                                                    \
      errno = (error);                                                                             \
      return failure;                                                                              \
    }                                                                                              \
    return name arguments;                                                                         \
  }

/* Descriptors and processes */
FAILING(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
FAILING(int, accept, (int fd, struct sockaddr *to, socklen_t *size), (fd, to, size), -1, EMFILE)
FAILING(int, accept4, (int fd, struct sockaddr *to, socklen_t *size, int flags),
        (fd, to, size, flags), -1, EMFILE)
FAILING(int, dup, (int fd), (fd), -1, EMFILE)
FAILING(int, dup2, (int from, int to), (from, to), -1, EMFILE)
FAILING(int, pipe2, (int ends[2], int flags), (ends, flags), -1, EMFILE)
FAILING(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), -1, EMFILE)
FAILING(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
FAILING(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL, ENOMEM)
FAILING(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
FAILING(pid_t, fork, (void), (), -1, EAGAIN)
FAILING(pid_t, waitpid, (pid_t process, int *status, int options), (process, status, options), -1,
        EINTR)
FAILING(int, kill, (pid_t process, int number), (process, number), -1, EPERM)
FAILING(int, setpgid, (pid_t process, pid_t group), (process, group), -1, EPERM)

/* Sockets */
FAILING(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
        -1, ENOBUFS)
FAILING(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
        -1, ENOBUFS)
FAILING(int, listen, (int fd, int backlog), (fd, backlog), -1, ENOBUFS)
FAILING(int, getpeername, (int fd, struct sockaddr *to, socklen_t *size), (fd, to, size), -1,
        ENOBUFS)
FAILING(int, getsockname, (int fd, struct sockaddr *to, socklen_t *size), (fd, to, size), -1,
        ENOBUFS)
FAILING(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
        (fd, level, name, value, size), -1, ENOBUFS)
FAILING(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
        (fd, level, name, value, size), -1, ENOBUFS)
FAILING(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags),
        -1, ENOBUFS)
FAILING(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
        -1, ENOBUFS)
FAILING(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), -1,
        ENOBUFS)
FAILING(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1,
        ENOBUFS)
FAILING(int, recvmmsg,
        (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit),
        (fd, messages, count, flags, limit), -1, ENOBUFS)

/* Files */
FAILING(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1, EIO)
FAILING(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), -1, EIO)
FAILING(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size), -1, ENOMEM)
FAILING(ssize_t, readlinkat, (int folder, const char *path, char *to, size_t size),
        (folder, path, to, size), -1, ENOMEM)
FAILING(int, stat, (const char *path, struct stat *about), (path, about), -1, ENOMEM)
FAILING(int, lstat, (const char *path, struct stat *about), (path, about), -1, ENOMEM)
FAILING(int, fstat, (int fd, struct stat *about), (fd, about), -1, ENOMEM)
FAILING(char *, mkdtemp, (char *path), (path), NULL, ENOSPC)
FAILING(int, unlink, (const char *path), (path), -1, EROFS)

/* Supervision */
FAILING(ssize_t, process_vm_readv,
        (pid_t process, const struct iovec *here, unsigned long count, const struct iovec *there,
         unsigned long there_count, unsigned long flags),
        (process, here, count, there, there_count, flags), -1, ENOMEM)
FAILING(ssize_t, process_vm_writev,
        (pid_t process, const struct iovec *here, unsigned long count, const struct iovec *there,
         unsigned long there_count, unsigned long flags),
        (process, here, count, there, there_count, flags), -1, ENOMEM)
FAILING(int, poll, (struct pollfd * wanted, nfds_t count, int limit), (wanted, count, limit), -1,
        ENOMEM)

/* Libraries */
FAILING(struct event_base *, event_base_new, (void), (), NULL, ENOMEM)
FAILING(struct event *, event_new,
        (struct event_base * base, evutil_socket_t fd, short what, event_callback_fn callback,
         void *argument),
        (base, fd, what, callback, argument), NULL, ENOMEM)
FAILING(int, event_add, (struct event * event, const struct timeval *limit), (event, limit), -1,
        ENOMEM)
FAILING(json_t *, json_object, (void), (), NULL, ENOMEM)
FAILING(json_t *, json_string, (const char *text), (text), NULL, ENOMEM)
FAILING(json_t *, json_integer, (json_int_t number), (number), NULL, ENOMEM)

/* It always says where: of no memory, at the beginning. */
json_t *torture_json_loads(const char *text, size_t flags, json_error_t *error);

json_t *torture_json_loads(const char *text, size_t flags, json_error_t *error) {
  if (!torture_fails("json_loads")) {
    return json_loads(text, flags, error);
  }
  *error = (json_error_t){.line = -1, .column = -1, .source = "<string>"};
  (void)snprintf(error->text, sizeof error->text, "out of memory");
  return NULL;
}

/* A close that fails has closed: close(2). */
int torture_close(int fd);

int torture_close(int fd) {
  bool fails = torture_fails("close");
  int answer = close(fd);
  if (fails) {
    errno = EIO;
    answer = -1;
  }
  return answer;
}

#define POINTER_ARGUMENT(last)                                                                     \
  va_list list;                                                                                    \
  va_start(list, last);                                                                            \
  void *argument = va_arg(list, void *);                                                           \
  va_end(list)

int torture_fcntl(int fd, int command, ...);
int torture_ioctl(int fd, unsigned long request, ...);
int torture_open(const char *path, int flags, ...);
long torture_syscall(long number, ...);

int torture_fcntl(int fd, int command, ...) {
  POINTER_ARGUMENT(command);
  if (torture_fails("fcntl")) {
    errno = EMFILE;
    return -1;
  }
  return fcntl(fd, command, argument);
}

/* A notification that is there can be answered, and asked about: these calls do not fail. To
 * receive one may find that its caller was killed. */
static bool can_fail(unsigned long request) {
  return request != SECCOMP_IOCTL_NOTIF_SEND && request != SECCOMP_IOCTL_NOTIF_ID_VALID;
}

int torture_ioctl(int fd, unsigned long request, ...) {
  POINTER_ARGUMENT(request);
  bool adds = request == SECCOMP_IOCTL_NOTIF_ADDFD;
  if (can_fail(request) && torture_fails(adds ? "ioctl, ADDFD" : "ioctl")) {
    errno = adds ? EMFILE : ENOENT;
    return -1;
  }
  return ioctl(fd, request, argument);
}

int torture_open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  if (torture_fails("open")) {
    errno = EMFILE;
    return -1;
  }
  return open(path, flags, mode);
}

static const char *syscall_name(long number) {
  return number == SYS_pidfd_getfd  ? "pidfd_getfd"
         : number == SYS_pidfd_open ? "pidfd_open"
         : number == SYS_seccomp    ? "seccomp"
                                    : "syscall";
}

long torture_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (int index = 0; index < 6; ++index) {
    arguments[index] = va_arg(list, long);
  }
  va_end(list);
  if (number == SYS_ioctl) {
    return torture_ioctl((int)arguments[0], (unsigned long)arguments[1], (void *)arguments[2]);
  }
  if (torture_fails(syscall_name(number))) {
    errno = EMFILE;
    return -1;
  }
  return syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                 arguments[5]);
}
