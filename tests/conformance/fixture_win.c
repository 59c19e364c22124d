/* SPDX-License-Identifier: MIT */
#include "fixture_win.h"

#include "../../backend-win/win.h"
#include "expect.h"
#include "fixture.h"

typedef struct thread_start {
  void (*body)(void *argument);
  void *argument;
} thread_start;

static HANDLE thread;
static thread_start thread_argument;

static DWORD WINAPI run_thread(void *argument) {
  const thread_start *start = argument;
  start->body(start->argument);
  return 0;
}

void fixture_thread_start(void (*body)(void *argument), void *argument) {
  thread_argument = (thread_start){body, argument};
  thread = CreateThread(NULL, 0, run_thread, &thread_argument, 0, NULL);
  expect_true(thread != NULL);
}

void fixture_thread_join(void) {
  expect_number(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
  (void)CloseHandle(thread);
}

/* No place of Windows offers FORK, so no case comes here. */
void fixture_thread_cancel(void (*body)(void *argument), void *argument) {
  (void)body;
  (void)argument;
}

void fixture_signals_begin(void (*handler)(void)) {
  (void)handler;
}

void fixture_signals_end(void) {
}

void fixture_descriptors_forbid(void) {
}

void fixture_descriptors_allow(void) {
}

int fixture_in_child(int (*body)(void *argument), void *argument, char *text, size_t capacity) {
  (void)body;
  (void)argument;
  if (capacity > 0) {
    text[0] = '\0';
  }
  return -1;
}

static bool can_open(net_kind kind) {
  conntrail_socket socket = net_socket(kind);
  if (socket == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  (void)net_close(socket);
  return true;
}

static bool has_loopback6(void) {
  struct sockaddr_storage loopback = net_loopback(NET_TCP6, 0);
  conntrail_socket socket = net_socket(NET_TCP6);
  if (socket == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  bool bound = net_bind(socket, &loopback) == NET_OK;
  (void)net_close(socket);
  return bound;
}

unsigned fixture_win_offers(void) {
  unsigned offers = net_begin() ? (unsigned)NEEDS_ORACLE : 0;
  offers |= has_loopback6() ? (unsigned)NEEDS_V6 : 0;
  offers |= can_open(NET_ODD) ? (unsigned)NEEDS_ODD_SOCKETS : 0;
  offers |= can_open(NET_RAW4) ? (unsigned)NEEDS_RAW_SOCKETS : 0;
  net_end();
  return offers;
}
