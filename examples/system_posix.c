/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_NONBLOCK, SOCK_CLOEXEC */

#include "system.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

bool system_begin(void) {
  return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

bool system_would_wait(void) {
  return errno == EINPROGRESS || errno == EAGAIN || errno == EINTR;
}

bool system_is_unconnected(void) {
  return errno == ENOTCONN;
}

conntrail_socket system_stream_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
}

static void set_any_port(struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET6) {
    ((struct sockaddr_in6 *)address)->sin6_port = 0;
  } else {
    ((struct sockaddr_in *)address)->sin_port = 0;
  }
}

/* A socket cannot be bound to the address of another host. */
bool system_has_address(const struct sockaddr_storage *address) {
  struct sockaddr_storage tried = *address;
  const socklen_t size =
      tried.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  conntrail_socket probe = socket(tried.ss_family, SOCK_DGRAM, IPPROTO_UDP);
  if (probe == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  set_any_port(&tried);
  const bool is_own = bind(probe, (struct sockaddr *)&tried, size) == 0;
  (void)close(probe);
  return is_own;
}

bool system_set_mark(conntrail_socket of, uint32_t mark) {
  return mark == 0 || setsockopt(of, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0;
}

void system_send_at_once(conntrail_socket of) {
  const int yes = 1;
  (void)setsockopt(of, IPPROTO_TCP, TCP_NODELAY, (const void *)&yes, sizeof yes);
}

ptrdiff_t system_send(conntrail_socket to, const void *bytes, size_t size) {
  return send(to, bytes, size, 0);
}

ptrdiff_t system_peek(conntrail_socket from, void *bytes, size_t capacity) {
  return recv(from, bytes, capacity, MSG_PEEK);
}

ptrdiff_t system_receive(conntrail_socket from, void *bytes, size_t capacity) {
  return recv(from, bytes, capacity, 0);
}

int64_t system_milliseconds(void) {
  struct timespec now = {0, 0};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool system_utc(int64_t seconds, struct tm *utc) {
  const time_t moment = (time_t)seconds;
  return gmtime_r(&moment, utc) != NULL;
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
