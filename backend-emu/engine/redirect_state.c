/* SPDX-License-Identifier: MIT */
#include "records.h"
#include "service.h"

/* [D] FWPS_CONNECTION_REDIRECT_STATE: identity is the redirect handle, which here is the service
 * (R1). */
conntrail_emu_state conntrail__redirect_state(const conntrail__blob *records,
                                              const conntrail_emu_service *service) {
  if (records == NULL) {
    return CONNTRAIL_EMU_NOT_REDIRECTED;
  }
  if (conntrail__records_newest_service(records) == service->index) {
    return CONNTRAIL_EMU_REDIRECTED_BY_SELF;
  }
  if ((conntrail__records_services(records) & UINT64_C(1) << service->index) != 0) {
    return CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF;
  }
  return CONNTRAIL_EMU_REDIRECTED_BY_OTHER;
}
