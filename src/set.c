/* SPDX-License-Identifier: MIT */

#include "backend.h"
#include "conntrail/conntrail.h"
#include "failure.h"

static conntrail_status check_arguments(const void *records, size_t size) {
  if (size == 0) {
    return CONNTRAIL_INVALID;
  }
  if (records == NULL) {
    return CONNTRAIL_FAULT;
  }
  return size > CONNTRAIL_LARGEST_BLOB ? CONNTRAIL_LIMIT : CONNTRAIL_OK;
}

conntrail_status conntrail_set_records(conntrail_socket socket, const void *records, size_t size) {
  conntrail_status arguments = check_arguments(records, size);
  if (arguments != CONNTRAIL_OK) {
    return conntrail__report(conntrail__own_verdict(arguments));
  }
  /* [S] The count carries nothing (S1): systems put the size, 0 or nothing there. */
  uint32_t ignored = 0;
  uint32_t native = conntrail__backend_ioctl(socket, CONNTRAIL__SET_RECORDS, records,
                                             (uint32_t)size, NULL, 0, &ignored);
  return conntrail__report(conntrail__native_verdict(native));
}
