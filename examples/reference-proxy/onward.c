/* SPDX-License-Identifier: MIT */
#include "onward.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "system.h"

static void refuse(onward *result, const char *step, const char *why) {
  if (result->socket != CONNTRAIL_INVALID_SOCKET) {
    evutil_closesocket((evutil_socket_t)result->socket);
    result->socket = CONNTRAIL_INVALID_SOCKET;
  }
  result->failed_step = step;
  (void)snprintf(result->why, sizeof result->why, "%s", why);
}

static void refuse_by_system(onward *result, const char *step) {
  refuse(result, step, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

/* Nobody redirected it, as far as this system can tell. */
static bool is_ordinary(conntrail_status status) {
  return status == CONNTRAIL_NOT_REDIRECTED || status == CONNTRAIL_NOT_SUPPORTED ||
         status == CONNTRAIL_DESTINATION_UNKNOWN;
}

/* Linux' SO_ORIGINAL_DST gives a connection that nobody redirected its own address: going there
 * would be going in circles. */
static bool leads_back(conntrail_socket accepted, const struct sockaddr_storage *listening,
                       const struct sockaddr_storage *destination) {
  struct sockaddr_storage local;
  ev_socklen_t size = sizeof local;
  return address_port(listening) == address_port(destination) &&
         getsockname(accepted, (struct sockaddr *)&local, &size) == 0 &&
         address_is_same(&local, destination);
}

static bool find_destination(conntrail_socket accepted, const struct sockaddr_storage *listening,
                             const struct sockaddr_storage *otherwise, onward *result) {
  const conntrail_status status = conntrail_original_destination(accepted, &result->destination);
  const bool is_circle =
      status == CONNTRAIL_OK && leads_back(accepted, listening, &result->destination);
  result->destination_status = status;
  if (status == CONNTRAIL_OK && !is_circle) {
    return true;
  }
  if ((is_ordinary(status) || is_circle) && otherwise) {
    result->destination = *otherwise;
    return true;
  }
  memset(&result->destination, 0, sizeof result->destination);
  refuse(result, "original destination",
         is_circle ? "is where this connection was accepted: nobody redirected it"
                   : conntrail_status_sentence(status));
  return false;
}

static bool open_socket(onward *result) {
  result->socket = system_stream_socket(result->destination.ss_family);
  if (result->socket == CONNTRAIL_INVALID_SOCKET) {
    refuse_by_system(result, "socket");
    return false;
  }
  /* What comes is passed on as it comes. The accepted socket has it from the listening one. */
  system_send_at_once(result->socket);
  return true;
}

/* Of a connection that was not redirected there is nothing to transfer: it goes on without. */
static bool transfer(conntrail_socket accepted, onward *result) {
  result->transfer_status = is_ordinary(result->destination_status)
                                ? CONNTRAIL_OK_NOTHING_TO_TRANSFER
                                : conntrail_transfer_records(accepted, result->socket);
  if (result->transfer_status >= 0) {
    return true;
  }
  refuse(result, "transfer of records", conntrail_status_sentence(result->transfer_status));
  return false;
}

void onward_begin(conntrail_socket accepted, const struct sockaddr_storage *listening,
                  const struct sockaddr_storage *otherwise, onward *result) {
  result->socket = CONNTRAIL_INVALID_SOCKET;
  result->is_connected = false;
  result->transfer_status = CONNTRAIL_PENDING;
  result->failed_step = NULL;
  if (!find_destination(accepted, listening, otherwise, result) || !open_socket(result) ||
      !transfer(accepted, result)) {
    return;
  }
  result->is_connected = connect(result->socket, (const struct sockaddr *)&result->destination,
                                 address_size(&result->destination)) == 0;
  if (!result->is_connected && !system_would_wait()) {
    refuse_by_system(result, "connect");
  }
}
