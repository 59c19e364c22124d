/* SPDX-License-Identifier: MIT */
#include "../../src/backend.h"
#include "watched.h"

/* Winsock's numbers, by the names of winsock2.h. */
enum { IN_PROGRESS = 10036, NOT_SOCKET = 10038, NO_PROTOCOL_OPTION = 10042, NOT_SUPPORTED = 10045 };

/* (locked) The socket, with an attempt to connect that has ended meanwhile brought up to date. */
static conntrail__socket *find_settled(int fd) {
  conntrail__socket *socket = conntrail__table_find(fd);
  if (socket != NULL) {
    conntrail__connect_settle(socket, fd);
  }
  return socket;
}

static uint32_t refuse_inherited(const char *call) {
  (void)conntrail__session_refuse_inherited(call);
  return NOT_SUPPORTED;
}

static uint32_t ask_idle(int fd, const conntrail__call *call) {
  conntrail__stranger stranger = conntrail__stranger_describe(fd);
  return conntrail__idle_ioctl(&stranger, call);
}

static uint32_t ask_stranger(int fd, const conntrail__call *call) {
  conntrail__stranger stranger = conntrail__stranger_describe(fd);
  const conntrail__resident *current;
  uint32_t native;
  conntrail__face_lock();
  current = conntrail__session_current();
  native = current == NULL || current->is_inherited
               ? conntrail__idle_ioctl(&stranger, call)
               : conntrail__kernel_stranger_ioctl(current->emu, &stranger, call);
  conntrail__face_unlock();
  return native;
}

static uint32_t ask_tracked(int fd, const conntrail__call *call) {
  conntrail__identity who;
  conntrail__socket *socket;
  bool is_inherited;
  uint32_t native = NOT_SUPPORTED;
  conntrail__face_lock();
  socket = find_settled(fd);
  if (socket == NULL) {
    conntrail__face_unlock();
    return ask_stranger(fd, call);
  }
  is_inherited = conntrail__session_is_inherited(socket);
  if (!is_inherited) {
    conntrail__session_identity(&who);
    native = conntrail__kernel_ioctl(socket, &who, call);
  }
  conntrail__face_unlock();
  return is_inherited ? refuse_inherited("a control code") : native;
}

uint32_t conntrail__backend_ioctl(conntrail_socket socket, uint32_t code, const void *in,
                                  uint32_t in_size, void *out, uint32_t capacity, uint32_t *bytes) {
  const conntrail__call call = {code, in, in_size, out, capacity, bytes};
  if (!conntrail__is_redirect_code(code)) {
    return NOT_SUPPORTED;
  }
  if (!conntrail__is_active()) {
    return ask_idle(socket, &call);
  }
  return conntrail__session_applies() ? ask_tracked(socket, &call) : IN_PROGRESS;
}

/* Windows without HNS knows no such option. */
static uint32_t original_of_stranger(int fd) {
  return conntrail__stranger_describe(fd).is_socket ? NO_PROTOCOL_OPTION : NOT_SOCKET;
}

static uint32_t original_of_tracked(conntrail__hold *hold, conntrail__address *destination) {
  conntrail__identity who;
  uint32_t native;
  if (hold->is_inherited) {
    conntrail__hold_drop(hold);
    return refuse_inherited("SO_ORIGINAL_DST");
  }
  if (!conntrail__hold_resume(hold)) {
    return NO_PROTOCOL_OPTION;
  }
  conntrail__session_identity(&who);
  native = conntrail__kernel_original_destination(hold->socket, &who, destination);
  conntrail__hold_end(hold);
  return native;
}

uint32_t conntrail__backend_original_destination(conntrail_socket socket,
                                                 struct sockaddr_storage *destination) {
  conntrail__hold hold;
  conntrail__address original;
  uint32_t native;
  if (!conntrail__is_watched() || !conntrail__hold_take(socket, &hold)) {
    return original_of_stranger(socket);
  }
  native = original_of_tracked(&hold, &original);
  if (native == 0) {
    (void)conntrail__address_to_sockaddr(&original, destination);
  }
  return native;
}

static bool describe_tracked(int fd, conntrail__socket_facts *facts) {
  const conntrail__socket *socket;
  conntrail__face_lock();
  socket = find_settled(fd);
  if (socket != NULL) {
    facts->is_internet = true;
    facts->is_stream = conntrail__kernel_kind_of(socket) == CONNTRAIL__STREAM;
    facts->is_datagram = !facts->is_stream;
    facts->is_connected = conntrail__kernel_state_of(socket) == CONNTRAIL__CONNECTED;
    facts->is_ipv6 = conntrail__table_entry(fd)->family == AF_INET6;
  }
  conntrail__face_unlock();
  return socket != NULL;
}

static bool takes_ipv4_too(int fd) {
  int only = 1;
  socklen_t size = sizeof only;
  return CONNTRAIL__REAL(getsockopt)(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && only == 0;
}

uint32_t conntrail__backend_describe(conntrail_socket socket, conntrail__socket_facts *facts) {
  conntrail__stranger stranger;
  if (conntrail__is_watched() && describe_tracked(socket, facts)) {
    facts->is_dual_stack = facts->is_ipv6 && takes_ipv4_too(socket);
    return 0;
  }
  stranger = conntrail__stranger_describe(socket);
  if (!stranger.is_socket) {
    return NOT_SOCKET;
  }
  facts->is_internet = stranger.is_internet;
  facts->is_stream = stranger.is_stream;
  facts->is_datagram = stranger.is_datagram;
  facts->is_connected = stranger.is_connected;
  facts->is_ipv6 = stranger.is_ipv6;
  facts->is_dual_stack = stranger.is_ipv6 && takes_ipv4_too(socket);
  return 0;
}

uint32_t conntrail__backend_last_error(void) {
  return conntrail__self.native_error;
}

void conntrail__backend_set_last_error(uint32_t native) {
  conntrail__self.native_error = native;
}

void conntrail__backend_layout_did_not_fit(conntrail_socket socket, uint32_t size) {
  const conntrail__socket *known;
  if (!conntrail__is_watched()) {
    return;
  }
  conntrail__face_lock();
  known = conntrail__table_find(socket);
  if (known != NULL) {
    conntrail__kernel_note_misuse(conntrail__kernel_emulation(known), known,
                                  CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT, size);
  }
  conntrail__face_unlock();
}
