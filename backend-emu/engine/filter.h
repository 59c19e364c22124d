/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_FILTER_H
#define CONNTRAIL_ENGINE_FILTER_H

/* A filter of a redirect service, and the rule that it is made from. */

#include "engine.h"
#include "user.h"

typedef enum conntrail__response {
  CONNTRAIL__RESPOND_REDIRECT,
  CONNTRAIL__RESPOND_PERMIT,
  CONNTRAIL__RESPOND_BLOCK
} conntrail__response;

typedef struct conntrail__filter {
  conntrail_emu_service *service;
  conntrail__address prefix; /* family 0: every address */
  conntrail__address target;
  int64_t weight;
  uint32_t process; /* 0: every process */
  uint16_t user;    /* 0: every user */
  uint16_t first_port;
  uint16_t last_port;
  uint8_t prefix_bits;
  uint8_t action;   /* conntrail__filter_action */
  uint8_t by_other; /* conntrail__response */
  uint8_t again;    /* conntrail__response */
  bool is_datagram; /* UDP, else TCP */
} conntrail__filter;

bool conntrail__filter_fits(const conntrail__filter *filter, const conntrail__socket *socket,
                            const conntrail__address *destination);
/* user: out, the name of the rule's user; empty where it names none (rule.c). */
bool conntrail__rule_parse(const char *rule, conntrail__filter *filter,
                           char user[CONNTRAIL__USER_TEXT], conntrail__refusal *why);

#endif
