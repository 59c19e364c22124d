/* SPDX-License-Identifier: MIT */
/* Where the client wanted to go (D1 to D3). */
#include <string.h>

#include "cases.h"
#include "scenario.h"

enum { ADDRESS_BYTES = 128, WINDOWS_INET = 2, WINDOWS_INET6 = 23, LINUX_INET6 = 10 };

static const char any_rule[] = "tcp any port 80";

/* A SOCKADDR_STORAGE as a driver writes it, byte by byte: family in the driver's order, port and
 * address in the network's. */
static void write_v4(uint8_t *at, unsigned family, unsigned port) {
  static const uint8_t host[4] = {93, 184, 216, 34};
  memset(at, 0, ADDRESS_BYTES);
  at[0] = (uint8_t)(family & 0xff);
  at[1] = (uint8_t)(family >> 8);
  at[2] = (uint8_t)(port >> 8);
  at[3] = (uint8_t)(port & 0xff);
  memcpy(at + 4, host, sizeof host);
}

static void write_v6(uint8_t *at, unsigned family, unsigned port) {
  static const uint8_t host[16] = {0x26, 0x06, 0x28, 0x00, 0x02, 0x20, 0, 1,
                                   0,    0,    0,    0,    0,    0,    0, 1};
  memset(at, 0, ADDRESS_BYTES);
  at[0] = (uint8_t)(family & 0xff);
  at[1] = (uint8_t)(family >> 8);
  at[2] = (uint8_t)(port >> 8);
  at[3] = (uint8_t)(port & 0xff);
  memcpy(at + 8, host, sizeof host);
}

static void expect_destination(const scenario_pair *pair) {
  struct sockaddr_storage found;
  memset(&found, UNTOUCHED, sizeof found);
  expect_status(t_original_destination(pair->accepted, &found), CONNTRAIL_OK);
  expect_address(&found, &pair->destination);
}

static void connect_and_expect(scenario_pair *pair, net_kind kind,
                               const struct sockaddr_storage *destination) {
  scenario_connect(pair, kind, destination);
  expect_destination(pair);
  scenario_close(pair->client);
  scenario_close(pair->accepted);
}

void case_destination_two_addresses(void) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_destination(&pair);
  expect_destination(&pair);
  scenario_close_pair(&pair);
}

void case_destination_each_layout(void) {
  static const conntrail_emu_context layouts[] = {CONNTRAIL_EMU_CONTEXT_TWO_ADDRESSES,
                                                  CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS,
                                                  CONNTRAIL_EMU_CONTEXT_NONE};
  fixture_open(NULL);
  struct sockaddr_storage destination4 = scenario_destination4();
  struct sockaddr_storage destination6 = scenario_destination6();
  scenario_pair pair4 = scenario_service("acme", any_rule, NET_TCP4);
  scenario_pair pair6 = scenario_service("borg", "tcp 2606::/16", NET_TCP6);
  for (size_t index = 0; index < sizeof layouts / sizeof layouts[0]; ++index) {
    expect_status(conntrail_emu_set_context_layout(pair4.service, layouts[index]), CONNTRAIL_OK);
    expect_status(conntrail_emu_set_context_layout(pair6.service, layouts[index]), CONNTRAIL_OK);
    connect_and_expect(&pair4, NET_TCP4, &destination4);
    connect_and_expect(&pair6, NET_TCP6, &destination6);
  }
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT), 0);
  scenario_close(pair4.listener);
  scenario_close(pair6.listener);
}

static size_t context_of(const scenario_pair *pair, uint8_t *context) {
  size_t size = UNTOUCHED_SIZE;
  expect_status(t_query_context(pair->accepted, context, 512, &size), CONNTRAIL_OK);
  return size;
}

/* What the emulation writes by default is what a driver of Microsoft's sample writes. */
void case_context_layout_bytes(void) {
  uint8_t context[512];
  uint8_t remote[ADDRESS_BYTES];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_number(context_of(&pair, context), 2 * ADDRESS_BYTES);
  write_v4(remote, WINDOWS_INET, 80);
  expect_bytes(context, remote, ADDRESS_BYTES);
  expect_number(context[ADDRESS_BYTES], WINDOWS_INET);
  scenario_close_pair(&pair);
}

void case_context_layout_bytes_v6(void) {
  uint8_t context[512];
  uint8_t remote[ADDRESS_BYTES];
  fixture_open(NULL);
  struct sockaddr_storage destination = scenario_destination6();
  scenario_pair pair = scenario_service("acme", "tcp 2606::/16 port 80", NET_TCP6);
  expect_status(conntrail_emu_set_context_layout(pair.service, CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP6, &destination);
  expect_number(context_of(&pair, context), ADDRESS_BYTES);
  write_v6(remote, WINDOWS_INET6, 80);
  expect_bytes(context, remote, ADDRESS_BYTES);
  scenario_close_pair(&pair);
}

static void expect_unknown_layout(scenario_pair *pair, const void *context, size_t size) {
  struct sockaddr_storage destination = scenario_destination4();
  struct sockaddr_storage found;
  expect_status(conntrail_emu_set_context(pair->service, context, size), CONNTRAIL_OK);
  scenario_connect(pair, NET_TCP4, &destination);
  memset(&found, UNTOUCHED, sizeof found);
  expect_status(t_original_destination(pair->accepted, &found), CONNTRAIL_UNKNOWN_LAYOUT);
  expect_filled(&found, UNTOUCHED, sizeof found);
  scenario_close(pair->client);
  scenario_close(pair->accepted);
}

void case_destination_unknown_layout(void) {
  uint8_t context[264];
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  memset(context, 0, sizeof context);
  write_v4(context, WINDOWS_INET, 80);
  /* By size alone: what begins like an address is none. */
  expect_unknown_layout(&pair, context, 1);
  expect_unknown_layout(&pair, context, 16);
  expect_unknown_layout(&pair, context, 127);
  expect_unknown_layout(&pair, context, 129);
  expect_unknown_layout(&pair, context, 255);
  expect_unknown_layout(&pair, context, 264);
  /* The right size, and a family or a port that cannot be. */
  memset(context, 0xCC, sizeof context);
  expect_unknown_layout(&pair, context, ADDRESS_BYTES);
  expect_unknown_layout(&pair, context, 2 * ADDRESS_BYTES);
  write_v4(context, WINDOWS_INET, 0);
  expect_unknown_layout(&pair, context, ADDRESS_BYTES);
  scenario_close(pair.listener);
}

typedef struct decoder_state {
  unsigned calls;
  size_t size;
  conntrail_status answer;
  struct sockaddr_storage destination;
  bool was_cleared;
} decoder_state;

static conntrail_status decode(const void *context, size_t size,
                               struct sockaddr_storage *destination, void *argument) {
  static const struct sockaddr_storage cleared;
  decoder_state *state = argument;
  (void)context;
  state->calls += 1;
  state->size = size;
  state->was_cleared = memcmp(destination, &cleared, sizeof cleared) == 0;
  *destination = state->destination;
  return state->answer;
}

static scenario_pair pair_with_context(size_t size) {
  static uint8_t context[CONNTRAIL_EMU_LARGEST_CONTEXT];
  struct sockaddr_storage destination = scenario_destination4();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  expect_status(conntrail_emu_set_context(pair.service, context, size), CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  return pair;
}

void case_destination_by_decoder(void) {
  struct sockaddr_storage found;
  decoder_state state = {.answer = CONNTRAIL_OK, .destination = scenario_destination6()};
  fixture_open(NULL);
  scenario_pair pair = pair_with_context(20);
  expect_status(t_original_destination_by(pair.accepted, decode, &state, &found), CONNTRAIL_OK);
  expect_address(&found, &state.destination);
  expect_number(state.calls, 1);
  expect_number(state.size, 20);
  expect_true(state.was_cleared);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT), 0);
  scenario_close_pair(&pair);
}

void case_destination_by_decoder_large(void) {
  struct sockaddr_storage found;
  decoder_state state = {.answer = CONNTRAIL_OK, .destination = scenario_destination4()};
  fixture_open(NULL);
  scenario_pair pair = pair_with_context(CONNTRAIL_EMU_LARGEST_CONTEXT);
  for (unsigned turn = 1; turn <= ENOUGH_TURNS; ++turn) {
    expect_status(t_original_destination_by(pair.accepted, decode, &state, &found), CONNTRAIL_OK);
    expect_number(state.calls, turn);
    expect_number(state.size, CONNTRAIL_EMU_LARGEST_CONTEXT);
  }
  scenario_close_pair(&pair);
}

void case_destination_decoder_refuses(void) {
  static const conntrail_status answers[] = {CONNTRAIL_UNKNOWN_LAYOUT, CONNTRAIL_ACCESS,
                                             CONNTRAIL_NO_MEMORY};
  struct sockaddr_storage found;
  decoder_state state = {.answer = CONNTRAIL_OK};
  fixture_open(NULL);
  scenario_pair pair = pair_with_context(20);
  memset(&found, UNTOUCHED, sizeof found);
  /* OK without an address is a decoder that guessed. */
  expect_status(t_original_destination_by(pair.accepted, decode, &state, &found),
                CONNTRAIL_UNKNOWN_LAYOUT);
  state.destination = scenario_destination4();
  for (size_t index = 0; index < sizeof answers / sizeof answers[0]; ++index) {
    state.answer = answers[index];
    expect_status(t_original_destination_by(pair.accepted, decode, &state, &found), answers[index]);
  }
  expect_filled(&found, UNTOUCHED, sizeof found);
  scenario_close_pair(&pair);
}

void case_destination_without_context(void) {
  struct sockaddr_storage found;
  decoder_state state = {.answer = CONNTRAIL_UNKNOWN_LAYOUT};
  fixture_open(NULL);
  scenario_pair pair = pair_with_context(0);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    expect_destination(&pair);
    expect_status(t_original_destination_by(pair.accepted, decode, &state, &found), CONNTRAIL_OK);
    expect_address(&found, &pair.destination);
  }
  expect_number(state.calls, 0);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT), 0);
  scenario_close_pair(&pair);
}

void case_destination_nowhere(void) {
  static const uint32_t numbers[] = {10042, 10022, 1168, 10045};
  struct sockaddr_storage found;
  fixture_open(NULL);
  scenario_pair pair = pair_with_context(0);
  memset(&found, UNTOUCHED, sizeof found);
  for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; ++index) {
    conntrail_emu_fault fault = scenario_fault(CONNTRAIL_EMU_ORIGINAL_DESTINATION, numbers[index]);
    scenario_add_fault(&fault);
    expect_status(t_original_destination(pair.accepted, &found), CONNTRAIL_NO_CONTEXT);
    conntrail_emu_clear_faults(fixture_emulation());
  }
  expect_filled(&found, UNTOUCHED, sizeof found);
  scenario_close_pair(&pair);
}

void case_destination_not_redirected(void) {
  struct sockaddr_storage found;
  fixture_open(NULL);
  scenario_pair pair = scenario_direct_pair();
  memset(&found, UNTOUCHED, sizeof found);
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    expect_status(t_original_destination(pair.accepted, &found), CONNTRAIL_NOT_REDIRECTED);
  }
  expect_filled(&found, UNTOUCHED, sizeof found);
  scenario_close_pair(&pair);
}

/* A program that knows SO_ORIGINAL_DST alone is answered as well. */
void case_destination_by_system_option(void) {
  struct sockaddr_storage found;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  expect_result(net_original_destination(pair.accepted, &found), NET_OK);
  expect_address(&found, &pair.destination);
  scenario_close_pair(&pair);
}

void case_destination_by_system_option_v6(void) {
  struct sockaddr_storage destination = scenario_destination6();
  struct sockaddr_storage found;
  fixture_open(NULL);
  scenario_pair pair = scenario_service("acme", "tcp 2606::/16 port 80", NET_TCP6);
  scenario_connect(&pair, NET_TCP6, &destination);
  expect_result(net_original_destination(pair.accepted, &found), NET_OK);
  expect_address(&found, &destination);
  scenario_close_pair(&pair);
}

static void expect_decoded(const uint8_t *context, size_t size,
                           const struct sockaddr_storage *destination) {
  struct sockaddr_storage found;
  expect_status(t_decode_context(context, size, &found), CONNTRAIL_OK);
  expect_address(&found, destination);
}

void case_decode_either_systems_numbers(void) {
  uint8_t context[2 * ADDRESS_BYTES];
  struct sockaddr_storage destination4 = scenario_destination4();
  struct sockaddr_storage destination6 = scenario_destination6();
  write_v4(context + ADDRESS_BYTES, WINDOWS_INET, 49152);
  write_v4(context, WINDOWS_INET, 80);
  expect_decoded(context, ADDRESS_BYTES, &destination4);
  expect_decoded(context, sizeof context, &destination4);
  write_v6(context + ADDRESS_BYTES, WINDOWS_INET6, 49152);
  write_v6(context, WINDOWS_INET6, 80);
  expect_decoded(context, ADDRESS_BYTES, &destination6);
  expect_decoded(context, sizeof context, &destination6);
  write_v6(context + ADDRESS_BYTES, AF_INET6, 49152);
  write_v6(context, AF_INET6, 80);
  expect_decoded(context, ADDRESS_BYTES, &destination6);
  expect_decoded(context, sizeof context, &destination6);
}

void case_decode_refuses(void) {
  uint8_t context[2 * ADDRESS_BYTES];
  struct sockaddr_storage found;
  memset(&found, UNTOUCHED, sizeof found);
  write_v4(context, WINDOWS_INET, 80);
  write_v4(context + ADDRESS_BYTES, WINDOWS_INET, 80);
  for (size_t size = 0; size < sizeof context; ++size) {
    if (size != ADDRESS_BYTES) {
      expect_status(t_decode_context(context, size, &found), CONNTRAIL_UNKNOWN_LAYOUT);
    }
  }
  for (unsigned family = 0; family < 300; ++family) {
    bool known = family == WINDOWS_INET || family == WINDOWS_INET6 || family == LINUX_INET6;
    write_v4(context, family, 80);
    if (!known) {
      expect_status(t_decode_context(context, ADDRESS_BYTES, &found), CONNTRAIL_UNKNOWN_LAYOUT);
    }
  }
  expect_status(t_decode_context(NULL, 1, &found), CONNTRAIL_FAULT);
  expect_status(t_decode_context(context, ADDRESS_BYTES, NULL), CONNTRAIL_FAULT);
  expect_status(t_decode_context(NULL, 0, &found), CONNTRAIL_UNKNOWN_LAYOUT);
  expect_filled(&found, UNTOUCHED, sizeof found);
}
