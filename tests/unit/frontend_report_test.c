/* SPDX-License-Identifier: MIT */
/* emu_report.h: what is refused, and older callers. */
#include "posix_support.h"

static bool refusal_begins(const char *wanted) {
  const char *refusal = conntrail_emu_refusal();
  return strncmp(refusal, wanted, strlen(wanted)) == 0 && strchr(refusal, ';') != NULL;
}

START_TEST(null_is_refused_by_name) {
  world w = world_create();
  struct sockaddr_storage at = address_of("127.0.0.1", 9);
  struct sockaddr *to = (struct sockaddr *)&at;
  conntrail_emu_summary summary = CONNTRAIL_EMU_SUMMARY_INIT;
  conntrail_emu_unreached unreached = CONNTRAIL_EMU_UNREACHED_INIT;
  char text[4] = "xyz";
  ck_assert_int_eq(conntrail_emu_summarise(NULL, &summary), CONNTRAIL_FAULT);
  ck_assert(refusal_begins("conntrail_emu_summarise: emu is NULL"));
  ck_assert_int_eq(conntrail_emu_summarise(w.emu, NULL), CONNTRAIL_FAULT);
  ck_assert(refusal_begins("conntrail_emu_summarise: summary is NULL"));
  ck_assert_uint_eq(conntrail_emu_service_count(NULL, CONNTRAIL_EMU_LOOP), 0);
  ck_assert(refusal_begins("conntrail_emu_service_count: service is NULL"));
  ck_assert(!conntrail_emu_unreached_destination(NULL, 0, &unreached));
  ck_assert(refusal_begins("conntrail_emu_unreached_destination: emu is NULL"));
  ck_assert(!conntrail_emu_unreached_destination(w.emu, 0, NULL));
  ck_assert(refusal_begins("conntrail_emu_unreached_destination: unreached is NULL"));
  ck_assert_uint_eq(conntrail_emu_entered(NULL, to, w.acme), 0);
  ck_assert(refusal_begins("conntrail_emu_entered: emu is NULL"));
  ck_assert_uint_eq(conntrail_emu_entered(w.emu, NULL, w.acme), 0);
  ck_assert(refusal_begins("conntrail_emu_entered: destination is NULL"));
  ck_assert_uint_eq(conntrail_emu_entered(w.emu, to, NULL), 0);
  ck_assert(refusal_begins("conntrail_emu_entered: service is NULL"));
  ck_assert_uint_eq(conntrail_emu_summary_text(NULL, text, sizeof text), 0);
  ck_assert_str_eq(text, "");
  ck_assert(refusal_begins("conntrail_emu_summary_text: emu is NULL"));
  ck_assert_uint_eq(conntrail_emu_summary_text(w.emu, NULL, 1), 0);
  ck_assert(refusal_begins("conntrail_emu_summary_text: text is NULL"));
  world_destroy(&w);
}
END_TEST

START_TEST(an_older_caller_gets_the_counts_that_it_knows) {
  world w = world_create();
  conntrail_emu_summary summary;
  memset(&summary, 0xA5, sizeof summary);
  summary.struct_size = offsetof(conntrail_emu_summary, undelivered);
  ck_assert_int_eq(conntrail_emu_summarise(w.emu, &summary), CONNTRAIL_OK);
  ck_assert_uint_eq(summary.struct_size, offsetof(conntrail_emu_summary, undelivered));
  ck_assert_uint_eq(summary.connections, 0);
  ck_assert_uint_eq(summary.delivered, 0);
  ck_assert_uint_eq(summary.undelivered, UINT64_C(0xA5A5A5A5A5A5A5A5));
  summary.struct_size = sizeof summary.struct_size;
  ck_assert_int_eq(conntrail_emu_summarise(w.emu, &summary), CONNTRAIL_INVALID);
  ck_assert_str_eq(conntrail_emu_refusal(),
                   "conntrail_emu_summarise: summary.struct_size is too small for a count; start "
                   "from CONNTRAIL_EMU_SUMMARY_INIT");
  world_destroy(&w);
}
END_TEST

START_TEST(what_cannot_be_is_refused) {
  world w = world_create();
  conntrail_emu_unreached unreached = {.struct_size = 8};
  struct sockaddr_storage local = {.ss_family = AF_UNIX};
  ck_assert(!conntrail_emu_unreached_destination(w.emu, 0, &unreached));
  ck_assert_str_eq(conntrail_emu_refusal(),
                   "conntrail_emu_unreached_destination: unreached.struct_size is that of another "
                   "version; start from CONNTRAIL_EMU_UNREACHED_INIT");
  ck_assert_uint_eq(conntrail_emu_entered(w.emu, (struct sockaddr *)&local, w.acme), 0);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_entered: destination has address family "
                                            "1; pass a sockaddr_in or a sockaddr_in6");
  ck_assert_uint_eq(conntrail_emu_service_count(w.acme, (conntrail_emu_event_kind)99), 0);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("control report", null_is_refused_by_name, an_older_caller_gets_the_counts_that_it_knows,
          what_cannot_be_is_refused)
