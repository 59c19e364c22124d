/* SPDX-License-Identifier: MIT */

/* The seam over Linux sockets. Contracts: src/backend.h. The socket level:
 * include/conntrail/linux.h. */

#include "../src/backend.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "again_linux.h"
#include "call_linux.h"
#include "errno_linux.h"

/* The initial-exec model reaches it without a call, and without the dynamic linker's library. */
static _Thread_local uint32_t last_error __attribute__((tls_model("initial-exec")));

/* K1: how a real kernel refuses a socket level that it does not know. */
static bool is_refusal_of_level(int error) {
  return error == EOPNOTSUPP || error == ENOPROTOOPT;
}

/* The emulated kernel's number, where errno has no word for it. */
static uint32_t exact_number(conntrail_socket socket, uint32_t known) {
  uint32_t exact = 0;
  socklen_t size = sizeof exact;
  if (conntrail__getsockopt(socket, SOL_CONNTRAIL, CONNTRAIL_LINUX_LAST_ERROR, &exact, &size) !=
      0) {
    return conntrail__errno_is_lack(errno) ? conntrail__native_of_errno(errno) : known;
  }
  return exact != 0 ? exact : known;
}

uint32_t conntrail__linux_failure(conntrail_socket socket) {
  int error = errno;
  uint32_t native = conntrail__native_of_errno(error);
  return error == EREMOTEIO ? exact_number(socket, native) : native;
}

/* What the emulated kernel gives where errno has no word, or another one than Winsock. The exact
 * number of any other error would be that of an earlier call. */
static bool is_ambiguous(int error) {
  return error == EREMOTEIO || error == ENOSYS || error == ENETDOWN;
}

uint32_t conntrail__linux_level_failure(conntrail_socket socket) {
  int error = errno;
  if (is_refusal_of_level(error)) {
    return CONNTRAIL__NO_RECORDS;
  }
  if (error == EPROTO) {
    return CONNTRAIL__WSAVERNOTSUPPORTED;
  }
  uint32_t native = conntrail__native_of_errno(error);
  return is_ambiguous(error) ? exact_number(socket, native) : native;
}

uint32_t conntrail__linux_call(conntrail_socket socket, struct conntrail_linux_call *call,
                               void *out, uint32_t capacity) {
  call->length = capacity;
  call->version = CONNTRAIL_LINUX_INTERFACE;
  call->size = sizeof *call;
  call->native = 0;
  call->reserved = 0;
  return conntrail__getsockopt(socket, SOL_CONNTRAIL, CONNTRAIL_LINUX_CALL, out, &call->length) == 0
             ? call->native
             : conntrail__linux_level_failure(socket);
}

uint32_t conntrail__backend_ioctl(conntrail_socket socket, uint32_t code, const void *in,
                                  uint32_t in_size, void *out, uint32_t capacity, uint32_t *bytes) {
  struct conntrail_linux_call call = {
      .code = code, .in = (uint64_t)(uintptr_t)in, .in_size = in_size, .bytes = *bytes};
  uint32_t native = conntrail__linux_call(socket, &call, out, capacity);
  *bytes = call.bytes;
  return native;
}

uint32_t conntrail__backend_has_records(conntrail_socket socket) {
  uint32_t version = 0;
  socklen_t size = sizeof version;
  if (conntrail__getsockopt(socket, SOL_CONNTRAIL, CONNTRAIL_LINUX_VERSION, &version, &size) != 0) {
    return conntrail__linux_level_failure(socket);
  }
  return version == CONNTRAIL_LINUX_INTERFACE ? 0 : CONNTRAIL__WSAVERNOTSUPPORTED;
}

uint32_t conntrail__backend_original_destination(conntrail_socket socket,
                                                 struct sockaddr_storage *destination) {
  struct conntrail_linux_call call = {.code = CONNTRAIL_LINUX_ORIGINAL_DESTINATION};
  struct sockaddr_storage answer = *destination;
  uint32_t native = conntrail__linux_call(socket, &call, &answer, sizeof answer);
  if (native == 0) {
    *destination = answer;
  }
  return native == CONNTRAIL__NO_RECORDS ? CONNTRAIL__WSAENOPROTOOPT : native;
}

/* 0 or the Winsock number. */
static uint32_t read_option(conntrail_socket socket, int level, int name, int *value) {
  socklen_t size = sizeof *value;
  return conntrail__getsockopt(socket, level, name, value, &size) == 0
             ? 0
             : conntrail__native_of_errno(errno);
}

/* 0, or the Winsock number where the system does not say. */
static uint32_t find_peer(conntrail_socket socket, bool *has_peer) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  *has_peer = conntrail__getpeername(socket, (struct sockaddr *)&peer, &size) == 0;
  return !*has_peer && conntrail__errno_is_lack(errno) ? conntrail__native_of_errno(errno) : 0;
}

uint32_t conntrail__backend_describe(conntrail_socket socket, conntrail__socket_facts *facts) {
  int domain = 0;
  int type = 0;
  int only_v6 = 1;
  bool has_peer = false;
  uint32_t native = read_option(socket, SOL_SOCKET, SO_DOMAIN, &domain);
  native = native != 0 ? native : read_option(socket, SOL_SOCKET, SO_TYPE, &type);
  native = native != 0 ? native : find_peer(socket, &has_peer);
  if (native == 0 && domain == AF_INET6) {
    native = read_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6);
  }
  if (native == 0) {
    *facts = (conntrail__socket_facts){.is_internet = domain == AF_INET || domain == AF_INET6,
                                       .is_stream = type == SOCK_STREAM,
                                       .is_datagram = type == SOCK_DGRAM,
                                       .is_connected = has_peer,
                                       .is_ipv6 = domain == AF_INET6,
                                       .is_dual_stack = domain == AF_INET6 && only_v6 == 0};
  }
  return native;
}

uint32_t conntrail__backend_last_error(void) {
  return last_error;
}

void conntrail__backend_set_last_error(uint32_t native) {
  last_error = native;
}

/* On a real kernel there are no contexts, and this is refused. */
void conntrail__backend_layout_did_not_fit(conntrail_socket socket, uint32_t size) {
  struct conntrail_linux_call call = {.code = CONNTRAIL_LINUX_LAYOUT_DID_NOT_FIT, .in_size = size};
  (void)conntrail__linux_call(socket, &call, NULL, 0);
}
