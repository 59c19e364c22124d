/* SPDX-License-Identifier: MIT */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "conntrail/conntrail.h"
#include "proxy.h"
#include "system.h"

static const char usage[] =
    "usage: reference_proxy CONFIG            run until SIGINT or SIGTERM\n"
    "       reference_proxy --check CONFIG    only say whether the configuration is right\n"
    "       reference_proxy --help | --version\n"
    "CONFIG is a JSON file; examples/reference-proxy/README.md explains it.\n"
    "A line \"ready tcp ADDRESS:PORT\" on standard output for each place where it listens.\n"
    "SIGINT or SIGTERM ends it when its connections have ended, a second one at once.\n"
    "Exit: 0 ended as asked, 1 it cannot run, 2 the command line or the configuration is wrong.\n";

enum { CANNOT_RUN = 1, WRONG_USE = 2, COUNTERS_TEXT = 1024 };

typedef struct program {
  const proxy_config *config;
  const proxy_log *log;
  proxy *proxy;
  struct event_base *base;
  struct event *counting, *draining, *patience;
} program;

static void log_counters(const program *of, const counters *sum) {
  char text[COUNTERS_TEXT];
  counters_write(sum, text, sizeof text);
  log_line(of->log, LOG_LEVEL_INFO, "counters %s", text);
}

static void on_counting(evutil_socket_t none, short what, void *argument) {
  const program *of = argument;
  counters sum;
  (void)none, (void)what;
  proxy_count(of->proxy, &sum);
  log_counters(of, &sum);
}

static void on_draining(evutil_socket_t none, short what, void *argument) {
  const program *of = argument;
  counters sum;
  (void)none, (void)what;
  proxy_count(of->proxy, &sum);
  if (count_of(&sum, COUNTER_open) == 0) {
    event_base_loopbreak(of->base);
  }
}

static void on_patience(evutil_socket_t none, short what, void *argument) {
  const program *of = argument;
  (void)none, (void)what;
  log_line(of->log, LOG_LEVEL_WARNING, "seconds.drain are over: what is still open is reset");
  event_base_loopbreak(of->base);
}

static void on_signal(evutil_socket_t number, short what, void *argument) {
  static const struct timeval often = {0, 20000};
  program *of = argument;
  const struct timeval patience = {(long)of->config->drain_seconds, 0};
  (void)number, (void)what;
  if (of->draining) {
    event_base_loopbreak(of->base);
    return;
  }
  log_line(of->log, LOG_LEVEL_INFO, "ending: no more connections are accepted");
  proxy_drain(of->proxy);
  of->draining = event_new(of->base, -1, EV_PERSIST, on_draining, of);
  of->patience = evtimer_new(of->base, on_patience, of);
  if (!of->draining || !of->patience || event_add(of->draining, &often) != 0 ||
      event_add(of->patience, &patience) != 0) {
    event_base_loopbreak(of->base);
  }
}

static void say_ready(const program *of) {
  char text[ADDRESS_TEXT];
  for (size_t i = 0; i < of->config->listen_count; i++) {
    (void)printf("ready %s %s\n", of->config->listen[i].is_udp ? "udp" : "tcp",
                 address_text(proxy_address(of->proxy, i), text));
  }
  (void)fflush(stdout);
}

static void free_event(struct event *freed) {
  if (freed) {
    event_free(freed);
  }
}

static int run_loop(program *of) {
  const struct timeval interval = {(long)of->config->counters_seconds, 0};
  struct event *interrupted = evsignal_new(of->base, SIGINT, on_signal, of);
  struct event *terminated = evsignal_new(of->base, SIGTERM, on_signal, of);
  int result = CANNOT_RUN;
  of->counting = event_new(of->base, -1, EV_PERSIST, on_counting, of);
  if (interrupted && terminated && of->counting && event_add(interrupted, NULL) == 0 &&
      event_add(terminated, NULL) == 0 &&
      (interval.tv_sec == 0 || event_add(of->counting, &interval) == 0)) {
    say_ready(of);
    event_base_dispatch(of->base);
    result = EXIT_SUCCESS;
  }
  free_event(interrupted);
  free_event(terminated);
  free_event(of->counting);
  free_event(of->draining);
  free_event(of->patience);
  return result;
}

static int run(const proxy_config *config) {
  const proxy_log log = {config->level,
                         config->log_time ? log_to_standard_error_with_time : log_to_standard_error,
                         NULL};
  program self = {.config = config, .log = &log};
  counters last;
  int result = CANNOT_RUN;
  self.base = system_begin() ? event_base_new() : NULL;
  if (!self.base) {
    log_line(&log, LOG_LEVEL_ERROR, "the network or the event loop cannot be started");
    return result;
  }
  self.proxy = proxy_start(config, &log);
  if (self.proxy) {
    result = run_loop(&self);
    proxy_stop(self.proxy, &last);
    log_counters(&self, &last);
  }
  event_base_free(self.base);
  return result;
}

int main(int argument_count, char **arguments) {
  static proxy_config config;
  char why[512];
  const bool is_check = argument_count == 3 && strcmp(arguments[1], "--check") == 0;
  if (argument_count == 2 && strcmp(arguments[1], "--help") == 0) {
    (void)fputs(usage, stdout);
    return EXIT_SUCCESS;
  }
  if (argument_count == 2 && strcmp(arguments[1], "--version") == 0) {
    (void)printf("reference_proxy of conntrail %s\n", CONNTRAIL_VERSION_TEXT);
    return EXIT_SUCCESS;
  }
  if (!is_check && (argument_count != 2 || arguments[1][0] == '-')) {
    (void)fputs(usage, stderr);
    return WRONG_USE;
  }
  if (!config_read(arguments[argument_count - 1], &config, why, sizeof why)) {
    (void)fprintf(stderr, "reference_proxy: %s\n", why);
    return WRONG_USE;
  }
  return is_check ? EXIT_SUCCESS : run(&config);
}
