/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "../../src/control_message.h"
#include "bequest.h"
#include "conntrail/linux.h"
#include "kernel_option.h"
#include "native.h"

const char conntrail__anchor_datagram = 0;

enum { FAST_OPEN = 0x20000000 }; /* MSG_FASTOPEN, which only newer headers have */
enum { USUAL_CONTROL = 512 };

/* A message on its way: what the system gets, and what the engine gets. */
typedef struct parcel {
  struct msghdr message;
  struct sockaddr_storage target;
  conntrail__address remote;
  bool has_remote;
  const unsigned char *records;
  size_t records_size;
  unsigned char usual[USUAL_CONTROL];
  unsigned char *heap;
} parcel;

static bool is_records(const conntrail__control_item *item) {
  return item->level == SOL_CONNTRAIL &&
         (item->type == CONNTRAIL_LINUX_RECORDS4 || item->type == CONNTRAIL_LINUX_RECORDS6);
}

/* Finds our control message. False: there is one among malformed ones (M6). */
static bool find_records(parcel *p, const struct msghdr *asked) {
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, asked->msg_control,
                              asked->msg_control == NULL ? 0 : asked->msg_controllen);
  conntrail__control_item item;
  while (conntrail__control_next(&reader, &item)) {
    if (is_records(&item)) {
      p->records = item.data;
      p->records_size = item.size;
    }
  }
  return p->records == NULL || !reader.is_malformed;
}

/* The program's own control messages, without ours: the system knows no such type. */
static bool copy_others(parcel *p, const struct msghdr *asked) {
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, asked->msg_control, asked->msg_controllen);
  conntrail__control_item item;
  unsigned char *others = p->usual;
  size_t used = 0;
  if (asked->msg_controllen > sizeof p->usual) {
    p->heap = malloc(asked->msg_controllen);
    others = p->heap;
  }
  if (others == NULL) {
    return false;
  }
  while (conntrail__control_next(&reader, &item)) {
    if (!is_records(&item)) {
      (void)conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, others, asked->msg_controllen,
                                      &used, &item);
    }
  }
  p->message.msg_control = used > 0 ? others : NULL;
  p->message.msg_controllen = used;
  return true;
}

/* Linux takes AF_UNSPEC for AF_INET here. */
static bool read_remote(parcel *p, const struct msghdr *asked, int family) {
  struct sockaddr_storage storage;
  size_t size = asked->msg_namelen < sizeof storage ? asked->msg_namelen : sizeof storage;
  if (asked->msg_name == NULL) {
    return false;
  }
  memset(&storage, 0, sizeof storage);
  memcpy(&storage, asked->msg_name, size);
  if (storage.ss_family == AF_UNSPEC && family == AF_INET) {
    storage.ss_family = AF_INET;
  }
  return conntrail__address_from_sockaddr((struct sockaddr *)&storage, size, &p->remote);
}

static int fail(int error) {
  errno = error;
  return -1;
}

static ssize_t pass(int fd, const struct msghdr *message, int flags) {
  return CONNTRAIL__REAL(sendmsg)(fd, message, flags);
}

/* (locked) A carrier may be closed by another thread as soon as the lock is given back; sending
 * through it does not wait. */
static ssize_t send_by_carrier(conntrail__hold *hold, parcel *p, const conntrail__passage *passage,
                               int flags) {
  ssize_t sent;
  int error;
  p->message.msg_namelen = (socklen_t)conntrail__address_to_sockaddr(&passage->target, &p->target);
  p->message.msg_name = &p->target;
  p->message.msg_control = NULL;
  p->message.msg_controllen = 0;
  sent = pass((int)passage->carrier, &p->message, flags | MSG_DONTWAIT);
  error = errno;
  if (passage->is_lent) {
    CONNTRAIL__REAL(close)((int)passage->carrier);
  }
  conntrail__hold_end(hold);
  errno = error;
  return sent;
}

static ssize_t send_by_socket(conntrail__hold *hold, int fd, parcel *p,
                              const conntrail__passage *passage, int flags) {
  size_t size;
  conntrail__hold_end(hold);
  if (!p->has_remote) {
    return pass(fd, &p->message, flags);
  }
  size = conntrail__address_to_family(&passage->target, hold->family, &p->target);
  if (size == 0) {
    return fail(EAFNOSUPPORT);
  }
  p->message.msg_name = &p->target;
  p->message.msg_namelen = (socklen_t)size;
  return pass(fd, &p->message, flags);
}

/* (locked) */
static ssize_t send_decided(conntrail__hold *hold, int fd, parcel *p, int flags) {
  conntrail__identity who;
  conntrail__passage passage;
  conntrail__session_identity(&who);
  passage = conntrail__kernel_sending(hold->socket, p->has_remote ? &p->remote : NULL, p->records,
                                      (uint32_t)p->records_size, &who);
  if (passage.native != 0) {
    conntrail__hold_end(hold);
    return conntrail__fail_message(passage.native);
  }
  if (passage.unsettled != NULL && !conntrail__carrier_settle(fd, hold, &passage)) {
    int error = errno;
    conntrail__hold_end(hold);
    return fail(error);
  }
  return passage.carrier != CONNTRAIL__NO_CARRIER ? send_by_carrier(hold, p, &passage, flags)
                                                  : send_by_socket(hold, fd, p, &passage, flags);
}

static ssize_t send_tracked(conntrail__hold *hold, int fd, parcel *p, int flags) {
  if (hold->is_inherited) {
    conntrail__hold_drop(hold);
    return conntrail__session_refuse_inherited("sendto");
  }
  if (!conntrail__hold_resume(hold)) {
    return fail(ENETUNREACH);
  }
  return send_decided(hold, fd, p, flags);
}

ssize_t conntrail__datagram_send(int fd, const struct msghdr *message, int flags) {
  conntrail__hold hold;
  parcel p;
  ssize_t sent;
  int error;
  p.message = *message;
  p.has_remote = message->msg_name != NULL && message->msg_namelen > 0;
  p.records = NULL;
  p.records_size = 0;
  p.heap = NULL;
  if (!find_records(&p, message)) {
    return fail(EINVAL);
  }
  if ((p.records == NULL && !p.has_remote) || !conntrail__hold_take(fd, &hold)) {
    return pass(fd, message, flags);
  }
  if (p.has_remote && !read_remote(&p, message, hold.family)) {
    conntrail__hold_drop(&hold);
    return pass(fd, message, flags);
  }
  if (p.records != NULL && !copy_others(&p, message)) {
    conntrail__hold_drop(&hold);
    return fail(ENOBUFS);
  }
  sent = send_tracked(&hold, fd, &p, flags);
  error = errno;
  free(p.heap);
  errno = error;
  return sent;
}

/* Connects without connect(): past every decision of the emulation. Told apart by its flag alone,
 * so that all other sending by streams stays libc's. */
static bool would_slip_past(int fd, int flags) {
  if ((flags & FAST_OPEN) == 0 || conntrail__table_find(fd) == NULL) {
    return false;
  }
  errno = EOPNOTSUPP;
  return true;
}

CONNTRAIL__APART static ssize_t sendto_watched(int fd, const void *data, size_t size, int flags,
                                               const struct sockaddr *address,
                                               socklen_t address_size) {
  struct iovec piece = {conntrail__readable(data), size};
  struct msghdr message;
  if (!conntrail__session_applies()) {
    return CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
  }
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  if (address == NULL || !conntrail__table_is_datagram(fd)) {
    return CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
  }
  memset(&message, 0, sizeof message);
  message.msg_name = conntrail__readable(address);
  message.msg_namelen = address_size;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  return conntrail__datagram_send(fd, &message, flags);
}

CONNTRAIL__EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
                                 const struct sockaddr *address, socklen_t address_size) {
  return conntrail__is_active()
             ? sendto_watched(fd, data, size, flags, address, address_size)
             : CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
}

CONNTRAIL__APART static ssize_t sendmsg_watched(int fd, const struct msghdr *message, int flags) {
  if (!conntrail__session_applies()) {
    return pass(fd, message, flags);
  }
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  if (message == NULL || !conntrail__table_is_datagram(fd)) {
    return conntrail__passed_send(fd, message, flags);
  }
  uint32_t native = conntrail__message_fault(fd, CONNTRAIL_EMU_SEND_MESSAGE);
  return native == 0 ? conntrail__datagram_send(fd, message, flags)
                     : conntrail__fail_message(native);
}

CONNTRAIL__EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  return conntrail__is_active() ? sendmsg_watched(fd, message, flags) : pass(fd, message, flags);
}
