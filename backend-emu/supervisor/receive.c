/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "../frontend/level_linux.h"
#include "../frontend/sockaddr.h"
#include "decide.h"
#include "describe.h"
#include "handlers.h"
#include "known.h"
#include "memory.h"
#include "message.h"
#include "notice.h"
#include "parked.h"
#include "process.h"
#include "state.h"

/* Datagrams are received here, without waiting, and given to the program with the sender that it is
 * to see. A call that has to wait is parked. */

enum { ERROR_QUEUE = 0x2000, MOST_MESSAGES = 1024 };

typedef struct delivery {
  struct sockaddr_storage from;
  struct iovec data;
  struct msghdr message;
  size_t from_size;
  conntrail__told told;
} delivery;

/* ---- What the engine makes of it ------------------------------------------------------------- */

static void ask_engine(const conntrail__notice *notice, const conntrail__known *known, delivery *d,
                       size_t capacity, int flags, bool is_plain) {
  conntrail__received arrived = {.is_peek = (flags & MSG_PEEK) != 0,
                                 .is_plain = is_plain,
                                 .is_ipv6 = known->family == AF_INET6,
                                 .control = d->message.msg_control,
                                 .capacity = (uint32_t)capacity,
                                 .used = (uint32_t)d->message.msg_controllen};
  if (!conntrail__address_from_sockaddr((struct sockaddr *)&d->from, d->from_size, &arrived.from)) {
    return;
  }
  const conntrail__identity who = conntrail__identify(notice);
  arrived.sender = arrived.from;
  conntrail__level_received(known->socket, &who, &arrived);
  d->message.msg_controllen = arrived.used;
  if (arrived.is_control_cut) {
    d->message.msg_flags |= MSG_CTRUNC;
  }
  d->from_size = conntrail__sender_to_family(&arrived, known->family, &d->from, d->from_size);
}

/* ---- Giving it to the program ---------------------------------------------------------------- */

static void give_name(const conntrail__message *to, delivery *d, conntrail__parts *parts) {
  const size_t room = (size_t)to->name_size;
  if (to->name == 0) {
    return;
  }
  d->told.name_size = (uint32_t)d->from_size;
  conntrail__add_part(parts, to->name, &d->from, room < d->from_size ? room : d->from_size);
  if (to->name_size_at != 0) {
    conntrail__add_part(parts, to->name_size_at, &d->told.name_size, sizeof d->told.name_size);
  }
}

static void give_control(const conntrail__notice *notice, const conntrail__message *to, delivery *d,
                         conntrail__parts *parts) {
  conntrail__supervisor *supervisor = notice->supervisor;
  void *control = d->message.msg_control;
  bool is_cut = false;
  if (notice->is_32) {
    d->message.msg_controllen = (socklen_t)conntrail__convert_control(
        true, control, d->message.msg_controllen, supervisor->answer, to->control_size, &is_cut);
    control = supervisor->answer;
  }
  if (is_cut) {
    d->message.msg_flags |= MSG_CTRUNC;
  }
  conntrail__add_part(parts, to->control, control, d->message.msg_controllen);
  d->told.control_size = d->message.msg_controllen;
  d->told.flags = d->message.msg_flags & ~MSG_CMSG_CLOEXEC;
  conntrail__tell_header(notice, to, &d->told, parts);
}

static int give_all(const conntrail__notice *notice, const conntrail__message *to, delivery *d,
                    size_t size) {
  conntrail__parts parts = {.count = 0};
  give_name(to, d, &parts);
  if (to->at != 0) {
    give_control(notice, to, d, &parts);
  }
  return conntrail__write_parts(notice, &parts, to->count, size);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static size_t control_room(const conntrail__notice *notice, const conntrail__message *to) {
  size_t most = sizeof notice->supervisor->control;
  size_t wanted = notice->is_32 ? 2 * to->control_size : to->control_size;
  return wanted < most ? wanted : most;
}

static void prepare(const conntrail__notice *notice, const conntrail__message *to, delivery *d) {
  conntrail__supervisor *supervisor = notice->supervisor;
  size_t most = sizeof supervisor->data;
  memset(d, 0, sizeof *d);
  d->data = (struct iovec){supervisor->data, to->room < most ? to->room : most};
  d->message.msg_name = &d->from;
  d->message.msg_namelen = sizeof d->from;
  d->message.msg_iov = &d->data;
  d->message.msg_iovlen = 1;
  d->message.msg_controllen = (socklen_t)control_room(notice, to);
  d->message.msg_control = d->message.msg_controllen == 0 ? NULL : supervisor->control;
}

static conntrail__answer receive_one(const conntrail__notice *notice, int own,
                                     const conntrail__known *known, const conntrail__message *to,
                                     int flags) {
  bool is_plain = to->control_size == 0;
  delivery d;
  prepare(notice, to, &d);
  size_t capacity = d.message.msg_controllen;
  ssize_t size = recvmsg(own, &d.message, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) {
    return conntrail__fail(errno);
  }
  d.from_size = d.message.msg_namelen;
  if ((flags & ERROR_QUEUE) == 0) {
    ask_engine(notice, known, &d, capacity, flags, is_plain);
  }
  size_t there = (size_t)size < d.data.iov_len ? (size_t)size : d.data.iov_len;
  int error = give_all(notice, to, &d, there);
  return error != 0 ? conntrail__fail(error) : conntrail__give(size);
}

static conntrail__answer receive_header(const conntrail__notice *notice, int own,
                                        const conntrail__known *known, uint64_t at, int flags) {
  conntrail__message to;
  int error = conntrail__read_header(notice, at, &to);
  if (error != 0) {
    return conntrail__fail(error);
  }
  bool may_fault = to.control_size > 0 && (flags & ERROR_QUEUE) == 0;
  uint32_t native =
      may_fault ? conntrail__datagram_fault(known->socket, CONNTRAIL_EMU_RECEIVE_MESSAGE) : 0;
  return native != 0 ? conntrail__fail_message(notice, native)
                     : receive_one(notice, own, known, &to, flags);
}

/* What is there. Linux may give fewer than were asked for, too. */
static conntrail__answer receive_each(const conntrail__notice *notice, int own,
                                      const conntrail__known *known) {
  unsigned most = (unsigned)notice->args[2];
  unsigned done = 0;
  int flags = (int)notice->args[3] & ~MSG_WAITFORONE;
  conntrail__answer answer = conntrail__give(0);
  while (done < most && done < MOST_MESSAGES) {
    uint64_t at = conntrail__header_at(notice, notice->args[1], done);
    answer = receive_header(notice, own, known, at, flags);
    if (answer.error != 0) {
      break;
    }
    (void)conntrail__write_length(notice, at, (uint32_t)answer.value);
    done++;
  }
  return done > 0 ? conntrail__give(done) : answer;
}

static conntrail__answer receive(const conntrail__notice *notice, int own,
                                 const conntrail__known *known) {
  conntrail__message to;
  if (notice->call == CONNTRAIL__SYS_RECVMMSG) {
    return receive_each(notice, own, known);
  }
  if (notice->call == CONNTRAIL__SYS_RECVMSG) {
    return receive_header(notice, own, known, notice->args[1], (int)notice->args[2]);
  }
  int error = conntrail__read_recvfrom(notice, &to);
  return error != 0 ? conntrail__fail(error)
                    : receive_one(notice, own, known, &to, (int)notice->args[3]);
}

/* As in the kernel, recvfrom() looks for a datagram first, and at the program's memory after that:
 * where none is there, nothing is read in vain. */
static bool has_nothing(const conntrail__notice *notice, int own) {
  struct pollfd wanted = {.fd = own, .events = POLLIN};
  return notice->call == CONNTRAIL__SYS_RECVFROM && !notice->is_parked && poll(&wanted, 1, 0) == 0;
}

static conntrail__answer receive_if_any(const conntrail__notice *notice, int own,
                                        const conntrail__known *known, bool may_wait) {
  if (may_wait && has_nothing(notice, own)) {
    return conntrail__fail(EAGAIN);
  }
  return conntrail__may_act(notice) ? receive(notice, own, known) : conntrail__fail(EINTR);
}

conntrail__answer conntrail__on_receive(const conntrail__notice *notice, int own) {
  conntrail__nature nature;
  int flags = (int)notice->args[notice->call == CONNTRAIL__SYS_RECVMSG ? 2 : 3];
  if (!conntrail__recognize(notice, own, &nature) || !nature.is_datagram) {
    return conntrail__go_on();
  }
  const conntrail__known *known = conntrail__know_described(notice, own, &nature);
  if (known == NULL) {
    return conntrail__fail(ENOBUFS);
  }
  const bool may_wait = (flags & (MSG_DONTWAIT | ERROR_QUEUE)) == 0;
  conntrail__answer answer = receive_if_any(notice, own, known, may_wait);
  bool waits = may_wait && answer.error == EAGAIN && conntrail__is_blocking(own);
  const conntrail__wait wait = {EV_READ, SO_RCVTIMEO, nature.cookie, answer, conntrail__on_receive};
  return waits ? conntrail__park(notice, own, &wait) : answer;
}
