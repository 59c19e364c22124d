/* SPDX-License-Identifier: MIT */

#include "query.h"

/* The same refusal, said of the outbound socket (T3). */
static conntrail_status on_outbound(conntrail_status status) {
  return status < 0 ? (conntrail_status)((int)status - CONNTRAIL_OUTBOUND_OFFSET) : status;
}

static conntrail_status hand_on(const conntrail__whole_blob *records, conntrail_socket outbound) {
  /* [S] Shipped proxies set nothing where a query gives 0 bytes: there is nothing to carry. */
  if (records->size == 0) {
    return CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  }
  return on_outbound(conntrail_set_records(outbound, records->bytes, records->size));
}

conntrail_status conntrail_transfer_records(conntrail_socket accepted, conntrail_socket outbound) {
  conntrail__whole_blob records;
  conntrail__verdict verdict =
      conntrail__whole_blob_read(&records, accepted, CONNTRAIL__QUERY_RECORDS);
  verdict = conntrail__settled(verdict, accepted);
  conntrail_status status;
  if (verdict.status == CONNTRAIL_OK) {
    status = hand_on(&records, outbound);
  } else if (verdict.status == CONNTRAIL_NOT_REDIRECTED) {
    status = CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  } else {
    status = conntrail__report(verdict);
  }
  conntrail__whole_blob_release(&records);
  return status;
}
