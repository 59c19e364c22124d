/* SPDX-License-Identifier: MIT */

#include "scripted_seam.h"

#include <stdlib.h>
#include <string.h>

#include "scripted_heap.h"

typedef enum call_kind {
  IOCTL,
  DESCRIBE,
  ORIGINAL_DESTINATION,
  LAYOUT_DID_NOT_FIT,
  BEGIN,
  CANCEL
} call_kind;

static const char *const call_names[] = {
    "ioctl", "describe", "original_destination", "layout_did_not_fit", "begin", "cancel"};

typedef struct step {
  call_kind call;
  conntrail_socket socket;
  uint32_t code;
  uint32_t in_size;
  const void *out;
  uint32_t capacity;
  uint32_t native;
  uint32_t bytes;
  bool completes_at_once;
  uint32_t completed_native;
  unsigned which;
  const void *blob;
  conntrail__socket_facts facts;
  const struct sockaddr_storage *destination;
} step;

enum { MOST_STEPS = 12 };

static struct {
  step steps[MOST_STEPS];
  unsigned count;
  unsigned played;
  conntrail__overlapped *begun[MOST_STEPS];
  const unsigned char *begun_blobs[MOST_STEPS];
  unsigned begun_count;
  bool cancels_are_free;
  uint32_t last_error;
} script;

const conntrail__socket_facts scripted_connected = {true, true, false, true, false, false};

void scripted_begin(void) {
  memset(&script, 0, sizeof script);
  script.last_error = SCRIPTED_UNTOUCHED;
}

static step *add(call_kind call, conntrail_socket socket, uint32_t native) {
  ck_assert_msg(script.count < MOST_STEPS, "a script holds at most %d steps", MOST_STEPS);
  step *added = &script.steps[script.count++];
  added->call = call;
  added->socket = socket;
  added->native = native;
  return added;
}

void scripted_query(uint32_t code, const void *buffer, uint32_t capacity, uint32_t native,
                    uint32_t bytes) {
  step *added = add(IOCTL, SCRIPTED_SOCKET, native);
  added->code = code;
  added->out = buffer;
  added->capacity = capacity;
  added->bytes = bytes;
}

void scripted_blob(const void *blob) {
  script.steps[script.count - 1].blob = blob;
}

void scripted_set(conntrail_socket socket, uint32_t size, uint32_t native, uint32_t bytes) {
  step *added = add(IOCTL, socket, native);
  added->code = CONNTRAIL__SET_RECORDS;
  added->in_size = size;
  added->bytes = bytes;
}

void scripted_describe(uint32_t native, conntrail__socket_facts facts) {
  add(DESCRIBE, SCRIPTED_SOCKET, native)->facts = facts;
}

void scripted_original_destination(uint32_t native, const struct sockaddr_storage *destination) {
  add(ORIGINAL_DESTINATION, SCRIPTED_SOCKET, native)->destination = destination;
}

void scripted_layout_did_not_fit(uint32_t size) {
  add(LAYOUT_DID_NOT_FIT, SCRIPTED_SOCKET, 0)->bytes = size;
}

static void begin_query(uint32_t capacity, uint32_t code, uint32_t native, uint32_t bytes) {
  step *added = add(BEGIN, SCRIPTED_SOCKET, native);
  added->code = code;
  added->capacity = capacity;
  added->bytes = bytes;
}

void scripted_begin_query(uint32_t code, uint32_t native, uint32_t bytes) {
  begin_query(1024, code, native, bytes);
}

void scripted_begin_largest(uint32_t code, uint32_t native, uint32_t bytes) {
  begin_query(65536, code, native, bytes);
}

void scripted_completes_at_once(uint32_t native, uint32_t bytes) {
  step *last = &script.steps[script.count - 1];
  last->completes_at_once = true;
  last->completed_native = native;
  last->bytes = bytes;
}

void scripted_cancel(unsigned which) {
  add(CANCEL, SCRIPTED_SOCKET, 0)->which = which;
}

void scripted_cancels_are_free(void) {
  script.cancels_are_free = true;
}

void scripted_end(uint32_t last_error) {
  ck_assert_msg(script.played == script.count, "call %u of %u was not made: %s", script.played + 1,
                script.count, call_names[script.steps[script.played].call]);
  ck_assert_uint_eq(script.last_error, last_error);
  scripted_begin();
}

unsigned char scripted_byte(uint32_t code, size_t i) {
  return (unsigned char)(i * 7 + i / 256 + code);
}

void scripted_expect_blob(uint32_t code, const unsigned char *buffer, size_t size, size_t capacity,
                          unsigned char rest) {
  size_t i = 0;
  while (i < capacity && buffer[i] == (i < size ? scripted_byte(code, i) : rest)) {
    i++;
  }
  ck_assert_msg(i == capacity, "byte %u of %u is wrong", (unsigned)i, (unsigned)capacity);
}

int scripted_run(const char *name, TCase *tests) {
  Suite *suite = suite_create(name);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  /* Check calls a run of nothing a success. */
  bool passed = srunner_ntests_failed(runner) == 0 && srunner_ntests_run(runner) > 0;
  srunner_free(runner);
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- The seam ------------------------------------------------------------------------------ */

static const step *play(call_kind call, conntrail_socket socket) {
  ck_assert_msg(script.played < script.count, "call %u is not in the script: %s", script.played + 1,
                call_names[call]);
  const step *played = &script.steps[script.played++];
  ck_assert_msg(played->call == call, "call %u is %s, and must be %s", script.played,
                call_names[call], call_names[played->call]);
  ck_assert_msg(played->socket == socket, "call %u is for another socket", script.played);
  return played;
}

static void check_set(const step *played, const unsigned char *in, uint32_t in_size,
                      const void *out, uint32_t capacity) {
  ck_assert_uint_eq(in_size, played->in_size);
  ck_assert_ptr_null(out);
  ck_assert_uint_eq(capacity, 0);
  scripted_expect_blob(CONNTRAIL__QUERY_RECORDS, in, in_size, in_size, 0);
}

static bool is_callers_buffer(const void *out) {
  for (size_t i = 0; i < script.count; i++) {
    if (script.steps[i].out != SCRIPTED_OWN_BUFFER && script.steps[i].out == out) {
      return true;
    }
  }
  return false;
}

static void check_query(const step *played, const void *in, uint32_t in_size, const void *out,
                        uint32_t capacity) {
  ck_assert_ptr_null(in);
  ck_assert_uint_eq(in_size, 0);
  ck_assert_uint_eq(capacity, played->capacity);
  if (played->out != SCRIPTED_OWN_BUFFER || capacity == 0) {
    ck_assert_ptr_eq(out, played->out);
  } else {
    ck_assert_msg(out != NULL && !is_callers_buffer(out), "call %u uses the caller's buffer",
                  script.played);
  }
}

static void write_blob(const step *played, unsigned char *out) {
  uint32_t size = played->bytes < played->capacity ? played->bytes : played->capacity;
  const unsigned char *blob = played->blob;
  for (uint32_t i = 0; i < size; i++) {
    out[i] = blob != NULL ? blob[i] : scripted_byte(played->code, i);
  }
}

static uint32_t play_ioctl(conntrail_socket socket, uint32_t code, const void *in, uint32_t in_size,
                           void *out, uint32_t capacity, uint32_t *bytes) {
  const step *played = play(IOCTL, socket);
  ck_assert_uint_eq(code, played->code);
  ck_assert_uint_eq(*bytes, 0);
  if (code == CONNTRAIL__SET_RECORDS) {
    check_set(played, in, in_size, out, capacity);
  } else {
    check_query(played, in, in_size, out, capacity);
  }
  if (played->native == 0 && out != NULL) {
    write_blob(played, out);
  }
  *bytes = played->bytes;
  return played->native;
}

/* What the checks of the seam itself take from the heap is not the library's doing. */

uint32_t conntrail__backend_ioctl(conntrail_socket socket, uint32_t code, const void *in,
                                  uint32_t in_size, void *out, uint32_t capacity, uint32_t *bytes) {
  bool watched = scripted_heap_watch(false);
  uint32_t native = play_ioctl(socket, code, in, in_size, out, capacity, bytes);
  scripted_heap_watch(watched);
  return native;
}

uint32_t conntrail__backend_describe(conntrail_socket socket, conntrail__socket_facts *facts) {
  bool watched = scripted_heap_watch(false);
  const step *played = play(DESCRIBE, socket);
  if (played->native == 0) {
    *facts = played->facts;
  }
  scripted_heap_watch(watched);
  return played->native;
}

uint32_t conntrail__backend_original_destination(conntrail_socket socket,
                                                 struct sockaddr_storage *destination) {
  static const struct sockaddr_storage cleared;
  bool watched = scripted_heap_watch(false);
  const step *played = play(ORIGINAL_DESTINATION, socket);
  ck_assert_mem_eq(destination, &cleared, sizeof cleared);
  if (played->native == 0 && played->destination != NULL) {
    *destination = *played->destination;
  }
  scripted_heap_watch(watched);
  return played->native;
}

void conntrail__backend_layout_did_not_fit(conntrail_socket socket, uint32_t size) {
  bool watched = scripted_heap_watch(false);
  ck_assert_uint_eq(size, play(LAYOUT_DID_NOT_FIT, socket)->bytes);
  scripted_heap_watch(watched);
}

/* A call of the seam leaves the last error alone: that the library sets it must not be luck. */
uint32_t conntrail__backend_last_error(void) {
  return script.last_error;
}

void conntrail__backend_set_last_error(uint32_t native) {
  script.last_error = native;
}

/* ---- Queries that are begun ----------------------------------------------------------------- */

static void answer_call(unsigned which, uint32_t native, uint32_t bytes) {
  conntrail__overlapped *call = script.begun[which];
  const unsigned char *blob = script.begun_blobs[which];
  unsigned char *out = call->out;
  for (uint32_t i = 0; native == 0 && i < bytes && i < call->capacity; i++) {
    out[i] = blob != NULL ? blob[i] : scripted_byte(call->code, i);
  }
  call->bytes = bytes;
}

void scripted_complete(unsigned which, uint32_t native, uint32_t bytes) {
  ck_assert_uint_lt(which, script.begun_count);
  conntrail__overlapped *call = script.begun[which];
  answer_call(which, native, bytes);
  call->completed(call, native);
}

uint32_t conntrail__backend_begin(conntrail__overlapped *call) {
  bool watched = scripted_heap_watch(false);
  const step *played = play(BEGIN, call->socket);
  ck_assert_uint_eq(call->code, played->code);
  ck_assert_uint_eq(call->capacity, played->capacity);
  ck_assert_uint_eq(call->bytes, 0);
  unsigned which = script.begun_count++;
  script.begun[which] = call;
  script.begun_blobs[which] = played->blob;
  scripted_heap_watch(watched);
  if (played->completes_at_once) {
    scripted_complete(which, played->completed_native, played->bytes);
    return CONNTRAIL__PENDING;
  }
  if (played->native != CONNTRAIL__PENDING) {
    answer_call(which, played->native, played->bytes);
  }
  return played->native;
}

void conntrail__backend_cancel(conntrail_socket socket, conntrail__overlapped *call) {
  if (script.cancels_are_free) {
    return;
  }
  const step *played = play(CANCEL, socket);
  /* A call that completed may be begun again: the last one it is. */
  unsigned behind = script.begun_count;
  while (behind > 0 && script.begun[behind - 1] != call) {
    behind--;
  }
  ck_assert_uint_eq(behind, played->which + 1);
}
