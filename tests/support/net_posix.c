/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"
#include "net_posix.h"
#include "transcript.h"

/* [D] linux/netfilter_ipv4.h and netfilter_ipv6.h; the same number for both. */
enum { LINUX_SO_ORIGINAL_DST = 80 };
/* [D] linux/in.h: no header of POSIX has it. */
enum { LINUX_IPPROTO_UDPLITE = 136 };

/* The calls that the emulation watches, by where they lead. X(name, result, parameters) */
#define WATCHED_MAP(X)                                                                             \
  X(socket, int, (int, int, int))                                                                  \
  X(bind, int, (int, const struct sockaddr *, socklen_t))                                          \
  X(listen, int, (int, int))                                                                       \
  X(connect, int, (int, const struct sockaddr *, socklen_t))                                       \
  X(accept, int, (int, struct sockaddr *, socklen_t *))                                            \
  X(getsockname, int, (int, struct sockaddr *, socklen_t *))                                       \
  X(getpeername, int, (int, struct sockaddr *, socklen_t *))                                       \
  X(getsockopt, int, (int, int, int, void *, socklen_t *))                                         \
  X(shutdown, int, (int, int))                                                                     \
  X(dup, int, (int))                                                                               \
  X(close, int, (int))

typedef struct calls {
#define CALL_MEMBER(name, result, parameters) result(*name) parameters;
  WATCHED_MAP(CALL_MEMBER)
#undef CALL_MEMBER
} calls;

static const calls linked = {
#define CALL_LINKED(name, result, parameters) .name = (name),
    WATCHED_MAP(CALL_LINKED)
#undef CALL_LINKED
};

static calls own;
static const calls *call = &linked;
static _Thread_local int last_number;

static net_result from_number(int number) {
  switch (number) {
  case EINPROGRESS:
    return NET_UNDERWAY;
  case EAGAIN:
    return NET_WOULD_BLOCK;
  case EALREADY:
    return NET_ALREADY;
  case EISCONN:
    return NET_IS_CONNECTED;
  case ENOTCONN:
    return NET_NOT_CONNECTED;
  case ECONNREFUSED:
    return NET_REFUSED;
  case ENETUNREACH:
    return NET_UNREACHABLE;
  case EACCES:
    return NET_DENIED;
  case EBADF:
  case ENOTSOCK:
    return NET_NOT_SOCKET;
  case EADDRINUSE:
    return NET_ADDRESS_IN_USE;
  case EAFNOSUPPORT:
    return NET_WRONG_FAMILY;
  case EOPNOTSUPP:
  case ENOPROTOOPT:
  case EPROTONOSUPPORT:
    return NET_NOT_SUPPORTED;
  case EINVAL:
    return NET_INVALID;
  case EFAULT:
    return NET_BAD_POINTER;
  case EMSGSIZE:
    return NET_TOO_LARGE;
  case EHOSTUNREACH:
    return NET_UNREACHABLE;
  default:
    return NET_OTHER;
  }
}

net_result net_posix_failed(int number) {
  last_number = number;
  return from_number(number);
}

static net_result failed(int number) {
  return net_posix_failed(number);
}

static net_result answered(int answer) {
  return answer >= 0 ? NET_OK : failed(errno);
}

int net_last_number(void) {
  return last_number;
}

uint32_t net_process(void) {
  return (uint32_t)getpid();
}

static bool find_own(void *library, const char *name, void *pointer, size_t size) {
  void *found = dlsym(library, name);
  /* ISO C has no cast from an object's pointer to a function's. */
  memcpy(pointer, &found, size);
  return found != NULL;
}

bool net_begin(void) {
  void *library = dlopen("libc.so.6", RTLD_LAZY);
  bool complete = library != NULL;
#define CALL_OWN(name, result, parameters)                                                         \
  complete = complete && find_own(library, #name, &own.name, sizeof own.name);
  WATCHED_MAP(CALL_OWN)
#undef CALL_OWN
  return complete;
}

void net_end(void) {
  call = &linked;
}

bool net_take_path(net_path path) {
  call = path == NET_SYSTEM ? &own : &linked;
  return true;
}

static int set_dual(int descriptor) {
  int off = 0;
  return setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
}

static int make_socket(net_kind kind) {
  switch (kind) {
  case NET_TCP4:
    return call->socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  case NET_TCP6:
  case NET_DUAL:
    return call->socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
  case NET_UDP4:
    return call->socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  case NET_UDP6:
  case NET_UDP_DUAL:
    return call->socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
  case NET_RAW4:
    return call->socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  case NET_ODD:
    return call->socket(AF_UNIX, SOCK_STREAM, 0);
  }
  return -1;
}

conntrail_socket net_socket(net_kind kind) {
  int descriptor = make_socket(kind);
  if (descriptor < 0 || ((kind == NET_DUAL || kind == NET_UDP_DUAL) && set_dual(descriptor) != 0)) {
    (void)failed(errno);
    return CONNTRAIL_INVALID_SOCKET;
  }
  return descriptor;
}

static int closed_descriptor(void) {
  int descriptor = open("/dev/null", O_RDONLY);
  (void)close(descriptor);
  return descriptor;
}

static int pipe_end(void) {
  int ends[2];
  if (pipe(ends) != 0) {
    return -1;
  }
  (void)close(ends[1]);
  return ends[0];
}

conntrail_socket net_untracked_open(net_untracked kind) {
  switch (kind) {
  case NET_CLOSED:
    return closed_descriptor();
  case NET_PIPE:
    return pipe_end();
  case NET_FILE:
    return open("/dev/null", O_RDWR);
  case NET_NONE:
  case NET_UNTRACKED_COUNT:
    break;
  }
  return CONNTRAIL_INVALID_SOCKET;
}

void net_untracked_close(net_untracked kind, conntrail_socket untracked) {
  transcript_forget(untracked);
  if (kind == NET_PIPE || kind == NET_FILE) {
    (void)close(untracked);
  }
}

static const struct sockaddr *plain(const struct sockaddr_storage *address) {
  return (const struct sockaddr *)address;
}

net_result net_bind(conntrail_socket socket, const struct sockaddr_storage *address) {
  return answered(call->bind(socket, plain(address), (socklen_t)net_address_size(address)));
}

net_result net_share_port(conntrail_socket socket) {
  const int on = 1;
  return answered(setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
}

net_result net_listen(conntrail_socket socket, int backlog) {
  return answered(call->listen(socket, backlog));
}

net_result net_connect(conntrail_socket socket, const struct sockaddr_storage *address) {
  return answered(call->connect(socket, plain(address), (socklen_t)net_address_size(address)));
}

net_result net_connect_bytes(conntrail_socket socket, const void *address, size_t size) {
  return answered(call->connect(socket, address, (socklen_t)size));
}

net_result net_dissolve(conntrail_socket socket) {
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  return answered(call->connect(socket, &none, sizeof none));
}

net_result net_accept(conntrail_socket listener, conntrail_socket *accepted,
                      struct sockaddr_storage *peer) {
  socklen_t size = sizeof *peer;
  int descriptor = call->accept(listener, (struct sockaddr *)peer, peer == NULL ? NULL : &size);
  *accepted = descriptor;
  return answered(descriptor);
}

net_result net_local(conntrail_socket socket, struct sockaddr_storage *address) {
  socklen_t size = sizeof *address;
  memset(address, 0, sizeof *address);
  return answered(call->getsockname(socket, (struct sockaddr *)address, &size));
}

net_result net_peer(conntrail_socket socket, struct sockaddr_storage *address) {
  socklen_t size = sizeof *address;
  memset(address, 0, sizeof *address);
  return answered(call->getpeername(socket, (struct sockaddr *)address, &size));
}

/* For the transcript: the number, and the port, may come again. */
static void forget(conntrail_socket socket) {
  struct sockaddr_storage local;
  int error = errno;
  transcript_forget(socket);
  if (net_local(socket, &local) == NET_OK) {
    transcript_forget_port(&local);
  }
  errno = error;
}

net_result net_close(conntrail_socket socket) {
  forget(socket);
  return answered(call->close(socket));
}

/* Room for one descriptor, aligned as a header. */
typedef union passed {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
} passed;

static int send_descriptor(int through, int descriptor) {
  char byte = 0;
  struct iovec piece = {&byte, 1};
  passed control = {.bytes = {0}};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  control.header = (struct cmsghdr){
      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
  return sendmsg(through, &message, 0) == 1 ? 0 : -1;
}

static int receive_descriptor(int through) {
  char byte;
  int descriptor = -1;
  struct iovec piece = {&byte, 1};
  passed control = {.bytes = {0}};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  if (recvmsg(through, &message, 0) == 1 && control.header.cmsg_type == SCM_RIGHTS) {
    memcpy(&descriptor, CMSG_DATA(&control.header), sizeof descriptor);
  }
  return descriptor;
}

net_result net_pass(conntrail_socket socket, conntrail_socket *copy) {
  int ends[2];
  *copy = CONNTRAIL_INVALID_SOCKET;
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) {
    return failed(errno);
  }
  if (send_descriptor(ends[0], socket) == 0) {
    *copy = receive_descriptor(ends[1]);
  }
  net_result result = answered(*copy);
  (void)close(ends[0]);
  (void)close(ends[1]);
  return result;
}

net_result net_close_unseen(conntrail_socket socket) {
  forget(socket);
  return answered((int)syscall(SYS_close, socket));
}

net_result net_try_udp_lite(void) {
  int descriptor = call->socket(AF_INET, SOCK_DGRAM, LINUX_IPPROTO_UDPLITE);
  net_result result = answered(descriptor);
  if (descriptor >= 0) {
    (void)call->close(descriptor);
  }
  return result;
}

net_result net_duplicate(conntrail_socket socket, conntrail_socket *copy) {
  *copy = call->dup(socket);
  return answered(*copy);
}

net_result net_shutdown_send(conntrail_socket socket) {
  return answered(call->shutdown(socket, SHUT_WR));
}

net_result net_send(conntrail_socket socket, const void *bytes, size_t size) {
  const char *next = bytes;
  while (size > 0) {
    ssize_t sent = send(socket, next, size, MSG_NOSIGNAL);
    if (sent < 0) {
      return failed(errno);
    }
    next += sent;
    size -= (size_t)sent;
  }
  return NET_OK;
}

net_result net_receive(conntrail_socket socket, void *bytes, size_t size) {
  char *next = bytes;
  while (size > 0) {
    ssize_t got = recv(socket, next, size, 0);
    if (got < 0) {
      return failed(errno);
    }
    if (got == 0) {
      return NET_ENDED;
    }
    next += got;
    size -= (size_t)got;
  }
  return NET_OK;
}

net_result net_make_nonblocking(conntrail_socket socket) {
  return answered(fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK));
}

net_result net_pending_error(conntrail_socket socket) {
  int number = 0;
  socklen_t size = sizeof number;
  if (call->getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) != 0) {
    return failed(errno);
  }
  return number == 0 ? NET_OK : failed(number);
}

net_result net_finish_connect(conntrail_socket socket) {
  struct pollfd wait = {.fd = socket, .events = POLLOUT, .revents = 0};
  if (poll(&wait, 1, -1) != 1) {
    return failed(errno);
  }
  return net_pending_error(socket);
}

net_result net_original_destination(conntrail_socket socket, struct sockaddr_storage *address) {
  socklen_t size = sizeof *address;
  struct sockaddr_storage local;
  memset(address, 0, sizeof *address);
  if (net_local(socket, &local) != NET_OK) {
    return from_number(last_number);
  }
  int level = local.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  return answered(call->getsockopt(socket, level, LINUX_SO_ORIGINAL_DST, address, &size));
}
