/* SPDX-License-Identifier: MIT */

/*
 * How often the production library calls WSAIoctl: once for a query, once for a set, twice for a
 * transfer, as long as the records fit 1,024 bytes (clause T1). The calls come here instead of to
 * the system, which answers with records of a chosen size, and finds no WSARecvMsg.
 */

#include <string.h>

#include "../../backend-win/win.h"
#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"
#include "unit_main.h"

enum { QUERY_RECORDS = 220, SET_RECORDS = 222 };

static DWORD records_size;
static unsigned calls;
static DWORD last_code;
static DWORD last_set_size;

static int refuse(int native) {
  WSASetLastError(native);
  return SOCKET_ERROR;
}

static int WSAAPI counted_ioctl(SOCKET socket, DWORD code, void *in, DWORD in_size, void *out,
                                DWORD out_size, DWORD *bytes, OVERLAPPED *overlapped,
                                LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  (void)socket;
  calls++;
  last_code = code;
  if (overlapped != NULL || routine != NULL) {
    return refuse(WSAEINVAL);
  }
  if (code == (DWORD)_WSAIOW(IOC_VENDOR, SET_RECORDS)) {
    last_set_size = in != NULL && out == NULL && out_size == 0 ? in_size : 0;
    return 0;
  }
  /* Nothing is found, and not a byte is counted. */
  if (code == SIO_GET_EXTENSION_FUNCTION_POINTER) {
    *bytes = 0;
    return 0;
  }
  if (in != NULL || in_size != 0) {
    return refuse(WSAEINVAL);
  }
  *bytes = records_size;
  if (out_size < records_size) {
    return refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  memset(out, 0x5A, records_size);
  return 0;
}

extern void (*const __imp_WSAIoctl)(void);
void (*const __imp_WSAIoctl)(void) = (void (*)(void))counted_ioctl;

static void reset(void) {
  records_size = CONNTRAIL_USUAL_BLOB;
  calls = 0;
  last_code = 0;
  last_set_size = 0;
}

START_TEST(a_query_is_one_call) {
  unsigned char buffer[CONNTRAIL_USUAL_BLOB];
  size_t size = 0;
  ck_assert_int_eq(conntrail_query_records(1, buffer, sizeof buffer, &size), CONNTRAIL_OK);
  ck_assert_uint_eq(size, CONNTRAIL_USUAL_BLOB);
  ck_assert_uint_eq(calls, 1);
  ck_assert_uint_eq(last_code, 0x980000DC);
  ck_assert_int_eq(conntrail_query_context(1, buffer, sizeof buffer, &size), CONNTRAIL_OK);
  ck_assert_uint_eq(calls, 2);
  ck_assert_uint_eq(last_code, 0x980000DD);
}
END_TEST

START_TEST(a_set_is_one_call) {
  unsigned char records[80] = {0};
  ck_assert_int_eq(conntrail_set_records(2, records, sizeof records), CONNTRAIL_OK);
  ck_assert_uint_eq(calls, 1);
  ck_assert_uint_eq(last_code, 0x980000DE);
  ck_assert_uint_eq(last_set_size, sizeof records);
}
END_TEST

START_TEST(a_transfer_is_two_calls) {
  ck_assert_int_eq(conntrail_transfer_records(1, 2), CONNTRAIL_OK);
  ck_assert_uint_eq(calls, 2);
  ck_assert_uint_eq(last_set_size, CONNTRAIL_USUAL_BLOB);
}
END_TEST

START_TEST(a_receive_that_is_not_found_is_not_called) {
  conntrail_message message = CONNTRAIL_MESSAGE_INIT;
  conntrail_status status = conntrail_recvmsg(1, &message);
  ck_assert_int_eq(status, CONNTRAIL_NOT_SUPPORTED);
  ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(a_transfer_of_more_is_three_calls) {
  records_size = CONNTRAIL_USUAL_BLOB + 1;
  ck_assert_int_eq(conntrail_transfer_records(1, 2), CONNTRAIL_OK);
  ck_assert_uint_eq(calls, 3);
  ck_assert_uint_eq(last_set_size, records_size);
}
END_TEST

UNIT_MAIN("call_count", reset, NULL, a_query_is_one_call, a_set_is_one_call,
          a_transfer_is_two_calls, a_receive_that_is_not_found_is_not_called,
          a_transfer_of_more_is_three_calls)
