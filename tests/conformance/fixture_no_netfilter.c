/* SPDX-License-Identifier: MIT */

/* For the environments where no netfilter redirects. The need is not offered there, so no case
 * comes here. */

#include "fixture.h"

#include "expect.h"

static void refuse(void) {
  expect_true(false);
}

void fixture_tproxy(const struct sockaddr_storage *proxy) {
  (void)proxy;
  refuse();
}

void fixture_forget_flows(void) {
  refuse();
}

void fixture_drop_rights(void) {
  refuse();
}

void fixture_other_host_begin(void) {
  refuse();
}

void fixture_other_host_end(void) {
  refuse();
}
