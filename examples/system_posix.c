/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "system.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

bool system_begin(void) {
  return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

bool system_would_wait(void) {
  return errno == EINPROGRESS || errno == EAGAIN || errno == EINTR;
}

bool system_has_terminal(void) {
  return isatty(STDOUT_FILENO) != 0;
}

ptrdiff_t system_send_to(conntrail_socket from, const void *bytes, size_t size,
                         const struct sockaddr_in *to) {
  return sendto(from, bytes, size, 0, (const struct sockaddr *)to, sizeof *to);
}

ptrdiff_t system_receive_from(conntrail_socket at, void *bytes, size_t capacity,
                              struct sockaddr_in *from) {
  socklen_t size = sizeof *from;
  return recvfrom(at, bytes, capacity, 0, (struct sockaddr *)from, &size);
}
