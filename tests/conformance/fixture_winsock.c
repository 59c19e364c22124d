/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "../../backend-win/win.h"
#include "fixture.h"
#include "fixture_win.h"

unsigned fixture_offers(void) {
  return fixture_win_offers() | fixture_offers_of_environment();
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
