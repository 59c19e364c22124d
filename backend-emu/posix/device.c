/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../frontend/device_linux.h"
#include "watched.h"

/* Whether any socket of this process has had such a setting: others need not be asked. */
static atomic_bool was_set;

void conntrail__device_note(int level, int name) {
  if ((level == SOL_SOCKET &&
       (name == SO_BINDTODEVICE || name == CONNTRAIL__BIND_TO_INDEX || name == CONNTRAIL__MARK)) ||
      (level == IPPROTO_IP && name == CONNTRAIL__UNICAST_INTERFACE) ||
      (level == IPPROTO_IPV6 && name == CONNTRAIL__UNICAST_INTERFACE6)) {
    atomic_store_explicit(&was_set, true, memory_order_relaxed);
  }
}

int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target) {
  (void)target;
  if (!atomic_load_explicit(&was_set, memory_order_relaxed)) {
    return 0;
  }
  const int before = errno;
  const int error = conntrail__lift_device((int)handle, family);
  errno = before;
  return error;
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
