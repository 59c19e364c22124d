/* SPDX-License-Identifier: MIT */

/* Options, addresses, connect: what is asked with other calls than WSAIoctl. */

#include <string.h>

#include "probe.h"

enum { OPTION_ROOM = 64 };

static int original_level(probe_call call) {
  switch (call) {
  case PROBE_ASK_ORIGINAL_IPV6:
    return SOL_IPV6;
  case PROBE_ASK_ORIGINAL_SOCKET:
    return SOL_SOCKET;
  default:
    return SOL_IP;
  }
}

static bool is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
  return a->ss_family == b->ss_family &&
         memcmp(a, b, (size_t)conntrail__probe_address_size(a)) == 0;
}

/* [D] Behind the port and the address sockaddr_in6 has a scope, which is no part of the question.
 */
static bool is_loopback(const struct sockaddr_storage *address) {
  struct sockaddr_storage loopback = conntrail__probe_loopback(address->ss_family);
  if (address->ss_family == AF_INET6) {
    return memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr,
                  &((const struct sockaddr_in6 *)&loopback)->sin6_addr,
                  sizeof(struct in6_addr)) == 0;
  }
  return ((const struct sockaddr_in *)address)->sin_addr.s_addr ==
         ((const struct sockaddr_in *)&loopback)->sin_addr.s_addr;
}

/* In words, never the address itself: the file names no host. */
void conntrail__probe_name_address(const probe_scene *scene, const struct sockaddr_storage *address,
                                   probe_answer *answer) {
  const probe_options *options = scene->options;
  if ((options->tcp.is_given && is_same(address, &options->tcp.destination)) ||
      (options->udp.is_given && is_same(address, &options->udp.destination))) {
    conntrail__probe_say(answer, "destination");
  } else if (options->tcp.is_given && is_same(address, &options->tcp.proxy)) {
    conntrail__probe_say(answer, "proxy");
  } else if (options->udp.is_given && is_same(address, &options->udp.proxy)) {
    conntrail__probe_say(answer, "proxy");
  } else {
    conntrail__probe_say(answer, is_loopback(address) ? "loopback" : "other");
  }
}

void conntrail__probe_original_destination(const probe_row *row, probe_scene *scene,
                                           probe_answer *answer) {
  struct sockaddr_storage address;
  int size = (int)sizeof address;
  memset(&address, 0, sizeof address);
  conntrail__probe_begin(answer);
  int result =
      getsockopt(scene->asked, original_level(row->call), SO_ORIGINAL_DST, (char *)&address, &size);
  conntrail__probe_returned(answer, result);
  answer->bytes = (uint32_t)size;
  if (result == 0) {
    conntrail__probe_name_address(scene, &address, answer);
  }
}

static void read_option(const probe_row *row, SOCKET socket, probe_answer *answer) {
  unsigned char value[OPTION_ROOM];
  int size = (int)(row->size < OPTION_ROOM ? row->size : OPTION_ROOM);
  conntrail__probe_fill(value, sizeof value);
  conntrail__probe_begin(answer);
  int result = getsockopt(socket, row->level, row->option, (char *)value, &size);
  conntrail__probe_returned(answer, result);
  answer->bytes = (uint32_t)size;
  answer->changed = conntrail__probe_changed(value, (uint32_t)sizeof value, answer);
  if (result == 0 && size > 0) {
    conntrail__probe_say(answer, "%u", value[0]);
  }
}

static int set_option(const probe_row *row, SOCKET socket) {
  unsigned char value[OPTION_ROOM] = {1};
  int size = (int)(row->size < OPTION_ROOM ? row->size : OPTION_ROOM);
  return setsockopt(socket, row->level, row->option, (const char *)value, size);
}

void conntrail__probe_option_read(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  read_option(row, scene->asked, answer);
}

void conntrail__probe_option_set(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  conntrail__probe_begin(answer);
  conntrail__probe_returned(answer, set_option(row, scene->asked));
  answer->bytes = 0;
}

void conntrail__probe_option_kept(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  if (set_option(row, scene->asked) != 0) {
    answer->obstacle = "the option cannot be set";
  } else {
    read_option(row, scene->asked, answer);
  }
}

static void name_of(probe_scene *scene, probe_answer *answer,
                    int(WSAAPI *call)(SOCKET, struct sockaddr *, int *)) {
  struct sockaddr_storage address;
  int size = (int)sizeof address;
  memset(&address, 0, sizeof address);
  conntrail__probe_begin(answer);
  conntrail__probe_returned(answer, call(scene->asked, (struct sockaddr *)&address, &size));
  answer->bytes = (uint32_t)size;
  if (answer->result == 0) {
    conntrail__probe_name_address(scene, &address, answer);
  }
}

void conntrail__probe_peer(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  (void)row;
  name_of(scene, answer, getpeername);
}

void conntrail__probe_local(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  (void)row;
  name_of(scene, answer, getsockname);
}

/* A bound socket that does not listen keeps the port. */
void conntrail__probe_connect_refused(const probe_row *row, probe_scene *scene,
                                      probe_answer *answer) {
  (void)row;
  scene->client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  conntrail__probe_begin(answer);
  conntrail__probe_returned(answer, connect(scene->client, (const struct sockaddr *)&scene->local,
                                            conntrail__probe_address_size(&scene->local)));
  answer->bytes = 0;
}

/* Two SOCKADDR_STORAGE, the original remote address first, or one (clause D1). */
void conntrail__probe_context_layout(const probe_row *row, probe_scene *scene,
                                     probe_answer *answer) {
  static unsigned char bytes[PROBE_ROOM];
  struct sockaddr_storage first;
  (void)row;
  conntrail__probe_begin(answer);
  uint32_t size =
      conntrail__probe_read_blob(scene, SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT, bytes);
  conntrail__probe_returned(answer, size > 0 ? 0 : SOCKET_ERROR);
  answer->bytes = size;
  memcpy(&first, bytes, sizeof first);
  if (size < sizeof first || (first.ss_family != AF_INET && first.ss_family != AF_INET6)) {
    conntrail__probe_say(answer, "unknown");
    return;
  }
  conntrail__probe_say(answer, "%u addresses, first ", (unsigned)(size / sizeof first));
  conntrail__probe_name_address(scene, &first, answer);
}
