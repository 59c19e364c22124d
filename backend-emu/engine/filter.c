/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "emulation.h"
#include "filter.h"
#include "list.h"
#include "profile.h"
#include "refusal.h"
#include "service.h"
#include "socket.h"
#include "user.h"

static bool target_fits(const conntrail__filter *filter, const char *rule,
                        conntrail__refusal *why) {
  char text[CONNTRAIL__ADDRESS_TEXT];
  conntrail__address_format(&filter->target, text);
  if (filter->target.family == CONNTRAIL__NO_FAMILY || filter->target.port == 0) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "the target of rule \"%.80s\" is no IPv4 or IPv6 address with a port: give "
                      "the address where the proxy listens, as getsockname() gives it",
                      rule);
    return false;
  }
  if (filter->prefix.family != CONNTRAIL__NO_FAMILY &&
      filter->prefix.family != filter->target.family) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "rule \"%.80s\" is IPv%d, but its target %s is IPv%d: Windows redirects "
                      "within one family; let the proxy listen on both",
                      rule, filter->prefix.family, text, filter->target.family);
    return false;
  }
  return true;
}

/* Higher weights first; among equals, who came first. */
static void insert_by_weight(conntrail__list *filters, const conntrail__filter *added) {
  conntrail__filter *items = filters->items;
  uint32_t place = filters->count - 1;
  while (place > 0 && items[place - 1].weight < added->weight) {
    items[place] = items[place - 1];
    place--;
  }
  items[place] = *added;
}

/* The user gets a number last: a rule that is refused uses up none (E9). False: no memory. */
static bool add(conntrail_emu *emu, conntrail__filter *filter, const char *user) {
  if (conntrail__list_grow(&emu->filters, sizeof *filter) == NULL) {
    return false;
  }
  if (!conntrail__user_number(emu, user, &filter->user)) {
    emu->filters.count--;
    return false;
  }
  insert_by_weight(&emu->filters, filter);
  return true;
}

conntrail_status conntrail__filter_add(conntrail_emu_service *service,
                                       conntrail__filter_action action, const char *rule,
                                       const conntrail__address *target, conntrail__refusal *why) {
  conntrail__filter filter;
  char user[CONNTRAIL__USER_TEXT];
  memset(&filter, 0, sizeof filter);
  if (rule == NULL) {
    return conntrail__refuse(why, CONNTRAIL_FAULT,
                             "the rule is NULL: give \"tcp 93.184.216.0/24 port 80\"");
  }
  if (!conntrail__rule_parse(rule, &filter, user, why)) {
    return CONNTRAIL_INVALID;
  }
  filter.service = service;
  filter.action = (uint8_t)action;
  if (action != CONNTRAIL__BLOCK) {
    filter.target = *target;
    if (!target_fits(&filter, rule, why)) {
      return CONNTRAIL_INVALID;
    }
  }
  if (!add(service->emu, &filter, user)) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for rule \"%.80s\"", rule);
  }
  return CONNTRAIL_OK;
}

static bool prefix_fits(const conntrail__address *prefix, unsigned bits,
                        const conntrail__address *remote) {
  unsigned whole = bits / 8;
  unsigned rest = bits % 8;
  if (memcmp(prefix->bytes, remote->bytes, whole) != 0) {
    return false;
  }
  unsigned mask = rest == 0 ? 0 : 0xffU << (8 - rest) & 0xffU;
  return rest == 0 || ((prefix->bytes[whole] ^ remote->bytes[whole]) & mask) == 0;
}

static bool family_fits(const conntrail__filter *filter, const conntrail__address *remote) {
  uint8_t family =
      filter->prefix.family != CONNTRAIL__NO_FAMILY ? filter->prefix.family : filter->target.family;
  return family == CONNTRAIL__NO_FAMILY || family == remote->family;
}

/* [S] A v4-mapped destination is classified at the layer of IPv6: as the address that the program
 * gave (R11). */
static conntrail__address as_classified(const conntrail__socket *socket,
                                        const conntrail__address *remote) {
  conntrail__address classified = *remote;
  if (socket->is_ipv6 && remote->family == CONNTRAIL__IPV4 &&
      conntrail__profile_has(socket->emu, CONNTRAIL_EMU_BEHAVIOUR_MAPPED_ADDRESSES)) {
    memset(classified.bytes, 0, 10);
    memset(classified.bytes + 10, 0xff, 2);
    memcpy(classified.bytes + 12, remote->bytes, 4);
    classified.family = CONNTRAIL__IPV6;
  }
  return classified;
}

bool conntrail__filter_fits(const conntrail__filter *filter, const conntrail__socket *socket,
                            const conntrail__address *destination) {
  const conntrail__address classified = as_classified(socket, destination);
  const conntrail__address *remote = &classified;
  return filter->is_datagram == socket->is_datagram && family_fits(filter, remote) &&
         remote->port >= filter->first_port && remote->port <= filter->last_port &&
         prefix_fits(&filter->prefix, filter->prefix_bits, remote) &&
         (filter->process == 0 || filter->process == socket->process) &&
         (filter->user == 0 || filter->user == socket->user);
}
