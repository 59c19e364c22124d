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

/* It was not redirected, as far as this system knows. */
static bool is_ordinary(conntrail_status status) {
  return status == CONNTRAIL_NOT_REDIRECTED || status == CONNTRAIL_NOT_SUPPORTED ||
         status == CONNTRAIL_DESTINATION_UNKNOWN || status == CONNTRAIL_DESTINATION_IS_PROXY;
}

/* Never the proxy's own address (K6, K10). */
static bool find_destination(conntrail_socket accepted, const onward_from *from, onward *result) {
  const conntrail_status status =
      conntrail_original_destination_by(accepted, from->listener, NULL, NULL, &result->destination);
  result->destination_status = status;
  if (status == CONNTRAIL_OK) {
    return true;
  }
  if (is_ordinary(status) && from->otherwise) {
    result->destination = *from->otherwise;
    return true;
  }
  memset(&result->destination, 0, sizeof result->destination);
  refuse(result, "original destination", conntrail_status_sentence(status));
  return false;
}

static bool open_socket(const onward_from *from, onward *result) {
  result->socket = system_stream_socket(result->destination.ss_family);
  if (result->socket == CONNTRAIL_INVALID_SOCKET) {
    refuse_by_system(result, "socket");
    return false;
  }
  if (!system_set_mark(result->socket, from->mark)) {
    refuse_by_system(result, "mark for");
    return false;
  }
  /* Data are passed on immediately. The accepted socket inherits the option. */
  system_send_at_once(result->socket);
  return true;
}

/* A connection that was not redirected has nothing to transfer, and continues without records. */
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

/* Without records, the system does not know that the proxy's connection continues this one. Its
 * rules must exempt the proxy; otherwise they redirect its connections to it. */
static bool is_own(conntrail_socket accepted, const onward_from *from, onward *result) {
  struct sockaddr_storage client, asked_for = result->destination;
  ev_socklen_t size = sizeof client, asked_size = sizeof asked_for;
  if (result->transfer_status != CONNTRAIL_OK_NOTHING_TO_TRANSFER ||
      getpeername(accepted, (struct sockaddr *)&client, &size) != 0 ||
      (is_ordinary(result->destination_status) && /* "otherwise" is not what the client asked for */
       getsockname(accepted, (struct sockaddr *)&asked_for, &asked_size) != 0) ||
      !own_flows_has(from->outgoing, &client, &asked_for)) {
    return false;
  }
  result->is_loop = true;
  refuse(result, "loop at", "the redirect rule must exempt the proxy's own connections");
  return true;
}

static void connect_onward(const onward_from *from, onward *result) {
  result->is_connected = connect(result->socket, (const struct sockaddr *)&result->destination,
                                 address_size(&result->destination)) == 0;
  if (!result->is_connected && !system_would_wait()) {
    refuse_by_system(result, "connect");
  } else if (result->transfer_status == CONNTRAIL_OK_NOTHING_TO_TRANSFER) {
    result->own_flow = own_flows_add(from->outgoing, result->socket, &result->destination);
  }
}

void onward_begin(conntrail_socket accepted, const onward_from *from, onward *result) {
  result->socket = CONNTRAIL_INVALID_SOCKET;
  result->own_flow = OWN_FLOWS_NONE;
  result->is_connected = false;
  result->is_loop = false;
  result->transfer_status = CONNTRAIL_PENDING;
  result->failed_step = NULL;
  if (find_destination(accepted, from, result) && open_socket(from, result) &&
      transfer(accepted, result) && !is_own(accepted, from, result)) {
    connect_onward(from, result);
  }
}
