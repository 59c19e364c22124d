/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "watched.h"

/*
 * Settings that keep a socket to an interface or to a routing table. What the emulation redirects
 * or routes goes to this host, by the loopback interface, so they are lifted then.
 */

/* Linux' numbers, which older headers lack. */
enum { BIND_TO_INDEX = 62, MARK = 36, UNICAST_INTERFACE = 50, UNICAST_INTERFACE6 = 76 };
enum { LOOPBACK_INDEX = 1 };

/* Whether any socket of this process has had such a setting: others need not be asked. */
static atomic_bool was_set;

void conntrail__device_note(int level, int name) {
  if ((level == SOL_SOCKET && (name == SO_BINDTODEVICE || name == BIND_TO_INDEX || name == MARK)) ||
      (level == IPPROTO_IP && name == UNICAST_INTERFACE) ||
      (level == IPPROTO_IPV6 && name == UNICAST_INTERFACE6)) {
    atomic_store_explicit(&was_set, true, memory_order_relaxed);
  }
}

/* Sets it to 0 where it is neither that nor `harmless`. False: not permitted. */
static bool lift(int fd, int level, int name, int harmless) {
  int value = 0;
  const int none = 0;
  socklen_t size = sizeof value;
  if (CONNTRAIL__REAL(getsockopt)(fd, level, name, &value, &size) != 0 || value == 0 ||
      value == harmless) {
    return true;
  }
  return CONNTRAIL__REAL(setsockopt)(fd, level, name, &none, sizeof none) == 0;
}

int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target) {
  int fd = (int)handle;
  int error = errno;
  (void)target;
  if (!atomic_load_explicit(&was_set, memory_order_relaxed)) {
    return 0;
  }
  bool is_lifted = lift(fd, SOL_SOCKET, BIND_TO_INDEX, LOOPBACK_INDEX) &&
                   lift(fd, SOL_SOCKET, MARK, 0) &&
                   (family == AF_INET ? lift(fd, IPPROTO_IP, UNICAST_INTERFACE, 0)
                                      : lift(fd, IPPROTO_IPV6, UNICAST_INTERFACE6, 0));
  errno = error;
  return is_lifted ? 0 : ENETUNREACH;
}

/* ---- One message ----------------------------------------------------------------------------- */

/* Where the interface stands in in_pktinfo and in6_pktinfo, which glibc shows to few. */
enum { INDEX_AT = 0, INDEX_AT6 = 16 };

/* NULL where this control message names no interface. */
static unsigned char *index_in(struct cmsghdr *header) {
  bool is_ipv4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO;
  bool is_ipv6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO;
  const uint32_t none = 0;
  size_t at = is_ipv6 ? INDEX_AT6 : INDEX_AT;
  bool has_index = (is_ipv4 || is_ipv6) && header->cmsg_len >= CMSG_LEN(at + sizeof none) &&
                   memcmp(CMSG_DATA(header) + at, &none, sizeof none) != 0;
  return has_index ? CMSG_DATA(header) + at : NULL;
}

bool conntrail__device_is_named(const struct msghdr *message) {
  struct msghdr copy = *message; /* glibc's CMSG_NXTHDR() takes no const */
  struct cmsghdr *header = copy.msg_control == NULL ? NULL : CMSG_FIRSTHDR(&copy);
  while (header != NULL && index_in(header) == NULL) {
    header = CMSG_NXTHDR(&copy, header);
  }
  return header != NULL;
}

void conntrail__device_lift(struct msghdr *message) {
  struct cmsghdr *header = message->msg_control == NULL ? NULL : CMSG_FIRSTHDR(message);
  for (; header != NULL; header = CMSG_NXTHDR(message, header)) {
    unsigned char *index = index_in(header);
    if (index != NULL) {
      memset(index, 0, sizeof(uint32_t));
    }
  }
}
