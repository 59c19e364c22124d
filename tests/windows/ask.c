/* SPDX-License-Identifier: MIT */

/*
 * Asks a Windows what no document settles, by WSAIoctl alone, and prints each answer as a line of
 * the table in docs/windows.md: clause, question, answer (native number, bytes told). Linked with
 * one of the fixtures of the conformance suite: a real driver, or the emulation.
 */

#include <stdio.h>
#include <string.h>

#include "../../backend-win/wfp_codes.h"
#include "fixture.h"
#include "scenario.h"

enum { ROOM = 65536, WAIT_MILLISECONDS = 1000 };

static unsigned char records[ROOM];
static DWORD records_size;
static unsigned questions;

static void tell(const char *clause, const char *question, int answer, DWORD bytes) {
  DWORD native = answer == 0 ? 0 : (DWORD)WSAGetLastError();
  questions++;
  if (native == 0) {
    printf("| %s | %s | done, %lu bytes |\n", clause, question, bytes);
  } else {
    printf("| %s | %s | %lu (0x%08lX), %lu bytes |\n", clause, question, native, native, bytes);
  }
}

/* The output stands in a guarded buffer; UINT32_MAX tells a count that was not written. */
static void query(const char *clause, const char *question, SOCKET of, DWORD code, DWORD capacity) {
  static unsigned char answer[ROOM];
  DWORD bytes = UINT32_MAX;
  int result =
      WSAIoctl(of, code, NULL, 0, capacity > 0 ? answer : NULL, capacity, &bytes, NULL, NULL);
  tell(clause, question, result, bytes);
}

static void query_records(const char *clause, const char *question, SOCKET of, DWORD capacity) {
  query(clause, question, of, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, capacity);
}

static void set(const char *clause, const char *question, SOCKET on, void *bytes, DWORD size) {
  DWORD counted = UINT32_MAX;
  int result = WSAIoctl(on, SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS, bytes, size, NULL, 0, &counted,
                        NULL, NULL);
  tell(clause, question, result, counted);
}

static void ask_sizes(const scenario_pair *pair) {
  query_records("Q3", "records, 4 bytes offered", pair->accepted, 4);
  query_records("Q3", "records, 3 bytes offered", pair->accepted, 3);
  query_records("Q2", "records, NULL and 0 offered", pair->accepted, 0);
  query("Q3", "context, 4 bytes offered", pair->accepted, SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT,
        4);
  query("Q2", "context, NULL and 0 offered", pair->accepted,
        SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT, 0);
  query_records("Q1", "records, 64 KiB offered", pair->accepted, ROOM);
}

static void ask_states(const scenario_pair *pair) {
  struct sockaddr_storage any = net_loopback(NET_TCP4, 0);
  SOCKET fresh = scenario_socket(NET_TCP4);
  query_records("Q8", "records of a fresh socket", fresh, ROOM);
  (void)net_bind(fresh, &any);
  query_records("Q8", "records of a bound socket", fresh, ROOM);
  query_records("Q9", "records of the listening socket", pair->listener, ROOM);
  query_records("Q12", "records of the client's own end", pair->client, ROOM);
  scenario_close(fresh);
}

static void ask_direct(void) {
  scenario_pair direct = scenario_direct_pair();
  query_records("Q5", "records, connected but not redirected", direct.accepted, ROOM);
  query("Q5", "context, connected but not redirected", direct.accepted,
        SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT, ROOM);
  scenario_close_pair(&direct);
}

static void ask_overlapped(const scenario_pair *pair) {
  OVERLAPPED overlapped = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  DWORD bytes = UINT32_MAX;
  DWORD flags = 0;
  int result = WSAIoctl(pair->accepted, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, NULL, 0, records,
                        ROOM, &bytes, &overlapped, NULL);
  tell("O1", "records, overlapped with an event: the call", result, bytes);
  bool is_signalled = WaitForSingleObject(overlapped.hEvent, WAIT_MILLISECONDS) == WAIT_OBJECT_0;
  result = WSAGetOverlappedResult(pair->accepted, &overlapped, &bytes, TRUE, &flags) ? 0 : -1;
  tell("O1",
       is_signalled ? "... its result, the event being signalled"
                    : "... its result, the event not being signalled",
       result, bytes);
  CloseHandle(overlapped.hEvent);
}

static void ask_fresh_set(const char *clause, const char *question, void *bytes, DWORD size) {
  SOCKET fresh = scenario_socket(NET_TCP4);
  set(clause, question, fresh, bytes, size);
  scenario_close(fresh);
}

static void ask_sets(const scenario_pair *pair) {
  struct sockaddr_storage any = net_loopback(NET_TCP4, 0);
  SOCKET twice = scenario_socket(NET_TCP4);
  set("S1", "set on a fresh socket", twice, records, records_size);
  set("S3", "... and once more", twice, records, records_size);
  scenario_close(twice);
  SOCKET bound = scenario_socket(NET_TCP4);
  (void)net_bind(bound, &any);
  set("S2 X3", "set after bind", bound, records, records_size);
  scenario_close(bound);
  set("S2 X2", "set after connect", pair->client, records, records_size);
  set("S5", "set on the listening socket", pair->listener, records, records_size);
  SOCKET datagram = scenario_socket(NET_UDP4);
  set("S5", "set on a UDP socket", datagram, records, records_size);
  scenario_close(datagram);
}

static void ask_blobs(void) {
  ask_fresh_set("S4", "set of records without their last byte", records, records_size - 1);
  ask_fresh_set("S4", "set of no bytes", records, 0);
  records[records_size / 2] ^= 1;
  ask_fresh_set("S4", "set of altered records", records, records_size);
  records[records_size / 2] ^= 1;
}

static void ask_addresses(const scenario_pair *pair) {
  struct sockaddr_storage address;
  int size = (int)sizeof address;
  int result = getsockopt(pair->accepted, SOL_IP, SO_ORIGINAL_DST, (char *)&address, &size);
  tell("D2", "SO_ORIGINAL_DST of the accepted socket", result, result == 0 ? (DWORD)size : 0);
  bool is_original =
      net_peer(pair->client, &address) == NET_OK && net_address_equal(&address, &pair->destination);
  tell("R10",
       is_original ? "the client's getpeername: the destination"
                   : "the client's getpeername: another address",
       0, 0);
}

static void ask_lifetime(scenario_pair *pair) {
  conntrail_socket copy = INVALID_SOCKET;
  (void)net_shutdown_send(pair->accepted);
  query_records("Q13", "records after shutdown", pair->accepted, ROOM);
  scenario_close(pair->client);
  pair->client = INVALID_SOCKET;
  query_records("Q13", "records after the client closed", pair->accepted, ROOM);
  (void)net_duplicate(pair->accepted, &copy);
  query_records("Q13", "records of a duplicate", copy, ROOM);
  (void)net_close(copy);
}

int main(void) {
  fixture_begin(CONNTRAIL_EMU_DOCUMENTED);
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  (void)WSAIoctl(pair.accepted, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, NULL, 0, records, ROOM,
                 &records_size, NULL, NULL);
  ask_sizes(&pair);
  ask_states(&pair);
  ask_overlapped(&pair);
  if (records_size > 0) {
    ask_sets(&pair);
    ask_blobs();
  }
  ask_addresses(&pair);
  ask_lifetime(&pair);
  scenario_close_pair(&pair);
  ask_direct();
  fixture_end();
  printf("asked %u questions\n", questions);
  return 0;
}
