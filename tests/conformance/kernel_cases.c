/* SPDX-License-Identifier: MIT */
/*
 * With nothing to do the emulation changes nothing (E1). The system itself is the oracle: each
 * probe runs over the system's own calls, over ours with no emulation, and over ours with an
 * emulation that has no fitting filter. Results, error numbers and addresses must be the same.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "scenario.h"

enum { REPORT_BYTES = 8192, BACKLOG = 8 };

typedef struct report {
  char text[REPORT_BYTES];
  size_t used;
  unsigned notes;
} report;

typedef void (*probe)(report *seen);

static void note(report *seen, const char *what, net_result result) {
  int number = result == NET_OK ? 0 : net_last_number();
  int written = snprintf(seen->text + seen->used, REPORT_BYTES - seen->used, "%s: %s %d\n", what,
                         net_result_name(result), number);
  seen->used += (size_t)written;
  seen->notes++;
}

static void note_same_address(report *seen, const char *what, const struct sockaddr_storage *a,
                              const struct sockaddr_storage *b) {
  note(seen, what, net_address_equal(a, b) ? NET_OK : NET_OTHER);
}

static void run_probe(report *seen, probe run, net_path path) {
  memset(seen, 0, sizeof *seen);
  expect_true(net_take_path(path));
  run(seen);
  expect_true(net_take_path(NET_LINKED));
  expect_true(seen->used > 0 && seen->used < REPORT_BYTES);
}

static void open_without_fitting_filter(void) {
  struct sockaddr_storage nowhere = net_v4(127, 0, 0, 1, 9);
  fixture_open(NULL);
  (void)fixture_redirect("acme", FIXTURE_USUAL_RULE, &nowhere);
}

static void compare(probe run) {
  static report system;
  static report idle;
  static report active;
  run_probe(&system, run, NET_SYSTEM);
  run_probe(&idle, run, NET_LINKED);
  open_without_fitting_filter();
  run_probe(&active, run, NET_LINKED);
  fixture_close();
  expect_text(idle.text, system.text);
  expect_text(active.text, system.text);
  transcript_line("probe notes=%u", system.notes);
}

static conntrail_socket listener(report *seen, net_kind kind, struct sockaddr_storage *address) {
  conntrail_socket socket = net_socket(kind);
  struct sockaddr_storage wanted = net_loopback(kind, 0);
  note(seen, "bind", net_bind(socket, &wanted));
  note(seen, "listen", net_listen(socket, BACKLOG));
  note(seen, "getsockname", net_local(socket, address));
  return socket;
}

static void talk(report *seen, net_kind kind) {
  struct sockaddr_storage address;
  struct sockaddr_storage peer;
  struct sockaddr_storage local;
  struct sockaddr_storage remote;
  char bytes[4];
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket server = listener(seen, kind, &address);
  conntrail_socket client = net_socket(kind);
  note(seen, "connect", net_connect(client, &address));
  note(seen, "accept", net_accept(server, &accepted, &peer));
  note(seen, "client's name", net_local(client, &local));
  note_same_address(seen, "accept's peer", &peer, &local);
  note(seen, "accepted's peer", net_peer(accepted, &remote));
  note_same_address(seen, "the same", &remote, &local);
  note(seen, "client's peer", net_peer(client, &remote));
  note_same_address(seen, "the listener", &remote, &address);
  note(seen, "send", net_send(client, "ping", 4));
  note(seen, "receive", net_receive(accepted, bytes, 4));
  note(seen, "shutdown", net_shutdown_send(client));
  note(seen, "end", net_receive(accepted, bytes, 1));
  note(seen, "close", net_close(accepted));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(server));
}

static void probe_talk4(report *seen) {
  talk(seen, NET_TCP4);
}

static void probe_talk6(report *seen) {
  talk(seen, NET_TCP6);
  talk(seen, NET_DUAL);
}

void case_kernel_connect_and_talk(void) {
  compare(probe_talk4);
}

void case_kernel_connect_and_talk_v6(void) {
  compare(probe_talk6);
}

/* A port that no other socket can get, and where none listens. */
static conntrail_socket unused_port(struct sockaddr_storage *address) {
  conntrail_socket socket = net_socket(NET_TCP4);
  struct sockaddr_storage wanted = net_loopback(NET_TCP4, 0);
  (void)net_bind(socket, &wanted);
  (void)net_local(socket, address);
  return socket;
}

static void probe_refused(report *seen) {
  struct sockaddr_storage address;
  struct sockaddr_storage peer;
  conntrail_socket bound = unused_port(&address);
  conntrail_socket client = net_socket(NET_TCP4);
  note(seen, "connect", net_connect(client, &address));
  note(seen, "peer", net_peer(client, &peer));
  note(seen, "pending", net_pending_error(client));
  note(seen, "connect again", net_connect(client, &address));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(bound));
}

void case_kernel_connect_refused(void) {
  compare(probe_refused);
}

static void probe_nonblocking(report *seen) {
  struct sockaddr_storage address;
  struct sockaddr_storage peer;
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket server = listener(seen, NET_TCP4, &address);
  conntrail_socket client = net_socket(NET_TCP4);
  note(seen, "non-blocking", net_make_nonblocking(client));
  note(seen, "non-blocking", net_make_nonblocking(server));
  note(seen, "accept nobody", net_accept(server, &accepted, &peer));
  note(seen, "connect", net_connect(client, &address));
  note(seen, "finish", net_finish_connect(client));
  note(seen, "pending", net_pending_error(client));
  note(seen, "peer", net_peer(client, &peer));
  note_same_address(seen, "the listener", &peer, &address);
  note(seen, "connect again", net_connect(client, &address));
  note(seen, "connect once more", net_connect(client, &address));
  note(seen, "accept", net_accept(server, &accepted, &peer));
  note(seen, "close", net_close(accepted));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(server));
}

void case_kernel_nonblocking(void) {
  compare(probe_nonblocking);
}

static void probe_nonblocking_refused(report *seen) {
  struct sockaddr_storage address;
  conntrail_socket bound = unused_port(&address);
  conntrail_socket client = net_socket(NET_TCP4);
  note(seen, "non-blocking", net_make_nonblocking(client));
  note(seen, "connect", net_connect(client, &address));
  note(seen, "finish", net_finish_connect(client));
  note(seen, "pending", net_pending_error(client));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(bound));
}

void case_kernel_nonblocking_refused(void) {
  compare(probe_nonblocking_refused);
}

static void probe_connected_again(report *seen) {
  struct sockaddr_storage address;
  struct sockaddr_storage other;
  conntrail_socket server = listener(seen, NET_TCP4, &address);
  conntrail_socket second = listener(seen, NET_TCP4, &other);
  conntrail_socket client = net_socket(NET_TCP4);
  note(seen, "connect", net_connect(client, &address));
  note(seen, "connect again", net_connect(client, &address));
  note(seen, "connect elsewhere", net_connect(client, &other));
  note(seen, "bind connected", net_bind(client, &other));
  note(seen, "connect a listener", net_connect(server, &other));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(second));
  note(seen, "close", net_close(server));
}

void case_kernel_connected_again(void) {
  compare(probe_connected_again);
}

static void probe_unconnected(report *seen) {
  struct sockaddr_storage address;
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket socket = net_socket(NET_TCP4);
  note(seen, "peer", net_peer(socket, &address));
  note(seen, "shutdown", net_shutdown_send(socket));
  note(seen, "accept", net_accept(socket, &accepted, &address));
  note(seen, "pending", net_pending_error(socket));
  note(seen, "close", net_close(socket));
}

void case_kernel_unconnected(void) {
  compare(probe_unconnected);
}

static void probe_not_sockets(report *seen) {
  struct sockaddr_storage address = net_loopback(NET_TCP4, 9);
  for (int kind = 0; kind < NET_UNTRACKED_COUNT; ++kind) {
    conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
    struct sockaddr_storage found;
    conntrail_socket untracked = net_untracked_open((net_untracked)kind);
    note(seen, "connect", net_connect(untracked, &address));
    note(seen, "bind", net_bind(untracked, &address));
    note(seen, "listen", net_listen(untracked, BACKLOG));
    note(seen, "accept", net_accept(untracked, &accepted, &found));
    note(seen, "peer", net_peer(untracked, &found));
    note(seen, "name", net_local(untracked, &found));
    note(seen, "shutdown", net_shutdown_send(untracked));
    note(seen, "pending", net_pending_error(untracked));
    net_untracked_close((net_untracked)kind, untracked);
  }
  note(seen, "close nothing", net_close(CONNTRAIL_INVALID_SOCKET));
}

void case_kernel_not_sockets(void) {
  compare(probe_not_sockets);
}

static void probe_bad_addresses(report *seen) {
  struct sockaddr_storage address4 = net_loopback(NET_TCP4, 9);
  struct sockaddr_storage address6 = net_loopback(NET_TCP6, 9);
  struct sockaddr_storage in_use;
  conntrail_socket server = listener(seen, NET_TCP4, &in_use);
  conntrail_socket socket = net_socket(NET_TCP4);
  note(seen, "other family", net_connect(socket, &address6));
  note(seen, "short", net_connect_bytes(socket, &address4, 3));
  note(seen, "one byte short", net_connect_bytes(socket, &address4, 15));
  note(seen, "no address", net_connect_bytes(socket, NULL, sizeof(struct sockaddr_in)));
  note(seen, "no address, no size", net_connect_bytes(socket, NULL, 0));
  note(seen, "negative size", net_connect_bytes(socket, &address4, (size_t)-1));
  note(seen, "bind in use", net_bind(socket, &in_use));
  note(seen, "bind other family", net_bind(socket, &address6));
  note(seen, "close", net_close(socket));
  note(seen, "close", net_close(server));
}

void case_kernel_bad_addresses(void) {
  compare(probe_bad_addresses);
}

static void probe_duplicate(report *seen) {
  struct sockaddr_storage address;
  struct sockaddr_storage peer;
  char bytes[4];
  conntrail_socket copy = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket server = listener(seen, NET_TCP4, &address);
  conntrail_socket client = net_socket(NET_TCP4);
  note(seen, "connect", net_connect(client, &address));
  note(seen, "accept", net_accept(server, &accepted, NULL));
  note(seen, "duplicate", net_duplicate(client, &copy));
  note(seen, "close", net_close(client));
  note(seen, "peer", net_peer(copy, &peer));
  note_same_address(seen, "the listener", &peer, &address);
  note(seen, "send", net_send(copy, "ping", 4));
  note(seen, "receive", net_receive(accepted, bytes, 4));
  note(seen, "close", net_close(copy));
  note(seen, "end", net_receive(accepted, bytes, 1));
  note(seen, "close", net_close(accepted));
  note(seen, "close", net_close(server));
}

void case_kernel_duplicate(void) {
  compare(probe_duplicate);
}

static void probe_datagrams(report *seen) {
  struct sockaddr_storage address = net_loopback(NET_UDP4, 0);
  struct sockaddr_storage peer;
  char bytes[4];
  conntrail_socket server = net_socket(NET_UDP4);
  conntrail_socket client = net_socket(NET_UDP4);
  note(seen, "listen", net_listen(server, BACKLOG));
  note(seen, "bind", net_bind(server, &address));
  note(seen, "name", net_local(server, &address));
  note(seen, "peer", net_peer(client, &peer));
  note(seen, "connect", net_connect(client, &address));
  note(seen, "connect again", net_connect(client, &address));
  note(seen, "peer", net_peer(client, &peer));
  note_same_address(seen, "the server", &peer, &address);
  note(seen, "send", net_send(client, "ping", 4));
  note(seen, "receive", net_receive(server, bytes, 4));
  note(seen, "dissolve", net_dissolve(client));
  note(seen, "peer", net_peer(client, &peer));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(server));
}

void case_kernel_datagrams(void) {
  compare(probe_datagrams);
}

static void probe_dissolve(report *seen) {
  struct sockaddr_storage address;
  struct sockaddr_storage peer;
  conntrail_socket server = listener(seen, NET_TCP4, &address);
  conntrail_socket client = net_socket(NET_TCP4);
  note(seen, "dissolve fresh", net_dissolve(client));
  note(seen, "connect", net_connect(client, &address));
  note(seen, "dissolve", net_dissolve(client));
  note(seen, "peer", net_peer(client, &peer));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(server));
}

void case_kernel_dissolve(void) {
  compare(probe_dissolve);
}

/* Only what is asked of the system changes: a direct connection has no original destination. */
static void probe_original_destination(report *seen) {
  struct sockaddr_storage address;
  struct sockaddr_storage found;
  conntrail_socket accepted = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket server = listener(seen, NET_TCP4, &address);
  conntrail_socket client = net_socket(NET_TCP4);
  conntrail_socket udp = net_socket(NET_UDP4);
  note(seen, "connect", net_connect(client, &address));
  note(seen, "accept", net_accept(server, &accepted, NULL));
  note(seen, "of a datagram socket", net_original_destination(udp, &found));
  note(seen, "of a closed one", net_original_destination(CONNTRAIL_INVALID_SOCKET, &found));
  note(seen, "close", net_close(udp));
  note(seen, "close", net_close(accepted));
  note(seen, "close", net_close(client));
  note(seen, "close", net_close(server));
}

void case_kernel_original_destination(void) {
  compare(probe_original_destination);
}
