/* SPDX-License-Identifier: MIT */
#include "datagram_world.h"

#include <check.h>
#include <string.h>

/* mingw-w64's macros of control messages mix signs. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

enum { CLIENT_PROCESS = 4711, MOST_MILLISECONDS = 10000 };

conntrail_emu *world;
SOCKET proxy;
SOCKET client;
struct sockaddr_storage proxy_address;
struct sockaddr_storage client_address;
struct sockaddr_storage destination;
struct sockaddr_storage other_destination;

SOCKET world_bound(struct sockaddr_storage *address) {
  const DWORD limit = MOST_MILLISECONDS;
  SOCKET made = net_socket(NET_UDP4);
  *address = net_loopback(NET_UDP4, 0);
  ck_assert(made != INVALID_SOCKET);
  ck_assert_int_eq(net_bind(made, address), NET_OK);
  ck_assert_int_eq(net_local(made, address), NET_OK);
  ck_assert_int_eq(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, (const char *)&limit, sizeof limit),
                   0);
  return made;
}

void datagram_world_open(void) {
  ck_assert(net_begin());
  world = conntrail_emu_create(NULL);
  ck_assert_msg(world != NULL, "%s", conntrail_emu_refusal());
  destination = net_v4(93, 184, 216, 34, 53);
  other_destination = net_v4(93, 184, 216, 35, 53);
  proxy = world_bound(&proxy_address);
  conntrail_emu_service *service = conntrail_emu_add_service(world, "acme", NULL);
  ck_assert_msg(conntrail_emu_redirect(service, "udp 93.184.216.0/24",
                                       (struct sockaddr *)&proxy_address) == CONNTRAIL_OK,
                "%s", conntrail_emu_refusal());
  ck_assert_int_eq(conntrail_emu_act_as(CLIENT_PROCESS, NULL), CONNTRAIL_OK);
  client = world_bound(&client_address);
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
}

void datagram_world_close(void) {
  if (client != INVALID_SOCKET) {
    ck_assert_int_eq(net_close(client), NET_OK);
  }
  ck_assert_int_eq(net_close(proxy), NET_OK);
  conntrail_emu_destroy(world);
  net_end();
}

void world_enable(SOCKET socket) {
  const DWORD enabled = 1;
  const char *value = (const char *)&enabled;
  ck_assert_int_eq(setsockopt(socket, IPPROTO_IP, RECORDS_TYPE, value, sizeof enabled), 0);
  ck_assert_int_eq(setsockopt(socket, IPPROTO_IP, CONTEXT_TYPE, value, sizeof enabled), 0);
}

void world_send(SOCKET socket, const char *text, const struct sockaddr_storage *to) {
  int size = (int)strlen(text);
  int sent = to != NULL ? sendto(socket, text, size, 0, (const struct sockaddr *)to,
                                 (int)net_address_size(to))
                        : send(socket, text, size, 0);
  ck_assert_int_eq(sent, size);
}

struct sockaddr_storage world_take(SOCKET socket, const char *text) {
  char bytes[32];
  struct sockaddr_storage from;
  int from_size = (int)sizeof from;
  memset(&from, 0, sizeof from);
  int got = recvfrom(socket, bytes, (int)sizeof bytes, 0, (struct sockaddr *)&from, &from_size);
  ck_assert_int_eq(got, (int)strlen(text));
  ck_assert_mem_eq(bytes, text, strlen(text));
  ck_assert_int_eq(from_size, (int)sizeof(struct sockaddr_in));
  return from;
}

void world_expect(SOCKET socket, const char *text, const struct sockaddr_storage *from) {
  struct sockaddr_storage sender = world_take(socket, text);
  ck_assert(net_address_equal(&sender, from));
}

LPFN_WSARECVMSG world_receive_call(SOCKET socket) {
  GUID identity = WSAID_WSARECVMSG;
  LPFN_WSARECVMSG found = NULL;
  DWORD bytes = 0;
  ck_assert_int_eq(WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity,
                            (DWORD)sizeof identity, &found, (DWORD)sizeof found, &bytes, NULL,
                            NULL),
                   0);
  return found;
}

void message_clear(test_message *l) {
  memset(l, 0, sizeof *l);
  l->piece = (WSABUF){(ULONG)sizeof l->text, l->text};
  l->message = (WSAMSG){.name = (struct sockaddr *)&l->from,
                        .namelen = (INT)sizeof l->from,
                        .lpBuffers = &l->piece,
                        .dwBufferCount = 1,
                        .Control = {(ULONG)sizeof l->control, (CHAR *)l->control}};
}

const unsigned char *message_find(const test_message *l, int type, size_t *size) {
  const WSAMSG *message = &l->message;
  for (WSACMSGHDR *each = WSA_CMSG_FIRSTHDR(message); each != NULL;
       each = WSA_CMSG_NXTHDR(message, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == type) {
      *size = each->cmsg_len - WSA_CMSG_LEN(0);
      return WSA_CMSG_DATA(each);
    }
  }
  return NULL;
}

void message_put_records(test_message *l, const void *records, size_t size) {
  WSACMSGHDR *header = (WSACMSGHDR *)l->control;
  ck_assert_uint_le(WSA_CMSG_SPACE(size), sizeof l->control);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = RECORDS_TYPE;
  header->cmsg_len = WSA_CMSG_LEN(size);
  memcpy(WSA_CMSG_DATA(header), records, size);
  l->message.Control.len = (ULONG)WSA_CMSG_SPACE(size);
}

void message_expect_records(const test_message *l, const struct sockaddr_storage *wanted) {
  struct sockaddr_storage named;
  size_t size = 0;
  ck_assert_ptr_nonnull(message_find(l, RECORDS_TYPE, &size));
  ck_assert_uint_gt(size, 0);
  const unsigned char *context = message_find(l, CONTEXT_TYPE, &size);
  ck_assert_ptr_nonnull(context);
  ck_assert_uint_eq(size, CONTEXT_BYTES);
  memcpy(&named, context, sizeof named);
  ck_assert(net_address_equal(&named, wanted));
}
