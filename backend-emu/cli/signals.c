/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "running.h"

enum { TICK = 20000, SIGNALS = 5 };

void conntrail__reap(conntrail__running *r) {
  int status;
  pid_t child;
  while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
    if (child == r->main) {
      r->status = status;
      r->is_main_over = true;
    }
    for (size_t i = 0; i < CONNTRAIL__MOST_PROGRAMS; i++) {
      if (r->clients[i].process == child && !r->clients[i].has_ended && !r->is_ending) {
        r->clients[i].status = status;
        r->clients[i].has_ended = true;
      }
    }
    for (size_t i = 0; i < r->started; i++) {
      if (r->programs[i].process == child) {
        r->programs[i].process = 0;
        r->programs[i].status = status;
        r->programs[i].has_ended = true;
      }
    }
  }
}

/* Ctrl-C comes to PROGRAM as well, from the terminal. */
static void take(conntrail__running *r, const struct signalfd_siginfo *about) {
  const int number = (int)about->ssi_signo;
  if (number == SIGCHLD) {
    conntrail__reap(r);
    return;
  }
  r->caught = number;
  r->caught_at = time(NULL);
  if (r->main > 0 && !r->is_main_over && about->ssi_code != SI_KERNEL) {
    (void)kill(r->main, number);
  }
}

static void on_signals(evutil_socket_t fd, short what, void *arg) {
  conntrail__running *r = arg;
  struct signalfd_siginfo about;
  (void)what;
  while (read(fd, &about, sizeof about) == (ssize_t)sizeof about) {
    take(r, &about);
  }
  (void)event_base_loopbreak(r->base);
}

static void on_tick(evutil_socket_t fd, short what, void *arg) {
  conntrail__running *r = arg;
  (void)fd;
  (void)what;
  (void)event_base_loopbreak(r->base);
}

/* exec gives the signal its default again, which SIG_IGN would not. */
static void on_broken_pipe(int number) {
  (void)number;
}

/* The reader of stderr may close it. The programs must be ended all the same. */
static void survive_broken_pipes(void) {
  struct sigaction before;
  struct sigaction ours = {.sa_handler = on_broken_pipe, .sa_flags = SA_RESTART};
  sigemptyset(&ours.sa_mask);
  if (sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
    (void)sigaction(SIGPIPE, &ours, NULL);
  }
}

bool conntrail__watch_signals(conntrail__running *r) {
  static const int numbers[SIGNALS] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  static const struct timeval tick = {.tv_usec = TICK};
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < SIGNALS; i++) {
    sigaddset(&set, numbers[i]);
  }
  survive_broken_pipes();
  (void)sigprocmask(SIG_BLOCK, &set, NULL); /* programs are started without */
  r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (r->signal_fd < 0) {
    return false;
  }
  r->signals = event_new(r->base, r->signal_fd, EV_READ | EV_PERSIST, on_signals, r);
  r->tick = event_new(r->base, -1, EV_PERSIST, on_tick, r);
  return r->signals != NULL && r->tick != NULL && event_add(r->signals, NULL) == 0 &&
         event_add(r->tick, &tick) == 0;
}

void conntrail__unwatch_signals(conntrail__running *r) {
  if (r->signals != NULL) {
    event_free(r->signals);
  }
  if (r->tick != NULL) {
    event_free(r->tick);
  }
  if (r->signal_fd >= 0) {
    close(r->signal_fd);
  }
}
