/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

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

unsigned fixture_offers(void) {
  unsigned offers = NEEDS_EMULATION | NEEDS_UNWATCHED;
  offers |= net_begin() ? (unsigned)NEEDS_KERNEL : 0;
  offers |= has_loopback6() ? (unsigned)NEEDS_V6 : 0;
  offers |= can_open(NET_ODD) ? (unsigned)NEEDS_ODD_SOCKETS : 0;
  offers |= can_open(NET_RAW4) ? (unsigned)NEEDS_RAW_SOCKETS : 0;
  net_end();
  return offers;
}

/* No place of Windows offers FORK, so no case comes here. */
int fixture_in_child(int (*body)(void *argument), void *argument, char *text, size_t capacity) {
  (void)body;
  (void)argument;
  if (capacity > 0) {
    text[0] = '\0';
  }
  return -1;
}

static void read_all(HANDLE from, char *text, size_t capacity) {
  size_t used = 0;
  DWORD got = 1;
  while (got > 0 && used + 1 < capacity &&
         ReadFile(from, text + used, (DWORD)(capacity - 1 - used), &got, NULL)) {
    used += got;
  }
  text[used] = '\0';
}

/* The program stands beside this one. */
static void unwatched_path(char *path, size_t capacity) {
  char own[MAX_PATH];
  DWORD length = GetModuleFileNameA(NULL, own, (DWORD)sizeof own);
  while (length > 0 && own[length - 1] != '\\') {
    --length;
  }
  (void)snprintf(path, capacity, "%.*s%s", (int)length, own, CONFORMANCE_UNWATCHED);
}

static int wait_for(HANDLE process) {
  DWORD code = 0;
  (void)WaitForSingleObject(process, INFINITE);
  return GetExitCodeProcess(process, &code) ? (int)code : -1;
}

static bool start(const char *path, HANDLE output, PROCESS_INFORMATION *started) {
  STARTUPINFOA startup;
  memset(&startup, 0, sizeof startup);
  startup.cb = (DWORD)sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdOutput = output;
  startup.hStdError = output;
  return CreateProcessA(path, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &startup, started) != 0;
}

int fixture_create_unwatched(char *refusal, size_t capacity) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  PROCESS_INFORMATION started;
  char path[MAX_PATH * 2];
  HANDLE reader;
  HANDLE writer;
  unwatched_path(path, sizeof path);
  if (!CreatePipe(&reader, &writer, &inherited, 0)) {
    return -1;
  }
  bool is_started = start(path, writer, &started);
  (void)CloseHandle(writer);
  if (!is_started) {
    (void)CloseHandle(reader);
    return -1;
  }
  read_all(reader, refusal, capacity);
  (void)CloseHandle(reader);
  int code = wait_for(started.hProcess);
  (void)CloseHandle(started.hThread);
  (void)CloseHandle(started.hProcess);
  return code;
}
