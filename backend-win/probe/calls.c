/* SPDX-License-Identifier: MIT */

/* The control codes, called as any program calls them. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

enum { FILL = 0xA5, GUARD = 16, MOST_ALIKE = 4, UNKNOWN_CODE_NUMBER = 0x1234 };

static int64_t now(void) {
  LARGE_INTEGER counter;
  QueryPerformanceCounter(&counter);
  return counter.QuadPart;
}

void conntrail__probe_begin(probe_answer *answer) {
  WSASetLastError(0);
  answer->microseconds = (uint64_t)now();
}

void conntrail__probe_returned(probe_answer *answer, int result) {
  int64_t ended = now();
  int error = WSAGetLastError();
  LARGE_INTEGER frequency;
  QueryPerformanceFrequency(&frequency);
  answer->microseconds =
      (uint64_t)(ended - (int64_t)answer->microseconds) * 1000000u / (uint64_t)frequency.QuadPart;
  answer->result = result;
  answer->error = result == 0 ? 0 : (uint32_t)error;
}

void conntrail__probe_say(probe_answer *answer, const char *format, ...) {
  size_t used = strlen(answer->value);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(answer->value + used, sizeof answer->value - used, format, arguments);
  va_end(arguments);
}

uint32_t conntrail__probe_read_blob(const probe_scene *scene, DWORD code, unsigned char *bytes) {
  DWORD counted = 0;
  int result = scene->accepted == INVALID_SOCKET ? SOCKET_ERROR
                                                 : WSAIoctl(scene->accepted, code, NULL, 0, bytes,
                                                            PROBE_ROOM, &counted, NULL, NULL);
  return result == 0 ? counted : 0;
}

DWORD conntrail__probe_code(const probe_row *row) {
  if (row->call == PROBE_ASK_QUERY_UNKNOWN) {
    return _WSAIOW(IOC_VENDOR, UNKNOWN_CODE_NUMBER);
  }
  return row->call == PROBE_ASK_QUERY_CONTEXT ? SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT
                                              : SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS;
}

/* The row's size in bytes. What is needed is asked only of redirected connections. */
static bool find_size(const probe_row *row, const probe_scene *scene, probe_answer *answer,
                      DWORD *size) {
  static unsigned char bytes[PROBE_ROOM];
  if (row->place >= PROBE_REDIRECTED && row->place < PROBE_FLOW) {
    answer->needed = conntrail__probe_read_blob(scene, conntrail__probe_code(row), bytes);
  }
  *size = row->size;
  if (row->size == PROBE_NEEDED || row->size == PROBE_NEEDED_LESS_1) {
    *size = answer->needed - (row->size == PROBE_NEEDED ? 0 : 1);
    answer->obstacle = answer->needed == 0 ? "there is no such blob" : NULL;
  }
  return answer->obstacle == NULL;
}

/* A blob may end in bytes that the buffer was filled with: a few of those count as written. */
uint32_t conntrail__probe_changed(const unsigned char *bytes, uint32_t size,
                                  const probe_answer *answer) {
  while (size > 0 && bytes[size - 1] == FILL) {
    size--;
  }
  bool is_whole =
      answer->result == 0 && size > 0 && size < answer->bytes && answer->bytes - size <= MOST_ALIKE;
  return is_whole ? answer->bytes : size;
}

void conntrail__probe_fill(unsigned char *bytes, size_t size) {
  memset(bytes, FILL, size);
}

static void *buffer_of(const probe_row *row, DWORD size, unsigned char *buffer) {
  if (row->call == PROBE_ASK_QUERY_NO_BUFFER || size == 0) {
    return NULL;
  }
  return row->call == PROBE_ASK_QUERY_BAD_BUFFER ? (void *)(uintptr_t)16 : buffer;
}

void conntrail__probe_query(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  static unsigned char buffer[PROBE_ROOM + GUARD];
  DWORD size;
  DWORD counted = PROBE_UNTOUCHED;
  if (!find_size(row, scene, answer, &size)) {
    return;
  }
  conntrail__probe_fill(buffer, sizeof buffer);
  conntrail__probe_begin(answer);
  int result =
      WSAIoctl(scene->asked, conntrail__probe_code(row), NULL, 0, buffer_of(row, size, buffer),
               size, row->call == PROBE_ASK_QUERY_NO_COUNT ? NULL : &counted, NULL, NULL);
  conntrail__probe_returned(answer, result);
  answer->bytes = counted;
  answer->changed = conntrail__probe_changed(buffer, (uint32_t)sizeof buffer, answer);
}

void conntrail__probe_query_again(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  conntrail__probe_query(row, scene, answer);
  conntrail__probe_query(row, scene, answer);
}

/* ---- Setting records --------------------------------------------------------------------------
 */

static bool is_made_up(probe_call call) {
  return call == PROBE_ASK_SET_MADE_UP || call == PROBE_ASK_SET_UNELEVATED ||
         call == PROBE_ASK_SET_NOTHING || call == PROBE_ASK_SET_NULL;
}

/* Zeros, or the records of the scene's connection as the row changes them. Returns their size. */
static DWORD make_records(const probe_row *row, const probe_scene *scene, unsigned char *bytes) {
  memset(bytes, 0, PROBE_ROOM + GUARD);
  if (is_made_up(row->call)) {
    return row->size;
  }
  DWORD size = conntrail__probe_read_blob(scene, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, bytes);
  if (size == 0) {
    return 0;
  }
  switch (row->call) {
  case PROBE_ASK_SET_SHORTENED:
    return size - 1;
  case PROBE_ASK_SET_EXTENDED:
    return size + 1;
  case PROBE_ASK_SET_ALTERED:
    bytes[size / 2] ^= 1;
    return size;
  default:
    return size;
  }
}

static void set_times(const probe_row *row, probe_scene *scene, probe_answer *answer,
                      unsigned times) {
  static unsigned char bytes[PROBE_ROOM + GUARD];
  DWORD size = make_records(row, scene, bytes);
  answer->needed = size;
  if (size == 0 && !is_made_up(row->call)) {
    answer->obstacle = "there are no records to set";
    return;
  }
  for (unsigned i = 0; i < times; i++) {
    DWORD counted = PROBE_UNTOUCHED;
    conntrail__probe_begin(answer);
    int result = WSAIoctl(scene->asked, SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS,
                          row->call == PROBE_ASK_SET_NULL ? NULL : bytes, size, NULL, 0, &counted,
                          NULL, NULL);
    conntrail__probe_returned(answer, result);
    answer->bytes = counted;
  }
}

void conntrail__probe_set(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  set_times(row, scene, answer, 1);
}

void conntrail__probe_set_twice(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  set_times(row, scene, answer, 2);
}

void conntrail__probe_set_unelevated(const probe_row *row, probe_scene *scene,
                                     probe_answer *answer) {
  if (scene->options->hooks.act_without_privilege != NULL) {
    scene->options->hooks.act_without_privilege(true);
    set_times(row, scene, answer, 1);
    scene->options->hooks.act_without_privilege(false);
  } else if (!conntrail__probe_drop_privilege()) {
    answer->obstacle = "this thread cannot give up its privileges";
  } else {
    set_times(row, scene, answer, 1);
    conntrail__probe_regain_privilege();
  }
}

/* ---- One question -----------------------------------------------------------------------------
 */

void conntrail__probe_ask(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  static void (*const functions[])(const probe_row *, probe_scene *, probe_answer *) = {
#define PROBE_FUNCTION(name, function, words) conntrail__probe_##function,
      PROBE_CALL_MAP(PROBE_FUNCTION)
#undef PROBE_FUNCTION
  };
  functions[row->call](row, scene, answer);
}
