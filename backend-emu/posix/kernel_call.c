/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../../src/numbers.h"
#include "../frontend/system_linux.h"
#include "conntrail/linux.h"
#include "kernel_option.h"

/* ---- A control code -------------------------------------------------------------------------- */

static uint32_t refuse_inherited(const char *call) {
  (void)conntrail__session_refuse_inherited(call);
  return CONNTRAIL__WSAEOPNOTSUPP;
}

static uint32_t ask_idle(int fd, const conntrail__call *call) {
  conntrail__untracked untracked;
  int error = conntrail__untracked_describe(fd, &untracked);
  return error == 0 ? conntrail__idle_ioctl(&untracked, call) : conntrail__native_number_of(error);
}

static uint32_t ask_untracked(int fd, const conntrail__call *call) {
  conntrail__untracked untracked;
  int error = conntrail__untracked_describe(fd, &untracked);
  if (error != 0) {
    return conntrail__native_number_of(error);
  }
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

/* ---- The original destination ---------------------------------------------------------------- */

/* Windows without HNS knows no such option. */
static uint32_t original_of_untracked(int fd) {
  conntrail__untracked untracked;
  int error = conntrail__untracked_describe(fd, &untracked);
  if (error != 0) {
    return conntrail__native_number_of(error);
  }
  return untracked.is_socket ? CONNTRAIL__WSAENOPROTOOPT : CONNTRAIL__WSAENOTSOCK;
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

/* ---- The level ------------------------------------------------------------------------------- */

static int descriptor_of(const void *own) {
  return *(const int *)own;
}

static uint32_t control(const void *own, const conntrail__call *call) {
  int fd = descriptor_of(own);
  if (!conntrail__is_active()) {
    return ask_idle(fd, call);
  }
  return conntrail__session_applies() ? ask_tracked(fd, call) : CONNTRAIL__WSAEINPROGRESS;
}

static uint32_t original(const void *own, conntrail__address *destination) {
  int fd = descriptor_of(own);
  conntrail__reference socket;
  return conntrail__is_watched() && conntrail__descriptor_enter(fd, &socket)
             ? original_of_tracked(&socket, destination)
             : original_of_untracked(fd);
}

static void note_layout(const void *own, uint32_t size) {
  if (!conntrail__is_watched()) {
    return;
  }
  conntrail__native_lock();
  const conntrail__socket *known = conntrail__table_find(descriptor_of(own));
  if (known != NULL) {
    conntrail__note_misuse(conntrail__socket_emulation(known), known,
                           CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT, size);
  }
  conntrail__native_unlock();
}

static conntrail__untracked describe(const void *own) {
  conntrail__untracked untracked;
  (void)conntrail__untracked_describe(descriptor_of(own), &untracked);
  return untracked;
}

static bool is_inherited(int fd) {
  conntrail__reference socket;
  if (!conntrail__is_watched() || !conntrail__descriptor_enter(fd, &socket)) {
    return false;
  }
  conntrail__reference_leave();
  return socket.is_inherited;
}

static int error_of(const void *own, uint32_t native) {
  return native == CONNTRAIL__WSAEOPNOTSUPP && is_inherited(descriptor_of(own))
             ? ENETDOWN
             : conntrail__level_errno(native);
}

conntrail__level conntrail__kernel_level(const int *fd) {
  return (conntrail__level){.own = fd,
                            .control = control,
                            .original = original,
                            .note_layout = note_layout,
                            .describe = describe,
                            .error_of = error_of,
                            .last_error = &conntrail__self.native_error};
}

int conntrail__kernel_full_call(int fd, void *out, socklen_t *size) {
  if (size == NULL) {
    return conntrail__fail(EFAULT);
  }
  /* size is the address of the first member: linux.h. */
  struct conntrail_linux_call *call = (struct conntrail_linux_call *)(void *)size;
  if (call->version != CONNTRAIL_LINUX_INTERFACE || call->size != sizeof *call) {
    return conntrail__fail(EPROTO);
  }
  const conntrail__level level = conntrail__kernel_level(&fd);
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): linux.h passes addresses as 64-bit numbers. */
  const void *in = (const void *)(uintptr_t)call->in;
  const conntrail__level_buffers buffers = {in, call->in_size, out, call->length};
  conntrail__level_call(&level, call, &buffers);
  return 0;
}
