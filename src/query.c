/* SPDX-License-Identifier: MIT */

/*
 * Redirect records and contexts: one query in the usual case, straight into the caller's buffer.
 * Where the answer can be read in several ways, the socket is looked at and the query is put
 * once more, with the largest buffer (clauses Q3 and Q5).
 */

#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"

typedef struct question {
  conntrail_socket socket;
  uint32_t code;
  uint32_t capacity;
  void *buffer;
  size_t size;            /* out: for OK, BUFFER_TOO_SMALL and LIMIT */
  unsigned char *largest; /* out: the buffer of the second query, to be freed; NULL without one */
  bool largest_holds_it;  /* out: the blob is in there, whole */
} question;

static question make_question(conntrail_socket socket, uint32_t code, void *buffer,
                              size_t capacity) {
  /* A blob above the limit is LIMIT whatever the caller offers (Q4). */
  uint32_t offered =
      capacity < CONNTRAIL_LARGEST_BLOB ? (uint32_t)capacity : CONNTRAIL_LARGEST_BLOB;
  return (question){socket, code, offered, buffer, 0, NULL, false};
}

static conntrail__answer put(const question *asked, void *buffer, uint32_t capacity) {
  conntrail__answer answer = {0, 0, capacity};
  answer.native = conntrail__backend_ioctl(asked->socket, asked->code, NULL, 0, buffer, capacity,
                                           &answer.bytes);
  return answer;
}

static conntrail__verdict make_verdict(conntrail_status status, uint32_t native) {
  return (conntrail__verdict){status, native};
}

/* The verdict of an answer that needs no second one. */
static conntrail__verdict read_answer(question *asked, const conntrail__answer *answer) {
  asked->size = answer->bytes;
  switch (conntrail__answer_meaning(answer)) {
  case CONNTRAIL__FITS:
    return make_verdict(CONNTRAIL_OK, 0);
  case CONNTRAIL__TOO_SMALL:
    return make_verdict(CONNTRAIL_BUFFER_TOO_SMALL, answer->native);
  case CONNTRAIL__TOO_LARGE:
    return make_verdict(CONNTRAIL_LIMIT, answer->native);
  case CONNTRAIL__NOT_FOUND:
    return make_verdict(CONNTRAIL_NOT_REDIRECTED, answer->native);
  case CONNTRAIL__NO_RECORDS_HERE:
    return make_verdict(CONNTRAIL_NOT_REDIRECTED, CONNTRAIL__NO_RECORDS);
  case CONNTRAIL__AMBIGUOUS:
  case CONNTRAIL__REFUSED:
  default:
    return conntrail__native_verdict(answer->native);
  }
}

/* What the socket is wins over what the answer may mean: descriptor, kind, state (Q16). */
static conntrail__verdict check_socket(conntrail_socket socket) {
  conntrail__socket_facts facts = {.is_internet = false};
  uint32_t native = conntrail__backend_describe(socket, &facts);
  if (native != 0) {
    return conntrail__native_verdict(native);
  }
  if (!facts.is_internet || !(facts.is_stream || facts.is_datagram)) {
    return conntrail__own_verdict(CONNTRAIL_INVALID);
  }
  if (!facts.is_connected) {
    return conntrail__own_verdict(CONNTRAIL_NOT_CONNECTED);
  }
  return conntrail__own_verdict(CONNTRAIL_OK);
}

conntrail__verdict conntrail__settled(conntrail__verdict verdict, conntrail_socket socket) {
  if (verdict.native != CONNTRAIL__NO_RECORDS) {
    return verdict;
  }
  conntrail__verdict judged = check_socket(socket);
  return judged.status == CONNTRAIL_OK
             ? make_verdict(CONNTRAIL_NOT_REDIRECTED, CONNTRAIL__WSAEOPNOTSUPP)
             : judged;
}

/* These two numbers mean nothing but "too small", also where they come without a size. */
static bool proves_blob(const conntrail__answer *answer) {
  return answer->native == CONNTRAIL__ERROR_INSUFFICIENT_BUFFER ||
         answer->native == CONNTRAIL__WSAEMSGSIZE;
}

/*
 * The largest buffer was too small as well, and no size came with it. LIMIT always gives a size
 * above the limit: here the least that it can be.
 */
static conntrail__verdict limit_without_size(question *asked, uint32_t native) {
  asked->size = (size_t)CONNTRAIL_LARGEST_BLOB + 1;
  return make_verdict(CONNTRAIL_LIMIT, native);
}

/*
 * Ambiguous twice, the second time with the largest buffer. 10022 is then "not redirected" (Q5),
 * but never where the first answer showed that there is a blob: taking "too small" for "not
 * redirected" makes a loop. 10014 and 10055 keep their own meaning: a profile of "too small"
 * that gives no size with them is not known.
 */
static conntrail__verdict read_twice_ambiguous(question *asked, const conntrail__answer *first,
                                               const conntrail__answer *second) {
  if (proves_blob(second)) {
    return limit_without_size(asked, second->native);
  }
  if (second->native != CONNTRAIL__WSAEINVAL) {
    return conntrail__native_verdict(second->native);
  }
  if (proves_blob(first)) {
    return limit_without_size(asked, first->native);
  }
  return make_verdict(CONNTRAIL_NOT_REDIRECTED, second->native);
}

/*
 * The first answer was 10014 for a buffer, and the second shows that it cannot have meant "too
 * small": then it meant the caller's buffer, and arguments win over the answer (Q11, Q16).
 */
static bool blames_buffer(const question *asked, const conntrail__answer *first,
                          const conntrail__answer *second) {
  if (first->native != CONNTRAIL__WSAEFAULT || asked->capacity == 0) {
    return false;
  }
  switch (conntrail__answer_meaning(second)) {
  case CONNTRAIL__FITS:
    return second->bytes <= asked->capacity;
  case CONNTRAIL__NOT_FOUND:
    return true;
  case CONNTRAIL__AMBIGUOUS:
    return second->native == CONNTRAIL__WSAEINVAL;
  case CONNTRAIL__TOO_SMALL:
  case CONNTRAIL__TOO_LARGE:
  case CONNTRAIL__NO_RECORDS_HERE:
  case CONNTRAIL__REFUSED:
  default:
    return false;
  }
}

static conntrail__verdict hand_over(question *asked, const conntrail__answer *second) {
  asked->size = second->bytes;
  asked->largest_holds_it = true;
  if (second->bytes > asked->capacity) {
    return conntrail__own_verdict(CONNTRAIL_BUFFER_TOO_SMALL);
  }
  if (second->bytes > 0) {
    memcpy(asked->buffer, asked->largest, second->bytes);
  }
  return conntrail__own_verdict(CONNTRAIL_OK);
}

static conntrail__verdict read_second(question *asked, const conntrail__answer *first,
                                      const conntrail__answer *second) {
  if (blames_buffer(asked, first, second)) {
    return conntrail__native_verdict(first->native);
  }
  conntrail__meaning meaning = conntrail__answer_meaning(second);
  if (meaning == CONNTRAIL__FITS) {
    return hand_over(asked, second);
  }
  if (meaning == CONNTRAIL__AMBIGUOUS) {
    return read_twice_ambiguous(asked, first, second);
  }
  return read_answer(asked, second);
}

static bool has_blob(const conntrail__answer *answer) {
  conntrail__meaning meaning = conntrail__answer_meaning(answer);
  return meaning == CONNTRAIL__FITS || meaning == CONNTRAIL__TOO_SMALL ||
         meaning == CONNTRAIL__TOO_LARGE;
}

/* What the system still knows of a connection counts, also if the other end reset it and there is
 * no peer any more (Q13). Without memory neither the system nor the library knows. */
static bool tells_more(const conntrail__answer *second) {
  return has_blob(second) ||
         conntrail__native_verdict(second->native).status == CONNTRAIL_NO_MEMORY;
}

static conntrail__verdict ask_once_more(question *asked, const conntrail__answer *first) {
  conntrail__verdict socket = check_socket(asked->socket);
  if (socket.status != CONNTRAIL_OK && socket.status != CONNTRAIL_NOT_CONNECTED) {
    return socket;
  }
  asked->largest = malloc(CONNTRAIL_LARGEST_BLOB);
  if (asked->largest == NULL) {
    return conntrail__own_verdict(CONNTRAIL_NO_MEMORY);
  }
  const conntrail__answer second = put(asked, asked->largest, CONNTRAIL_LARGEST_BLOB);
  return socket.status == CONNTRAIL_OK || tells_more(&second) ? read_second(asked, first, &second)
                                                              : socket;
}

static conntrail__verdict read_first(question *asked, const conntrail__answer *first) {
  if (conntrail__answer_meaning(first) == CONNTRAIL__AMBIGUOUS) {
    return ask_once_more(asked, first);
  }
  return read_answer(asked, first);
}

static conntrail__verdict ask(question *asked) {
  const conntrail__answer first = put(asked, asked->buffer, asked->capacity);
  return read_first(asked, &first);
}

static bool is_there(conntrail_status status) {
  return status == CONNTRAIL_OK || status == CONNTRAIL_BUFFER_TOO_SMALL ||
         status == CONNTRAIL_LIMIT;
}

conntrail__verdict conntrail__missing_context(conntrail__verdict records, uint32_t native) {
  return is_there(records.status) ? make_verdict(CONNTRAIL_NO_CONTEXT, native) : records;
}

/* No context: the records show whether the connection was redirected at all (Q6). */
static conntrail__verdict explain_missing_context(conntrail_socket socket, uint32_t native) {
  unsigned char records[CONNTRAIL_USUAL_BLOB];
  question asked = make_question(socket, CONNTRAIL__QUERY_RECORDS, records, sizeof records);
  conntrail__verdict verdict = ask(&asked);
  free(asked.largest);
  return conntrail__missing_context(verdict, native);
}

static conntrail__verdict explain(const question *asked, conntrail__verdict verdict) {
  if (asked->code == CONNTRAIL__QUERY_CONTEXT && verdict.status == CONNTRAIL_NOT_REDIRECTED &&
      verdict.native != CONNTRAIL__NO_RECORDS) {
    return explain_missing_context(asked->socket, verdict.native);
  }
  return verdict;
}

static conntrail__verdict ask_code(question *asked) {
  return explain(asked, ask(asked));
}

static conntrail_status read_unusual(question *asked, const conntrail__answer *first,
                                     size_t *size) {
  conntrail__verdict verdict =
      conntrail__settled(explain(asked, read_first(asked, first)), asked->socket);
  free(asked->largest);
  if (is_there(verdict.status)) {
    *size = asked->size;
  }
  return conntrail__report(verdict);
}

static conntrail_status query(conntrail_socket socket, uint32_t code, void *buffer, size_t capacity,
                              size_t *size) {
  if (size == NULL || (buffer == NULL && capacity > 0)) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_FAULT));
  }
  question asked = make_question(socket, code, buffer, capacity);
  const conntrail__answer first = put(&asked, buffer, asked.capacity);
  /* What nearly every query gets, without a detour. */
  if (first.native == 0 && first.bytes <= first.capacity) {
    *size = first.bytes;
    return CONNTRAIL_OK;
  }
  return read_unusual(&asked, &first, size);
}

conntrail_status conntrail_query_records(conntrail_socket socket, void *buffer, size_t capacity,
                                         size_t *size) {
  return query(socket, CONNTRAIL__QUERY_RECORDS, buffer, capacity, size);
}

conntrail_status conntrail_query_context(conntrail_socket socket, void *buffer, size_t capacity,
                                         size_t *size) {
  return query(socket, CONNTRAIL__QUERY_CONTEXT, buffer, capacity, size);
}

/* ---- The last answer of a query that was begun ---------------------------------------------- */

conntrail__verdict conntrail__last_answer(conntrail_socket socket, const conntrail__answer *first,
                                          const conntrail__answer *answer, size_t *size) {
  question asked = {.socket = socket};
  conntrail__verdict verdict;
  if (conntrail__answer_meaning(answer) != CONNTRAIL__AMBIGUOUS) {
    verdict = read_answer(&asked, answer);
  } else {
    verdict = check_socket(socket);
    if (verdict.status == CONNTRAIL_OK) {
      verdict = read_twice_ambiguous(&asked, first, answer);
    }
  }
  *size = asked.size;
  return verdict;
}

/* ---- A whole blob -------------------------------------------------------------------------- */

static void keep(conntrail__whole_blob *blob, unsigned char *heap) {
  free(blob->heap);
  blob->heap = heap;
}

static conntrail__verdict read_into(conntrail__whole_blob *blob, conntrail_socket socket,
                                    uint32_t code, unsigned char *buffer, size_t capacity) {
  question asked = make_question(socket, code, buffer, capacity);
  conntrail__verdict verdict = ask_code(&asked);
  blob->bytes = buffer;
  blob->size = asked.size;
  if (verdict.status == CONNTRAIL_BUFFER_TOO_SMALL && asked.largest_holds_it) {
    keep(blob, asked.largest);
    blob->bytes = asked.largest;
    return conntrail__own_verdict(CONNTRAIL_OK);
  }
  free(asked.largest);
  return verdict;
}

static conntrail__verdict read_into_heap(conntrail__whole_blob *blob, conntrail_socket socket,
                                         uint32_t code) {
  size_t capacity = blob->size;
  /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): never 0, it did not fit before. */
  keep(blob, malloc(capacity));
  if (blob->heap == NULL) {
    return conntrail__own_verdict(CONNTRAIL_NO_MEMORY);
  }
  return read_into(blob, socket, code, blob->heap, capacity);
}

conntrail__verdict conntrail__whole_blob_read(conntrail__whole_blob *blob, conntrail_socket socket,
                                              uint32_t code) {
  blob->heap = NULL;
  conntrail__verdict verdict = read_into(blob, socket, code, blob->usual, sizeof blob->usual);
  /* Twice, in case the blob grew between the first query and the second. Not for ever. */
  for (int turn = 0; turn < 2 && verdict.status == CONNTRAIL_BUFFER_TOO_SMALL; turn++) {
    verdict = read_into_heap(blob, socket, code);
  }
  return verdict;
}

void conntrail__whole_blob_release(conntrail__whole_blob *blob) {
  keep(blob, NULL);
}
