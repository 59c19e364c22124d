/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "../../backend-win/win.h"
#include "net.h"
#include "net_winsock.h"
#include "transcript.h"

/* [D] Windows SDK ws2def.h, since the SDK of Server 2022; mingw-w64 10 lacks them. */
enum { WINDOWS_SO_ORIGINAL_DST = 0x300F, WINDOWS_SOL_IP = 0xFFFB, WINDOWS_SOL_IPV6 = 0xFFFA };

/* The calls that the emulation watches, by where they lead. X(name, result, parameters) */
#define WATCHED_MAP(X)                                                                             \
  X(socket, SOCKET, (int, int, int))                                                               \
  X(bind, int, (SOCKET, const struct sockaddr *, int))                                             \
  X(listen, int, (SOCKET, int))                                                                    \
  X(connect, int, (SOCKET, const struct sockaddr *, int))                                          \
  X(accept, SOCKET, (SOCKET, struct sockaddr *, int *))                                            \
  X(getsockname, int, (SOCKET, struct sockaddr *, int *))                                          \
  X(getpeername, int, (SOCKET, struct sockaddr *, int *))                                          \
  X(getsockopt, int, (SOCKET, int, int, char *, int *))                                            \
  X(setsockopt, int, (SOCKET, int, int, const char *, int))                                        \
  X(shutdown, int, (SOCKET, int))                                                                  \
  X(WSADuplicateSocketW, int, (SOCKET, DWORD, WSAPROTOCOL_INFOW *))                                \
  X(WSASocketW, SOCKET, (int, int, int, WSAPROTOCOL_INFOW *, GROUP, DWORD))                        \
  X(closesocket, int, (SOCKET))

typedef struct calls {
#define CALL_MEMBER(name, result, parameters) result(WSAAPI *name) parameters;
  WATCHED_MAP(CALL_MEMBER)
#undef CALL_MEMBER
} calls;

static calls linked;
static calls own;
static const calls *call = &linked;
static _Thread_local int last_number;

static net_result from_number(int number) {
  switch (number) {
  case WSAEWOULDBLOCK:
    return NET_WOULD_BLOCK;
  case WSAEALREADY:
    return NET_ALREADY;
  case WSAEISCONN:
    return NET_IS_CONNECTED;
  case WSAENOTCONN:
    return NET_NOT_CONNECTED;
  case WSAECONNREFUSED:
    return NET_REFUSED;
  case WSAENETUNREACH:
    return NET_UNREACHABLE;
  case WSAEACCES:
    return NET_DENIED;
  case WSAENOTSOCK:
    return NET_NOT_SOCKET;
  case WSAEADDRINUSE:
    return NET_ADDRESS_IN_USE;
  case WSAEAFNOSUPPORT:
    return NET_WRONG_FAMILY;
  case WSAEOPNOTSUPP:
  case WSAENOPROTOOPT:
    return NET_NOT_SUPPORTED;
  case WSAEINVAL:
    return NET_INVALID;
  case WSAEFAULT:
    return NET_BAD_POINTER;
  case WSAEMSGSIZE:
    return NET_TOO_LARGE;
  case WSAEHOSTUNREACH:
    return NET_UNREACHABLE;
  default:
    return NET_OTHER;
  }
}

net_result net_winsock_failed(int number) {
  last_number = number;
  return from_number(number);
}

static net_result failed(int number) {
  return net_winsock_failed(number);
}

static net_result answered(int answer) {
  return answer == 0 ? NET_OK : failed(WSAGetLastError());
}

static net_result answered_socket(SOCKET answer) {
  return answer != INVALID_SOCKET ? NET_OK : failed(WSAGetLastError());
}

int net_last_number(void) {
  return last_number;
}

uint32_t net_process(void) {
  return GetCurrentProcessId();
}

static bool find_own(HMODULE library, const char *name, void *pointer, size_t size) {
  FARPROC found = GetProcAddress(library, name);
  memcpy(pointer, &found, size);
  return found != NULL;
}

bool net_begin(void) {
  WSADATA data;
  HMODULE library = LoadLibraryA("ws2_32.dll");
  bool complete = library != NULL && WSAStartup(MAKEWORD(2, 2), &data) == 0;
#define CALL_LINKED(name, result, parameters) linked.name = (name);
  WATCHED_MAP(CALL_LINKED)
#undef CALL_LINKED
#define CALL_OWN(name, result, parameters)                                                         \
  complete = complete && find_own(library, #name, &own.name, sizeof own.name);
  WATCHED_MAP(CALL_OWN)
#undef CALL_OWN
  return complete;
}

void net_end(void) {
  call = &linked;
  (void)WSACleanup();
}

bool net_take_path(net_path path) {
  call = path == NET_SYSTEM ? &own : &linked;
  return true;
}

static SOCKET make_socket(net_kind kind) {
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
  return INVALID_SOCKET;
}

conntrail_socket net_socket(net_kind kind) {
  DWORD only_v6 = 0;
  SOCKET made = make_socket(kind);
  bool is_made = made != INVALID_SOCKET;
  if (is_made && (kind == NET_DUAL || kind == NET_UDP_DUAL)) {
    is_made = call->setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&only_v6,
                               (int)sizeof only_v6) == 0;
  }
  if (!is_made) {
    (void)failed(WSAGetLastError());
    return CONNTRAIL_INVALID_SOCKET;
  }
  return made;
}

static SOCKET closed_socket(void) {
  SOCKET made = own.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  (void)own.closesocket(made);
  return made;
}

static SOCKET pipe_end(void) {
  HANDLE reader;
  HANDLE writer;
  if (!CreatePipe(&reader, &writer, NULL, 0)) {
    return INVALID_SOCKET;
  }
  (void)CloseHandle(writer);
  return (SOCKET)reader;
}

conntrail_socket net_untracked_open(net_untracked kind) {
  switch (kind) {
  case NET_CLOSED:
    return closed_socket();
  case NET_PIPE:
    return pipe_end();
  case NET_FILE:
    return (SOCKET)CreateFileA("NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
  case NET_NONE:
  case NET_UNTRACKED_COUNT:
    break;
  }
  return CONNTRAIL_INVALID_SOCKET;
}

void net_untracked_close(net_untracked kind, conntrail_socket untracked) {
  transcript_forget(untracked);
  if (kind == NET_PIPE || kind == NET_FILE) {
    (void)CloseHandle((HANDLE)untracked);
  }
}

static const struct sockaddr *plain(const struct sockaddr_storage *address) {
  return (const struct sockaddr *)address;
}

net_result net_bind(conntrail_socket socket, const struct sockaddr_storage *address) {
  return answered(call->bind(socket, plain(address), (int)net_address_size(address)));
}

net_result net_share_port(conntrail_socket socket) {
  const BOOL on = TRUE;
  return answered(
      call->setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, (const char *)&on, (int)sizeof on));
}

net_result net_listen(conntrail_socket socket, int backlog) {
  return answered(call->listen(socket, backlog));
}

/* Wine 8 reads the address without looking, where Windows answers WSAEFAULT. */
net_result net_connect_bytes(conntrail_socket socket, const void *address, size_t size) {
  if (address == NULL || size > INT_MAX) {
    return failed(WSAEFAULT);
  }
  net_result result = answered(call->connect(socket, address, (int)size));
  return result == NET_WOULD_BLOCK ? NET_UNDERWAY : result;
}

net_result net_connect(conntrail_socket socket, const struct sockaddr_storage *address) {
  return net_connect_bytes(socket, address, net_address_size(address));
}

net_result net_pass(conntrail_socket socket, conntrail_socket *copy) {
  (void)socket;
  *copy = INVALID_SOCKET;
  return NET_NOT_SUPPORTED;
}

net_result net_close_unseen(conntrail_socket socket) {
  (void)socket;
  return NET_NOT_SUPPORTED;
}

net_result net_try_udp_lite(void) {
  return NET_NOT_SUPPORTED;
}

net_result net_dissolve(conntrail_socket socket) {
  struct sockaddr_storage none;
  memset(&none, 0, sizeof none);
  return answered(call->connect(socket, plain(&none), (int)sizeof(struct sockaddr)));
}

net_result net_accept(conntrail_socket listener, conntrail_socket *accepted,
                      struct sockaddr_storage *peer) {
  int size = (int)sizeof *peer;
  *accepted = call->accept(listener, (struct sockaddr *)peer, peer == NULL ? NULL : &size);
  return answered_socket(*accepted);
}

net_result net_local(conntrail_socket socket, struct sockaddr_storage *address) {
  int size = (int)sizeof *address;
  memset(address, 0, sizeof *address);
  return answered(call->getsockname(socket, (struct sockaddr *)address, &size));
}

net_result net_peer(conntrail_socket socket, struct sockaddr_storage *address) {
  int size = (int)sizeof *address;
  memset(address, 0, sizeof *address);
  return answered(call->getpeername(socket, (struct sockaddr *)address, &size));
}

net_result net_close(conntrail_socket socket) {
  struct sockaddr_storage local;
  int error = WSAGetLastError();
  transcript_forget(socket);
  if (net_local(socket, &local) == NET_OK) {
    transcript_forget_port(&local);
  }
  WSASetLastError(error);
  return answered(call->closesocket(socket));
}

net_result net_duplicate(conntrail_socket socket, conntrail_socket *copy) {
  WSAPROTOCOL_INFOW protocol;
  *copy = INVALID_SOCKET;
  if (call->WSADuplicateSocketW(socket, GetCurrentProcessId(), &protocol) != 0) {
    return failed(WSAGetLastError());
  }
  *copy = call->WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &protocol, 0,
                           WSA_FLAG_OVERLAPPED);
  return answered_socket(*copy);
}

net_result net_shutdown_send(conntrail_socket socket) {
  return answered(call->shutdown(socket, SD_SEND));
}

net_result net_send(conntrail_socket socket, const void *bytes, size_t size) {
  const char *next = bytes;
  while (size > 0) {
    int sent = send(socket, next, (int)size, 0);
    if (sent < 0) {
      return failed(WSAGetLastError());
    }
    next += sent;
    size -= (size_t)sent;
  }
  return NET_OK;
}

net_result net_receive(conntrail_socket socket, void *bytes, size_t size) {
  char *next = bytes;
  while (size > 0) {
    int got = recv(socket, next, (int)size, 0);
    if (got < 0) {
      return failed(WSAGetLastError());
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
  u_long on = 1;
  return answered(ioctlsocket(socket, (long)FIONBIO, &on));
}

net_result net_pending_error(conntrail_socket socket) {
  int number = 0;
  int size = (int)sizeof number;
  if (call->getsockopt(socket, SOL_SOCKET, SO_ERROR, (char *)&number, &size) != 0) {
    return failed(WSAGetLastError());
  }
  return number == 0 ? NET_OK : failed(number);
}

/* [D] A connect that fails is in the third set, not in the second. */
net_result net_finish_connect(conntrail_socket socket) {
  fd_set connected = {.fd_count = 1, .fd_array = {socket}};
  fd_set refused = connected;
  if (select(0, NULL, &connected, &refused, NULL) == SOCKET_ERROR) {
    return failed(WSAGetLastError());
  }
  return net_pending_error(socket);
}

net_result net_original_destination(conntrail_socket socket, struct sockaddr_storage *address) {
  int size = (int)sizeof *address;
  struct sockaddr_storage local;
  memset(address, 0, sizeof *address);
  if (net_local(socket, &local) != NET_OK) {
    return from_number(last_number);
  }
  int level = local.ss_family == AF_INET6 ? WINDOWS_SOL_IPV6 : WINDOWS_SOL_IP;
  return answered(call->getsockopt(socket, level, WINDOWS_SO_ORIGINAL_DST, (char *)address, &size));
}
