/* SPDX-License-Identifier: MIT */

/*
 * Queries that are begun. One control code with a buffer of the usual size; where that does not
 * hold the answer, or leaves it open what the answer means, once more with the largest (Q3, Q5);
 * and for a context that is not found a further one for the records (Q6). Whichever thread
 * completes one begins the next.
 */

#include "conntrail/async.h"

#include <stdbool.h>
#include <stdlib.h>

#include "atomics.h"
#include "backend.h"
#include "query.h"

struct conntrail_operation {
  /* Its owner; the query, until completion has returned; and each thread that is in a call of the
   * backend for it: what was begun may complete, and its owner free all, before that returns. */
  conntrail__atomic references;
  conntrail__atomic is_cancelled;
  conntrail__atomic is_done;
  conntrail_socket socket;
  conntrail_completion completion;
  void *argument;
  conntrail__overlapped call;
  bool is_asked_again;       /* the call is one that was given up before */
  bool wants_destination;    /* and not the context that is asked for */
  conntrail_socket listener; /* wants_destination: may be CONNTRAIL_INVALID_SOCKET */
  bool is_behind;            /* the call asks for records because there is no context */
  uint32_t missing;          /* is_behind: what the context was answered with */
  conntrail__answer first;   /* what the usual buffer was answered with; capacity 0: nothing yet */
  conntrail__verdict verdict;
  const void *blob;
  size_t size;
  struct sockaddr_storage destination;
  /* A piece of its own, as the operation is: malloc keeps small pieces at hand. */
  unsigned char *buffer;
  uint32_t capacity;
};

static void release(conntrail_operation *operation) {
  if (conntrail__atomic_add(&operation->references, -1) == 1) {
    free(operation->buffer);
    free(operation);
  }
}

/* In place of the one that it has. False: no memory. */
static bool take_buffer(conntrail_operation *operation, uint32_t capacity) {
  free(operation->buffer);
  operation->buffer = malloc(capacity);
  operation->capacity = capacity;
  return operation->buffer != NULL;
}

static void set_result(conntrail_operation *operation, conntrail__verdict verdict, const void *blob,
                       size_t size) {
  operation->verdict = verdict;
  operation->blob = blob;
  operation->size = size;
}

static void set_destination(conntrail_operation *operation, conntrail__verdict verdict,
                            size_t size) {
  struct sockaddr_storage *destination = &operation->destination;
  verdict = conntrail__destination_of(operation->socket, operation->listener, verdict,
                                      operation->call.out, size, destination);
  set_result(operation, verdict, destination,
             verdict.status == CONNTRAIL_OK ? sizeof *destination : size);
}

static void complete(conntrail_operation *operation, conntrail__verdict verdict, size_t size) {
  if (operation->wants_destination) {
    set_destination(operation, verdict, size);
  } else {
    set_result(operation, conntrail__settled(verdict, operation->socket), operation->call.out,
               size);
  }
  conntrail__atomic_store(&operation->is_done, 1);
  operation->completion(operation->argument);
  release(operation);
}

static void on_completed(conntrail__overlapped *call, uint32_t native);

/* Answered at once, or pending from now on. */
static uint32_t begin_call(conntrail_operation *operation, uint32_t code) {
  conntrail__overlapped *call = &operation->call;
  call->socket = operation->socket;
  call->code = code;
  call->out = operation->buffer;
  call->capacity = operation->capacity;
  call->bytes = 0;
  call->completed = on_completed;
  call->owner = operation;
  uint32_t native = conntrail__backend_begin(call);
  /* A cancel that came just before found nothing to cancel. */
  if (native == CONNTRAIL__PENDING && conntrail__atomic_load(&operation->is_cancelled) != 0) {
    conntrail__backend_cancel(operation->socket, call);
  }
  return native;
}

static void on_answer(conntrail_operation *operation, uint32_t native);

/* NOLINTNEXTLINE(misc-no-recursion): an answer leads to at most three further questions. */
static void ask(conntrail_operation *operation, uint32_t code) {
  conntrail__atomic_add(&operation->references, 1);
  uint32_t native = begin_call(operation, code);
  if (native != CONNTRAIL__PENDING) {
    on_answer(operation, native);
  }
  release(operation);
}

static bool needs_largest(const conntrail_operation *operation, const conntrail__answer *answer) {
  if (operation->capacity == CONNTRAIL_LARGEST_BLOB) {
    return false;
  }
  conntrail__meaning meaning = conntrail__answer_meaning(answer);
  /* Of the records behind a missing context only their presence matters. */
  return meaning == CONNTRAIL__AMBIGUOUS ||
         (meaning == CONNTRAIL__TOO_SMALL && !operation->is_behind);
}

/* NOLINTNEXTLINE(misc-no-recursion): see ask(). */
static void ask_with_largest(conntrail_operation *operation, const conntrail__answer *answer) {
  operation->first = *answer;
  if (take_buffer(operation, CONNTRAIL_LARGEST_BLOB)) {
    ask(operation, operation->call.code);
  } else {
    complete(operation, conntrail__own_verdict(CONNTRAIL_NO_MEMORY), 0);
  }
}

/* NOLINTNEXTLINE(misc-no-recursion): see ask(). */
static void ask_for_records_behind(conntrail_operation *operation, uint32_t missing) {
  operation->is_behind = true;
  operation->missing = missing;
  operation->first.capacity = 0;
  ask(operation, CONNTRAIL__QUERY_RECORDS);
}

/* A call that was given up, and is refused the second time: it was given up, whatever for. */
static conntrail__answer take_answer(conntrail_operation *operation, uint32_t native) {
  conntrail__answer answer = {native, operation->call.bytes, operation->call.capacity};
  if (operation->is_asked_again && conntrail__answer_meaning(&answer) == CONNTRAIL__REFUSED) {
    answer.native = CONNTRAIL__WSA_OPERATION_ABORTED;
  }
  operation->is_asked_again = false;
  return answer;
}

/* NOLINTNEXTLINE(misc-no-recursion): see ask(). */
static void on_answer(conntrail_operation *operation, uint32_t native) {
  const conntrail__answer answer = take_answer(operation, native);
  if (needs_largest(operation, &answer)) {
    ask_with_largest(operation, &answer);
    return;
  }
  size_t size = 0;
  const conntrail__answer *first = operation->first.capacity != 0 ? &operation->first : &answer;
  conntrail__verdict verdict = conntrail__last_answer(operation->socket, first, &answer, &size);
  if (operation->is_behind) {
    complete(operation, conntrail__missing_context(verdict, operation->missing), 0);
  } else if (operation->call.code == CONNTRAIL__QUERY_CONTEXT &&
             verdict.status == CONNTRAIL_NOT_REDIRECTED &&
             verdict.native != CONNTRAIL__NO_RECORDS) {
    ask_for_records_behind(operation, verdict.native);
  } else {
    complete(operation, verdict, size);
  }
}

/* Once for each question: who gives it up again may do so for ever. */
static bool may_ask_again(const conntrail_operation *operation) {
  return !operation->is_asked_again && conntrail__atomic_load(&operation->is_cancelled) == 0;
}

/* In any thread. */
static void on_completed(conntrail__overlapped *call, uint32_t native) {
  conntrail_operation *operation = call->owner;
  if (native != CONNTRAIL__GIVEN_UP) {
    on_answer(operation, native);
  } else if (may_ask_again(operation)) {
    operation->is_asked_again = true;
    ask(operation, call->code);
  } else {
    on_answer(operation, CONNTRAIL__WSA_OPERATION_ABORTED);
  }
}

/* What a beginning call asks, and of what. */
typedef struct question {
  conntrail_socket socket;
  uint32_t code;
  bool wants_destination;
  conntrail_socket listener;
} question;

static conntrail_operation *make_operation(void) {
  conntrail_operation *made = malloc(sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  made->buffer = NULL;
  if (take_buffer(made, CONNTRAIL_USUAL_BLOB)) {
    return made;
  }
  free(made);
  return NULL;
}

static conntrail_status begin(const question *asked, conntrail_completion completion,
                              void *argument, conntrail_operation **operation) {
  if (completion == NULL || operation == NULL) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_FAULT));
  }
  conntrail_operation *begun = make_operation();
  if (begun == NULL) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_NO_MEMORY));
  }
  conntrail__atomic_init(&begun->references, 2);
  conntrail__atomic_init(&begun->is_cancelled, 0);
  conntrail__atomic_init(&begun->is_done, 0);
  begun->socket = asked->socket;
  begun->completion = completion;
  begun->argument = argument;
  begun->is_asked_again = false;
  begun->wants_destination = asked->wants_destination;
  begun->listener = asked->listener;
  begun->is_behind = false;
  begun->first.capacity = 0;
  *operation = begun;
  ask(begun, asked->code);
  return CONNTRAIL_OK;
}

conntrail_status conntrail_begin_query_records(conntrail_socket socket,
                                               conntrail_completion completion, void *argument,
                                               conntrail_operation **operation) {
  const question asked = {.socket = socket, .code = CONNTRAIL__QUERY_RECORDS};
  return begin(&asked, completion, argument, operation);
}

conntrail_status conntrail_begin_query_context(conntrail_socket socket,
                                               conntrail_completion completion, void *argument,
                                               conntrail_operation **operation) {
  const question asked = {.socket = socket, .code = CONNTRAIL__QUERY_CONTEXT};
  return begin(&asked, completion, argument, operation);
}

conntrail_status conntrail_begin_original_destination(conntrail_socket accepted,
                                                      conntrail_socket listener,
                                                      conntrail_completion completion,
                                                      void *argument,
                                                      conntrail_operation **operation) {
  const question asked = {accepted, CONNTRAIL__QUERY_CONTEXT, true, listener};
  return begin(&asked, completion, argument, operation);
}

static conntrail__verdict verdict_of(const conntrail_operation *operation) {
  if (conntrail__atomic_load(&operation->is_done) == 0) {
    return conntrail__own_verdict(CONNTRAIL_PENDING);
  }
  return conntrail__atomic_load(&operation->is_cancelled) != 0
             ? conntrail__own_verdict(CONNTRAIL_ABORTED)
             : operation->verdict;
}

conntrail_status conntrail_operation_result(const conntrail_operation *operation, const void **blob,
                                            size_t *size) {
  conntrail__verdict verdict = verdict_of(operation);
  if (blob != NULL && verdict.status == CONNTRAIL_OK) {
    *blob = operation->blob;
  }
  if (size != NULL && (verdict.status == CONNTRAIL_OK || verdict.status == CONNTRAIL_LIMIT)) {
    *size = operation->size;
  }
  return conntrail__report(verdict);
}

void conntrail_operation_cancel(conntrail_operation *operation) {
  conntrail__atomic_add(&operation->references, 1);
  conntrail__atomic_store(&operation->is_cancelled, 1);
  if (conntrail__atomic_load(&operation->is_done) == 0) {
    conntrail__backend_cancel(operation->socket, &operation->call);
  }
  release(operation);
}

void conntrail_operation_free(conntrail_operation *operation) {
  if (operation != NULL) {
    release(operation);
  }
}
