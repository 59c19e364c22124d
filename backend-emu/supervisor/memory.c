/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "memory.h"
#include "notice.h"
#include "refusals.h"
#include "state.h"

/* A program's memory. It may change while it is read: whatever counts is read once, and the copy
 * decides and is acted upon. */

static void *at(uint64_t address) {
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the program, for the kernel. */
  return (void *)(uintptr_t)address;
}

/* What cannot be reached at all is no fault of the program's. */
static int check(const conntrail__notice *notice, ssize_t done, size_t size) {
  if (done == (ssize_t)size) {
    return 0;
  }
  if (done >= 0 || errno == EFAULT) {
    return EFAULT;
  }
  if (errno != ESRCH) {
    conntrail__tell_refused(notice, CONNTRAIL__UNREADABLE);
  }
  return ENETDOWN;
}

int conntrail__read_memory(const conntrail__notice *notice, void *to, uint64_t from, size_t size) {
  const struct iovec own = {to, size};
  const struct iovec theirs = {at(from), size};
  return size == 0
             ? 0
             : check(notice, process_vm_readv((pid_t)notice->thread, &own, 1, &theirs, 1, 0), size);
}

int conntrail__write_memory(const conntrail__notice *notice, uint64_t to, const void *from,
                            size_t size) {
  const struct iovec own = {(void *)from, size};
  const struct iovec theirs = {at(to), size};
  return size == 0 ? 0
                   : check(notice, process_vm_writev((pid_t)notice->thread, &own, 1, &theirs, 1, 0),
                           size);
}

/* ---- Several places -------------------------------------------------------------------------- */

void conntrail__add_part(conntrail__parts *parts, uint64_t theirs, void *own, size_t size) {
  if (size > 0) {
    parts->own[parts->count] = (struct iovec){own, size};
    parts->theirs[parts->count] = (struct iovec){at(theirs), size};
    parts->count++;
    parts->size += size;
  }
}

typedef ssize_t (*copy_call)(pid_t thread, const struct iovec *own, unsigned long own_count,
                             const struct iovec *theirs, unsigned long their_count,
                             unsigned long flags);

/* The parts come first: what is received may be shorter than the pieces, which must be the last
 * then. */
static int copy_all(copy_call copy, const conntrail__notice *notice, conntrail__parts *parts,
                    size_t count, size_t size) {
  conntrail__supervisor *supervisor = notice->supervisor;
  struct iovec *theirs = supervisor->theirs;
  const size_t all = parts->size + size;
  parts->own[parts->count] = (struct iovec){supervisor->data, size};
  memcpy(theirs, parts->theirs, parts->count * sizeof *theirs);
  memcpy(theirs + parts->count, supervisor->pieces, count * sizeof *theirs);
  return all == 0 ? 0
                  : check(notice,
                          copy((pid_t)notice->thread, parts->own, parts->count + 1, theirs,
                               parts->count + count, 0),
                          all);
}

/* The system takes no more places at once than a message may have pieces. */
static int copy_each(copy_call copy, const conntrail__notice *notice, conntrail__parts *parts,
                     size_t count, size_t size) {
  if (parts->count + count <= CONNTRAIL__PIECES) {
    return copy_all(copy, notice, parts, count, size);
  }
  conntrail__parts none = {.count = 0};
  int error = copy_all(copy, notice, parts, 0, 0);
  return error != 0 ? error : copy_all(copy, notice, &none, count, size);
}

int conntrail__read_parts(const conntrail__notice *notice, conntrail__parts *parts, size_t count,
                          size_t size) {
  return copy_each(process_vm_readv, notice, parts, count, size);
}

int conntrail__write_parts(const conntrail__notice *notice, conntrail__parts *parts, size_t count,
                           size_t size) {
  return copy_each(process_vm_writev, notice, parts, count, size);
}
