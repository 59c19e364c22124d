/* SPDX-License-Identifier: MIT */

/*
 * examples/profiles/wine-8.0.json is what bare Wine answers: each situation that can be made
 * without a redirecting driver is asked eight times, raw, and must be in the file as it is
 * answered. No part of the emulation is linked.
 */

#include "../../backend-emu/files/profile_file.h"
#include "../../backend-win/win.h"
#include "net.h"
#include "unit_main.h"

enum {
  TIMES = 8,
  ROOM = 1024,
  SET_BYTES = 64,
  QUERY_RECORDS = 220,
  QUERY_CONTEXT = 221,
  SET_RECORDS = 222,
  RECORDS_TYPE = 60,
  ORIGINAL_DST = 0x300F,
  LEVEL_IP = 0xFFFB
};
#define CODE(number) _WSAIOW(IOC_VENDOR, (DWORD)(number))
#define UNTOUCHED 0xABABABABu

static conntrail__profile_file *profile;
static unsigned asked;
static SOCKET fresh_socket, bound, listening, datagram, client, accepted, closed_socket;
static struct sockaddr_storage address;

static const char *accept_any(conntrail_emu_situation situation,
                              const conntrail_emu_answer *answer) {
  (void)situation;
  (void)answer;
  return NULL;
}

static void begin(void) {
  conntrail__complaint why;
  conntrail_socket peer = INVALID_SOCKET;
  ck_assert(net_begin());
  profile = conntrail__profile_read(WINE_PROFILE, accept_any, &why);
  ck_assert_msg(profile != NULL, "%s", why.text);
  address = net_loopback(NET_TCP4, 0);
  fresh_socket = net_socket(NET_TCP4);
  bound = net_socket(NET_TCP4);
  listening = net_socket(NET_TCP4);
  datagram = net_socket(NET_UDP4);
  client = net_socket(NET_TCP4);
  ck_assert_int_eq(net_bind(bound, &address), NET_OK);
  ck_assert_int_eq(net_bind(listening, &address), NET_OK);
  ck_assert_int_eq(net_listen(listening, 1), NET_OK);
  ck_assert_int_eq(net_local(listening, &address), NET_OK);
  ck_assert_int_eq(net_connect(client, &address), NET_OK);
  ck_assert_int_eq(net_accept(listening, &peer, NULL), NET_OK);
  accepted = peer;
  closed_socket = net_socket(NET_TCP4);
  ck_assert_int_eq(net_close(closed_socket), NET_OK);
}

static void end(void) {
  const SOCKET all[] = {fresh_socket, bound, listening, datagram, client, accepted};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    ck_assert_int_eq(net_close(all[i]), NET_OK);
  }
  conntrail__profile_free(profile);
  net_end();
}

/* The one answer of this situation in the file. */
static const conntrail_emu_answer *recorded(conntrail_emu_situation situation) {
  const conntrail_emu_row *row = &conntrail__profile_table(profile)->rows[situation];
  ck_assert_msg(row->count == 1, "situation %d has %u answers", (int)situation,
                (unsigned)row->count);
  asked++;
  return row->answers;
}

static void expect_recorded(conntrail_emu_situation situation, int answer, int error,
                            DWORD counted) {
  const conntrail_emu_answer *wanted = recorded(situation);
  uint32_t native = answer == 0 ? 0 : (uint32_t)error;
  ck_assert_msg(wanted->native == native, "situation %d: %u", (int)situation, native);
  ck_assert_int_eq(wanted->count, CONNTRAIL_EMU_COUNT_BYTES);
  ck_assert_uint_eq(wanted->bytes, counted);
}

static void ask_query(int code, conntrail_emu_situation records, SOCKET of) {
  int offset = code == QUERY_RECORDS ? 0 : CONNTRAIL_EMU_SITUATION_CONTEXT_NO_BUFFER;
  for (int time = 0; time < TIMES; time++) {
    char out[ROOM];
    DWORD bytes = UNTOUCHED;
    int answer = WSAIoctl(of, CODE(code), NULL, 0, out, ROOM, &bytes, NULL, NULL);
    int error = WSAGetLastError();
    expect_recorded((conntrail_emu_situation)((int)records + offset), answer, error, bytes);
  }
}

static void ask_both(conntrail_emu_situation records, SOCKET of) {
  ask_query(QUERY_RECORDS, records, of);
  ask_query(QUERY_CONTEXT, records, of);
}

static void ask_set(conntrail_emu_situation situation, SOCKET to, DWORD size) {
  char in[SET_BYTES];
  memset(in, 0x5A, sizeof in);
  for (int time = 0; time < TIMES; time++) {
    DWORD bytes = UNTOUCHED;
    int answer = WSAIoctl(to, CODE(SET_RECORDS), in, size, NULL, 0, &bytes, NULL, NULL);
    int error = WSAGetLastError();
    expect_recorded(situation, answer, error, bytes);
  }
}

static void ask_send(void) {
  size_t control[16] = {0};
  char text[] = "x";
  WSABUF piece = {1, text};
  WSACMSGHDR *header = (WSACMSGHDR *)control;
  WSAMSG message = {.name = (struct sockaddr *)&address,
                    .namelen = (INT)net_address_size(&address),
                    .lpBuffers = &piece,
                    .dwBufferCount = 1,
                    .Control = {sizeof *header + SET_BYTES, (CHAR *)control}};
  header->cmsg_len = sizeof *header + SET_BYTES;
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = RECORDS_TYPE;
  for (int time = 0; time < TIMES; time++) {
    DWORD sent = 0;
    int answer = WSASendMsg(datagram, &message, 0, &sent, NULL, NULL);
    int error = WSAGetLastError();
    expect_recorded(CONNTRAIL_EMU_SITUATION_SEND_FOREIGN, answer, error, 0);
  }
}

static void ask_options(void) {
  const DWORD on = 1;
  for (int time = 0; time < TIMES; time++) {
    struct sockaddr_storage original;
    int size = (int)sizeof original;
    int answer =
        setsockopt(fresh_socket, IPPROTO_IP, RECORDS_TYPE, (const char *)&on, (int)sizeof on);
    int error = WSAGetLastError();
    expect_recorded(CONNTRAIL_EMU_SITUATION_ENABLE_STREAM, answer, error, 0);
    answer = getsockopt(accepted, LEVEL_IP, ORIGINAL_DST, (char *)&original, &size);
    error = WSAGetLastError();
    expect_recorded(CONNTRAIL_EMU_SITUATION_ORIGINAL_NOT_REDIRECTED, answer, error, 0);
  }
}

static unsigned rows_of_the_file(void) {
  unsigned rows = 0;
  for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    rows += conntrail__profile_table(profile)->rows[i].count > 0;
  }
  return rows;
}

START_TEST(the_file_is_what_wine_answers) {
  asked = 0;
  ask_both(CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED, accepted);
  ask_both(CONNTRAIL_EMU_SITUATION_RECORDS_FRESH, fresh_socket);
  ask_both(CONNTRAIL_EMU_SITUATION_RECORDS_BOUND, bound);
  ask_both(CONNTRAIL_EMU_SITUATION_RECORDS_LISTENING, listening);
  ask_both(CONNTRAIL_EMU_SITUATION_RECORDS_DATAGRAM, datagram);
  ask_both(CONNTRAIL_EMU_SITUATION_RECORDS_NOT_A_SOCKET, closed_socket);
  ask_set(CONNTRAIL_EMU_SITUATION_SET_CONNECTED, client, SET_BYTES);
  ask_set(CONNTRAIL_EMU_SITUATION_SET_LISTENING, listening, SET_BYTES);
  ask_set(CONNTRAIL_EMU_SITUATION_SET_DATAGRAM, datagram, SET_BYTES);
  ask_set(CONNTRAIL_EMU_SITUATION_SET_FOREIGN, fresh_socket, SET_BYTES);
  ask_set(CONNTRAIL_EMU_SITUATION_SET_EMPTY, fresh_socket, 0);
  ask_set(CONNTRAIL_EMU_SITUATION_SET_NOT_A_SOCKET, closed_socket, SET_BYTES);
  ask_options();
  ask_send();
  ck_assert_uint_eq(asked, TIMES * rows_of_the_file());
}
END_TEST

/* The file's "ntstatus", which an overlapped call shows; Wine sets no event. */
START_TEST(the_status_is_not_supported) {
  const ULONG_PTR not_supported = 0xC00000BB;
  const SOCKET of[] = {accepted, fresh_socket, bound, listening, datagram};
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
    for (int code = QUERY_RECORDS; code <= QUERY_CONTEXT; code++) {
      char out[ROOM];
      DWORD bytes = UNTOUCHED;
      OVERLAPPED overlapped = {.hEvent = NULL};
      int answer = WSAIoctl(of[i], CODE(code), NULL, 0, out, ROOM, &bytes, &overlapped, NULL);
      int error = WSAGetLastError();
      ck_assert_int_eq(answer, SOCKET_ERROR);
      ck_assert_int_eq(error, WSA_IO_PENDING);
      ck_assert_uint_eq(overlapped.Internal, not_supported);
    }
  }
}
END_TEST

UNIT_MAIN("wine_profile", begin, end, the_file_is_what_wine_answers, the_status_is_not_supported)
