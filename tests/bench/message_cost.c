/* SPDX-License-Identifier: MIT */

/*
 * What one datagram costs the proxy that receives it: conntrail_recvmsg() with records and context,
 * without them and without any emulation, beside a plain recvmsg and beside one that asks the
 * kernel for the original destination. A batch is sent untimed, then received under the clock by
 * the same thread: only receiving is counted, with reading what came along.
 *
 *   message_cost                           the table
 *   message_cost VARIANT COUNT             COUNT batches, for tests/bench/instructions
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "conntrail/emu.h"
#include "loopback.h"
#include "measure.h"

enum { CLIENTS = 128, BATCHES = 4, LARGEST = 1200, CLIENT = 40004711, PATIENCE_S = 5 };
enum { RECVORIGDSTADDR = 20 }; /* as linux/in.h has it */

/* A variant makes sockets of its own in each round, and takes them down again. */
typedef struct scene {
  conntrail_emu *emu; /* NULL without */
  int receiver;
  struct sockaddr_in proxy;
  int clients[CLIENTS];
  size_t size;
  conntrail_message message;
} scene;

static unsigned char payload[LARGEST];
static unsigned char records[CONNTRAIL_USUAL_BLOB];
static unsigned char context[CONNTRAIL_USUAL_BLOB];
static conntrail_buffer piece = {payload, sizeof payload};

/* ---- The scene, untimed --------------------------------------------------------------------- */

static void open_receiver(scene *s) {
  const struct timeval patience = {PATIENCE_S, 0};
  const int room = 1 << 20;
  socklen_t size = sizeof s->proxy;
  s->proxy = bench_address("127.0.0.1", 0);
  s->receiver = socket(AF_INET, SOCK_DGRAM, 0);
  bench_need(s->receiver >= 0 && bind(s->receiver, (struct sockaddr *)&s->proxy, size) == 0 &&
                 getsockname(s->receiver, (struct sockaddr *)&s->proxy, &size) == 0 &&
                 setsockopt(s->receiver, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0 &&
                 setsockopt(s->receiver, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0,
             "a receiving socket");
}

static void open_clients(scene *s) {
  for (int i = 0; i < CLIENTS; i++) {
    s->clients[i] = socket(AF_INET, SOCK_DGRAM, 0);
    bench_need(s->clients[i] >= 0, "a client's socket");
  }
}

static void redirect(const scene *s) {
  conntrail_emu_service *service = conntrail_emu_add_service(s->emu, "bench", NULL);
  bench_need(service != NULL &&
                 conntrail_emu_redirect(service, "udp 93.184.216.0/24 port 53",
                                        (const struct sockaddr *)&s->proxy) == CONNTRAIL_OK,
             conntrail_emu_refusal());
}

static scene open_scene(bool is_emulated, size_t size) {
  scene s = {.size = size, .message = CONNTRAIL_MESSAGE_INIT};
  s.emu = is_emulated ? conntrail_emu_create(NULL) : NULL;
  bench_need(!is_emulated || s.emu != NULL, conntrail_emu_refusal());
  open_receiver(&s);
  open_clients(&s);
  if (is_emulated) {
    redirect(&s);
    bench_need(conntrail_enable_messages(s.receiver) == CONNTRAIL_OK, "enable_messages");
  }
  s.message.payload = &piece;
  s.message.payload_count = 1;
  s.message.records = records;
  s.message.records_capacity = sizeof records;
  s.message.context = context;
  s.message.context_capacity = sizeof context;
  return s;
}

static void close_scene(const scene *s) {
  for (int i = 0; i < CLIENTS; i++) {
    close(s->clients[i]);
  }
  close(s->receiver);
  if (s->emu != NULL) {
    conntrail_emu_destroy(s->emu);
  }
}

/* The clients act as another process, or they would be the proxy itself (R7). */
static void send_batch(const scene *s) {
  struct sockaddr_in to = s->emu == NULL ? s->proxy : bench_address("93.184.216.34", 53);
  if (s->emu != NULL) {
    (void)conntrail_emu_act_as(CLIENT, NULL);
  }
  for (int i = 0; i < CLIENTS; i++) {
    bench_need(sendto(s->clients[i], payload, s->size, 0, (struct sockaddr *)&to, sizeof to) ==
                   (ssize_t)s->size,
               "sendto");
  }
  if (s->emu != NULL) {
    (void)conntrail_emu_act_as(0, NULL);
  }
}

/* ---- Receiving, timed ----------------------------------------------------------------------- */

/* By syscall(): our own watched recvmsg is not to be measured here. */
static ssize_t receive_plain(const scene *s, struct msghdr *message) {
  return syscall(SYS_recvmsg, s->receiver, message, 0);
}

static void take_plain(scene *s) {
  struct sockaddr_storage peer;
  struct iovec whole = {payload, sizeof payload};
  struct msghdr message = {
      .msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &whole, .msg_iovlen = 1};
  bench_need(receive_plain(s, &message) == (ssize_t)s->size && peer.ss_family == AF_INET,
             "recvmsg");
}

static bool has_origin(struct msghdr *message) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == RECVORIGDSTADDR) {
      return ((struct sockaddr_in *)(void *)CMSG_DATA(c))->sin_port != 0;
    }
  }
  return false;
}

static void take_with_origin(scene *s) {
  struct sockaddr_storage peer;
  struct iovec whole = {payload, sizeof payload};
  _Alignas(struct cmsghdr) unsigned char control[256];
  struct msghdr message = {.msg_name = &peer,
                           .msg_namelen = sizeof peer,
                           .msg_iov = &whole,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  bench_need(receive_plain(s, &message) == (ssize_t)s->size && has_origin(&message),
             "recvmsg with IP_RECVORIGDSTADDR");
}

static void take_records(scene *s) {
  bench_need(conntrail_recvmsg(s->receiver, &s->message) == CONNTRAIL_OK &&
                 s->message.payload_size == s->size && s->message.records_size > 0 &&
                 s->message.context_size > 0,
             "recvmsg with records and context");
}

static void take_without(scene *s) {
  bench_need(conntrail_recvmsg(s->receiver, &s->message) == CONNTRAIL_OK &&
                 s->message.payload_size == s->size && s->message.records_size == 0,
             "recvmsg without records");
}

static double time_of_batch(scene *s, void (*take)(scene *s)) {
  double begin = bench_cpu_ns();
  for (int i = 0; i < CLIENTS; i++) {
    take(s);
  }
  return bench_cpu_ns() - begin;
}

/* ---- The variants --------------------------------------------------------------------------- */

typedef struct variant {
  const char *name;
  bool is_emulated;
  bool asks_origin;
  bool is_new_flow; /* each datagram is the first of a flow */
  void (*take)(scene *s);
} variant;

enum { PLAIN, ORIGIN, RECORDS, WITHOUT, INACTIVE, PLAIN_AGAIN, VARIANTS };

static const variant variants[VARIANTS] = {
    [PLAIN] = {"plain recvmsg", false, false, false, take_plain},
    [ORIGIN] = {"recvmsg with IP_RECVORIGDSTADDR", false, true, false, take_with_origin},
    [RECORDS] = {"conntrail_recvmsg with records", true, false, true, take_records},
    [WITHOUT] = {"conntrail_recvmsg without records", true, false, false, take_without},
    [INACTIVE] = {"conntrail_recvmsg, no emulation", false, false, false, take_without},
    [PLAIN_AGAIN] = {"plain recvmsg again", false, false, false, take_plain},
};

/* The first batch is not counted: it warms up, and it carries the records. */
static double run(const variant *v, size_t size, unsigned batches) {
  static const int on = 1;
  scene s = open_scene(v->is_emulated, size);
  double all = 0;
  bench_need(!v->asks_origin ||
                 setsockopt(s.receiver, IPPROTO_IP, RECVORIGDSTADDR, &on, sizeof on) == 0,
             "IP_RECVORIGDSTADDR");
  send_batch(&s);
  (void)time_of_batch(&s, v->is_emulated ? take_records : v->take);
  for (unsigned i = 0; i < batches; i++) {
    if (v->is_new_flow) {
      conntrail_emu_advance(s.emu, UINT32_MAX);
    }
    send_batch(&s);
    all += time_of_batch(&s, v->take);
  }
  close_scene(&s);
  return all / (batches * (double)CLIENTS);
}

static void measure(bench_series *series, size_t size, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    for (unsigned j = 0; j < VARIANTS; j++) {
      unsigned which = (i + j) % VARIANTS;
      bench_add(&series[which], run(&variants[which], size, BATCHES));
    }
  }
}

static void report(const bench_series *series) {
  for (int i = 0; i < PLAIN_AGAIN; i++) {
    bench_report(variants[i].name, "ns", &series[i], bench_no_target());
  }
  bench_report_ratio("with records / IP_RECVORIGDSTADDR", &series[RECORDS], &series[ORIGIN],
                     bench_at_most(1.3));
  bench_report_ratio("without records / IP_RECVORIGDSTADDR", &series[WITHOUT], &series[ORIGIN],
                     bench_no_target());
  bench_report_ratio("without records / plain recvmsg", &series[WITHOUT], &series[PLAIN],
                     bench_no_target());
  bench_report_ratio("no emulation / plain recvmsg", &series[INACTIVE], &series[PLAIN],
                     bench_no_target());
  bench_report_ratio("noise: plain recvmsg / the same again", &series[PLAIN], &series[PLAIN_AGAIN],
                     bench_no_target());
}

static int run_alone(const char *name, const char *batches) {
  for (unsigned i = 0; i < VARIANTS; i++) {
    if (strcmp(variants[i].name, name) == 0) {
      (void)run(&variants[i], 64, (unsigned)strtoul(batches, NULL, 10));
      return 0;
    }
  }
  bench_need(false, "usage: message_cost [VARIANT BATCHES]");
  return 1;
}

int main(int argc, char **argv) {
  static const size_t sizes[] = {64, LARGEST};
  static bench_series series[2][VARIANTS];
  if (argc == 3) {
    return run_alone(argv[1], argv[2]);
  }
  bench_pin();
  for (int i = 0; i < 2; i++) {
    char title[64];
    snprintf(title, sizeof title, "A datagram of %zu bytes, received", sizes[i]);
    bench_heading(title);
    measure(series[i], sizes[i], bench_rounds(201));
    report(series[i]);
  }
  return 0;
}
