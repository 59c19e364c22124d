/* SPDX-License-Identifier: MIT */

/* WSAIoctl: the three codes of redirect records are the engine's, all others the system's. */

#include "winsock.h"

#include <string.h>

typedef struct request {
  SOCKET handle;
  DWORD code;
  void *in;
  DWORD in_size;
  void *out;
  DWORD out_size;
  DWORD *bytes;
  OVERLAPPED *overlapped;
  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
} request;

static int pass_on(const request *asked) {
  return conntrail__system_calls()->WSAIoctl(asked->handle, asked->code, asked->in, asked->in_size,
                                             asked->out, asked->out_size, asked->bytes,
                                             asked->overlapped, asked->routine);
}

/* [S] Wine says 10045 of what is no socket. */
static int fail_extension(const request *asked) {
  conntrail__untracked untracked;
  conntrail__descriptor_untracked(asked->handle, &untracked);
  return untracked.is_socket ? SOCKET_ERROR : conntrail__refuse(WSAENOTSOCK);
}

static int hand_out_extension(const request *asked) {
  GUID identity;
  int answer = pass_on(asked);
  if (answer != 0) {
    return fail_extension(asked);
  }
  if (asked->in == NULL || asked->in_size < sizeof identity || asked->out == NULL ||
      asked->out_size < sizeof(void (*)(void))) {
    return answer;
  }
  memcpy(&identity, asked->in, sizeof identity);
  void (*ours)(void) = conntrail__connect_extension(&identity);
  if (ours == NULL) {
    ours = conntrail__accept_extension(&identity);
  }
  if (ours == NULL) {
    ours = conntrail__message_extension(&identity);
  }
  if (ours != NULL) {
    memcpy(asked->out, &ours, sizeof ours);
  }
  return answer;
}

/* mingw-w64 10 does not have it. [D] mswsock.h: the only table that it gives is RIO's. */
#define MULTIPLE_EXTENSIONS _WSAIORW(IOC_WS2, 36)

/*
 * What RIO's functions send and receive is not watched, and the table that one SOCKET is given
 * serves all of them: with an emulation the system has none (clause E8), as Windows 7 has none.
 */
static bool is_registered_io_refused(const request *asked) {
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(asked->handle);
  const conntrail__socket *socket = found != NULL ? found->socket : NULL;
  const conntrail__session_entry *current = conntrail__session_current();
  conntrail_emu *emu = current == NULL ? NULL : current->emu;
  if (socket != NULL) {
    emu = conntrail__socket_emulation(socket);
  }
  if (emu != NULL) {
    conntrail__note_bypass(emu, socket, CONNTRAIL__REGISTERED_IO, WSAEOPNOTSUPP);
  }
  conntrail__native_unlock();
  return emu != NULL;
}

static int hand_out_extensions(const request *asked) {
  if (!is_registered_io_refused(asked)) {
    return pass_on(asked);
  }
  if (asked->bytes != NULL) {
    *asked->bytes = 0;
  }
  return conntrail__refuse(WSAEOPNOTSUPP);
}

/* Clause E1: without an emulation the system answers. */
static bool ask_untracked(const request *asked, const conntrail__call *call, uint32_t *native) {
  conntrail__untracked untracked;
  conntrail__descriptor_untracked(asked->handle, &untracked);
  conntrail__native_lock();
  const conntrail__session_entry *current = conntrail__session_current();
  conntrail_emu *emu = current == NULL ? NULL : current->emu;
  if (emu != NULL) {
    *native = conntrail__untracked_ioctl(emu, &untracked, call);
  }
  conntrail__native_unlock();
  return emu != NULL;
}

/* (locked) */
static uint32_t ask_tracked(const request *asked, const conntrail__descriptor *known,
                            const conntrail__call *call) {
  conntrail__identity who;
  uint32_t native;
  if (asked->overlapped != NULL &&
      conntrail__query_begin(known, call, asked->overlapped, asked->routine, &native)) {
    return native;
  }
  conntrail__session_identity(&who);
  return conntrail__socket_ioctl(known->socket, &who, call);
}

static bool ask_engine(const request *asked, conntrail__descriptor *descriptor,
                       const conntrail__call *call, uint32_t *native) {
  conntrail__native_lock();
  const conntrail__descriptor *found = conntrail__descriptor_find(asked->handle);
  if (found != NULL) {
    *descriptor = *found;
    *native = ask_tracked(asked, found, call);
  }
  conntrail__native_unlock();
  if (found != NULL) {
    return true;
  }
  *descriptor = (conntrail__descriptor){.handle = asked->handle, .overlapped = true};
  return ask_untracked(asked, call, native);
}

/*
 * [D] A failure that is known at once is answered at once, and nothing completes later. A socket
 * without the overlapped attribute ignores the OVERLAPPED (clause O4).
 */
static int redirect_code(const request *asked) {
  conntrail__descriptor descriptor;
  uint32_t counted = asked->bytes != NULL ? *asked->bytes : 0;
  uint32_t native = 0;
  bool may_be_null = asked->overlapped != NULL;
  conntrail__call call = {.code = asked->code,
                          .in = asked->in,
                          .in_size = asked->in_size,
                          .out = asked->out,
                          .capacity = asked->out_size,
                          .bytes = asked->bytes != NULL || may_be_null ? &counted : NULL};
  if (asked->routine != NULL && asked->overlapped == NULL) {
    return conntrail__refuse(
        WSAEINVAL); /* no document says what a routine without OVERLAPPED means */
  }
  if (!ask_engine(asked, &descriptor, &call, &native)) {
    return pass_on(asked);
  }
  if (asked->bytes != NULL && native != WSA_IO_PENDING) {
    *asked->bytes = counted;
  }
  if (native == 0 && asked->overlapped != NULL && descriptor.overlapped) {
    const conntrail__notification notification = {asked->overlapped, asked->routine,
                                                  GetCurrentThread()};
    native = conntrail__overlapped_complete(&descriptor, &notification, 0, counted);
  }
  return native == 0 ? 0 : conntrail__refuse(native);
}

int WSAAPI conntrail__watched_WSAIoctl(SOCKET handle, DWORD code, void *in, DWORD in_size,
                                       void *out, DWORD out_size, DWORD *bytes,
                                       OVERLAPPED *overlapped,
                                       LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  request asked = {handle, code, in, in_size, out, out_size, bytes, overlapped, routine};
  if (code == SIO_GET_EXTENSION_FUNCTION_POINTER) {
    return hand_out_extension(&asked);
  }
  if (code == MULTIPLE_EXTENSIONS) {
    return hand_out_extensions(&asked);
  }
  if (code == (DWORD)FIONBIO && in != NULL && in_size >= sizeof(u_long)) {
    return conntrail__descriptor_set_nonblocking(handle, *(u_long *)in != 0, pass_on(&asked));
  }
  if (!conntrail__is_redirect_code(code)) {
    return pass_on(&asked);
  }
  conntrail__connect_settle(handle);
  return redirect_code(&asked);
}
