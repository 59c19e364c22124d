/* SPDX-License-Identifier: MIT */

/* The original destination: from the redirect context, else from the system (D1, D2). */

#include <string.h>

#include "context.h"
#include "query.h"

conntrail_status conntrail__decode(const void *context, size_t size,
                                   conntrail_context_decoder decode, void *argument,
                                   struct sockaddr_storage *destination) {
  struct sockaddr_storage decoded;
  if (decode == NULL) {
    return conntrail_decode_context(context, size, destination);
  }
  memset(&decoded, 0, sizeof decoded);
  conntrail_status status = decode(context, size, &decoded, argument);
  if (status < 0) {
    return status;
  }
  if (decoded.ss_family != AF_INET && decoded.ss_family != AF_INET6) {
    return CONNTRAIL_UNKNOWN_LAYOUT;
  }
  *destination = decoded;
  return CONNTRAIL_OK;
}

static bool is_address(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET || address->ss_family == AF_INET6;
}

typedef struct decoder {
  conntrail_context_decoder decode;
  void *argument;
} decoder;

static conntrail__verdict decode(const void *context, size_t size, const decoder *by,
                                 struct sockaddr_storage *destination) {
  return conntrail__own_verdict(
      conntrail__decode(context, size, by->decode, by->argument, destination));
}

/*
 * How systems without SO_ORIGINAL_DST, or without an answer to it, say so.
 * [D] 10042 for an unknown option; [S] Wine says the same; 1168, 10022 and 10045 as the queries.
 */
static bool says_none(conntrail_status status) {
  return status == CONNTRAIL_NO_PROTOCOL_OPTION || status == CONNTRAIL_NOT_REDIRECTED ||
         status == CONNTRAIL_INVALID || status == CONNTRAIL_NOT_SUPPORTED;
}

static conntrail__verdict ask_system(conntrail_socket accepted,
                                     struct sockaddr_storage *destination) {
  struct sockaddr_storage answered;
  memset(&answered, 0, sizeof answered);
  uint32_t native = conntrail__backend_original_destination(accepted, &answered);
  conntrail__verdict verdict = conntrail__native_verdict(native);
  if (says_none(verdict.status)) {
    return (conntrail__verdict){CONNTRAIL_NO_CONTEXT, native};
  }
  if (verdict.status != CONNTRAIL_OK) {
    return verdict;
  }
  if (!is_address(&answered)) {
    return conntrail__own_verdict(CONNTRAIL_NO_CONTEXT);
  }
  *destination = answered;
  return verdict;
}

/* Where to look: the accepted socket, its listener if the caller said it, and the caller's layout.
 */
typedef struct search {
  conntrail_socket accepted;
  conntrail_socket listener;
  decoder by;
} search;

/* A context, or the system's option beside it (D1, D2). */
static conntrail__verdict read_context(const search *asked, const void *context, size_t size,
                                       struct sockaddr_storage *destination) {
  conntrail__verdict verdict = decode(context, size, &asked->by, destination);
  if (verdict.status == CONNTRAIL_UNKNOWN_LAYOUT) {
    conntrail__backend_layout_did_not_fit(asked->accepted, (uint32_t)size);
  }
  return verdict;
}

/* A system without redirect records redirects in its own way, and knows the destination (K5). */
static conntrail__verdict ask_translation(const search *asked,
                                          struct sockaddr_storage *destination) {
  return conntrail__native_verdict(
      conntrail__backend_translated_destination(asked->accepted, asked->listener, destination));
}

/* verdict: the outcome of the query of the context; context and size are for OK. */
static conntrail__verdict find_by(const search *asked, conntrail__verdict verdict,
                                  const void *context, size_t size,
                                  struct sockaddr_storage *destination) {
  if (verdict.status == CONNTRAIL_OK) {
    verdict = read_context(asked, context, size, destination);
  } else if (verdict.status == CONNTRAIL_NO_CONTEXT) {
    verdict = ask_system(asked->accepted, destination);
  } else if (verdict.native == CONNTRAIL__NO_RECORDS) {
    verdict = ask_translation(asked, destination);
  }
  return verdict;
}

static conntrail__verdict find(const search *asked, struct sockaddr_storage *destination) {
  conntrail__whole_blob context;
  conntrail__verdict verdict =
      conntrail__whole_blob_read(&context, asked->accepted, CONNTRAIL__QUERY_CONTEXT);
  verdict = find_by(asked, verdict, context.bytes, context.size, destination);
  conntrail__whole_blob_release(&context);
  return verdict;
}

conntrail_status conntrail_original_destination_by(conntrail_socket accepted,
                                                   conntrail_socket listener,
                                                   conntrail_context_decoder decode_context,
                                                   void *argument,
                                                   struct sockaddr_storage *destination) {
  if (destination == NULL) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_FAULT));
  }
  const search asked = {accepted, listener, {decode_context, argument}};
  return conntrail__report(find(&asked, destination));
}

conntrail__verdict conntrail__destination_of(conntrail_socket accepted, conntrail_socket listener,
                                             conntrail__verdict verdict, const void *context,
                                             size_t size, struct sockaddr_storage *destination) {
  const search asked = {accepted, listener, {NULL, NULL}};
  return find_by(&asked, verdict, context, size, destination);
}

conntrail_status conntrail_original_destination(conntrail_socket accepted,
                                                struct sockaddr_storage *destination) {
  return conntrail_original_destination_by(accepted, CONNTRAIL_INVALID_SOCKET, NULL, NULL,
                                           destination);
}
