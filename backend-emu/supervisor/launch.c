/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"

/*
 * The child installs the filter on itself, and writes the number of its listener to a pipe: sending
 * the descriptor would be a call that the filter reports to the supervisor.
 */

enum { NOT_STARTED = 127 };

static bool write_number(int fd, int number) {
  return write(fd, &number, sizeof number) == (ssize_t)sizeof number;
}

static bool read_number(int fd, int *number) {
  ssize_t size;
  do {
    size = read(fd, number, sizeof *number);
  } while (size < 0 && errno == EINTR);
  return size == (ssize_t)sizeof *number;
}

/* The program may be executed. */
static bool may_go(int report, int go) {
  int ignored;
  bool may = read_number(go, &ignored);
  if (!may) {
    (void)write_number(report, errno == 0 ? ECANCELED : errno);
  }
  return may;
}

_Noreturn static void act(const conntrail__launch *launch, int report, int go) {
  int listener = conntrail__install_filter(true);
  /* The other side waits for the number, or for this process' end. */
  if (!write_number(report, listener < 0 ? -errno : listener) || listener < 0 ||
      !may_go(report, go)) {
    _exit(NOT_STARTED);
  }
  close(listener);
  (void)write_number(report, launch->act(launch->arg));
  _exit(NOT_STARTED);
}

int conntrail__take_listener(pid_t process, int number) {
  int pidfd = (int)syscall(SYS_pidfd_open, process, 0);
  if (pidfd < 0) {
    return -1;
  }
  int listener = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
  int error = errno;
  close(pidfd);
  errno = error;
  return listener;
}

const char *conntrail__why_unfiltered(int error) {
  return error == EBUSY    ? "it is already supervised (run in run, or a sandbox that supervises): "
                             "EBUSY; start conntrail-emu outside of it"
         : error == EINVAL ? "this kernel has no supervision that waits for the supervisor: Linux "
                             "5.19 or later is needed"
                           : strerror(error);
}

/* The listener, or false: the child will end. */
static bool take_over(conntrail__launch *launch, conntrail__refusal *why) {
  int number = -ECHILD;
  if (!read_number(launch->report, &number) || number < 0) {
    snprintf(why->text, sizeof why->text, "no filter can be put on a program: %s",
             conntrail__why_unfiltered(-number));
    return false;
  }
  launch->listener = conntrail__take_listener(launch->child, number);
  if (launch->listener < 0) {
    snprintf(why->text, sizeof why->text,
             "pidfd_getfd is refused (%s), so that programs cannot be supervised; in a container, "
             "give it CAP_SYS_PTRACE (docker run --cap-add SYS_PTRACE)",
             strerror(errno));
  }
  return launch->listener >= 0;
}

static bool begin(conntrail__launch *launch, const int report[2], const int go[2],
                  conntrail__refusal *why) {
  launch->child = fork();
  if (launch->child == 0) {
    close(report[0]);
    close(go[1]);
    act(launch, report[1], go[0]);
  }
  close(report[1]);
  close(go[0]);
  bool is_taken = launch->child > 0 && take_over(launch, why);
  if (launch->child < 0) {
    snprintf(why->text, sizeof why->text, "fork: %s", strerror(errno));
  }
  if (is_taken && !write_number(go[1], 0)) {
    snprintf(why->text, sizeof why->text, "the program cannot be let go: %s", strerror(errno));
    close(launch->listener);
    launch->listener = -1;
    is_taken = false;
  }
  close(go[1]);
  if (!is_taken && launch->child > 0) {
    (void)kill(launch->child, SIGKILL);
    (void)waitpid(launch->child, NULL, 0);
  }
  return is_taken;
}

bool conntrail__launch_child(conntrail__launch *launch, conntrail__refusal *why) {
  int report[2];
  int go[2];
  launch->listener = -1;
  launch->child = -1;
  launch->report = -1;
  if (pipe2(report, O_CLOEXEC) != 0) {
    snprintf(why->text, sizeof why->text, "pipe: %s", strerror(errno));
    return false;
  }
  if (pipe2(go, O_CLOEXEC) != 0) {
    snprintf(why->text, sizeof why->text, "pipe: %s", strerror(errno));
    close(report[0]);
    close(report[1]);
    return false;
  }
  launch->report = report[0];
  if (!begin(launch, report, go, why)) {
    close(report[0]);
    launch->report = -1;
    return false;
  }
  return true;
}

int conntrail__launch_report(conntrail__launch *launch) {
  int error = 0;
  bool has_failed = read_number(launch->report, &error);
  close(launch->report);
  launch->report = -1;
  return has_failed ? error : 0;
}
