/* SPDX-License-Identifier: MIT */
/*
 * ways WAY ADDRESS PORT: connects in one way, asks for /hello, and prints what came. It knows
 * nothing of conntrail.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static struct sockaddr_storage where;
static socklen_t where_size;

static int die(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(1);
}

static int open_socket(int flags) {
  int fd = socket(where.ss_family, SOCK_STREAM | flags, 0);
  return fd >= 0 ? fd : die("socket");
}

static const struct sockaddr *address(void) {
  return (const struct sockaddr *)&where;
}

/* What the peer is called must be what was asked for. */
static void check_peer(int fd) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  memset(&peer, 0, sizeof peer);
  if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 || size != where_size ||
      memcmp(&peer, &where, size) != 0) {
    die("getpeername tells another address");
  }
}

static int fetch(int fd) {
  static const char request[] = "GET /hello HTTP/1.0\r\n\r\n";
  char answer[4096];
  size_t used = 0;
  ssize_t size;
  check_peer(fd);
  if (write(fd, request, sizeof request - 1) != (ssize_t)sizeof request - 1) {
    die("write");
  }
  while (used < sizeof answer - 1 &&
         (size = read(fd, answer + used, sizeof answer - 1 - used)) > 0) {
    used += (size_t)size;
  }
  answer[used] = '\0';
  const char *body = strstr(answer, "\r\n\r\n");
  printf("%s", body == NULL ? "no answer\n" : body + 4);
  fflush(stdout);
  return 0;
}

static int plain(void) {
  int fd = open_socket(0);
  return connect(fd, address(), where_size) == 0 ? fetch(fd) : die("connect");
}

static int raw(void) {
  int fd = open_socket(0);
  return syscall(SYS_connect, fd, address(), where_size) == 0 ? fetch(fd) : die("connect");
}

static int non_blocking(void) {
  int fd = open_socket(SOCK_NONBLOCK);
  struct pollfd wanted = {.fd = fd, .events = POLLOUT};
  if (connect(fd, address(), where_size) == 0 || errno != EINPROGRESS) {
    die("connect");
  }
  if (poll(&wanted, 1, 10000) != 1) {
    die("poll");
  }
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return connect(fd, address(), where_size) == 0 || errno == EISCONN ? fetch(fd) : die("again");
}

static int with_limit(void) {
  const struct timeval limit = {.tv_sec = 5};
  int fd = open_socket(0);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) {
    die("SO_SNDTIMEO");
  }
  return connect(fd, address(), where_size) == 0 ? fetch(fd) : die("connect");
}

static int wait_for(pid_t child) {
  int status = 0;
  if (child < 0) {
    return die("no child");
  }
  return waitpid(child, &status, __WALL) == child && status == 0 ? 0 : die("child");
}

static int by_fork(void) {
  pid_t child = fork();
  if (child == 0) {
    _exit(plain());
  }
  return wait_for(child);
}

static int by_raw_fork(void) { /* as _Fork: no handler of libc runs */
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    _exit(plain());
  }
  return wait_for(child);
}

static int in_child(void *unused) {
  (void)unused;
  return plain();
}

static int by_clone(int flags) {
  enum { STACK = 1 << 20 };
  static _Alignas(16) char stack[STACK];
  return wait_for(clone(in_child, stack + STACK, flags | SIGCHLD, NULL));
}

static int by_vfork(char **arguments) {
  char *const command[] = {arguments[0], (char *)"plain", arguments[2], arguments[3], NULL};
  /* NOLINTNEXTLINE(bugprone-unsafe-functions): vfork is what is tested */
  pid_t child = vfork();
  if (child == 0) {
    (void)execv("/proc/self/exe", command);
    _exit(127);
  }
  return wait_for(child);
}

static int by_spawn(char **arguments) {
  char *const command[] = {arguments[0], (char *)"plain", arguments[2], arguments[3], NULL};
  pid_t child = -1;
  if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, command, environ) != 0) {
    die("posix_spawn");
  }
  return wait_for(child);
}

static int by_fexecve(char **arguments) {
  char *const command[] = {arguments[0], (char *)"plain", arguments[2], arguments[3], NULL};
  char *const nothing[] = {NULL};
  int fd = open("/proc/self/exe", O_RDONLY);
  (void)fexecve(fd, command, nothing);
  return die("fexecve");
}

static void *in_thread(void *unused) {
  (void)unused;
  return plain() == 0 ? NULL : (void *)1;
}

static int by_thread(void) {
  pthread_t thread;
  void *result = (void *)1;
  if (pthread_create(&thread, NULL, in_thread, NULL) != 0 || pthread_join(thread, &result) != 0) {
    die("thread");
  }
  return result == NULL ? 0 : 1;
}

/* A thread with a table of descriptors of its own. */
static void *in_own_table(void *unused) {
  return unshare(CLONE_FILES) == 0 ? in_thread(unused) : (void *)1;
}

static int by_own_table(void) {
  pthread_t thread;
  void *result = (void *)1;
  int other = open_socket(0); /* the same number may be another socket there */
  if (pthread_create(&thread, NULL, in_own_table, NULL) != 0 ||
      pthread_join(thread, &result) != 0) {
    die("thread");
  }
  close(other);
  return result == NULL ? 0 : 1;
}

/* A daemon, as they are made: it writes where PROGRAM wrote. */
static int by_daemon(void) {
  int ends[2];
  char done;
  if (pipe(ends) != 0) {
    die("pipe");
  }
  if (fork() == 0) {
    (void)setsid();
    if (fork() == 0) {
      _exit(plain());
    }
    _exit(0);
  }
  close(ends[1]);
  return read(ends[0], &done, 1) == 0 ? 0 : 1; /* until the last of them ends */
}

static int as_nobody(void) {
  enum { NOBODY = 65534 };
  return setgid(NOBODY) == 0 && setuid(NOBODY) == 0 ? plain() : die("setuid");
}

static int in_chroot(void) {
  return chroot("/proc") == 0 && chdir("/") == 0 ? plain() : die("chroot");
}

static volatile sig_atomic_t ticks;

static void on_alarm(int number) {
  (void)number;
  ticks++;
}

/* Under a timer, with calls that start again: as many connects as were asked for. */
static int under_signals(void) {
  enum { CONNECTS = 100, MICROSECONDS = 300 };
  char ignored;
  const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  const struct itimerval timer = {{0, MICROSECONDS}, {0, MICROSECONDS}};
  const struct itimerval none = {{0, 0}, {0, 0}};
  (void)sigaction(SIGALRM, &action, NULL);
  (void)setitimer(ITIMER_REAL, &timer, NULL);
  for (int i = 0; i < CONNECTS; i++) {
    int fd = open_socket(0);
    if (connect(fd, address(), where_size) != 0) {
      die("connect under a timer");
    }
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, &ignored, 1) > 0) { /* until the server has had its turn */
    }
    close(fd);
  }
  (void)setitimer(ITIMER_REAL, &none, NULL);
  return ticks > 0 ? plain() : die("no signal came");
}

/* Stopped again and again while it connects. */
static int while_stopped(void) {
  pid_t child = fork();
  if (child == 0) {
    _exit(plain());
  }
  for (int i = 0; i < 20; i++) {
    (void)kill(child, SIGSTOP);
    (void)sched_yield();
    (void)kill(child, SIGCONT);
  }
  return wait_for(child);
}

static int by_name(const char *way, char **arguments) {
  static const struct {
    const char *way;
    int (*act)(void);
  } ways[] = {{"plain", plain},
              {"raw", raw},
              {"non-blocking", non_blocking},
              {"limit", with_limit},
              {"fork", by_fork},
              {"raw-fork", by_raw_fork},
              {"thread", by_thread},
              {"own-table", by_own_table},
              {"daemon", by_daemon},
              {"nobody", as_nobody},
              {"chroot", in_chroot},
              {"signals", under_signals},
              {"stopped", while_stopped}};
  static const struct {
    const char *way;
    int (*act)(char **arguments);
  } programs[] = {{"vfork", by_vfork}, {"spawn", by_spawn}, {"fexecve", by_fexecve}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (strcmp(way, ways[i].way) == 0) {
      return ways[i].act();
    }
  }
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    if (strcmp(way, programs[i].way) == 0) {
      return programs[i].act(arguments);
    }
  }
  return strcmp(way, "clone-vm") == 0      ? by_clone(CLONE_VM)
         : strcmp(way, "clone-files") == 0 ? by_clone(CLONE_VM | CLONE_FILES)
                                           : 2;
}

static int read_address(const char *text, const char *port) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  in.sin_port = in6.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
  if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
    memcpy(&where, &in, where_size = sizeof in);
    return 1;
  }
  memcpy(&where, &in6, where_size = sizeof in6);
  return inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&where)->sin6_addr);
}

int main(int count, char **arguments) {
  if (count != 4 || read_address(arguments[2], arguments[3]) != 1) {
    fputs("ways WAY ADDRESS PORT\n", stderr);
    return 2;
  }
  return by_name(arguments[1], arguments);
}
