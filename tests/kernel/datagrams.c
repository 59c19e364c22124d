/* SPDX-License-Identifier: MIT */
#include "datagrams.h"

#include <errno.h>
#include <string.h>

int open_udp(listener_kind kind, unsigned flags) {
  const conntrail__socket_facts facts = {.is_internet = true,
                                         .is_datagram = true,
                                         .is_ipv6 = kind != IPV4,
                                         .is_dual_stack = kind == DUAL_STACK};
  int listener = open_listener(kind, IPPROTO_UDP, flags);
  ck_assert_uint_eq(conntrail__backend_enable_local(listener, &facts), 0);
  return listener;
}

arrival receive_arrival(int listener) {
  arrival came = {{0}, {0}};
  char bytes[64];
  _Alignas(struct cmsghdr) unsigned char control[512];
  struct iovec piece = {bytes, sizeof bytes};
  struct msghdr message = {.msg_name = &came.peer,
                           .msg_namelen = sizeof came.peer,
                           .msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  ck_assert_msg(recvmsg(listener, &message, 0) >= 0, "recvmsg: %s", strerror(errno));
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, control, message.msg_controllen);
  conntrail__control_item item;
  int count = 0;
  while (conntrail__control_next(&reader, &item)) {
    ck_assert(conntrail__backend_read_local(&item, &came.local));
    count++;
  }
  ck_assert_int_eq(count, 1);
  return came;
}

arrival send_one(network_host host, int listener, const char *to) {
  send_text(open_client(host, to, IPPROTO_UDP), to, "question");
  return receive_arrival(listener);
}

void send_text(int fd, const char *to, const char *text) {
  struct sockaddr_storage address = address_of(to);
  ck_assert_int_eq(
      sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, size_of(&address)),
      (int)strlen(text));
}
