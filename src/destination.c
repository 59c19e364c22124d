/* SPDX-License-Identifier: MIT */

/* The original destination: from the redirect context, else from the system (D1, D2). */

#include <string.h>

#include "query.h"

static bool is_address(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET || address->ss_family == AF_INET6;
}

typedef struct decoder {
  conntrail_context_decoder decode;
  void *argument;
} decoder;

static conntrail__verdict decode(const conntrail__whole_blob *context, const decoder *by,
                                 struct sockaddr_storage *destination) {
  struct sockaddr_storage decoded;
  memset(&decoded, 0, sizeof decoded);
  conntrail_status status = by->decode(context->bytes, context->size, &decoded, by->argument);
  if (status < 0) {
    return conntrail__own_verdict(status);
  }
  if (!is_address(&decoded)) {
    return conntrail__own_verdict(CONNTRAIL_UNKNOWN_LAYOUT);
  }
  *destination = decoded;
  return conntrail__own_verdict(CONNTRAIL_OK);
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
  conntrail__verdict told = conntrail__native_verdict(native);
  if (says_none(told.status)) {
    return (conntrail__verdict){CONNTRAIL_NO_CONTEXT, native};
  }
  if (told.status != CONNTRAIL_OK) {
    return told;
  }
  if (!is_address(&answered)) {
    return conntrail__own_verdict(CONNTRAIL_NO_CONTEXT);
  }
  *destination = answered;
  return told;
}

static conntrail__verdict find(conntrail_socket accepted, const decoder *by,
                               struct sockaddr_storage *destination) {
  conntrail__whole_blob context;
  conntrail__verdict told =
      conntrail__whole_blob_read(&context, accepted, CONNTRAIL__QUERY_CONTEXT);
  if (told.status == CONNTRAIL_OK) {
    told = decode(&context, by, destination);
    if (told.status == CONNTRAIL_UNKNOWN_LAYOUT) {
      conntrail__backend_layout_did_not_fit(accepted, (uint32_t)context.size);
    }
  } else if (told.status == CONNTRAIL_NO_CONTEXT) {
    told = ask_system(accepted, destination);
  }
  conntrail__whole_blob_release(&context);
  return told;
}

conntrail_status conntrail_original_destination_by(conntrail_socket accepted,
                                                   conntrail_context_decoder decode_context,
                                                   void *argument,
                                                   struct sockaddr_storage *destination) {
  if (decode_context == NULL || destination == NULL) {
    return conntrail__report(conntrail__own_verdict(CONNTRAIL_FAULT));
  }
  const decoder by = {decode_context, argument};
  return conntrail__report(find(accepted, &by, destination));
}

static conntrail_status decode_known(const void *context, size_t size,
                                     struct sockaddr_storage *destination, void *unused) {
  (void)unused;
  return conntrail_decode_context(context, size, destination);
}

conntrail_status conntrail_original_destination(conntrail_socket accepted,
                                                struct sockaddr_storage *destination) {
  return conntrail_original_destination_by(accepted, decode_known, NULL, destination);
}
