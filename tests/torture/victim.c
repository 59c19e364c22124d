/* SPDX-License-Identifier: MIT */
/*
 * The supervised program of supervisor_test.py: a few calls of each kind, a line for each.
 *
 *     torture_victim REAL PORT
 *
 *     tcp ok                  what was sent came back
 *     udp 105                 errno of the call that failed
 *     tcp closed              a proxy closed the connection
 *     fork wrong: TEXT        anything else
 *
 * REAL and PORT are an address that must not be reached. The steps whose names begin with "again"
 * are the same calls by the next program.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WEB = 80, ECHO = 7, SECONDS = 15, CLOSED = 200, WRONG = 10000 };

static struct sockaddr_in address(const char *text, int port) {
  struct sockaddr_in made = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  (void)inet_pton(AF_INET, text, &made.sin_addr);
  return made;
}

static int open_socket(int type) {
  const struct timeval limit = {.tv_sec = SECONDS};
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  return fd;
}

/* 0, an errno, or WRONG. */
static int echo(int fd) {
  char text[4] = "";
  if (send(fd, "echo", sizeof text, MSG_NOSIGNAL) != (ssize_t)sizeof text) {
    return errno;
  }
  ssize_t size = recv(fd, text, sizeof text, MSG_WAITALL);
  if (size == 0) {
    return CLOSED;
  }
  return size < 0 ? errno : size == 4 && memcmp(text, "echo", 4) == 0 ? 0 : WRONG;
}

static int connect_to(const char *where, int port, int *fd) {
  struct sockaddr_in to = address(where, port);
  *fd = open_socket(SOCK_STREAM);
  return *fd < 0 || connect(*fd, (struct sockaddr *)&to, sizeof to) != 0 ? errno : 0;
}

static int try_tcp(void) {
  int fd;
  int error = connect_to("93.184.216.34", WEB, &fd);
  error = error != 0 ? error : echo(fd);
  (void)close(fd);
  return error;
}

static int try_udp(void) {
  struct sockaddr_in to = address("192.0.2.1", ECHO);
  struct sockaddr_in from = address("0.0.0.0", 0);
  socklen_t size = sizeof from;
  char text[4] = "";
  int error = 0;
  int fd = open_socket(SOCK_DGRAM);
  if (fd < 0 || sendto(fd, "echo", 4, 0, (struct sockaddr *)&to, sizeof to) != 4 ||
      recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &size) < 0) {
    error = errno;
  } else if (memcmp(text, "echo", 4) != 0 || from.sin_addr.s_addr != to.sin_addr.s_addr ||
             from.sin_port != to.sin_port) {
    error = WRONG;
  }
  (void)close(fd);
  return error;
}

/* ---- A descriptor that another process connected --------------------------------------------- */

typedef union control {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr aligned;
} control;

static struct msghdr message_with(control *rights, struct iovec *piece) {
  return (struct msghdr){.msg_iov = piece,
                         .msg_iovlen = 1,
                         .msg_control = rights,
                         .msg_controllen = sizeof rights->bytes};
}

/* Sends the error, with the descriptor. */
static int give(int to, int fd, int error) {
  control rights;
  memset(&rights, 0, sizeof rights);
  struct iovec piece = {&error, sizeof error};
  struct msghdr message = message_with(&rights, &piece);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)sizeof error ? 0 : errno;
}

static int take(int from, int *fd) {
  control rights;
  memset(&rights, 0, sizeof rights);
  int error = WRONG;
  struct iovec piece = {&error, sizeof error};
  struct msghdr message = message_with(&rights, &piece);
  ssize_t size = recvmsg(from, &message, 0);
  if (size != (ssize_t)sizeof error) {
    return size < 0 ? errno : CLOSED;
  }
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL) {
    return error != 0 ? error : WRONG;
  }
  memcpy(fd, CMSG_DATA(header), sizeof *fd);
  return error;
}

static int exit_code_of(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

static int try_passed(void) {
  int ends[2];
  int fd = -1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return errno;
  }
  pid_t child = fork();
  if (child == 0) {
    int error = connect_to("93.184.216.34", WEB, &fd);
    _exit(give(ends[1], fd, error));
  }
  (void)close(ends[1]);
  int error = take(ends[0], &fd);
  bool is_given = error == 0;
  error = is_given ? echo(fd) : error;
  (void)close(fd);
  (void)close(ends[0]);
  int code = child < 0 ? 0 : exit_code_of(child);
  return error == 0 || (!is_given && error == CLOSED && code != 0) ? code : error;
}

/* ---- Another program ------------------------------------------------------------------------- */

static int try_executed(void) {
  pid_t child = fork();
  if (child == 0) {
    (void)execl("/proc/self/exe", "torture_victim", "tcp", (char *)NULL);
    _exit(errno);
  }
  return exit_code_of(child);
}

/* ---- The way out ----------------------------------------------------------------------------- */

static const char *real;
static int real_port;

/* Whatever it says: the address must hear nothing. A success of sendto is none. */
static int try_real(void) {
  int fd;
  struct sockaddr_in to = address(real, real_port);
  bool is_connected = connect_to(real, real_port, &fd) == 0;
  (void)close(fd);
  fd = open_socket(SOCK_DGRAM);
  (void)sendto(fd, "out", 3, 0, (struct sockaddr *)&to, sizeof to);
  (void)close(fd);
  return is_connected ? WRONG : 0;
}

static int count_descriptors(void) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)getppid());
  DIR *folder = opendir(path);
  int count = 0;
  while (folder != NULL && readdir(folder) != NULL) {
    ++count;
  }
  if (folder != NULL) {
    (void)closedir(folder);
  }
  return count;
}

static void tell(const char *prefix, const char *step, int error) {
  if (error == 0) {
    (void)printf("%s%s ok\n", prefix, step);
  } else if (error == CLOSED) {
    (void)printf("%s%s closed\n", prefix, step);
  } else if (error > CLOSED) {
    (void)printf("%s%s wrong\n", prefix, step);
  } else {
    (void)printf("%s%s %d\n", prefix, step, error);
  }
  (void)fflush(stdout);
}

static void try_all(const char *prefix) {
  tell(prefix, "tcp", try_tcp());
  tell(prefix, "udp", try_udp());
  tell(prefix, "passed", try_passed());
  tell(prefix, "executed", try_executed());
  tell(prefix, "real", try_real());
}

int main(int count, char **arguments) {
  if (count == 2) {
    return try_tcp();
  }
  if (count != 3) {
    return EXIT_FAILURE;
  }
  real = arguments[1];
  real_port = (int)strtol(arguments[2], NULL, 10);
  try_all("");
  int before = count_descriptors();
  try_all("again ");
  (void)printf("descriptors %d\n", count_descriptors() - before);
  return EXIT_SUCCESS;
}
