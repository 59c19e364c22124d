/* SPDX-License-Identifier: MIT */
/* What the kernel's connection tracking answers by netlink, whatever the bytes are, and a system
 * that interrupts its calls. The test plays the kernel: socket, sendto, recvfrom are its own. */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>

#include "backend-linux/conntrack_linux.h"
#include "src/backend.h"
#include "src/failure.h"
#include "unit_main.h"

enum { GENERAL_FAILURE = 31, NO_BUFFERS = 10055, NO_DESCRIPTORS = 10024 };

/* ---- A message, written as the documents have it ----------------------------------------------
 */

typedef struct message {
  unsigned char bytes[512];
  size_t size;
} message;

static void put(message *to, uint16_t type, const void *data, size_t size) {
  const struct nlattr header = {(uint16_t)(sizeof header + size), type};
  memcpy(to->bytes + to->size, &header, sizeof header);
  memcpy(to->bytes + to->size + sizeof header, data, size);
  to->size += sizeof header + (size + 3) / 4 * 4;
}

static size_t open_nest(message *to, uint16_t type) {
  size_t at = to->size;
  put(to, (uint16_t)(type | NLA_F_NESTED), "", 0);
  return at;
}

static void close_nest(message *to, size_t at) {
  const uint16_t size = (uint16_t)(to->size - at);
  memcpy(to->bytes + at, &size, sizeof size);
}

static void finish(message *to, uint16_t type) {
  const struct nlmsghdr header = {.nlmsg_len = (uint32_t)to->size, .nlmsg_type = type};
  memcpy(to->bytes, &header, sizeof header);
}

static conntrail__linux_address ipv4(uint32_t host, uint16_t port) {
  conntrail__linux_address address = {.v6 = {0}};
  address.v4.sin_family = AF_INET;
  address.v4.sin_port = htons(port);
  address.v4.sin_addr.s_addr = htonl(host);
  return address;
}

static conntrail__linux_address ipv6(const char *host, uint16_t port) {
  conntrail__linux_address address = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
  ck_assert_int_eq(inet_pton(AF_INET6, host, &address.v6.sin6_addr), 1);
  return address;
}

enum { CLIENT = 0x0a000102, SERVER = 0x0a090909, WEB = 53, CLIENT_PORT = 4000 };

static void put_ports(message *to, const conntrail__linux_address *target) {
  const uint8_t protocol = IPPROTO_UDP;
  const uint16_t from = htons(CLIENT_PORT);
  size_t nest = open_nest(to, CTA_TUPLE_PROTO);
  put(to, CTA_PROTO_NUM, &protocol, 1);
  put(to, CTA_PROTO_SRC_PORT, &from, 2);
  put(to, CTA_PROTO_DST_PORT, &target->v4.sin_port, 2);
  close_nest(to, nest);
}

static void put_tuple(message *to, const conntrail__linux_address *from,
                      const conntrail__linux_address *target) {
  size_t tuple = open_nest(to, CTA_TUPLE_ORIG);
  size_t addresses = open_nest(to, CTA_TUPLE_IP);
  if (target->any.sa_family == AF_INET) {
    put(to, CTA_IP_V4_SRC, &from->v4.sin_addr, 4);
    put(to, CTA_IP_V4_DST, &target->v4.sin_addr, 4);
  } else {
    put(to, CTA_IP_V6_SRC, &from->v6.sin6_addr, 16);
    put(to, CTA_IP_V6_DST, &target->v6.sin6_addr, 16);
  }
  close_nest(to, addresses);
  put_ports(to, target);
  close_nest(to, tuple);
}

static message flow_to(const conntrail__linux_address *from, const conntrail__linux_address *target,
                       uint32_t status) {
  message written = {.size = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg)};
  const uint32_t wire = htonl(status);
  put_tuple(&written, from, target);
  put(&written, CTA_STATUS, &wire, 4);
  finish(&written, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
  return written;
}

static message refusal(int32_t code) {
  message written = {.size = sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr)};
  memcpy(written.bytes + sizeof(struct nlmsghdr), &code, sizeof code);
  finish(&written, NLMSG_ERROR);
  return written;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* From memory that ends with the bytes, so that the sanitizer sees a step too far. */
static uint32_t read_bytes(const unsigned char *bytes, size_t size,
                           const conntrail__linux_address *peer, conntrail__linux_address *found) {
  unsigned char *exact = malloc(size != 0 ? size : 1);
  ck_assert_ptr_nonnull(exact);
  memcpy(exact, bytes, size);
  uint32_t native = conntrail__conntrack_read(exact, size, peer, found);
  free(exact);
  return native;
}

static void expect_read(const message *answer, const conntrail__linux_address *peer,
                        const conntrail__linux_address *expected) {
  conntrail__linux_address found = {.v6 = {0}};
  ck_assert_uint_eq(read_bytes(answer->bytes, answer->size, peer, &found), 0);
  ck_assert_mem_eq(&found, expected, sizeof found);
}

static void expect_refused(const unsigned char *bytes, size_t size, uint32_t expected) {
  const conntrail__linux_address peer = ipv4(CLIENT, CLIENT_PORT);
  conntrail__linux_address found;
  conntrail__linux_address untouched;
  memset(&found, 0x5a, sizeof found);
  memset(&untouched, 0x5a, sizeof untouched);
  ck_assert_uint_eq(read_bytes(bytes, size, &peer, &found), expected);
  ck_assert_mem_eq(&found, &untouched, sizeof found);
}

static message usual_flow(uint32_t status) {
  const conntrail__linux_address from = ipv4(CLIENT, CLIENT_PORT);
  const conntrail__linux_address target = ipv4(SERVER, WEB);
  return flow_to(&from, &target, status);
}

enum { TRANSLATED = IPS_CONFIRMED | IPS_DST_NAT | IPS_DST_NAT_DONE };

START_TEST(translated_flow) {
  const conntrail__linux_address peer = ipv4(CLIENT, CLIENT_PORT);
  const conntrail__linux_address target = ipv4(SERVER, WEB);
  const message answer = usual_flow(TRANSLATED);
  expect_read(&answer, &peer, &target);
}
END_TEST

START_TEST(translated_flow_of_ipv6) {
  const conntrail__linux_address peer = ipv6("fd00:1::2", CLIENT_PORT);
  const conntrail__linux_address target = ipv6("fd00:9::9", WEB);
  const message answer = flow_to(&peer, &target, TRANSLATED);
  expect_read(&answer, &peer, &target);
}
END_TEST

/* Connection tracking keeps no interface: a link-local destination is on the client's link. */
START_TEST(link_local_destination) {
  conntrail__linux_address peer = ipv6("fe80::2", CLIENT_PORT);
  conntrail__linux_address target = ipv6("fe80::9", WEB);
  const message answer = flow_to(&peer, &target, TRANSLATED);
  peer.v6.sin6_scope_id = 7;
  target.v6.sin6_scope_id = 7;
  expect_read(&answer, &peer, &target);
}
END_TEST

START_TEST(flow_that_nothing_translated) {
  const message answer = usual_flow(IPS_CONFIRMED | IPS_SEEN_REPLY);
  const message source = usual_flow(IPS_CONFIRMED | IPS_SRC_NAT | IPS_DST_NAT_DONE);
  expect_refused(answer.bytes, answer.size, CONNTRAIL__ERROR_NOT_FOUND);
  expect_refused(source.bytes, source.size, CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

START_TEST(flow_to_the_client_itself) {
  const conntrail__linux_address proxy = ipv4(SERVER, WEB);
  const conntrail__linux_address client = ipv4(CLIENT, CLIENT_PORT);
  const message answer = flow_to(&proxy, &client, TRANSLATED);
  expect_refused(answer.bytes, answer.size, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(refusals) {
  const struct {
    int32_t code;
    uint32_t expected;
  } rows[] = {{-EPERM, CONNTRAIL__DESTINATION_ACCESS},
              {-ENOENT, CONNTRAIL__DESTINATION_UNKNOWN},
              {-EINVAL, CONNTRAIL__DESTINATION_UNKNOWN},
              {-ENOBUFS, NO_BUFFERS},
              {0, GENERAL_FAILURE},
              {ENOBUFS, GENERAL_FAILURE},
              {-4096, GENERAL_FAILURE},
              {INT32_MIN, GENERAL_FAILURE}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const message answer = refusal(rows[i].code);
    expect_refused(answer.bytes, answer.size, rows[i].expected);
  }
}
END_TEST

/* Every shorter piece, with the length that the header had and with its own. */
START_TEST(answers_that_are_cut) {
  const message whole[] = {usual_flow(TRANSLATED), refusal(0)};
  for (size_t i = 0; i < 2; i++) {
    for (size_t size = 0; size < whole[i].size; size++) {
      message cut = whole[i];
      const uint32_t length = (uint32_t)size;
      expect_refused(cut.bytes, size, GENERAL_FAILURE);
      memcpy(cut.bytes, &length, sizeof length);
      expect_refused(cut.bytes, size, GENERAL_FAILURE);
    }
  }
}
END_TEST

/* Every byte in turn has every value: nothing is read outside, and nothing is written unless the
 * answer is 0. */
START_TEST(answers_with_a_wrong_byte) {
  const message good = usual_flow(TRANSLATED);
  const conntrail__linux_address peer = ipv4(CLIENT, CLIENT_PORT);
  conntrail__linux_address untouched;
  memset(&untouched, 0x5a, sizeof untouched);
  unsigned refused = 0;
  for (size_t at = 0; at < good.size; at++) {
    for (int value = 0; value < 256; value++) {
      message bad = good;
      conntrail__linux_address found = untouched;
      bad.bytes[at] = (unsigned char)value;
      if (read_bytes(bad.bytes, bad.size, &peer, &found) != 0) {
        ck_assert_mem_eq(&found, &untouched, sizeof found);
        refused++;
      } else {
        ck_assert_int_eq(found.any.sa_family, AF_INET);
      }
    }
  }
  ck_assert_uint_gt(refused, 0);
}
END_TEST

START_TEST(address_of_the_other_family) {
  const conntrail__linux_address from = ipv6("fd00:1::2", CLIENT_PORT);
  const conntrail__linux_address target = ipv6("fd00:9::9", WEB);
  const message answer = flow_to(&from, &target, TRANSLATED);
  expect_refused(answer.bytes, answer.size, GENERAL_FAILURE);
}
END_TEST

START_TEST(other_kinds_of_message) {
  const uint16_t types[] = {NLMSG_NOOP, NLMSG_DONE, NLMSG_OVERRUN,
                            NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    message answer = usual_flow(TRANSLATED);
    finish(&answer, types[i]);
    expect_refused(answer.bytes, answer.size, GENERAL_FAILURE);
  }
}
END_TEST

/* ---- The exchange --------------------------------------------------------------------------- */

/* Linked in front of the calls by --wrap. */
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                      socklen_t to_size);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *from,
                        socklen_t *from_size);

typedef struct interruptions {
  int sends;
  int receives;
} interruptions;

static interruptions left; /* how often each call is interrupted before it succeeds */
static int others;
static int last_error;
static int socket_error;

static bool interrupts(int *count) {
  if (*count == 0) {
    return false;
  }
  (*count)--;
  errno = EINTR;
  return true;
}

int __wrap_socket(int family, int type, int protocol) {
  if (socket_error != 0) {
    errno = socket_error;
    return -1;
  }
  return __real_socket(family, type, protocol);
}

ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                      socklen_t to_size) {
  (void)fd, (void)bytes, (void)flags, (void)to, (void)to_size;
  return interrupts(&left.sends) ? -1 : (ssize_t)size;
}

/* The answer of another process is another destination than the kernel's. */
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *from,
                        socklen_t *from_size) {
  (void)fd;
  ck_assert_int_eq(flags & MSG_DONTWAIT, MSG_DONTWAIT);
  if (interrupts(&left.receives)) {
    return -1;
  }
  if (last_error != 0) {
    errno = last_error;
    return -1;
  }
  const conntrail__linux_address client = ipv4(CLIENT, CLIENT_PORT);
  const conntrail__linux_address target = ipv4(others > 0 ? SERVER + 1 : SERVER, WEB);
  const message answer = flow_to(&client, &target, TRANSLATED);
  const struct sockaddr_nl sender = {.nl_family = AF_NETLINK, .nl_pid = others > 0 ? 99 : 0};
  ck_assert_uint_ge(size, answer.size);
  memcpy(bytes, answer.bytes, answer.size);
  memcpy(from, &sender, sizeof sender);
  *from_size = sizeof sender;
  others -= others > 0 ? 1 : 0;
  return (ssize_t)answer.size;
}

static uint32_t ask(conntrail__linux_address *found) {
  const conntrail__linux_address local = ipv4(0x0a000101, 4001);
  const conntrail__linux_address peer = ipv4(CLIENT, CLIENT_PORT);
  return conntrail__conntrack_original(IPPROTO_UDP, &local, &peer, found);
}

static void expect_found(void) {
  const conntrail__linux_address target = ipv4(SERVER, WEB);
  conntrail__linux_address found = {.v6 = {0}};
  ck_assert_uint_eq(ask(&found), 0);
  ck_assert_mem_eq(&found, &target, sizeof found);
}

START_TEST(interrupted_exchange) {
  for (int count = 0; count < 4; count++) {
    left = (interruptions){.sends = count, .receives = count};
    expect_found();
    ck_assert_int_eq(left.sends + left.receives, 0);
  }
}
END_TEST

START_TEST(answers_of_untrackeds) {
  others = 3;
  expect_found();
  ck_assert_int_eq(others, 0);
  conntrail__linux_address found = {.v6 = {0}};
  others = 1000;
  ck_assert_uint_eq(ask(&found), GENERAL_FAILURE);
  ck_assert_int_gt(others, 900);
}
END_TEST

START_TEST(answer_that_does_not_come) {
  conntrail__linux_address found = {.v6 = {0}};
  last_error = EAGAIN;
  ck_assert_uint_eq(ask(&found), GENERAL_FAILURE);
  last_error = ENOBUFS;
  ck_assert_uint_eq(ask(&found), NO_BUFFERS);
}
END_TEST

START_TEST(kernel_without_netlink) {
  const struct {
    int error;
    uint32_t expected;
  } rows[] = {{EPROTONOSUPPORT, CONNTRAIL__DESTINATION_UNKNOWN},
              {EAFNOSUPPORT, CONNTRAIL__DESTINATION_UNKNOWN},
              {EMFILE, NO_DESCRIPTORS}};
  conntrail__linux_address found = {.v6 = {0}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    socket_error = rows[i].error;
    ck_assert_uint_eq(ask(&found), rows[i].expected);
  }
}
END_TEST

UNIT_MAIN("linux conntrack", NULL, NULL, translated_flow, translated_flow_of_ipv6,
          link_local_destination, flow_that_nothing_translated, flow_to_the_client_itself, refusals,
          answers_that_are_cut, answers_with_a_wrong_byte, address_of_the_other_family,
          other_kinds_of_message, interrupted_exchange, answers_of_untrackeds,
          answer_that_does_not_come, kernel_without_netlink)
