/* SPDX-License-Identifier: MIT */
#include "level_linux.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../../src/numbers.h"
#include "sockaddr.h"

/* ---- Errors ---------------------------------------------------------------------------------- */

int conntrail__message_errno(uint32_t native) {
  int error = conntrail__native_error_of(native);
  return conntrail__native_number_of(error) == native ? error : EREMOTEIO;
}

/* EOPNOTSUPP and ENOPROTOOPT mean "a real kernel" here, and are never given (K17). */
int conntrail__level_errno(uint32_t native) {
  if (native == CONNTRAIL__WSAENOPROTOOPT || native == CONNTRAIL__WSAEOPNOTSUPP) {
    return ENOSYS;
  }
  int error = conntrail__message_errno(native);
  return error == EOPNOTSUPP || error == ENOPROTOOPT ? EREMOTEIO : error;
}

/* A buffer of the largest size takes every ambiguity away: 10022 is then "not redirected" (Q5), or
 * another kind of socket. */
static int errno_of_query(const conntrail__level *level, uint32_t native, uint32_t bytes) {
  if (native == CONNTRAIL__ERROR_NOT_FOUND || native == CONNTRAIL__FWP_E_NOT_FOUND) {
    return ENODATA;
  }
  if (bytes > CONNTRAIL__LARGEST_RECORDS) {
    return EMSGSIZE;
  }
  if (native == CONNTRAIL__WSAEINVAL) {
    const conntrail__untracked socket = level->describe(level->own);
    return socket.is_internet && (socket.is_stream || socket.is_datagram) ? ENODATA : EINVAL;
  }
  return level->error_of(level->own, native);
}

/* ---- The simple form ------------------------------------------------------------------------- */

/* The whole blob, to room. 0 or an errno. */
static int read_blob(const conntrail__level *level, uint32_t code, unsigned char *room,
                     uint32_t *bytes) {
  *bytes = 0;
  const conntrail__call call = {code, NULL, 0, room, CONNTRAIL__LARGEST_RECORDS, bytes};
  uint32_t native = level->control(level->own, &call);
  if (native == 0 && *bytes <= CONNTRAIL__LARGEST_RECORDS) {
    return 0;
  }
  *level->last_error = native;
  return errno_of_query(level, native, *bytes);
}

static int give_number(uint32_t number, unsigned char *room, uint32_t *size) {
  memcpy(room, &number, sizeof number);
  *size = sizeof number;
  return 0;
}

static int get_size(const conntrail__level *level, uint32_t code, unsigned char *room,
                    uint32_t *size) {
  uint32_t bytes;
  int error = read_blob(level, code, room, &bytes);
  return error != 0 ? error : give_number(bytes, room, size);
}

static bool is_piece(int name, int first) {
  return name >= first && name < first + (int)CONNTRAIL_LINUX_PIECES;
}

static int get_piece(const conntrail__level *level, int name, unsigned char *room,
                     const unsigned char **value, uint32_t *size) {
  bool is_records = is_piece(name, CONNTRAIL_LINUX_RECORDS);
  uint32_t piece =
      (uint32_t)(name - (is_records ? CONNTRAIL_LINUX_RECORDS : CONNTRAIL_LINUX_CONTEXT));
  uint32_t bytes;
  int error =
      read_blob(level, is_records ? CONNTRAIL_LINUX_QUERY_RECORDS : CONNTRAIL_LINUX_QUERY_CONTEXT,
                room, &bytes);
  uint32_t begin = piece * CONNTRAIL_LINUX_PIECE;
  uint32_t rest = begin < bytes ? bytes - begin : 0;
  *value = room + begin;
  *size = rest < CONNTRAIL_LINUX_PIECE ? rest : CONNTRAIL_LINUX_PIECE;
  return error;
}

int conntrail__level_get(const conntrail__level *level, int name, unsigned char *room,
                         const unsigned char **value, uint32_t *size) {
  *value = room;
  if (is_piece(name, CONNTRAIL_LINUX_RECORDS) || is_piece(name, CONNTRAIL_LINUX_CONTEXT)) {
    return get_piece(level, name, room, value, size);
  }
  switch (name) {
  case CONNTRAIL_LINUX_VERSION:
    return give_number(CONNTRAIL_LINUX_INTERFACE, room, size);
  case CONNTRAIL_LINUX_LAST_ERROR:
    return give_number(*level->last_error, room, size);
  case CONNTRAIL_LINUX_RECORDS_SIZE:
    return get_size(level, CONNTRAIL_LINUX_QUERY_RECORDS, room, size);
  case CONNTRAIL_LINUX_CONTEXT_SIZE:
    return get_size(level, CONNTRAIL_LINUX_QUERY_CONTEXT, room, size);
  default:
    return EINVAL;
  }
}

int conntrail__level_set_records(const conntrail__level *level, const void *value, uint32_t size) {
  uint32_t bytes = 0;
  const conntrail__call call = {CONNTRAIL_LINUX_SET_RECORDS, value, size, NULL, 0, &bytes};
  uint32_t native = level->control(level->own, &call);
  *level->last_error = native;
  return native == 0 ? 0 : level->error_of(level->own, native);
}

bool conntrail__level_enables(int name) {
  return name == CONNTRAIL_LINUX_RECORDS4 || name == CONNTRAIL_LINUX_CONTEXT4 ||
         name == CONNTRAIL_LINUX_RECORDS6 || name == CONNTRAIL_LINUX_CONTEXT6;
}

uint32_t conntrail__level_enable(conntrail__socket *socket, int name, bool is_enabled) {
  bool is_ipv6 = name == CONNTRAIL_LINUX_RECORDS6 || name == CONNTRAIL_LINUX_CONTEXT6;
  bool is_records = name == CONNTRAIL_LINUX_RECORDS4 || name == CONNTRAIL_LINUX_RECORDS6;
  return conntrail__datagram_enable(
      socket, is_ipv6 ? CONNTRAIL__IPV6_LEVEL : CONNTRAIL__IP_LEVEL,
      is_records ? CONNTRAIL__RECORDS_OPTION : CONNTRAIL__CONTEXT_OPTION, is_enabled);
}

/* ---- The full form --------------------------------------------------------------------------- */

/* In the room that is there, as getsockopt() writes. */
static uint32_t original_destination(const conntrail__level *level,
                                     const conntrail__level_buffers *buffers, uint32_t *written) {
  conntrail__address original = {.family = CONNTRAIL__NO_FAMILY};
  uint32_t native = level->original(level->own, &original);
  if (native == 0) {
    struct sockaddr_storage storage;
    size_t size = conntrail__address_to_sockaddr(&original, &storage);
    if (buffers->out != NULL) {
      *written = size <= buffers->room ? (uint32_t)size : buffers->room;
      memcpy(buffers->out, &storage, *written);
    }
  }
  return native;
}

static uint32_t control(const conntrail__level *level, struct conntrail_linux_call *asked,
                        const conntrail__level_buffers *buffers, uint32_t *written) {
  uint32_t bytes = asked->bytes;
  const conntrail__call call = {asked->code,  buffers->in,   buffers->in_size,
                                buffers->out, buffers->room, &bytes};
  uint32_t native = level->control(level->own, &call);
  asked->bytes = bytes;
  if (native == 0 && asked->code != CONNTRAIL_LINUX_SET_RECORDS && bytes <= buffers->room) {
    *written = bytes;
  }
  return native;
}

static uint32_t perform(const conntrail__level *level, struct conntrail_linux_call *asked,
                        const conntrail__level_buffers *buffers, uint32_t *written) {
  if (asked->code == CONNTRAIL_LINUX_ORIGINAL_DESTINATION) {
    return original_destination(level, buffers, written);
  }
  if (asked->code == CONNTRAIL_LINUX_LAYOUT_DID_NOT_FIT) {
    level->note_layout(level->own, asked->in_size);
    return 0;
  }
  return conntrail__is_redirect_code(asked->code) ? control(level, asked, buffers, written)
                                                  : CONNTRAIL__WSAEOPNOTSUPP;
}

void conntrail__level_call(const conntrail__level *level, struct conntrail_linux_call *asked,
                           const conntrail__level_buffers *buffers) {
  uint32_t written = 0;
  asked->native = perform(level, asked, buffers, &written);
  asked->length = written;
}

/* ---- Netfilter ------------------------------------------------------------------------------- */

bool conntrail__netfilter_is_asked(int level, int name) {
  return name == CONNTRAIL__ORIGINAL_DESTINATION && (level == IPPROTO_IP || level == IPPROTO_IPV6);
}

bool conntrail__netfilter_knows(conntrail__socket_kind kind, int family, int level) {
  return kind == CONNTRAIL__STREAM && (family == AF_INET6 || level == IPPROTO_IP);
}

int conntrail__netfilter_original(conntrail__socket *socket, const conntrail__identity *who,
                                  int level, size_t room, struct sockaddr_storage *storage,
                                  size_t *size) {
  bool is_ipv4 = level == IPPROTO_IP;
  conntrail__address original = {.family = CONNTRAIL__NO_FAMILY};
  if (room < (is_ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6))) {
    return EINVAL;
  }
  uint32_t native = conntrail__socket_original_destination(socket, who, &original);
  if (native != 0) {
    return conntrail__native_error_of(native);
  }
  if (original.family != (is_ipv4 ? CONNTRAIL__IPV4 : CONNTRAIL__IPV6)) {
    return ENOENT;
  }
  *size = conntrail__address_to_sockaddr(&original, storage);
  return 0;
}

/* ---- Messages -------------------------------------------------------------------------------- */

bool conntrail__native_is_records(int level, int type) {
  return level == SOL_CONNTRAIL &&
         (type == CONNTRAIL_LINUX_RECORDS4 || type == CONNTRAIL_LINUX_RECORDS6);
}

static int type_on_linux(int level, int type) {
  if (type == CONNTRAIL__RECORDS_OPTION) {
    return level == CONNTRAIL__IPV6_LEVEL ? CONNTRAIL_LINUX_RECORDS6 : CONNTRAIL_LINUX_RECORDS4;
  }
  return level == CONNTRAIL__IPV6_LEVEL ? CONNTRAIL_LINUX_CONTEXT6 : CONNTRAIL_LINUX_CONTEXT4;
}

/* Those that begin at from. */
static void renumber(const conntrail__received *arrived, uint32_t from) {
  size_t at = CMSG_ALIGN(from);
  while (at + sizeof(struct cmsghdr) <= arrived->used) {
    struct cmsghdr *header = (struct cmsghdr *)(void *)((unsigned char *)arrived->control + at);
    header->cmsg_type = type_on_linux(header->cmsg_level, header->cmsg_type);
    header->cmsg_level = SOL_CONNTRAIL;
    at += CMSG_ALIGN(header->cmsg_len);
  }
}

void conntrail__level_received(conntrail__socket *socket, const conntrail__identity *who,
                               conntrail__received *arrived) {
  uint32_t systems_own = arrived->used;
  conntrail__datagram_received(socket, who, arrived);
  if (arrived->used > systems_own) {
    renumber(arrived, systems_own);
  }
}
