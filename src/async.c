/* SPDX-License-Identifier: MIT */

/*
 * Queries that are begun. One control code with the largest buffer, and for a context that is not
 * found a second one for the records (Q6). Whichever thread completes the first begins the second.
 */

#include "conntrail/async.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "backend.h"
#include "query.h"

enum { ASKED, RECORDS_BEHIND, CALLS };

struct conntrail_operation {
  /* Its owner; the query, until completion has returned; and each thread that is in a call of the
   * backend for it: what was begun may complete, and its owner free all, before that returns. */
  atomic_uint references;
  atomic_bool is_cancelled;
  atomic_bool is_done;
  conntrail_socket socket;
  conntrail_completion completion;
  void *argument;
  conntrail__verdict told;
  size_t size;
  conntrail__overlapped calls[CALLS];
  unsigned char blob[CONNTRAIL_LARGEST_BLOB];
};

static void release(conntrail_operation *operation) {
  if (atomic_fetch_sub(&operation->references, 1) == 1) {
    free(operation);
  }
}

static void complete(conntrail_operation *operation, conntrail__verdict told, size_t size) {
  operation->told = told;
  operation->size = size;
  atomic_store(&operation->is_done, true);
  operation->completion(operation->argument);
  release(operation);
}

static void on_completed(conntrail__overlapped *call, uint32_t native);

/* Answered at once, or pending from now on. */
static uint32_t begin_call(conntrail_operation *operation, int which, uint32_t code) {
  conntrail__overlapped *call = &operation->calls[which];
  call->socket = operation->socket;
  call->code = code;
  call->out = operation->blob;
  call->capacity = CONNTRAIL_LARGEST_BLOB;
  call->bytes = 0;
  call->completed = on_completed;
  call->owner = operation;
  uint32_t native = conntrail__backend_begin(call);
  /* A cancel that came just before found nothing to cancel. */
  if (native == CONNTRAIL__PENDING && atomic_load(&operation->is_cancelled)) {
    conntrail__backend_cancel(operation->socket, call);
  }
  return native;
}

static void ask(conntrail_operation *operation, int which, uint32_t code) {
  atomic_fetch_add(&operation->references, 1);
  uint32_t native = begin_call(operation, which, code);
  if (native != CONNTRAIL__PENDING) {
    on_completed(&operation->calls[which], native);
  }
  release(operation);
}

/* NOLINTNEXTLINE(misc-no-recursion): the second call asks no third. */
static void on_completed(conntrail__overlapped *call, uint32_t native) {
  conntrail_operation *operation = call->owner;
  const conntrail__answer answer = {native, call->bytes, call->capacity};
  size_t size = 0;
  conntrail__verdict told = conntrail__largest_answer(operation->socket, &answer, &size);
  if (call != &operation->calls[ASKED]) {
    complete(operation, conntrail__missing_context(told, operation->told.native), 0);
  } else if (call->code == CONNTRAIL__QUERY_CONTEXT && told.status == CONNTRAIL_NOT_REDIRECTED) {
    operation->told = told;
    ask(operation, RECORDS_BEHIND, CONNTRAIL__QUERY_RECORDS);
  } else {
    complete(operation, told, size);
  }
}

static conntrail_status begin(conntrail_socket socket, uint32_t code,
                              conntrail_completion completion, void *argument,
                              conntrail_operation **operation) {
  if (completion == NULL || operation == NULL) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_FAULT));
  }
  conntrail_operation *begun = malloc(sizeof *begun);
  if (begun == NULL) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_NO_MEMORY));
  }
  atomic_init(&begun->references, 2);
  atomic_init(&begun->is_cancelled, false);
  atomic_init(&begun->is_done, false);
  begun->socket = socket;
  begun->completion = completion;
  begun->argument = argument;
  *operation = begun;
  ask(begun, ASKED, code);
  return CONNTRAIL_OK;
}

conntrail_status conntrail_begin_query_records(conntrail_socket socket,
                                               conntrail_completion completion, void *argument,
                                               conntrail_operation **operation) {
  return begin(socket, CONNTRAIL__QUERY_RECORDS, completion, argument, operation);
}

conntrail_status conntrail_begin_query_context(conntrail_socket socket,
                                               conntrail_completion completion, void *argument,
                                               conntrail_operation **operation) {
  return begin(socket, CONNTRAIL__QUERY_CONTEXT, completion, argument, operation);
}

static conntrail__verdict verdict_of(const conntrail_operation *operation) {
  if (!atomic_load(&operation->is_done)) {
    return conntrail__own_verdict(CONNTRAIL_PENDING);
  }
  return atomic_load(&operation->is_cancelled) ? conntrail__own_verdict(CONNTRAIL_ABORTED)
                                               : operation->told;
}

conntrail_status conntrail_operation_result(const conntrail_operation *operation, const void **blob,
                                            size_t *size) {
  conntrail__verdict told = verdict_of(operation);
  if (blob != NULL && told.status == CONNTRAIL_OK) {
    *blob = operation->blob;
  }
  if (size != NULL && (told.status == CONNTRAIL_OK || told.status == CONNTRAIL_LIMIT)) {
    *size = operation->size;
  }
  return conntrail__report(told);
}

void conntrail_operation_cancel(conntrail_operation *operation) {
  atomic_fetch_add(&operation->references, 1);
  atomic_store(&operation->is_cancelled, true);
  for (int which = 0; which < CALLS && !atomic_load(&operation->is_done); which++) {
    conntrail__backend_cancel(operation->socket, &operation->calls[which]);
  }
  release(operation);
}

void conntrail_operation_free(conntrail_operation *operation) {
  if (operation != NULL) {
    release(operation);
  }
}
