/* SPDX-License-Identifier: MIT */

/*
 * AcceptEx. Programs get it by SIO_GET_EXTENSION_FUNCTION_POINTER, or by its name. A SOCKET that it
 * was given is an accepted one once the connection is there, whether the program sets
 * SO_UPDATE_ACCEPT_CONTEXT or not [S: eBPF for Windows' own TCP test never sets it, and expects the
 * redirect context]. When that is, the system says if it is asked: so the engine learns of it with
 * the program's next call about this SOCKET.
 */

#include "winsock.h"

typedef void (*any_call)(void);

static const GUID accept_ex_identity = WSAID_ACCEPTEX;

/* False: no memory. *is_expected: from now on, so that a failure of the system's call undoes it. */
static bool expect_accept(SOCKET accepted, SOCKET listener, bool *is_expected) {
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(accepted);
  *is_expected = found != NULL && !found->is_accepting;
  bool has_room = !*is_expected || conntrail__descriptor_begin_accepting(found, listener);
  conntrail__native_unlock();
  return has_room;
}

static void expect_none(SOCKET accepted) {
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(accepted);
  if (found != NULL) {
    conntrail__descriptor_end_accepting(found);
  }
  conntrail__native_unlock();
}

/* [D] mswsock.h declares it without dllimport: defined here, and linked ahead of mswsock, this is
 * what a program calls by its name. */
BOOL PASCAL AcceptEx(SOCKET listener, SOCKET accepted, void *output, DWORD data_size,
                     DWORD local_size, DWORD remote_size, DWORD *received, OVERLAPPED *overlapped) {
  LPFN_ACCEPTEX real;
  bool is_expected;
  if (!conntrail__extension_find(listener, &accept_ex_identity, &real, (DWORD)sizeof real)) {
    return FALSE;
  }
  if (!expect_accept(accepted, listener, &is_expected)) {
    WSASetLastError(WSAENOBUFS);
    return FALSE;
  }
  BOOL answer =
      real(listener, accepted, output, data_size, local_size, remote_size, received, overlapped);
  int error = WSAGetLastError();
  if (is_expected && !answer && error != ERROR_IO_PENDING) {
    expect_none(accepted);
  }
  WSASetLastError(error);
  return answer;
}

#if defined(_WIN64)
extern any_call const __imp_AcceptEx;
any_call const __imp_AcceptEx = (any_call)AcceptEx;
#elif defined(__GNUC__)
extern any_call const conntrail__imp_accept_ex __asm__("__imp__AcceptEx@32");
any_call const conntrail__imp_accept_ex = (any_call)AcceptEx;
#endif

any_call conntrail__accept_extension(const GUID *identity) {
  return IsEqualGUID(identity, &accept_ex_identity) ? (any_call)AcceptEx : NULL;
}

/* [D] SO_CONNECT_TIME: all bits set where it is not connected. It needs no update. */
static bool is_connected(SOCKET handle) {
  const DWORD never = 0xFFFFFFFF;
  DWORD seconds = never;
  int size = (int)sizeof seconds;
  return conntrail__system_calls()->getsockopt(handle, SOL_SOCKET, SO_CONNECT_TIME,
                                               (char *)&seconds, &size) == 0 &&
         seconds != never;
}

/* [D] Windows tells no peer before the update. Set here it stays unseen: getpeername and shutdown
 * are refused until the program sets it as well. [S] Wine needs none. */
static void let_system_tell_peer(SOCKET handle, SOCKET listener) {
  conntrail__address peer;
  if (!conntrail__address_remote(handle, &peer)) {
    conntrail__system_calls()->setsockopt(handle, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                          (const char *)&listener, (int)sizeof listener);
  }
}

/* What was reserved for its acceptance. False: it is none of an emulation's. */
static bool take_room(SOCKET handle, conntrail__accept_room *room) {
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  if (found != NULL) {
    *room = found->room;
    found->room = (conntrail__accept_room){NULL, NULL};
    conntrail__descriptor_end_accepting(found);
  }
  conntrail__native_unlock();
  return found != NULL;
}

/* It is an accepted one from now on. Ends the listener's reference. 0, or Winsock's error. */
static int adopt(SOCKET handle, const conntrail__reference *listener, bool needs_update) {
  conntrail__address peer;
  conntrail__accept_room room;
  if (!conntrail__address_remote(handle, &peer) || !take_room(handle, &room)) {
    conntrail__reference_drop(listener);
    return 0;
  }
  int error = conntrail__track_accepted(listener, &peer, (intptr_t)handle, &room);
  conntrail__update_expect(handle, error == 0 && needs_update);
  return error;
}

/* Whether it is known as accepted already, by what the program did before. */
static bool is_adopted(SOCKET handle) {
  conntrail__native_lock();
  conntrail__descriptor *found = conntrail__descriptor_find(handle);
  bool is = found != NULL && found->needs_update;
  if (is) {
    found->needs_update = false;
  }
  conntrail__native_unlock();
  return is;
}

int conntrail__accept_updated(SOCKET handle, SOCKET listener) {
  conntrail__reference kept;
  if (is_adopted(handle) || !conntrail__reference_take((intptr_t)listener, &kept)) {
    return 0;
  }
  int error = adopt(handle, &kept, false);
  if (error == 0) {
    return 0;
  }
  WSASetLastError(error);
  return SOCKET_ERROR;
}

void conntrail__accept_settle(const conntrail__kept *kept) {
  SOCKET listener = kept->known.accepts_for;
  conntrail__reference kept_listener;
  if (!is_connected(kept->known.handle)) {
    return;
  }
  let_system_tell_peer(kept->known.handle, listener);
  if (conntrail__reference_take((intptr_t)listener, &kept_listener)) {
    (void)adopt(kept->known.handle, &kept_listener, true);
  } else {
    expect_none(kept->known.handle);
  }
}

static SOCKET find_accepting(SOCKET listener) {
  conntrail__native_lock();
  SOCKET found = conntrail__descriptor_accepting_for(listener);
  conntrail__native_unlock();
  return found;
}

/* What is not accepted yet never will be. */
void conntrail__accept_settle_all(SOCKET listener) {
  if (!conntrail__descriptor_any_underway()) {
    return;
  }
  SOCKET accepting = find_accepting(listener);
  while (accepting != INVALID_SOCKET) {
    conntrail__connect_settle(accepting);
    expect_none(accepting);
    accepting = find_accepting(listener);
  }
}
