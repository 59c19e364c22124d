/* SPDX-License-Identifier: MIT */
/* emu.h: every refused call names itself and the cure, and changes nothing. */
#include "posix_support.h"

static bool refusal_begins(const char *wanted) {
  const char *refusal = conntrail_emu_refusal();
  return strncmp(refusal, wanted, strlen(wanted)) == 0 && strchr(refusal, ';') != NULL;
}

#define CHECK_REFUSED(call, status, text)                                                          \
  do {                                                                                             \
    ck_assert_int_eq(call, status);                                                                \
    ck_assert_msg(refusal_begins(text), "%s", conntrail_emu_refusal());                            \
  } while (0)

START_TEST(null_is_refused_by_name) {
  world w = world_create();
  struct sockaddr_storage at = address_of("127.0.0.1", 9);
  struct sockaddr *to = (struct sockaddr *)&at;
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  CHECK_REFUSED(conntrail_emu_set_profile(NULL, CONNTRAIL_EMU_MEASURED), CONNTRAIL_FAULT,
                "conntrail_emu_set_profile: emu is NULL");
  CHECK_REFUSED(conntrail_emu_redirect(NULL, "tcp any", to), CONNTRAIL_FAULT,
                "conntrail_emu_redirect: service is NULL");
  CHECK_REFUSED(conntrail_emu_redirect(w.acme, NULL, to), CONNTRAIL_FAULT,
                "conntrail_emu_redirect: rule is NULL");
  CHECK_REFUSED(conntrail_emu_redirect(w.acme, "tcp any", NULL), CONNTRAIL_FAULT,
                "conntrail_emu_redirect: target is NULL");
  CHECK_REFUSED(conntrail_emu_redirect_remote(NULL, "tcp any", to), CONNTRAIL_FAULT,
                "conntrail_emu_redirect_remote: service is NULL");
  CHECK_REFUSED(conntrail_emu_block(NULL, "tcp any"), CONNTRAIL_FAULT,
                "conntrail_emu_block: service is NULL");
  CHECK_REFUSED(conntrail_emu_block(w.acme, NULL), CONNTRAIL_FAULT,
                "conntrail_emu_block: rule is NULL");
  CHECK_REFUSED(conntrail_emu_exempt_process(NULL, 1), CONNTRAIL_FAULT,
                "conntrail_emu_exempt_process: service is NULL");
  CHECK_REFUSED(conntrail_emu_exempt_user(w.acme, NULL), CONNTRAIL_FAULT,
                "conntrail_emu_exempt_user: user is NULL");
  CHECK_REFUSED(conntrail_emu_set_context_layout(NULL, CONNTRAIL_EMU_CONTEXT_NONE), CONNTRAIL_FAULT,
                "conntrail_emu_set_context_layout: service is NULL");
  CHECK_REFUSED(conntrail_emu_set_context(w.acme, NULL, 1), CONNTRAIL_FAULT,
                "conntrail_emu_set_context: context is NULL");
  CHECK_REFUSED(conntrail_emu_set_record_padding(NULL, 1), CONNTRAIL_FAULT,
                "conntrail_emu_set_record_padding: service is NULL");
  CHECK_REFUSED(conntrail_emu_route(NULL, "192.0.2.1:80", to), CONNTRAIL_FAULT,
                "conntrail_emu_route: emu is NULL");
  CHECK_REFUSED(conntrail_emu_route(w.emu, NULL, to), CONNTRAIL_FAULT,
                "conntrail_emu_route: destination is NULL");
  CHECK_REFUSED(conntrail_emu_route(w.emu, "192.0.2.1:80", NULL), CONNTRAIL_FAULT,
                "conntrail_emu_route: address is NULL");
  CHECK_REFUSED(conntrail_emu_add_fault(NULL, &fault), CONNTRAIL_FAULT,
                "conntrail_emu_add_fault: emu is NULL");
  CHECK_REFUSED(conntrail_emu_add_fault(w.emu, NULL), CONNTRAIL_FAULT,
                "conntrail_emu_add_fault: fault is NULL");
  CHECK_REFUSED(conntrail_emu_inspect(NULL, 0, w.acme, NULL, NULL), CONNTRAIL_FAULT,
                "conntrail_emu_inspect: emu is NULL");
  world_destroy(&w);
}
END_TEST

START_TEST(null_is_refused_where_there_is_no_status) {
  world w = world_create();
  conntrail_emu_event event = {.struct_size = sizeof event};
  char text[4] = "xyz";
  conntrail_emu_destroy(NULL);
  ck_assert_ptr_null(conntrail_emu_add_service(NULL, "name", NULL));
  ck_assert(refusal_begins("conntrail_emu_add_service: emu is NULL"));
  ck_assert_ptr_null(conntrail_emu_add_service(w.emu, NULL, NULL));
  ck_assert(refusal_begins("conntrail_emu_add_service: name is NULL"));
  conntrail_emu_set_privileged(NULL, true);
  ck_assert(refusal_begins("conntrail_emu_set_privileged: emu is NULL"));
  conntrail_emu_clear_faults(NULL);
  ck_assert(refusal_begins("conntrail_emu_clear_faults: emu is NULL"));
  ck_assert_uint_eq(conntrail_emu_count(NULL, CONNTRAIL_EMU_LOOP), 0);
  ck_assert(refusal_begins("conntrail_emu_count: emu is NULL"));
  ck_assert_uint_eq(conntrail_emu_misuse_count(NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE), 0);
  ck_assert(refusal_begins("conntrail_emu_misuse_count: emu is NULL"));
  ck_assert(!conntrail_emu_next_event(NULL, 0, &event));
  ck_assert(refusal_begins("conntrail_emu_next_event: emu is NULL"));
  ck_assert(!conntrail_emu_next_event(w.emu, 0, NULL));
  ck_assert(refusal_begins("conntrail_emu_next_event: event is NULL"));
  ck_assert_uint_eq(conntrail_emu_trail_text(NULL, 0, text, sizeof text), 0);
  ck_assert_str_eq(text, "");
  ck_assert(refusal_begins("conntrail_emu_trail_text: emu is NULL"));
  ck_assert_str_eq(conntrail_emu_service_name(NULL), "");
  world_destroy(&w);
}
END_TEST

START_TEST(families_that_are_none_are_refused) {
  world w = world_create();
  struct sockaddr_storage local = {.ss_family = AF_UNIX};
  ck_assert_int_eq(conntrail_emu_redirect(w.acme, "tcp any", (struct sockaddr *)&local),
                   CONNTRAIL_INVALID);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_redirect: target has address family 1; "
                                            "pass a sockaddr_in or a sockaddr_in6");
  ck_assert_int_eq(conntrail_emu_route(w.emu, "192.0.2.1:80", (struct sockaddr *)&local),
                   CONNTRAIL_INVALID);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_route: address has address family 1; "
                                            "pass a sockaddr_in or a sockaddr_in6");
  world_destroy(&w);
}
END_TEST

START_TEST(options_of_another_size_are_defaults_or_refused) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.struct_size = offsetof(conntrail_emu_options, seed);
  options.profile = CONNTRAIL_EMU_MEASURED;
  options.windows_7 = true; /* beyond the size, so not said */
  conntrail_emu *emu = conntrail_emu_create(&options);
  char buffer[8];
  size_t size;
  ck_assert_ptr_nonnull(emu);
  ck_assert_int_eq(conntrail_query_records(stream_socket(AF_INET), buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_CONNECTED);
  conntrail_emu_destroy(emu);
  options.struct_size = sizeof options + 8;
  ck_assert_ptr_null(conntrail_emu_create(&options));
  ck_assert(refusal_begins("conntrail_emu_create: options.struct_size is "));
  options.struct_size = 0;
  ck_assert_ptr_null(conntrail_emu_create(&options));
  ck_assert(refusal_begins("conntrail_emu_create: options.struct_size is 0"));
}
END_TEST

START_TEST(a_fault_of_another_size_or_socket_is_refused) {
  world w = world_create();
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.native = 10050;
  fault.socket = STDIN_FILENO;
  CHECK_REFUSED(conntrail_emu_add_fault(w.emu, &fault), CONNTRAIL_INVALID,
                "conntrail_emu_add_fault: fault.socket is no open socket of this emulation");
  fault.socket = CONNTRAIL_INVALID_SOCKET;
  fault.struct_size = 1;
  CHECK_REFUSED(conntrail_emu_add_fault(w.emu, &fault), CONNTRAIL_INVALID,
                "conntrail_emu_add_fault: fault.struct_size is 1");
  world_destroy(&w);
}
END_TEST

START_TEST(a_fault_strikes_the_socket_that_it_names) {
  world w = world_create();
  int faulty = stream_socket(AF_INET);
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.operation = CONNTRAIL_EMU_CONNECT;
  fault.native = 10060;
  fault.socket = faulty;
  ck_assert_int_eq(conntrail_emu_add_fault(w.emu, &fault), CONNTRAIL_OK);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  ck_assert_int_eq(connect_to(faulty, FAR_V4, 80), ETIMEDOUT);
  conntrail_emu_clear_faults(w.emu);
  ck_assert_int_eq(connect_to(faulty, FAR_V4, 80), 0);
  world_destroy(&w);
}
END_TEST

START_TEST(a_users_name_has_its_limit) {
  char name[65];
  memset(name, 'u', sizeof name);
  name[64] = '\0';
  CHECK_REFUSED(conntrail_emu_act_as(1, name), CONNTRAIL_LIMIT,
                "conntrail_emu_act_as: the user's name is longer than 63 bytes");
  name[63] = '\0';
  ck_assert_int_eq(conntrail_emu_act_as(1, name), CONNTRAIL_OK);
}
END_TEST

START_TEST(an_identity_decides_until_it_is_given_back) {
  world w = world_create();
  ck_assert_int_eq(conntrail_emu_exempt_process(w.acme, 40004711), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_exempt_user(w.acme, "service"), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_act_as(40004711, NULL), CONNTRAIL_OK);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), ENETUNREACH);
  ck_assert_int_eq(conntrail_emu_act_as(0, "service"), CONNTRAIL_OK);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), ENETUNREACH);
  ck_assert_uint_eq(count_of(w, EXEMPTED), 2);
  ck_assert_int_eq(conntrail_emu_act_as(0, ""), CONNTRAIL_OK);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  ck_assert_uint_eq(count_of(w, EXEMPTED), 2);
  world_destroy(&w);
}
END_TEST

START_TEST(events_are_handed_out_in_order) {
  world w = world_create();
  conntrail_emu_event event = {.struct_size = sizeof event};
  ck_assert(!conntrail_emu_next_event(w.emu, 0, &event));
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  ck_assert(conntrail_emu_next_event(w.emu, 0, &event));
  ck_assert_uint_eq(event.number, 1);
  ck_assert_int_eq(event.kind, CONNTRAIL_EMU_CONNECTING);
  ck_assert_str_eq(address_text(&event.destination), FAR_V4 ":80");
  ck_assert_uint_eq(event.process, (uint32_t)getpid());
  ck_assert(conntrail_emu_next_event(w.emu, 1, &event));
  ck_assert_int_eq(event.kind, CONNTRAIL_EMU_REDIRECTED);
  ck_assert_str_eq(conntrail_emu_service_name(event.service), "acme");
  struct sockaddr_storage proxy = local_address(w.proxy4);
  ck_assert_str_eq(address_text(&event.target), address_text(&proxy));
  ck_assert(!conntrail_emu_next_event(w.emu, 2, &event));
  ck_assert_uint_eq(event.number, 2);
  world_destroy(&w);
}
END_TEST

START_TEST(an_older_callers_event_is_filled_as_far_as_it_goes) {
  world w = world_create();
  conntrail_emu_event event;
  memset(&event, 0x55, sizeof event);
  event.struct_size = offsetof(conntrail_emu_event, misuse);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  ck_assert(conntrail_emu_next_event(w.emu, 0, &event));
  ck_assert_uint_eq(event.struct_size, offsetof(conntrail_emu_event, misuse));
  ck_assert_int_eq(event.kind, CONNTRAIL_EMU_CONNECTING);
  ck_assert_uint_eq(event.socket, 0x55555555);
  event.struct_size = 8;
  ck_assert(!conntrail_emu_next_event(w.emu, 0, &event));
  ck_assert(refusal_begins("conntrail_emu_next_event: event.struct_size is too small"));
  world_destroy(&w);
}
END_TEST

START_TEST(the_text_is_cut_and_its_size_told) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  size_t size = conntrail_emu_trail_text(w.emu, CONNTRAIL_EMU_TEXT_PLAIN, NULL, 0);
  char *whole = malloc(size + 1);
  char part[5];
  ck_assert_ptr_nonnull(whole);
  ck_assert_uint_eq(conntrail_emu_trail_text(w.emu, 0, whole, size + 1), size);
  ck_assert_uint_eq(strlen(whole), size);
  ck_assert_uint_eq(conntrail_emu_trail_text(w.emu, 0, part, sizeof part), size);
  ck_assert_uint_eq(strlen(part), 4);
  ck_assert_mem_eq(part, whole, 4);
  free(whole);
  world_destroy(&w);
}
END_TEST

START_TEST(inspect_knows_its_own_sockets_only) {
  int before = stream_socket(AF_INET);
  world w = world_create();
  conntrail_emu_state state = CONNTRAIL_EMU_NOT_REDIRECTED;
  uint32_t number = 99;
  CHECK_REFUSED(conntrail_emu_inspect(w.emu, before, w.acme, &number, &state), CONNTRAIL_INVALID,
                "conntrail_emu_inspect: the descriptor is no open socket of this emulation");
  ck_assert_uint_eq(number, 99);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_int_eq(conntrail_emu_inspect(w.emu, accepted, w.acme, &number, &state), CONNTRAIL_OK);
  ck_assert_int_eq(state, CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  ck_assert_uint_eq(number, 2); /* the client, and this one; the listeners did not appear */
  world_destroy(&w);
}
END_TEST

START_TEST(words_are_those_of_the_lists) {
  ck_assert_str_eq(conntrail_emu_event_word(CONNTRAIL_EMU_LOOP), "loop");
  ck_assert_str_eq(conntrail_emu_event_word((conntrail_emu_event_kind)99), "?");
  ck_assert_str_eq(conntrail_emu_misuse_text(CONNTRAIL_EMU_MISUSE_SET_AFTER_BIND),
                   "records set after bind; set them right after socket()");
  ck_assert_str_eq(conntrail_emu_misuse_text(CONNTRAIL_EMU_NO_MISUSE), "?");
}
END_TEST

RUN_TESTS("control emu", null_is_refused_by_name, null_is_refused_where_there_is_no_status,
          families_that_are_none_are_refused, options_of_another_size_are_defaults_or_refused,
          a_fault_of_another_size_or_socket_is_refused, a_fault_strikes_the_socket_that_it_names,
          a_users_name_has_its_limit, an_identity_decides_until_it_is_given_back,
          events_are_handed_out_in_order, an_older_callers_event_is_filled_as_far_as_it_goes,
          the_text_is_cut_and_its_size_told, inspect_knows_its_own_sockets_only,
          words_are_those_of_the_lists)
