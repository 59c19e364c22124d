/* SPDX-License-Identifier: MIT */

/* WSASendMsg and WSARecvMsg, which programs get by SIO_GET_EXTENSION_FUNCTION_POINTER as well. */

#include "../../src/backend.h"
#include "winsock.h"

typedef void (*any_call)(void);

static const GUID receive_identity = WSAID_WSARECVMSG;
static const GUID send_identity = WSAID_WSASENDMSG;

/* [D] Both are for datagrams, and a control buffer that has a length has an address. */
static uint32_t check(const conntrail__kept *kept, const WSAMSG *message,
                      conntrail_emu_operation operation) {
  if (kept->reference.kind != CONNTRAIL__DATAGRAM) {
    return WSAEINVAL;
  }
  if (message->Control.buf == NULL && message->Control.len != 0) {
    return WSAEFAULT;
  }
  if (!conntrail__reference_resume(&kept->reference)) {
    return (uint32_t)conntrail__connect_ended_error();
  }
  uint32_t native = conntrail__datagram_fault(kept->known.socket, operation);
  conntrail__native_unlock();
  return native;
}

/* ---- Sending -------------------------------------------------------------------------------- */

static bool find_records(const WSAMSG *message, conntrail__outgoing *outgoing) {
  return conntrail__outgoing_read(outgoing, message->Control.buf, message->Control.len);
}

/* The program's own control messages, without ours: the system knows no such type. 0, or the
 * Winsock number. */
static uint32_t strip(conntrail__send_request *p) {
  void *others;
  size_t size;
  if (p->outgoing.records == NULL) {
    return 0;
  }
  if (!conntrail__outgoing_strip(&p->outgoing, &others, &size)) {
    return WSAENOBUFS;
  }
  p->control = (WSABUF){(ULONG)size, others};
  return 0;
}

static int send_kept(const conntrail__kept *kept, const WSAMSG *message,
                     conntrail__send_request *p) {
  uint32_t native = check(kept, message, CONNTRAIL_EMU_SEND_MESSAGE);
  if (native == 0) {
    native = find_records(message, &p->outgoing) ? strip(p) : WSAEINVAL;
  }
  if (native != 0) {
    conntrail__reference_drop(&kept->reference);
    return conntrail__refuse(native);
  }
  int answer = conntrail__datagram_send(kept, p);
  int error = WSAGetLastError();
  conntrail__outgoing_free(&p->outgoing);
  WSASetLastError(error);
  return answer;
}

/* A SOCKET that is not of the emulation has no records to send (X7). What is no socket, the system
 * refuses (Q16). */
static bool is_refused(SOCKET handle, const WSAMSG *message) {
  conntrail__outgoing outgoing;
  conntrail__untracked untracked;
  if (message == NULL || !find_records(message, &outgoing) || outgoing.records == NULL) {
    return false;
  }
  conntrail__descriptor_untracked(handle, &untracked);
  if (!untracked.is_socket) {
    return false;
  }
  conntrail__native_lock();
  bool is_emulated = conntrail__session_current() != NULL;
  conntrail__native_unlock();
  return is_emulated;
}

int WSAAPI conntrail__watched_WSASendMsg(SOCKET handle, WSAMSG *message, DWORD flags, DWORD *sent,
                                         OVERLAPPED *overlapped,
                                         LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__kept kept;
  conntrail__connect_settle(handle);
  if (message == NULL || !conntrail__kept_take(handle, &kept)) {
    return is_refused(handle, message) ? conntrail__refuse(WSAEINVAL)
                                       : conntrail__system_calls()->WSASendMsg(
                                             handle, message, flags, sent, overlapped, routine);
  }
  conntrail__send_request p = {.handle = handle,
                               .buffers = message->lpBuffers,
                               .count = message->dwBufferCount,
                               .sent = sent,
                               .flags = flags,
                               .name = message->name,
                               .size = message->namelen,
                               .is_message = true,
                               .control = message->Control,
                               .overlapped = overlapped,
                               .routine = routine};
  return send_kept(&kept, message, &p);
}

/* mingw-w64 declares WSASendMsg without dllimport: programs call it by its name alone, which the
 * import library defines together with the pointer. */
#if defined(__MINGW32__) && defined(_WIN64)
__asm__(".globl WSASendMsg\n.set WSASendMsg, conntrail__watched_WSASendMsg");
#elif defined(__MINGW32__)
__asm__(".globl _WSASendMsg@24\n.set _WSASendMsg@24, _conntrail__watched_WSASendMsg@24");
#endif

/* ---- Receiving ------------------------------------------------------------------------------ */

/* [D] 10038 for what is no socket. [S] Wine says 10045 of a pipe or a file. */
static int answer_of_untracked(SOCKET handle, int answer) {
  conntrail__untracked untracked;
  if (answer == 0) {
    return 0;
  }
  conntrail__descriptor_untracked(handle, &untracked);
  return untracked.is_socket ? answer : conntrail__refuse(WSAENOTSOCK);
}

static int pass_on(SOCKET handle, WSAMSG *message, DWORD *received, OVERLAPPED *overlapped,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  LPFN_WSARECVMSG real;
  if (!conntrail__extension_find(handle, &receive_identity, &real, (DWORD)sizeof real)) {
    return answer_of_untracked(handle, SOCKET_ERROR);
  }
  return answer_of_untracked(handle, real(handle, message, received, overlapped, routine));
}

/* [D] 10022 where it would wait on a socket that nothing can be sent to. */
static uint32_t check_receive(const conntrail__kept *kept, const WSAMSG *message) {
  conntrail__address local;
  if (kept->reference.kind == CONNTRAIL__DATAGRAM &&
      (!conntrail__native_local_address((intptr_t)kept->known.handle, &local) || local.port == 0)) {
    return WSAEINVAL;
  }
  return check(kept, message, CONNTRAIL_EMU_RECEIVE_MESSAGE);
}

static INT PASCAL receive_message(SOCKET handle, WSAMSG *message, DWORD *received,
                                  OVERLAPPED *overlapped,
                                  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__kept kept;
  conntrail__connect_settle(handle);
  if (message == NULL || !conntrail__kept_take(handle, &kept)) {
    return pass_on(handle, message, received, overlapped, routine);
  }
  const conntrail__reception asked = {.handle = handle,
                                      .family = kept.known.family,
                                      .buffers = message->lpBuffers,
                                      .count = message->dwBufferCount,
                                      .bytes = received,
                                      .flags = message->dwFlags,
                                      .from = message->name,
                                      .from_size = &message->namelen,
                                      .message = message,
                                      .overlapped = overlapped,
                                      .routine = routine};
  uint32_t native = check_receive(&kept, message);
  if (native == 0 && conntrail__reception_is_sound(&asked)) {
    return conntrail__datagram_receive(&kept, &asked);
  }
  conntrail__reference_drop(&kept.reference);
  return native != 0 ? conntrail__refuse(native)
                     : pass_on(handle, message, received, overlapped, routine);
}

any_call conntrail__message_extension(const GUID *identity) {
  if (IsEqualGUID(identity, &receive_identity)) {
    return (any_call)receive_message;
  }
  if (IsEqualGUID(identity, &send_identity)) {
    return (any_call)conntrail__watched_WSASendMsg;
  }
  return NULL;
}
