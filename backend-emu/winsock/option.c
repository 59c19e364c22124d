/* SPDX-License-Identifier: MIT */

/* getsockopt and setsockopt: the original destination, and the options by which a program learns
 * that an overlapped accept or connect is done. */

#include "../../backend-win/wfp_codes.h"
#include "winsock.h"

#include <string.h>

static bool asks_original_destination(int level, int option) {
  return (level == SOL_IP || level == SOL_IPV6) && option == SO_ORIGINAL_DST;
}

/* False where the SOCKET is not tracked. */
static bool find_original_destination(SOCKET handle, conntrail__address *destination,
                                      uint32_t *native) {
  conntrail__identity who;
  conntrail__native_lock();
  conntrail__session_identity(&who);
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    *native = conntrail__socket_original_destination(found->socket, &who, destination);
  }
  conntrail__native_unlock();
  return found != NULL;
}

static int get_original_destination(SOCKET handle, int level, char *value, int *size) {
  conntrail__address destination;
  struct sockaddr_storage storage;
  uint32_t native = 0;
  if (value == NULL || size == NULL) {
    return conntrail__refuse(WSAEFAULT);
  }
  if (!find_original_destination(handle, &destination, &native)) {
    return conntrail__system_calls()->getsockopt(handle, level, SO_ORIGINAL_DST, value, size);
  }
  if (native != 0) {
    return conntrail__refuse(native);
  }
  size_t length = conntrail__address_to_sockaddr(&destination, &storage);
  return conntrail__address_give(&storage, length, (struct sockaddr *)value, size);
}

/* Why a connect failed, if this front end had to find out before the program asked. Reported once.
 */
static uint32_t take_pending_error(SOCKET handle) {
  uint32_t native = 0;
  conntrail__native_lock();
  conntrail__descriptor *descriptor = conntrail__descriptor_find(handle);
  if (descriptor != NULL) {
    native = descriptor->pending_error;
    descriptor->pending_error = 0;
  }
  conntrail__native_unlock();
  return native;
}

static int get_error(SOCKET handle, char *value, int *size) {
  int answer = conntrail__system_calls()->getsockopt(handle, SOL_SOCKET, SO_ERROR, value, size);
  if (answer != 0 || *size != (int)sizeof(int)) {
    return answer;
  }
  int native = (int)take_pending_error(handle);
  if (native != 0) {
    memcpy(value, &native, sizeof native);
  }
  return answer;
}

int WSAAPI conntrail__watched_getsockopt(SOCKET handle, int level, int option, char *value,
                                         int *size) {
  conntrail__connect_settle(handle);
  if (level == SOL_SOCKET && option == SO_ERROR) {
    return get_error(handle, value, size);
  }
  if (asks_original_destination(level, option)) {
    return get_original_destination(handle, level, value, size);
  }
  return conntrail__system_calls()->getsockopt(handle, level, option, value, size);
}

/* False where the SOCKET is not tracked. */
static bool enable_messages(SOCKET handle, int level, int option, const char *value, int size,
                            uint32_t *native) {
  DWORD is_enabled = 0;
  *native = value == NULL || size < (int)sizeof is_enabled ? WSAEFAULT : 0;
  if (*native == 0) {
    memcpy(&is_enabled, value, sizeof is_enabled);
  }
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL && *native == 0) {
    *native = conntrail__datagram_enable(found->socket, level, option, is_enabled != 0);
  }
  conntrail__native_unlock();
  return found != NULL;
}

int WSAAPI conntrail__watched_setsockopt(SOCKET handle, int level, int option, const char *value,
                                         int size) {
  SOCKET listener;
  uint32_t native;
  if (conntrail__is_message_option(level, option) &&
      enable_messages(handle, level, option, value, size, &native)) {
    return native == 0 ? 0 : conntrail__refuse(native);
  }
  int answer = conntrail__system_calls()->setsockopt(handle, level, option, value, size);
  if (answer != 0 || level != SOL_SOCKET) {
    return answer;
  }
  if (option == SO_UPDATE_CONNECT_CONTEXT) {
    conntrail__connect_settle(handle);
    conntrail__update_expect(handle, false);
  }
  if (option == SO_UPDATE_ACCEPT_CONTEXT && value != NULL && size == (int)sizeof listener) {
    memcpy(&listener, value, sizeof listener);
    return conntrail__accept_updated(handle, listener);
  }
  return answer;
}
