/* SPDX-License-Identifier: MIT */

/* Contract: conntrack_linux.h. [D] linux/netlink.h, linux/netfilter/nfnetlink_conntrack.h. [S]
 * marks what was seen on Linux 6.18. */

#include "conntrack_linux.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../src/backend.h"
#include "../src/failure.h"
#include "address_linux.h"
#include "errno_linux.h"

#define MESSAGE_HEADER sizeof(struct nlmsghdr)
#define FLOW_HEADER (MESSAGE_HEADER + sizeof(struct nfgenmsg))
#define ATTRIBUTE_HEADER sizeof(struct nlattr)

enum {
  REQUEST_NUMBER = 1,
  REQUEST_ROOM = 128, /* 96 for IPv6 */
  ANSWER_ROOM = 8192, /* [D] The kernel makes no single answer larger. */
  MOST_UNTRACKEDS = 8
};

/* Attributes begin at multiples of four. */
static size_t padded(size_t size) {
  return (size + 3) & ~(size_t)3;
}

/* ---- The question --------------------------------------------------------------------------- */

typedef struct request {
  unsigned char bytes[REQUEST_ROOM];
  size_t size;
} request;

static void put(request *asked, uint16_t type, const void *data, size_t size) {
  const struct nlattr header = {(uint16_t)(ATTRIBUTE_HEADER + size), type};
  memcpy(asked->bytes + asked->size, &header, sizeof header);
  memcpy(asked->bytes + asked->size + ATTRIBUTE_HEADER, data, size);
  asked->size += ATTRIBUTE_HEADER + padded(size);
}

static size_t begin(request *asked, uint16_t type) {
  size_t at = asked->size;
  put(asked, (uint16_t)(type | NLA_F_NESTED), "", 0);
  return at;
}

static void end(request *asked, size_t at) {
  const uint16_t size = (uint16_t)(asked->size - at);
  memcpy(asked->bytes + at + offsetof(struct nlattr, nla_len), &size, sizeof size);
}

static void put_addresses(request *asked, const conntrail__linux_address *from,
                          const conntrail__linux_address *to) {
  size_t nest = begin(asked, CTA_TUPLE_IP);
  if (from->any.sa_family == AF_INET) {
    put(asked, CTA_IP_V4_SRC, &from->v4.sin_addr, 4);
    put(asked, CTA_IP_V4_DST, &to->v4.sin_addr, 4);
  } else {
    put(asked, CTA_IP_V6_SRC, &from->v6.sin6_addr, 16);
    put(asked, CTA_IP_V6_DST, &to->v6.sin6_addr, 16);
  }
  end(asked, nest);
}

static void put_ports(request *asked, int protocol, const conntrail__linux_address *from,
                      const conntrail__linux_address *to) {
  const uint8_t number = (uint8_t)protocol;
  const uint16_t source = from->v4.sin_port;
  const uint16_t target = to->v4.sin_port;
  size_t nest = begin(asked, CTA_TUPLE_PROTO);
  put(asked, CTA_PROTO_NUM, &number, sizeof number);
  put(asked, CTA_PROTO_SRC_PORT, &source, sizeof source);
  put(asked, CTA_PROTO_DST_PORT, &target, sizeof target);
  end(asked, nest);
}

/* The flow is named by its replies: from the proxy to the client. */
static void write_request(request *asked, int protocol, const conntrail__linux_address *local,
                          const conntrail__linux_address *peer) {
  *asked = (request){.size = FLOW_HEADER};
  size_t nest = begin(asked, CTA_TUPLE_REPLY);
  put_addresses(asked, local, peer);
  put_ports(asked, protocol, local, peer);
  end(asked, nest);
  const struct nlmsghdr header = {.nlmsg_len = (uint32_t)asked->size,
                                  .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
                                  .nlmsg_flags = NLM_F_REQUEST,
                                  .nlmsg_seq = REQUEST_NUMBER};
  const struct nfgenmsg family = {(uint8_t)local->any.sa_family, NFNETLINK_V0, 0};
  memcpy(asked->bytes, &header, sizeof header);
  memcpy(asked->bytes + MESSAGE_HEADER, &family, sizeof family);
}

/* ---- The answer ----------------------------------------------------------------------------- */

typedef struct span {
  const unsigned char *bytes;
  size_t size;
} span;

/* The value of the first attribute of this type. False where there is none before the end, or
 * before what cannot be an attribute. */
static bool find(span in, uint16_t type, span *value) {
  while (in.size >= ATTRIBUTE_HEADER) {
    struct nlattr header;
    memcpy(&header, in.bytes, sizeof header);
    if (header.nla_len < ATTRIBUTE_HEADER || header.nla_len > in.size) {
      return false;
    }
    if ((header.nla_type & NLA_TYPE_MASK) == type) {
      *value = (span){in.bytes + ATTRIBUTE_HEADER, (size_t)header.nla_len - ATTRIBUTE_HEADER};
      return true;
    }
    size_t step = padded(header.nla_len);
    if (step >= in.size) {
      return false;
    }
    in.bytes += step;
    in.size -= step;
  }
  return false;
}

/* The same, of a value that has exactly so many bytes. */
static bool read_value(span in, uint16_t type, void *value, size_t size) {
  span found;
  if (!find(in, type, &found) || found.size != size) {
    return false;
  }
  memcpy(value, found.bytes, size);
  return true;
}

static bool read_address(span addresses, const conntrail__linux_address *peer,
                         conntrail__linux_address *target) {
  *target = (conntrail__linux_address){.v6 = {.sin6_family = peer->any.sa_family}};
  if (peer->any.sa_family == AF_INET) {
    return read_value(addresses, CTA_IP_V4_DST, &target->v4.sin_addr, 4);
  }
  if (!read_value(addresses, CTA_IP_V6_DST, &target->v6.sin6_addr, 16)) {
    return false;
  }
  /* Connection tracking keeps no interface. A client of a link-local address is on the same link.
   */
  target->v6.sin6_scope_id =
      IN6_IS_ADDR_LINKLOCAL(&target->v6.sin6_addr) ? conntrail__linux_interface(peer) : 0;
  return true;
}

static bool read_target(span attributes, const conntrail__linux_address *peer,
                        conntrail__linux_address *target) {
  span original;
  span addresses;
  span ports;
  return find(attributes, CTA_TUPLE_ORIG, &original) && find(original, CTA_TUPLE_IP, &addresses) &&
         find(original, CTA_TUPLE_PROTO, &ports) && read_address(addresses, peer, target) &&
         read_value(ports, CTA_PROTO_DST_PORT, &target->v4.sin_port, 2);
}

static bool read_status(span attributes, uint32_t *status) {
  unsigned char bytes[4];
  if (!read_value(attributes, CTA_STATUS, bytes, sizeof bytes)) {
    return false;
  }
  *status =
      (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  return true;
}

static uint32_t malformed(void) {
  return conntrail__native_of_errno(EBADMSG);
}

static uint32_t read_flow(span attributes, const conntrail__linux_address *peer,
                          conntrail__linux_address *destination) {
  conntrail__linux_address target;
  uint32_t status = 0;
  if (!read_target(attributes, peer, &target) || !read_status(attributes, &status)) {
    return malformed();
  }
  /* [S] The entry of a reply that came after the client's had expired: it leads to the client. */
  if (conntrail__linux_same(&target, peer)) {
    return CONNTRAIL__DESTINATION_UNKNOWN;
  }
  if ((status & IPS_DST_NAT) == 0) {
    return CONNTRAIL__ERROR_NOT_FOUND;
  }
  *destination = target;
  return 0;
}

static uint32_t read_refusal(span body) {
  int32_t error = 0;
  if (body.size < sizeof error) {
    return malformed();
  }
  memcpy(&error, body.bytes, sizeof error);
  switch (error) {
  case -EPERM:
    return CONNTRAIL__DESTINATION_ACCESS;
  case -ENOENT:
  case -EINVAL: /* [D] A kernel without connection tracking over netlink. */
    return CONNTRAIL__DESTINATION_UNKNOWN;
  default:
    return error > -4096 && error < 0 ? conntrail__native_of_errno(-error) : malformed();
  }
}

uint32_t conntrail__conntrack_read(const void *answer, size_t size,
                                   const conntrail__linux_address *peer,
                                   conntrail__linux_address *destination) {
  struct nlmsghdr header;
  const unsigned char *bytes = answer;
  if (size < sizeof header) {
    return malformed();
  }
  memcpy(&header, bytes, sizeof header);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) {
    return malformed();
  }
  if (header.nlmsg_type == NLMSG_ERROR) {
    return read_refusal((span){bytes + MESSAGE_HEADER, header.nlmsg_len - MESSAGE_HEADER});
  }
  if (header.nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
      header.nlmsg_len < FLOW_HEADER) {
    return malformed();
  }
  return read_flow((span){bytes + FLOW_HEADER, header.nlmsg_len - FLOW_HEADER}, peer, destination);
}

/* ---- The exchange --------------------------------------------------------------------------- */

static bool send_request(int fd, const request *asked) {
  const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  ssize_t sent = -1;
  do {
    sent =
        sendto(fd, asked->bytes, asked->size, 0, (const struct sockaddr *)&kernel, sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

/* The kernel has answered when the request is sent. Another process can send to this socket too,
 * and is not received. Returns bytes, or -1 with errno. */
static ssize_t receive_answer(int fd, unsigned char *answer) {
  for (int i = 0; i < MOST_UNTRACKEDS; i++) {
    struct sockaddr_nl from = {0};
    socklen_t from_size = sizeof from;
    ssize_t size = -1;
    do {
      size = recvfrom(fd, answer, ANSWER_ROOM, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
    } while (size < 0 && errno == EINTR);
    if (size < 0 || from.nl_pid == 0) {
      return size;
    }
  }
  errno = EBADMSG;
  return -1;
}

/* A socket for each question, so that conntrail keeps no state and no right that its caller has
 * dropped. */
uint32_t conntrail__conntrack_original(int protocol, const conntrail__linux_address *local,
                                       const conntrail__linux_address *peer,
                                       conntrail__linux_address *destination) {
  unsigned char answer[ANSWER_ROOM];
  request asked;
  write_request(&asked, protocol, local, peer);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (fd < 0) {
    bool is_absent = errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT;
    return is_absent ? CONNTRAIL__DESTINATION_UNKNOWN : conntrail__native_of_errno(errno);
  }
  ssize_t size = send_request(fd, &asked) ? receive_answer(fd, answer) : -1;
  int error = errno;
  (void)close(fd);
  if (size < 0) {
    /* An answer that did not come is no reason to try again. */
    return error == EAGAIN ? malformed() : conntrail__native_of_errno(error);
  }
  return conntrail__conntrack_read(answer, (size_t)size, peer, destination);
}
