/* SPDX-License-Identifier: MIT */

/* Messages: WSASendMsg and WSARecvMsg with control data. */

#include <string.h>

#include "probe.h"

enum { CONTROL_ROOM = 2048, PAYLOAD = 16, RECORDS = 64, ALIEN_LEVEL = 7777, ALIEN_TYPE = 77 };

/* [D] The layout of WSA_CMSG_DATA: data and next header are aligned as a header is. */
enum { ALIGNMENT = sizeof(SIZE_T), HEADER = sizeof(WSACMSGHDR) };

static size_t aligned(size_t size) {
  return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

typedef struct message {
  WSAMSG message;
  WSABUF piece;
  char payload[PAYLOAD];
  struct sockaddr_storage name;
  union {
    WSACMSGHDR header;
    unsigned char bytes[CONTROL_ROOM];
  } control;
} message;

static void prepare(message *m, ULONG payload, ULONG control) {
  memset(m, 0, sizeof *m);
  m->piece = (WSABUF){payload, m->payload};
  m->message = (WSAMSG){.name = (struct sockaddr *)&m->name,
                        .namelen = (INT)sizeof m->name,
                        .lpBuffers = &m->piece,
                        .dwBufferCount = 1,
                        .Control = {control, control > 0 ? (CHAR *)m->control.bytes : NULL}};
}

/* ---- Sending ----------------------------------------------------------------------------------
 */

static void write_control(probe_call call, message *m) {
  WSACMSGHDR *header = &m->control.header;
  if (call == PROBE_ASK_MESSAGE_PLAIN) {
    return;
  }
  header->cmsg_level = call == PROBE_ASK_MESSAGE_ALIEN ? ALIEN_LEVEL : IPPROTO_IP;
  header->cmsg_type = call == PROBE_ASK_MESSAGE_ALIEN ? ALIEN_TYPE : IP_WFP_REDIRECT_RECORDS;
  header->cmsg_len = HEADER + RECORDS;
  if (call == PROBE_ASK_MESSAGE_SHORT) {
    header->cmsg_len = 1;
  } else if (call == PROBE_ASK_MESSAGE_LONG) {
    header->cmsg_len = 100000;
  }
  m->message.Control = (WSABUF){(ULONG)(HEADER + aligned(RECORDS)), (CHAR *)m->control.bytes};
  if (call == PROBE_ASK_MESSAGE_NULL) {
    m->message.Control.buf = NULL;
  }
}

/* To the scene's own socket: nothing leaves it. */
void conntrail__probe_send_message(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  static message sent;
  GUID identity = WSAID_WSASENDMSG;
  DWORD bytes = PROBE_UNTOUCHED;
  LPFN_WSASENDMSG call;
  void *found = conntrail__probe_extension(scene->asked, identity);
  memcpy(&call, &found, sizeof call);
  if (call == NULL) {
    answer->obstacle = "the provider has no WSASendMsg";
    return;
  }
  prepare(&sent, PAYLOAD, 0);
  write_control(row->call, &sent);
  sent.name = scene->local;
  sent.message.namelen = conntrail__probe_address_size(&sent.name);
  conntrail__probe_begin(answer);
  conntrail__probe_returned(answer, call(scene->asked, &sent.message, 0, &bytes, NULL, NULL));
  answer->bytes = bytes;
}

/* ---- Receiving --------------------------------------------------------------------------------
 */

/* "level/type/bytes", in their order, and the flags where one is set. */
static void name_controls(const message *m, probe_answer *answer) {
  size_t at = 0;
  size_t end = m->message.Control.len;
  while (at + HEADER <= end && end <= CONTROL_ROOM) {
    WSACMSGHDR header;
    memcpy(&header, m->control.bytes + at, sizeof header);
    if (header.cmsg_len < HEADER) {
      break;
    }
    conntrail__probe_say(answer, "%s%d/%d/%u", answer->value[0] != 0 ? " " : "",
                         (int)header.cmsg_level, (int)header.cmsg_type,
                         (unsigned)(header.cmsg_len - HEADER));
    at += aligned(header.cmsg_len);
  }
  if (m->message.dwFlags != 0) {
    conntrail__probe_say(answer, "%sflags 0x%lX", answer->value[0] != 0 ? " " : "",
                         m->message.dwFlags);
  }
}

static void receive(SOCKET from, message *m, probe_answer *answer) {
  GUID identity = WSAID_WSARECVMSG;
  DWORD bytes = PROBE_UNTOUCHED;
  LPFN_WSARECVMSG call;
  void *found = conntrail__probe_extension(from, identity);
  memcpy(&call, &found, sizeof call);
  if (call == NULL) {
    answer->obstacle = "the provider has no WSARecvMsg";
  } else if (!conntrail__probe_readable(from, PROBE_PATIENCE_MILLISECONDS)) {
    answer->obstacle = "no datagram came";
  } else {
    conntrail__probe_begin(answer);
    conntrail__probe_returned(answer, call(from, &m->message, &bytes, NULL, NULL));
    answer->bytes = bytes;
    name_controls(m, answer);
  }
}

static bool enable_packet_information(SOCKET socket) {
  const DWORD enabled = 1;
  return setsockopt(socket, IPPROTO_IP, IP_PKTINFO, (const char *)&enabled, (int)sizeof enabled) ==
         0;
}

/* The row's level is the size of the payload's buffer, its size that of the control buffer. */
void conntrail__probe_receive_message(const probe_row *row, probe_scene *scene,
                                      probe_answer *answer) {
  static message received;
  const char text[PAYLOAD] = "message";
  if (!enable_packet_information(scene->asked) ||
      sendto(scene->asked, text, PAYLOAD, 0, (const struct sockaddr *)&scene->local,
             conntrail__probe_address_size(&scene->local)) != PAYLOAD) {
    answer->obstacle = "no datagram over loopback";
    return;
  }
  prepare(&received, (ULONG)row->level, row->size);
  receive(scene->asked, &received, answer);
}

/* Clause M9: the source that the proxy sees. Both families have the port at the same place. */
static bool comes_from_client(const probe_scene *scene, const struct sockaddr_storage *from) {
  struct sockaddr_storage own;
  int size = (int)sizeof own;
  memset(&own, 0, sizeof own);
  return getsockname(scene->client, (struct sockaddr *)&own, &size) == 0 &&
         ((const struct sockaddr_in *)from)->sin_port ==
             ((const struct sockaddr_in *)&own)->sin_port;
}

void conntrail__probe_receive_flow(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  static message received;
  prepare(&received, PAYLOAD, row->size);
  receive(scene->asked, &received, answer);
  if (answer->obstacle == NULL) {
    conntrail__probe_say(answer, "%sfrom %s", answer->value[0] != 0 ? " " : "",
                         comes_from_client(scene, &received.name) ? "client" : "other");
  }
}

/* From where the client sees the proxy's answer come. */
void conntrail__probe_receive_reply(const probe_row *row, probe_scene *scene,
                                    probe_answer *answer) {
  static message received;
  struct sockaddr_storage from;
  int size = (int)sizeof from;
  (void)row;
  memset(&from, 0, sizeof from);
  if (!conntrail__probe_readable(scene->asked, PROBE_PATIENCE_MILLISECONDS)) {
    answer->obstacle = "no answer came";
    return;
  }
  conntrail__probe_begin(answer);
  int counted =
      recvfrom(scene->asked, received.payload, PAYLOAD, 0, (struct sockaddr *)&from, &size);
  conntrail__probe_returned(answer, counted > 0 ? 0 : SOCKET_ERROR);
  answer->bytes = counted > 0 ? (uint32_t)counted : 0;
  if (counted > 0) {
    conntrail__probe_name_address(scene, &from, answer);
  }
}
