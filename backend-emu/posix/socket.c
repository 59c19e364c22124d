/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "../../src/numbers.h"
#include "../frontend/track.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(socket)

/* SOCK_NONBLOCK and SOCK_CLOEXEC stand in the same argument. */
static int bare_type(int type) {
  return type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
}

enum { DCCP_TYPE = 6 };                         /* SOCK_DCCP */
enum { SCTP = 132, DCCP = 33, UDP_LITE = 136 }; /* IANA's protocol numbers */

static bool is_internet(int domain) {
  return domain == AF_INET || domain == AF_INET6;
}

static bool is_ours(int domain, int type, int protocol) {
  return is_internet(domain) &&
         (bare_type(type) == SOCK_STREAM ||
          (bare_type(type) == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP)));
}

/* What it connects would be decided by no service (E8). SOCK_SEQPACKET is SCTP's, SOCK_DCCP is
 * DCCP's.
 */
static bool is_other_transport(int domain, int type, int protocol) {
  bool is_other_type = bare_type(type) == SOCK_SEQPACKET || bare_type(type) == DCCP_TYPE;
  return is_internet(domain) &&
         (is_other_type || protocol == SCTP || protocol == DCCP || protocol == UDP_LITE);
}

/* Whether an emulation is current, which then has it in its trail. */
static bool is_refused(void) {
  conntrail__native_lock();
  const conntrail__session_entry *current = conntrail__session_current();
  bool is_current = current != NULL && !current->is_inherited;
  if (is_current) {
    conntrail__note_bypass(current->emu, NULL, CONNTRAIL__OTHER_TRANSPORT,
                           CONNTRAIL__WSAEPROTONOSUPPORT);
  }
  conntrail__native_unlock();
  return is_current;
}

CONNTRAIL__APART static int socket_watched(int domain, int type, int protocol) {
  int error;
  bool applies = conntrail__session_applies();
  if (applies && is_other_transport(domain, type, protocol) && is_refused()) {
    return conntrail__fail(EPROTONOSUPPORT);
  }
  int fd = CONNTRAIL__REAL(socket)(domain, type, protocol);
  if (!applies || fd < 0) {
    return fd;
  }
  conntrail__descriptor_forget(fd);
  if (!is_ours(domain, type, protocol)) {
    return fd;
  }
  conntrail__native_lock();
  error = conntrail__track_created(fd, domain, bare_type(type) == SOCK_STREAM);
  conntrail__native_unlock();
  return error == 0 ? fd : conntrail__descriptor_give_up(fd, error);
}

CONNTRAIL__EXPORT int socket(int domain, int type, int protocol) {
  return conntrail__is_active() ? socket_watched(domain, type, protocol)
                                : CONNTRAIL__REAL(socket)(domain, type, protocol);
}
