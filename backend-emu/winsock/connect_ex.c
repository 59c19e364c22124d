/* SPDX-License-Identifier: MIT */

/* ConnectEx and DisconnectEx, which programs get by SIO_GET_EXTENSION_FUNCTION_POINTER. */

#include "winsock.h"

typedef void (*any_call)(void);

static const GUID connect_ex_identity = WSAID_CONNECTEX;
static const GUID disconnect_ex_identity = WSAID_DISCONNECTEX;

/* Asked of the SOCKET each time: [D] the pointer belongs to the socket's provider. */
bool conntrail__extension_find(SOCKET handle, const GUID *identity, void *call, DWORD size) {
  GUID asked = *identity;
  DWORD bytes = 0;
  return conntrail__system_calls()->WSAIoctl(handle, SIO_GET_EXTENSION_FUNCTION_POINTER, &asked,
                                             (DWORD)sizeof asked, call, size, &bytes, NULL,
                                             NULL) == 0;
}

typedef struct request {
  LPFN_CONNECTEX real;
  SOCKET handle;
  const struct sockaddr *name;
  int size;
  void *data;
  DWORD data_size;
  DWORD *sent;
  OVERLAPPED *overlapped;
} request;

static BOOL perform(const request *asked, const struct sockaddr *name, int size) {
  return asked->real(asked->handle, name, size, asked->data, asked->data_size, asked->sent,
                     asked->overlapped);
}

static BOOL connect_kept(const conntrail__kept *kept, const request *asked) {
  conntrail__address remote;
  conntrail__way way;
  uint32_t busy = conntrail__connect_busy(kept);
  if (busy != 0) {
    (void)conntrail__refuse(busy);
    return FALSE;
  }
  /* [D] ConnectEx wants a bound socket, and is for streams. */
  if (kept->reference.state != CONNTRAIL__BOUND || kept->reference.kind != CONNTRAIL__STREAM ||
      !conntrail__connect_concerns(kept, asked->name, asked->size, &remote)) {
    return perform(asked, asked->name, asked->size);
  }
  if (!conntrail__connect_lead(kept, &remote, true, &way)) {
    return FALSE;
  }
  BOOL answer = perform(asked, (const struct sockaddr *)&way.target.address, (int)way.target.size);
  conntrail__connect_went(kept, &way, answer);
  conntrail__update_expect(kept->known.handle, true);
  return answer;
}

static BOOL PASCAL connect_ex(SOCKET handle, const struct sockaddr *name, int size, void *data,
                              DWORD data_size, DWORD *sent, OVERLAPPED *overlapped) {
  conntrail__kept kept;
  request asked = {NULL, handle, name, size, data, data_size, sent, overlapped};
  if (!conntrail__extension_find(handle, &connect_ex_identity, &asked.real,
                                 (DWORD)sizeof asked.real)) {
    return FALSE;
  }
  if (!conntrail__kept_take(handle, &kept)) {
    return perform(&asked, name, size);
  }
  BOOL answer = connect_kept(&kept, &asked);
  conntrail__reference_drop(&kept.reference);
  return answer;
}

/* A socket that is to be used again is a fresh one to the engine. [D] It stays bound. */
static void dissolve(SOCKET handle) {
  const conntrail__address unknown = {.family = CONNTRAIL__NO_FAMILY};
  conntrail__reference socket;
  if (conntrail__reference_enter((intptr_t)handle, &socket)) {
    conntrail__tell_dissolved(&socket, &unknown);
    conntrail__descriptor_find(handle)->needs_update = false;
    conntrail__reference_leave();
  }
}

static BOOL PASCAL disconnect_ex(SOCKET handle, OVERLAPPED *overlapped, DWORD flags,
                                 DWORD reserved) {
  LPFN_DISCONNECTEX real;
  if (!conntrail__extension_find(handle, &disconnect_ex_identity, &real, (DWORD)sizeof real)) {
    return FALSE;
  }
  conntrail__connect_settle(handle);
  BOOL answer = real(handle, overlapped, flags, reserved);
  int error = WSAGetLastError();
  if ((answer || error == WSA_IO_PENDING) && (flags & TF_REUSE_SOCKET) != 0) {
    dissolve(handle);
  }
  WSASetLastError(error);
  return answer;
}

any_call conntrail__connect_extension(const GUID *identity) {
  if (IsEqualGUID(identity, &connect_ex_identity)) {
    return (any_call)connect_ex;
  }
  if (IsEqualGUID(identity, &disconnect_ex_identity)) {
    return (any_call)disconnect_ex;
  }
  return NULL;
}
