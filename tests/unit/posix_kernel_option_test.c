/* SPDX-License-Identifier: MIT */
/* The socket level SOL_CONNTRAIL, as a program in any language meets it (clause K17). */
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "conntrail/linux.h"
#include "posix_scene.h"

enum { ROOM_OF_RECORDS = 70000 };

/* A redirected connection: the accepted end. */
typedef struct redirected {
  world w;
  int client;
  int accepted;
} redirected;

static redirected redirect_one(size_t padding) {
  redirected r = {.w = world_create()};
  ck_assert_int_eq(conntrail_emu_set_record_padding(r.w.acme, padding), CONNTRAIL_OK);
  r.client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(r.client, FAR_V4, 80), 0);
  r.accepted = accept_one(r.w.proxy4);
  return r;
}

static void end(redirected *r) {
  close(r->client);
  close(r->accepted);
  world_destroy(&r->w);
}

/* The value of a number, or its errno below 0. */
static int64_t number_of(int fd, int option) {
  uint32_t value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, SOL_CONNTRAIL, option, &value, &size) != 0) {
    return -errno;
  }
  ck_assert_uint_eq(size, sizeof value);
  return value;
}

static int set_of(int fd, int option, const void *value, socklen_t size) {
  return setsockopt(fd, SOL_CONNTRAIL, option, value, size) == 0 ? 0 : -errno;
}

/* Reads a blob in pieces, as a script does. */
static size_t read_pieces(int fd, int first, size_t size, unsigned char *bytes) {
  size_t used = 0;
  for (int i = 0; used < size; i++) {
    socklen_t piece = CONNTRAIL_LINUX_PIECE;
    ck_assert_int_eq(getsockopt(fd, SOL_CONNTRAIL, first + i, bytes + used, &piece), 0);
    ck_assert_uint_gt(piece, 0);
    used += piece;
  }
  return used;
}

static void expect_same_as_library(int fd,
                                   conntrail_status (*query)(conntrail_socket, void *, size_t,
                                                             size_t *),
                                   int size_option, int first) {
  static unsigned char expected[ROOM_OF_RECORDS];
  static unsigned char found[ROOM_OF_RECORDS];
  size_t size = 0;
  ck_assert_int_eq(query(fd, expected, sizeof expected, &size), CONNTRAIL_OK);
  ck_assert_int_eq(number_of(fd, size_option), (int64_t)size);
  ck_assert_uint_eq(read_pieces(fd, first, size, found), size);
  ck_assert_mem_eq(found, expected, size);
}

static const size_t paddings[] = {0, 900, 1024, 4000, 65000};

START_TEST(records_and_context_come_in_pieces) {
  for (size_t i = 0; i < sizeof paddings / sizeof *paddings; i++) {
    redirected r = redirect_one(paddings[i]);
    expect_same_as_library(r.accepted, conntrail_query_records, CONNTRAIL_LINUX_RECORDS_SIZE,
                           CONNTRAIL_LINUX_RECORDS);
    expect_same_as_library(r.accepted, conntrail_query_context, CONNTRAIL_LINUX_CONTEXT_SIZE,
                           CONNTRAIL_LINUX_CONTEXT);
    end(&r);
  }
}
END_TEST

START_TEST(a_piece_behind_the_end_is_empty) {
  unsigned char piece[CONNTRAIL_LINUX_PIECE];
  redirected r = redirect_one(0);
  socklen_t size = sizeof piece;
  ck_assert_int_eq(
      getsockopt(r.accepted, SOL_CONNTRAIL, CONNTRAIL_LINUX_RECORDS + 63, piece, &size), 0);
  ck_assert_uint_eq(size, 0);
  size = 1;
  ck_assert_int_eq(getsockopt(r.accepted, SOL_CONNTRAIL, CONNTRAIL_LINUX_RECORDS, piece, &size),
                   -1);
  ck_assert_int_eq(errno, EINVAL);
  ck_assert_int_eq(number_of(r.accepted, CONNTRAIL_LINUX_RECORDS + 64), -EINVAL);
  end(&r);
}
END_TEST

START_TEST(records_are_carried_over) {
  static unsigned char records[ROOM_OF_RECORDS];
  redirected r = redirect_one(65000);
  int64_t size = number_of(r.accepted, CONNTRAIL_LINUX_RECORDS_SIZE);
  ck_assert_int_gt(size, 65000);
  (void)read_pieces(r.accepted, CONNTRAIL_LINUX_RECORDS, (size_t)size, records);
  int outbound = stream_socket(AF_INET);
  ck_assert_int_eq(set_of(outbound, CONNTRAIL_LINUX_RECORDS, records, (socklen_t)size), 0);
  /* Recognised: the service does not take it again, and there is no server. */
  ck_assert_int_eq(connect_to(outbound, FAR_V4, 80), ENETUNREACH);
  ck_assert_uint_eq(count_of(r.w, REDIRECTED), 1);
  ck_assert_uint_eq(count_of(r.w, LOOP), 0);
  close(outbound);
  end(&r);
}
END_TEST

START_TEST(errno_says_what_is_wrong) {
  static const unsigned char nonsense[64];
  world w = world_create();
  int fresh = stream_socket(AF_INET);
  int direct = stream_socket(AF_INET);
  struct sockaddr_storage to = local_address(w.proxy4);
  ck_assert_int_eq(connect(direct, (struct sockaddr *)&to, address_size(&to)), 0);
  int accepted = accept_one(w.proxy4);
  int file = open("/dev/null", O_RDONLY);
  ck_assert_int_eq(number_of(fresh, CONNTRAIL_LINUX_RECORDS_SIZE), -ENOTCONN);
  ck_assert_int_eq(number_of(w.proxy4, CONNTRAIL_LINUX_RECORDS_SIZE), -ENOTCONN);
  ck_assert_int_eq(number_of(accepted, CONNTRAIL_LINUX_RECORDS_SIZE), -ENODATA);
  ck_assert_int_eq(number_of(accepted, CONNTRAIL_LINUX_CONTEXT_SIZE), -ENODATA);
  ck_assert_int_eq(number_of(accepted, CONNTRAIL_LINUX_RECORDS), -ENODATA);
  ck_assert_int_eq(set_of(fresh, CONNTRAIL_LINUX_RECORDS, nonsense, sizeof nonsense), -EINVAL);
  ck_assert_int_eq(number_of(fresh, CONNTRAIL_LINUX_LAST_ERROR), 10022);
  ck_assert_int_eq(set_of(fresh, CONNTRAIL_LINUX_RECORDS4, nonsense, 4), -ENOSYS);
  ck_assert_int_eq(number_of(file, CONNTRAIL_LINUX_RECORDS_SIZE), -ENOTSOCK);
  ck_assert_int_eq(number_of(-1, CONNTRAIL_LINUX_RECORDS_SIZE), -EBADF);
  ck_assert_int_eq(number_of(fresh, 999), -EINVAL);
  ck_assert_int_eq(set_of(fresh, 999, nonsense, 4), -EINVAL);
  conntrail_emu_set_privileged(w.emu, false);
  redirected r = {.w = w, .client = direct, .accepted = accepted};
  ck_assert_int_eq(set_of(fresh, CONNTRAIL_LINUX_RECORDS, nonsense, sizeof nonsense), -EACCES);
  close(file);
  close(fresh);
  end(&r);
}
END_TEST

/* "Windows 7", and a process where no emulation exists: never the answer of a real kernel. */
START_TEST(nothing_looks_like_a_real_kernel) {
  int idle = stream_socket(AF_INET);
  int idle6 = stream_socket(AF_INET6);
  ck_assert_int_eq(number_of(idle, CONNTRAIL_LINUX_VERSION), CONNTRAIL_LINUX_INTERFACE);
  ck_assert_int_eq(number_of(idle, CONNTRAIL_LINUX_RECORDS_SIZE), -ENOTCONN);
  ck_assert_int_eq(number_of(idle6, CONNTRAIL_LINUX_RECORDS_SIZE), -ENOTCONN);
  ck_assert_int_eq(set_of(idle, CONNTRAIL_LINUX_RECORDS, "x", 1), -ENOSYS);
  ck_assert_int_eq(set_of(idle, CONNTRAIL_LINUX_RECORDS4, &(int){1}, sizeof(int)), -ENOSYS);
  close(idle);
  close(idle6);
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.windows_7 = true;
  conntrail_emu *emu = conntrail_emu_create(&options);
  int udp = datagram_socket(AF_INET);
  int tcp = stream_socket(AF_INET);
  ck_assert_int_eq(set_of(tcp, CONNTRAIL_LINUX_RECORDS, "x", 1), -ENOSYS);
  close(tcp);
  ck_assert_int_eq(set_of(udp, CONNTRAIL_LINUX_CONTEXT4, &(int){1}, sizeof(int)), -ENOSYS);
  ck_assert_int_eq(number_of(udp, CONNTRAIL_LINUX_LAST_ERROR), 10042);
  close(udp);
  conntrail_emu_destroy(emu);
}
END_TEST

/* ---- The full form --------------------------------------------------------------------------- */

static struct conntrail_linux_call call_of(uint32_t code, uint32_t length) {
  return (struct conntrail_linux_call){.length = length,
                                       .version = CONNTRAIL_LINUX_INTERFACE,
                                       .size = sizeof(struct conntrail_linux_call),
                                       .code = code};
}

static int perform(int fd, struct conntrail_linux_call *call, void *out) {
  return getsockopt(fd, SOL_CONNTRAIL, CONNTRAIL_LINUX_CALL, out, &call->length) == 0 ? 0 : -errno;
}

START_TEST(a_full_call_has_all_of_wsaioctl) {
  unsigned char records[1024];
  redirected r = redirect_one(0);
  struct conntrail_linux_call call = call_of(CONNTRAIL_LINUX_QUERY_RECORDS, sizeof records);
  ck_assert_int_eq(perform(r.accepted, &call, records), 0);
  ck_assert_uint_eq(call.native, 0);
  ck_assert_uint_eq(call.length, call.bytes);
  uint32_t whole = call.bytes;
  call = call_of(CONNTRAIL_LINUX_QUERY_RECORDS, 8);
  ck_assert_int_eq(perform(r.accepted, &call, records), 0);
  ck_assert_uint_eq(call.native, 122);
  ck_assert_uint_eq(call.bytes, whole);
  ck_assert_uint_eq(call.length, 0);
  call = call_of(CONNTRAIL_LINUX_SET_RECORDS, 0);
  call.in = (uint64_t)(uintptr_t)records;
  call.in_size = whole;
  call.bytes = 77;
  int outbound = stream_socket(AF_INET);
  ck_assert_int_eq(perform(outbound, &call, NULL), 0);
  ck_assert_uint_eq(call.native, 0);
  ck_assert_uint_eq(call.bytes, whole);
  ck_assert_uint_eq(call.length, 0);
  close(outbound);
  end(&r);
}
END_TEST

START_TEST(a_full_call_tells_the_destination) {
  struct sockaddr_storage found;
  redirected r = redirect_one(0);
  struct conntrail_linux_call call = call_of(CONNTRAIL_LINUX_ORIGINAL_DESTINATION, sizeof found);
  memset(&found, 0, sizeof found);
  ck_assert_int_eq(perform(r.accepted, &call, &found), 0);
  ck_assert_uint_eq(call.native, 0);
  ck_assert_uint_eq(call.length, sizeof(struct sockaddr_in));
  ck_assert_str_eq(address_text(&found), FAR_V4 ":80");
  call = call_of(CONNTRAIL_LINUX_ORIGINAL_DESTINATION, sizeof found);
  ck_assert_int_eq(perform(r.accepted, &call, NULL), 0); /* whatever room it claims */
  ck_assert_uint_eq(call.length, 0);
  end(&r);
}
END_TEST

static const struct {
  uint32_t version;
  uint32_t size;
} others[] = {{0, 40}, {2, 40}, {1, 36}, {1, 44}};

START_TEST(another_version_is_refused_by_name) {
  world w = world_create();
  int fresh = stream_socket(AF_INET);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    struct conntrail_linux_call call = call_of(CONNTRAIL_LINUX_QUERY_RECORDS, 0);
    call.version = others[i].version;
    call.size = others[i].size;
    call.native = 77;
    ck_assert_int_eq(perform(fresh, &call, NULL), -EPROTO);
    ck_assert_uint_eq(call.native, 77);
  }
  ck_assert_int_eq(getsockopt(fresh, SOL_CONNTRAIL, CONNTRAIL_LINUX_CALL, NULL, NULL), -1);
  ck_assert_int_eq(errno, EFAULT);
  close(fresh);
  world_destroy(&w);
}
END_TEST

/* ---- Messages -------------------------------------------------------------------------------- */

static size_t count_messages(int fd, int *types, size_t room) {
  _Alignas(struct cmsghdr) unsigned char control[4096];
  char data[16];
  struct iovec piece = {data, sizeof data};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  size_t count = 0;
  ck_assert_int_ge(recvmsg(fd, &message, 0), 0);
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each != NULL && count < room;
       each = CMSG_NXTHDR(&message, each)) {
    ck_assert_int_eq(each->cmsg_level, SOL_CONNTRAIL);
    types[count++] = each->cmsg_type;
  }
  return count;
}

START_TEST(each_message_is_enabled_alone) {
  int types[4] = {0};
  scene s = scene_create();
  const int no = 0;
  ck_assert_int_eq(set_of(s.proxy4, CONNTRAIL_LINUX_CONTEXT4, &no, sizeof no), 0);
  send_text(s.client, "one", FAR_V4);
  ck_assert_uint_eq(count_messages(s.proxy4, types, 4), 1);
  ck_assert_int_eq(types[0], CONNTRAIL_LINUX_RECORDS4);
  ck_assert_int_eq(set_of(s.proxy6, CONNTRAIL_LINUX_RECORDS6, &no, 1), -EINVAL);
  int client6 = datagram_socket(AF_INET6);
  send_text(client6, "six", FAR_V6);
  ck_assert_uint_eq(count_messages(s.proxy6, types, 4), 2);
  ck_assert_int_eq(types[0], CONNTRAIL_LINUX_RECORDS6);
  ck_assert_int_eq(types[1], CONNTRAIL_LINUX_CONTEXT6);
  close(client6);
  scene_destroy(&s);
}
END_TEST

/* A child of fork has no emulation: loud, and not as a real kernel (E6). */
START_TEST(a_child_of_fork_is_refused) {
  redirected r = redirect_one(0);
  (void)fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    (void)freopen("/dev/null", "w", stderr);
    bool right = number_of(r.accepted, CONNTRAIL_LINUX_RECORDS_SIZE) == -ENETDOWN &&
                 set_of(r.accepted, CONNTRAIL_LINUX_RECORDS4, &(int){1}, sizeof(int)) == -ENETDOWN;
    _exit(right ? 0 : 1);
  }
  int status = -1;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  end(&r);
}
END_TEST

RUN_TESTS("kernel option", records_and_context_come_in_pieces, a_piece_behind_the_end_is_empty,
          records_are_carried_over, errno_says_what_is_wrong, nothing_looks_like_a_real_kernel,
          a_full_call_has_all_of_wsaioctl, a_full_call_tells_the_destination,
          another_version_is_refused_by_name, each_message_is_enabled_alone,
          a_child_of_fork_is_refused)
