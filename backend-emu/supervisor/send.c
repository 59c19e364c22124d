/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../frontend/send.h"
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
#include "refusals.h"
#include "state.h"

/* Datagrams are sent here, from this process' copy of the address, of the data and of the control
 * messages, and without waiting. */

enum { MOST_MESSAGES = 1024 };

/* A message on its way: what the system gets, and what the engine gets. */
typedef struct request {
  struct sockaddr_storage target;
  struct iovec data;
  struct msghdr message;
  conntrail__address remote;
  bool has_remote;
  conntrail__outgoing outgoing; /* to be freed */
} request;

/* ---- Reading --------------------------------------------------------------------------------- */

/* What is to be read, where it is not too large. */
static int plan_name(const conntrail__message *from, request *p, conntrail__parts *parts) {
  if (from->name == 0 || from->name_size == 0) {
    return 0;
  }
  if ((size_t)from->name_size > sizeof p->target) {
    return EINVAL;
  }
  p->message.msg_name = &p->target;
  p->message.msg_namelen = (socklen_t)from->name_size;
  conntrail__add_part(parts, from->name, &p->target, (size_t)from->name_size);
  return 0;
}

static int plan_control(const conntrail__notice *notice, const conntrail__message *from,
                        conntrail__parts *parts) {
  unsigned char *control = notice->supervisor->control;
  const size_t room = sizeof notice->supervisor->control;
  if (from->control_size > (notice->is_32 ? room / 4 : room)) {
    return ENOBUFS;
  }
  conntrail__add_part(parts, from->control, control, from->control_size);
  return 0;
}

static int plan_data(const conntrail__notice *notice, const conntrail__message *from, request *p) {
  conntrail__supervisor *supervisor = notice->supervisor;
  p->data = (struct iovec){supervisor->data, from->room};
  p->message.msg_iov = &p->data;
  p->message.msg_iovlen = 1;
  return from->room > sizeof supervisor->data ? EMSGSIZE : 0;
}

static int take_name(int family, request *p) {
  if (p->message.msg_name == NULL) {
    return 0;
  }
  p->has_remote =
      conntrail__address_to_send(&p->target, p->message.msg_namelen, family, &p->remote);
  return p->has_remote ? 0 : p->target.ss_family == AF_UNSPEC ? EINVAL : EAFNOSUPPORT;
}

/* The system knows no message of ours. */
static int split_control(void *all, size_t size, request *p) {
  if (!conntrail__outgoing_read(&p->outgoing, all, size)) {
    return EINVAL; /* M6; without records the system says so as well */
  }
  p->message.msg_control = all;
  bool is_whole = p->outgoing.records == NULL ||
                  conntrail__outgoing_strip(&p->outgoing, &p->message.msg_control, &size);
  p->message.msg_controllen = (socklen_t)size;
  return is_whole ? 0 : ENOBUFS;
}

static int take_control(const conntrail__notice *notice, const conntrail__message *from,
                        request *p) {
  unsigned char *control = notice->supervisor->control;
  const size_t half = sizeof notice->supervisor->control / 2;
  size_t size = from->control_size;
  bool is_cut = false;
  if (size == 0) {
    return 0;
  }
  if (notice->is_32) {
    size = conntrail__convert_control(false, control, size, control + half, half, &is_cut);
    control += half;
  }
  return is_cut ? ENOBUFS : split_control(control, size, p);
}

static int read_request(const conntrail__notice *notice, const conntrail__message *from, int family,
                        request *p) {
  conntrail__parts parts = {.count = 0};
  memset(p, 0, sizeof *p);
  int error = plan_name(from, p, &parts);
  if (error == 0) {
    error = plan_data(notice, from, p);
  }
  if (error == 0) {
    error = plan_control(notice, from, &parts);
  }
  if (error == 0) {
    error = conntrail__read_parts(notice, &parts, from->count, from->room);
  }
  if (error == 0) {
    error = take_name(family, p);
  }
  return error != 0 ? error : take_control(notice, from, p);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static conntrail__answer post(int own, const struct msghdr *message, int flags) {
  return conntrail__result(
      sendmsg(own, message, (flags & ~MSG_ZEROCOPY) | MSG_DONTWAIT | MSG_NOSIGNAL));
}

static conntrail__answer send_decided(const conntrail__notice *notice, int own,
                                      const conntrail__known *known, const request *p, int flags) {
  const conntrail__reference socket = conntrail__refer_to(known, own);
  const conntrail__identity who = conntrail__identify(notice);
  conntrail__send_decision decision;
  conntrail__send_decide(&socket, p->has_remote ? &p->remote : NULL, &p->outgoing, &who, &decision);
  if (decision.error != 0) {
    return decision.is_of_engine ? conntrail__fail_message(notice, decision.native)
                                 : conntrail__fail(conntrail__explain_lack(notice, decision.error));
  }
  if (p->has_remote && !decision.is_elsewhere && conntrail__leaks_names(notice, &p->remote)) {
    return conntrail__fail(ECONNREFUSED);
  }
  struct msghdr message = p->message;
  if (decision.size > 0) {
    message.msg_name = &decision.address;
    message.msg_namelen = (socklen_t)decision.size;
  }
  if (decision.relay == CONNTRAIL__NO_RELAY) {
    return post(own, &message, flags);
  }
  message.msg_control = NULL;
  message.msg_controllen = 0;
  return post((int)decision.relay, &message, flags);
}

static conntrail__answer send_read(const conntrail__notice *notice, int own,
                                   const conntrail__known *known, request *p, int flags) {
  int error = p->has_remote ? conntrail__refuse_foreign(notice, known) : 0;
  if (error != 0) {
    return conntrail__fail(error);
  }
  return p->has_remote || p->outgoing.records != NULL ? send_decided(notice, own, known, p, flags)
                                                      : post(own, &p->message, flags);
}

static conntrail__answer send_datagram(const conntrail__notice *notice, int own,
                                       const conntrail__known *known,
                                       const conntrail__message *message, int flags) {
  request p;
  if (notice->call != CONNTRAIL__SYS_SENDTO) {
    uint32_t native = conntrail__datagram_fault(known->socket, CONNTRAIL_EMU_SEND_MESSAGE);
    if (native != 0) {
      return conntrail__fail_message(notice, native);
    }
  }
  int error = read_request(notice, message, known->family, &p);
  conntrail__answer answer =
      error != 0 ? conntrail__fail(error) : send_read(notice, own, known, &p, flags);
  conntrail__outgoing_free(&p.outgoing);
  return answer;
}

/* Neither TCP nor UDP: no service decides about it, so it must stay on this host (E8). */
static conntrail__answer send_other(const conntrail__notice *notice, int own,
                                    const conntrail__message *message, int flags) {
  request p;
  int error = read_request(notice, message, AF_INET, &p);
  if (error == 0 && p.has_remote && !conntrail__address_is_loopback(&p.remote) &&
      !notice->supervisor->is_open) {
    conntrail__tell_refused(notice, CONNTRAIL__OTHER_PROTOCOL);
    error = ENETUNREACH;
  }
  conntrail__answer answer = error != 0 ? conntrail__fail(error) : post(own, &p.message, flags);
  conntrail__outgoing_free(&p.outgoing);
  return answer;
}

/* known: NULL, where nobody decides about it. */
static conntrail__answer send_message(const conntrail__notice *notice, int own,
                                      const conntrail__known *known,
                                      const conntrail__message *message, int flags) {
  return known == NULL ? send_other(notice, own, message, flags)
                       : send_datagram(notice, own, known, message, flags);
}

/* The next call reports a failure after the first datagram. */
static conntrail__answer send_each(const conntrail__notice *notice, int own,
                                   const conntrail__known *known) {
  unsigned most = (unsigned)notice->args[2];
  unsigned done = 0;
  conntrail__answer answer = conntrail__give(0);
  while (done < most && done < MOST_MESSAGES) {
    conntrail__message message;
    uint64_t at = conntrail__header_at(notice, notice->args[1], done);
    int error = conntrail__read_header(notice, at, &message);
    answer = error != 0 ? conntrail__fail(error)
                        : send_message(notice, own, known, &message, (int)notice->args[3]);
    if (answer.error != 0) {
      break;
    }
    (void)conntrail__write_length(notice, at, (uint32_t)answer.value);
    done++;
  }
  return done > 0 ? conntrail__give(done) : answer;
}

static conntrail__answer send_all(const conntrail__notice *notice, int own,
                                  const conntrail__known *known) {
  conntrail__message message;
  bool is_plain = notice->call == CONNTRAIL__SYS_SENDTO;
  if (notice->call == CONNTRAIL__SYS_SENDMMSG) {
    return send_each(notice, own, known);
  }
  int error = is_plain ? conntrail__read_sendto(notice, &message)
                       : conntrail__read_header(notice, notice->args[1], &message);
  return error != 0
             ? conntrail__fail(error)
             : send_message(notice, own, known, &message, (int)notice->args[is_plain ? 3 : 2]);
}

static int flags_of(const conntrail__notice *notice) {
  return (int)notice->args[notice->call == CONNTRAIL__SYS_SENDMSG ? 2 : 3];
}

conntrail__answer conntrail__on_send(const conntrail__notice *notice, int own) {
  conntrail__nature nature;
  if (!conntrail__recognize(notice, own, &nature) || !nature.is_internet) {
    return conntrail__go_on();
  }
  if (nature.is_stream) { /* i386's socketcall: the filter could not see it */
    return (flags_of(notice) & MSG_FASTOPEN) != 0 ? conntrail__fail(EOPNOTSUPP)
                                                  : conntrail__go_on();
  }
  const conntrail__known *known = conntrail__know_described(notice, own, &nature);
  if (known == NULL && nature.is_datagram) {
    return conntrail__fail(ENOBUFS);
  }
  if (!conntrail__may_act(notice)) {
    return conntrail__fail(EINTR);
  }
  conntrail__answer answer = send_all(notice, own, known);
  bool waits = answer.error == EAGAIN && (flags_of(notice) & MSG_DONTWAIT) == 0 &&
               conntrail__is_blocking(own);
  const conntrail__wait wait = {EV_WRITE, SO_SNDTIMEO, nature.cookie, answer, conntrail__on_send};
  return waits ? conntrail__park(notice, own, &wait) : answer;
}
