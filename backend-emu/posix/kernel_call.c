/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../../src/numbers.h"
#include "conntrail/linux.h"
#include "kernel_option.h"

/* ---- A control code -------------------------------------------------------------------------- */

static uint32_t refuse_inherited(const char *call) {
  (void)conntrail__session_refuse_inherited(call);
  return CONNTRAIL__WSAEOPNOTSUPP;
}

static uint32_t ask_idle(int fd, const conntrail__call *call) {
  conntrail__untracked untracked = conntrail__untracked_describe(fd);
  return conntrail__idle_ioctl(&untracked, call);
}

static uint32_t ask_untracked(int fd, const conntrail__call *call) {
  conntrail__untracked untracked = conntrail__untracked_describe(fd);
  conntrail__native_lock();
  const conntrail__session_entry *current = conntrail__session_current();
  uint32_t native = current == NULL || current->is_inherited
                        ? conntrail__idle_ioctl(&untracked, call)
                        : conntrail__untracked_ioctl(current->emu, &untracked, call);
  conntrail__native_unlock();
  return native;
}

static uint32_t ask_tracked(int fd, const conntrail__call *call) {
  conntrail__reference socket;
  if (!conntrail__descriptor_enter(fd, &socket)) {
    return ask_untracked(fd, call);
  }
  uint32_t native = CONNTRAIL__WSAEOPNOTSUPP;
  conntrail__connect_settle(socket.socket, fd);
  if (!socket.is_inherited) {
    conntrail__identity who;
    conntrail__session_identity(&who);
    native = conntrail__socket_ioctl(socket.socket, &who, call);
  }
  conntrail__reference_leave();
  return socket.is_inherited ? refuse_inherited("a control code") : native;
}

uint32_t conntrail__kernel_control(int fd, const conntrail__call *call) {
  if (!conntrail__is_active()) {
    return ask_idle(fd, call);
  }
  return conntrail__session_applies() ? ask_tracked(fd, call) : CONNTRAIL__WSAEINPROGRESS;
}

/* ---- The original destination ---------------------------------------------------------------- */

/* Windows without HNS knows no such option. */
static uint32_t original_of_untracked(int fd) {
  return conntrail__untracked_describe(fd).is_socket ? CONNTRAIL__WSAENOPROTOOPT
                                                     : CONNTRAIL__WSAENOTSOCK;
}

/* (locked) Gives the lock back. */
static uint32_t original_of_tracked(const conntrail__reference *socket,
                                    conntrail__address *destination) {
  uint32_t native = CONNTRAIL__WSAEOPNOTSUPP;
  if (!socket->is_inherited) {
    conntrail__identity who;
    conntrail__session_identity(&who);
    native = conntrail__socket_original_destination(socket->socket, &who, destination);
  }
  conntrail__reference_leave();
  return socket->is_inherited ? refuse_inherited("SO_ORIGINAL_DST") : native;
}

/* In the room that is there, as getsockopt() writes; *written is what was written. */
static uint32_t original_destination(int fd, void *out, uint32_t capacity, uint32_t *written) {
  conntrail__reference socket;
  if (!conntrail__is_watched() || !conntrail__descriptor_enter(fd, &socket)) {
    return original_of_untracked(fd);
  }
  conntrail__address original = {.family = CONNTRAIL__NO_FAMILY};
  uint32_t native = original_of_tracked(&socket, &original);
  if (native == 0) {
    struct sockaddr_storage storage;
    size_t size = conntrail__address_to_sockaddr(&original, &storage);
    *written = size <= capacity ? (uint32_t)size : capacity;
    if (*written > 0) {
      memcpy(out, &storage, *written);
    }
  }
  return native;
}

/* ---- Notes ----------------------------------------------------------------------------------- */

static void note_layout(int fd, uint32_t size) {
  if (!conntrail__is_watched()) {
    return;
  }
  conntrail__native_lock();
  const conntrail__socket *known = conntrail__table_find(fd);
  if (known != NULL) {
    conntrail__note_misuse(conntrail__socket_emulation(known), known,
                           CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT, size);
  }
  conntrail__native_unlock();
}

/* ---- The full form --------------------------------------------------------------------------- */

/* Answers the number; *written is the bytes that stand at out. */
static uint32_t perform(int fd, struct conntrail_linux_call *call, void *out, uint32_t *written) {
  if (call->code == CONNTRAIL_LINUX_ORIGINAL_DESTINATION) {
    return original_destination(fd, out, call->length, written);
  }
  if (call->code == CONNTRAIL_LINUX_LAYOUT_DID_NOT_FIT) {
    note_layout(fd, call->in_size);
    return 0;
  }
  if (!conntrail__is_redirect_code(call->code)) {
    return CONNTRAIL__WSAEOPNOTSUPP;
  }
  uint32_t bytes = call->bytes;
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): linux.h passes addresses as 64-bit numbers. */
  const void *in = (const void *)(uintptr_t)call->in;
  const conntrail__call asked = {call->code, in, call->in_size, out, call->length, &bytes};
  uint32_t native = conntrail__kernel_control(fd, &asked);
  call->bytes = bytes;
  if (native == 0 && call->code != CONNTRAIL_LINUX_SET_RECORDS && bytes <= call->length) {
    *written = bytes;
  }
  return native;
}

int conntrail__kernel_full_call(int fd, void *out, socklen_t *size) {
  if (size == NULL) {
    errno = EFAULT;
    return -1;
  }
  /* size is the address of the first member: linux.h. */
  struct conntrail_linux_call *call = (struct conntrail_linux_call *)(void *)size;
  if (call->version != CONNTRAIL_LINUX_INTERFACE || call->size != sizeof *call) {
    errno = EPROTO;
    return -1;
  }
  uint32_t written = 0;
  call->native = perform(fd, call, out, &written);
  call->length = written;
  return 0;
}
