/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#include "../../src/backend.h"
#include "native.h"
#include "watched.h"

/* Winsock's numbers, by the names of winsock2.h. */
enum {
  BAD_DESCRIPTOR = 10009,
  INVALID = 10022,
  NOT_SOCKET = 10038,
  MESSAGE_SIZE = 10040,
  NO_PROTOCOL_OPTION = 10042,
  NOT_SUPPORTED = 10045,
  NOT_CONNECTED = 10057
};

/* The pieces of a message go to the system as they are. */
_Static_assert(sizeof(conntrail_buffer) == sizeof(struct iovec), "conntrail_buffer");
_Static_assert(offsetof(conntrail_buffer, bytes) == offsetof(struct iovec, iov_base), "bytes");
_Static_assert(offsetof(conntrail_buffer, size) == offsetof(struct iovec, iov_len), "size");

static uint32_t failure(void) {
  uint32_t native = conntrail__native_of(errno);
  return native == BAD_DESCRIPTOR ? NOT_SOCKET : native;
}

/* ---- Enabling ------------------------------------------------------------------------------- */

uint32_t conntrail__backend_enable(conntrail_socket socket, int level, int option) {
  conntrail__hold hold;
  uint32_t native = NO_PROTOCOL_OPTION;
  if (!conntrail__is_watched() || !conntrail__hold_take(socket, &hold)) {
    return conntrail__stranger_describe(socket).is_socket ? NO_PROTOCOL_OPTION : NOT_SOCKET;
  }
  if (hold.is_inherited) {
    conntrail__hold_drop(&hold);
    (void)conntrail__session_refuse_inherited("conntrail_enable_messages");
    return NOT_SUPPORTED;
  }
  if (conntrail__hold_resume(&hold)) {
    native = conntrail__kernel_enable(hold.socket, level, option, true);
    conntrail__hold_end(&hold);
  }
  return native;
}

/* ---- What a message call is refused for ------------------------------------------------------ */

/* [D] WSARecvMsg and WSASendMsg are for datagrams. Asked once: datagram->call then says so. */
static uint32_t check_stranger(int fd, const conntrail__datagram *datagram) {
  static char is_datagram;
  int type = 0;
  socklen_t size = sizeof type;
  if (*datagram->call == &is_datagram) {
    return 0;
  }
  if (CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return NOT_SOCKET;
  }
  if (type != SOCK_DGRAM) {
    return INVALID;
  }
  *datagram->call = &is_datagram;
  return 0;
}

/* [D] 10022 where WSARecvMsg would wait on a socket that nothing can be sent to. */
static bool is_unbound(int fd, const conntrail__hold *hold) {
  conntrail__address local;
  return hold->state == CONNTRAIL__FRESH && conntrail__local_address(fd, &local) && local.port == 0;
}

static uint32_t ask_for_fault(conntrail__hold *hold, conntrail_emu_operation operation) {
  uint32_t native;
  if (!conntrail__hold_resume(hold)) {
    return 0;
  }
  native = conntrail__kernel_datagram_fault(hold->socket, operation);
  conntrail__face_unlock();
  return native;
}

/* What follows may be quicker. */
static void set_ready(conntrail__hold *hold, int fd) {
  if (conntrail__hold_resume(hold)) {
    if (conntrail__table_find(fd) == hold->socket) {
      conntrail__table_set_ready(fd);
    }
    conntrail__face_unlock();
  }
}

/* Drops the hold where it answers a number. */
static uint32_t check_held(int fd, conntrail__hold *hold, conntrail_emu_operation operation) {
  uint32_t native = 0;
  if (hold->kind != CONNTRAIL__DATAGRAM ||
      (operation == CONNTRAIL_EMU_RECEIVE_MESSAGE && is_unbound(fd, hold))) {
    native = INVALID;
  } else if (hold->may_fault) {
    native = ask_for_fault(hold, operation);
  }
  if (native != 0) {
    conntrail__hold_drop(hold);
  } else if (operation == CONNTRAIL_EMU_RECEIVE_MESSAGE) {
    set_ready(hold, fd);
  }
  return native;
}

/* ---- Messages ------------------------------------------------------------------------------- */

static struct msghdr message_of(const conntrail__datagram *datagram) {
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_name = datagram->peer;
  message.msg_namelen = datagram->peer == NULL ? 0 : (socklen_t)datagram->peer_size;
  message.msg_iov = conntrail__readable(datagram->payload);
  message.msg_iovlen = datagram->payload_count;
  message.msg_control = datagram->control_size == 0 ? NULL : datagram->control;
  message.msg_controllen = datagram->control_size;
  return message;
}

static uint32_t hand_over(conntrail__datagram *datagram, const struct msghdr *message,
                          ssize_t size) {
  if (size < 0) {
    return failure();
  }
  datagram->bytes = (uint32_t)size;
  datagram->peer_size = message->msg_namelen;
  datagram->control_size = (uint32_t)message->msg_controllen;
  datagram->flags = ((message->msg_flags & MSG_TRUNC) != 0 ? CONNTRAIL__DATA_CUT : 0) |
                    ((message->msg_flags & MSG_CTRUNC) != 0 ? CONNTRAIL__CONTROL_CUT : 0);
  return datagram->flags == 0 ? 0 : MESSAGE_SIZE;
}

uint32_t conntrail__backend_recvmsg(conntrail_socket socket, conntrail__datagram *datagram) {
  struct msghdr message = message_of(datagram);
  int flags = (datagram->flags & CONNTRAIL__PEEK) != 0 ? MSG_PEEK : 0;
  conntrail__hold hold;
  uint32_t native;
  if (conntrail__is_watched() && conntrail__hold_take_quickly(socket, &hold)) {
    return hand_over(datagram, &message,
                     conntrail__datagram_receive_held(&hold, socket, &message, flags, false));
  }
  if (!conntrail__is_watched() || !conntrail__hold_take(socket, &hold)) {
    native = check_stranger(socket, datagram);
    return native != 0
               ? native
               : hand_over(datagram, &message, CONNTRAIL__REAL(recvmsg)(socket, &message, flags));
  }
  native = check_held(socket, &hold, CONNTRAIL_EMU_RECEIVE_MESSAGE);
  return native != 0
             ? native
             : hand_over(datagram, &message,
                         conntrail__datagram_receive_held(&hold, socket, &message, flags, false));
}

static uint32_t check_send(int fd, const conntrail__datagram *datagram) {
  conntrail__hold hold;
  uint32_t native;
  if (!conntrail__is_watched() || !conntrail__hold_take(fd, &hold)) {
    return check_stranger(fd, datagram);
  }
  native = check_held(fd, &hold, CONNTRAIL_EMU_SEND_MESSAGE);
  if (native == 0) {
    conntrail__hold_drop(&hold);
  }
  return native;
}

uint32_t conntrail__backend_sendmsg(conntrail_socket socket, const conntrail__datagram *datagram) {
  const struct msghdr message = message_of(datagram);
  uint32_t native = check_send(socket, datagram);
  if (native != 0) {
    return native;
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) {
    return 0;
  }
  /* [D] What Winsock says of a socket without a peer. */
  return errno == EDESTADDRREQ ? NOT_CONNECTED : failure();
}
