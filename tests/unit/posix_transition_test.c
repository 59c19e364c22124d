/* SPDX-License-Identifier: MIT */
/* A socket's life that begins anew, or ends unseen. */
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "backend-emu/engine/socket.h"
#include "backend-emu/posix/session.h"
#include "posix_support.h"

#define ELSEWHERE "198.51.100.7"

static int dissolve(int fd) {
  const struct sockaddr none = {.sa_family = AF_UNSPEC};
  return connect(fd, &none, sizeof none) == 0 ? 0 : errno;
}

static int serve_elsewhere(const world *w) {
  int server = listening_socket(AF_INET);
  struct sockaddr_storage at = local_address(server);
  ck_assert_int_eq(conntrail_emu_route(w->emu, ELSEWHERE ":80", (struct sockaddr *)&at),
                   CONNTRAIL_OK);
  return server;
}

static conntrail_status query(int fd) {
  unsigned char records[1024];
  size_t size = 0;
  return conntrail_query_records(fd, records, sizeof records, &size);
}

/* ---- Dissolved and connected anew ------------------------------------------------------------ */

START_TEST(an_accepted_socket_is_connected_anew) {
  world w = world_create();
  int server = serve_elsewhere(&w);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_int_eq(query(accepted), CONNTRAIL_OK);
  ck_assert_int_eq(dissolve(accepted), 0);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  ck_assert_int_eq(query(accepted), query(stream_socket(AF_INET)));
  ck_assert_int_eq(connect_to(accepted, ELSEWHERE, 80), 0);
  ck_assert_int_eq(query(accepted), CONNTRAIL_NOT_REDIRECTED);
  ck_assert_str_eq(peer_text(accepted), ELSEWHERE ":80");
  close(accepted);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  close(server);
  world_destroy(&w);
}
END_TEST

START_TEST(an_accepted_socket_is_redirected_anew) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_int_eq(dissolve(accepted), 0);
  ck_assert_int_eq(connect_to(accepted, FAR_V4, 80), 0);
  int second = accept_one(w.proxy4);
  ck_assert_int_eq(query(second), CONNTRAIL_OK);
  ck_assert_str_eq(peer_text(accepted), FAR_V4 ":80");
  close(second);
  close(accepted);
  ck_assert_uint_eq(count_of(w, CLOSED), 2);
  world_destroy(&w);
}
END_TEST

/* Linux keeps what the program bound, but a port that it chose itself. */
START_TEST(a_dissolved_socket_is_bound_where_the_system_says) {
  world w = world_create();
  struct sockaddr_storage any = address_of("127.0.0.1", 0);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(bind(client, (struct sockaddr *)&any, address_size(&any)), 0);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  close(accept_one(w.proxy4));
  ck_assert_int_eq(dissolve(client), 0);
  struct sockaddr_storage now = local_address(client);
  conntrail__native_lock();
  bool is_bound = conntrail__socket_is_bound(conntrail__table_find(client));
  conntrail__native_unlock();
  ck_assert_int_eq(is_bound, ((struct sockaddr_in *)&now)->sin_port != 0);
  world_destroy(&w);
}
END_TEST

/* Its flows are known by its port. */
START_TEST(a_dissolved_datagram_socket_keeps_its_port) {
  world w = world_create();
  int server = serve_elsewhere(&w);
  int client = socket(AF_INET, SOCK_DGRAM, 0);
  ck_assert_int_eq(connect_to(client, ELSEWHERE, 80), 0);
  struct sockaddr_storage before = local_address(client);
  ck_assert_int_eq(dissolve(client), 0);
  struct sockaddr_storage after = local_address(client);
  ck_assert_uint_ne(((struct sockaddr_in *)&before)->sin_port, 0);
  ck_assert_uint_eq(((struct sockaddr_in *)&after)->sin_port,
                    ((struct sockaddr_in *)&before)->sin_port);
  close(server);
  world_destroy(&w);
}
END_TEST

/* ---- Closed behind the emulation's back ------------------------------------------------------ */

/* As libuv closes. */
static void close_unseen(int fd) {
  ck_assert_int_eq((int)syscall(SYS_close, fd), 0);
}

static int connected_client(const world *w) {
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  close(accept_one(w->proxy4));
  return client;
}

START_TEST(a_number_that_names_something_else_has_no_peer_of_before) {
  world w = world_create();
  int pair[2];
  int client = connected_client(&w);
  close_unseen(client);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  ck_assert_int_eq(pair[0], client);
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  ck_assert_int_eq(getpeername(pair[0], (struct sockaddr *)&peer, &size), 0);
  ck_assert_int_eq(peer.ss_family, AF_UNIX);
  client = connected_client(&w);
  close_unseen(client);
  ck_assert_int_eq(open("/dev/null", O_RDONLY), client);
  ck_assert_str_eq(peer_text(client), "ENOTSOCK");
  client = connected_client(&w);
  close_unseen(client);
  ck_assert_int_eq((int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0), client);
  ck_assert_str_eq(peer_text(client), "ENOTCONN");
  world_destroy(&w);
}
END_TEST

START_TEST(a_number_that_names_something_else_has_no_records_of_before) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  close_unseen(accepted);
  ck_assert_int_eq((int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0), accepted);
  ck_assert_int_ne(query(accepted), CONNTRAIL_OK);
  world_destroy(&w);
}
END_TEST

START_TEST(the_trail_tells_an_end_that_nobody_saw) {
  world w = world_create();
  int server = serve_elsewhere(&w);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_uint_eq(count_of(w, CLOSED), 0);
  close_unseen(accepted);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  close(server);
  world_destroy(&w);
}
END_TEST

START_TEST(a_copy_keeps_the_socket_open) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  int copy = dup(accepted);
  close_unseen(accepted);
  ck_assert_uint_eq(count_of(w, CLOSED), 0);
  ck_assert_int_eq(query(copy), CONNTRAIL_OK);
  close_unseen(copy);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  world_destroy(&w);
}
END_TEST

/* ---- Threads that are cancelled, handlers that come in between ------------------------------- */

enum { CANCELLED_THREADS = 200 };

static atomic_uint rounds;

static void use_once(int kind) {
  struct sockaddr_storage to = address_of(ELSEWHERE, 80);
  int fd = socket(AF_INET, kind, 0);
  (void)connect(fd, (struct sockaddr *)&to, address_size(&to));
  if (kind == SOCK_DGRAM) {
    (void)send(fd, "x", 1, 0);
    (void)sendto(fd, "y", 1, 0, (struct sockaddr *)&to, address_size(&to));
  }
  close(fd);
}

static void *use_forever(void *kind) {
  for (;;) {
    use_once(*(const int *)kind);
    atomic_fetch_add(&rounds, 1);
    pthread_testcancel();
  }
  return NULL;
}

/* ctest ends it where the lock is never given back. */
static void cancel_threads(int kind) {
  for (unsigned i = 0; i < CANCELLED_THREADS; i++) {
    pthread_t thread;
    unsigned begun = atomic_load(&rounds);
    ck_assert_int_eq(pthread_create(&thread, NULL, use_forever, &kind), 0);
    while (atomic_load(&rounds) < begun + i % 5) {
      sched_yield();
    }
    ck_assert_int_eq(pthread_cancel(thread), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
  }
  use_once(kind);
}

START_TEST(a_cancelled_thread_gives_the_lock_back) {
  world w = world_create();
  struct sockaddr_storage at = address_of("127.0.0.1", 0);
  int unused = stream_socket(AF_INET);
  ck_assert_int_eq(bind(unused, (struct sockaddr *)&at, address_size(&at)), 0);
  at = local_address(unused);
  ck_assert_int_eq(conntrail_emu_route(w.emu, ELSEWHERE ":80", (struct sockaddr *)&at),
                   CONNTRAIL_OK);
  cancel_threads(SOCK_DGRAM);
  cancel_threads(SOCK_STREAM);
  close(unused);
  world_destroy(&w);
}
END_TEST

static void *accept_forever(void *listener) {
  int fd = *(const int *)listener;
  atomic_fetch_add(&rounds, 1);
  return accept(fd, NULL, NULL) >= 0 ? NULL : listener;
}

/* Its listener must end with its last descriptor. */
START_TEST(a_cancelled_accept_lets_go_of_its_listener) {
  world w = world_create();
  pthread_t thread;
  unsigned begun = atomic_load(&rounds);
  ck_assert_int_eq(pthread_create(&thread, NULL, accept_forever, &w.proxy4), 0);
  while (atomic_load(&rounds) == begun) {
    sched_yield();
  }
  ck_assert_int_eq(pthread_cancel(thread), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  conntrail__native_lock();
  uint32_t references = conntrail__table_find(w.proxy4)->references;
  conntrail__native_unlock();
  ck_assert_uint_eq(references, 1);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  close(accept_one(w.proxy4));
  world_destroy(&w);
}
END_TEST

/* A handler that interrupts a call of its own thread cannot take the lock. */
START_TEST(a_handler_inside_a_call_does_not_reach_the_network) {
  world w = world_create();
  struct sockaddr_storage far = address_of(FAR_V4, 80);
  int client = stream_socket(AF_INET);
  int sender = socket(AF_INET, SOCK_DGRAM, 0);
  struct iovec piece = {.iov_base = "x", .iov_len = 1};
  struct msghdr message = {.msg_name = &far,
                           .msg_namelen = sizeof(struct sockaddr_in),
                           .msg_iov = &piece,
                           .msg_iovlen = 1};
  conntrail__self.inside = 1;
  int connected = connect_to(client, FAR_V4, 80);
  ssize_t sent = sendto(sender, "x", 1, 0, (struct sockaddr *)&far, sizeof(struct sockaddr_in));
  int send_error = errno;
  ssize_t sent_message = sendmsg(sender, &message, 0);
  int message_error = errno;
  conntrail__self.inside = 0;
  ck_assert_int_eq(connected, ENETDOWN);
  ck_assert(sent == -1 && send_error == ENETDOWN);
  ck_assert(sent_message == -1 && message_error == ENETDOWN);
  world_destroy(&w);
}
END_TEST

/* ---- Transports that the emulation does not know --------------------------------------------- */

START_TEST(other_transports_are_refused) {
  world w = world_create();
  uint64_t refused = count_of(w, REFUSED);
  ck_assert_int_eq(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), -1);
  ck_assert_int_eq(errno, EPROTONOSUPPORT);
  ck_assert_int_eq(socket(AF_INET6, SOCK_STREAM, IPPROTO_SCTP), -1);
  ck_assert_int_eq(socket(AF_INET, SOCK_SEQPACKET, 0), -1);
  ck_assert_int_eq(socket(AF_INET, SOCK_DCCP, 0), -1);
  ck_assert_uint_eq(count_of(w, REFUSED), refused + 4);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix_transition", an_accepted_socket_is_connected_anew,
          an_accepted_socket_is_redirected_anew, a_dissolved_socket_is_bound_where_the_system_says,
          a_dissolved_datagram_socket_keeps_its_port,
          a_number_that_names_something_else_has_no_peer_of_before,
          a_number_that_names_something_else_has_no_records_of_before,
          the_trail_tells_an_end_that_nobody_saw, a_copy_keeps_the_socket_open,
          a_cancelled_thread_gives_the_lock_back, a_cancelled_accept_lets_go_of_its_listener,
          a_handler_inside_a_call_does_not_reach_the_network, other_transports_are_refused)
