/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "edits.h"
#include "filter.h"
#include "refusal.h"
#include "user.h"

/* One word of a rule, and where it stands. */
typedef struct word {
  const char *text;
  size_t length;
} word;

typedef struct parser {
  const char *rule;
  const char *rest;
  conntrail__filter *filter;
  char *user;
  conntrail__refusal *why;
  uint32_t seen; /* a bit a keyword */
} parser;

static const char known_words[] =
    "tcp, udp, an address or prefix, any, port, process, user, weight, by-other, again";

static bool refuse_word(parser *p, word at, const char *complaint, const char *expected) {
  conntrail__refuse(p->why, CONNTRAIL_INVALID,
                    "rule \"%.80s\", at byte %u: \"%.*s\" %s; expected %s", p->rule,
                    (unsigned)(at.text - p->rule) + 1, at.length > 40 ? 40 : (int)at.length,
                    at.text, complaint, expected);
  return false;
}

static word next_word(parser *p) {
  word found;
  p->rest += strspn(p->rest, " \t");
  found.text = p->rest;
  found.length = strcspn(p->rest, " \t");
  p->rest += found.length;
  return found;
}

static bool is_word(word w, const char *text) {
  return w.length == strlen(text) && memcmp(w.text, text, w.length) == 0;
}

static bool parse_prefix(parser *p, word w) {
  conntrail__filter *filter = p->filter;
  const char *slash = memchr(w.text, '/', w.length);
  size_t host = slash == NULL ? w.length : (size_t)(slash - w.text);
  if (!conntrail__host_parse(w.text, host, &filter->prefix)) {
    return refuse_word(p, w, "is not understood", known_words);
  }
  uint32_t most = filter->prefix.family == CONNTRAIL__IPV4 ? 32 : 128;
  uint32_t bits = most;
  if (slash != NULL && !conntrail__number_parse(slash + 1, w.length - host - 1, most, &bits)) {
    return refuse_word(p, w, "has a prefix length that cannot be",
                       most == 32 ? "a number from 0 to 32" : "a number from 0 to 128");
  }
  filter->prefix_bits = (uint8_t)bits;
  return true;
}

static bool parse_ports(parser *p, word keyword, word w) {
  const char *dash = memchr(w.text, '-', w.length);
  size_t first_length = dash == NULL ? w.length : (size_t)(dash - w.text);
  uint32_t first = 0;
  uint32_t last = 0;
  bool fits = conntrail__number_parse(w.text, first_length, 65535, &first);
  if (dash == NULL) {
    last = first;
  } else {
    fits = fits && conntrail__number_parse(dash + 1, w.length - first_length - 1, 65535, &last);
  }
  if (!fits || first == 0 || first > last) {
    return refuse_word(p, w.length == 0 ? keyword : w, "is not a port or a range of ports",
                       "port 80 or port 80-90, from 1 to 65535, the lower first");
  }
  p->filter->first_port = (uint16_t)first;
  p->filter->last_port = (uint16_t)last;
  return true;
}

static bool parse_process(parser *p, word keyword, word w) {
  uint32_t process = 0;
  if (!conntrail__number_parse(w.text, w.length, 999999999, &process) || process == 0) {
    return refuse_word(p, w.length == 0 ? keyword : w, "is not a process id",
                       "process and a number above 0");
  }
  p->filter->process = process;
  return true;
}

static bool parse_user(parser *p, word keyword, word w) {
  if (w.length == 0 || w.length >= CONNTRAIL__USER_TEXT) {
    return refuse_word(p, keyword, "wants a user", "user and a name of 1 to 63 bytes");
  }
  memcpy(p->user, w.text, w.length);
  p->user[w.length] = '\0';
  return true;
}

static bool parse_weight(parser *p, word keyword, word w) {
  uint32_t weight = 0;
  if (!conntrail__number_parse(w.text, w.length, 999999999, &weight)) {
    return refuse_word(p, w.length == 0 ? keyword : w, "is not a weight",
                       "weight and a number from 0 to 999999999");
  }
  p->filter->weight = weight;
  return true;
}

static bool parse_by_other(parser *p, word keyword, word w) {
  if (is_word(w, "redirect")) {
    p->filter->by_other = CONNTRAIL__RESPOND_REDIRECT;
  } else if (is_word(w, "permit")) {
    p->filter->by_other = CONNTRAIL__RESPOND_PERMIT;
  } else if (is_word(w, "block")) {
    p->filter->by_other = CONNTRAIL__RESPOND_BLOCK;
  } else {
    return refuse_word(p, w.length == 0 ? keyword : w, "is no answer to \"by-other\"",
                       "by-other redirect, by-other permit or by-other block");
  }
  return true;
}

static bool parse_again(parser *p, word keyword, word w) {
  if (is_word(w, "permit")) {
    p->filter->again = CONNTRAIL__RESPOND_PERMIT;
  } else if (is_word(w, "block")) {
    p->filter->again = CONNTRAIL__RESPOND_BLOCK;
  } else {
    return refuse_word(p, w.length == 0 ? keyword : w, "is no answer to \"again\"",
                       "again permit or again block: a service never redirects twice (R2)");
  }
  return true;
}

static const struct keyword {
  const char *text;
  bool (*parse)(parser *, word keyword, word value);
} keywords[] = {{"port", parse_ports},    {"process", parse_process},   {"user", parse_user},
                {"weight", parse_weight}, {"by-other", parse_by_other}, {"again", parse_again}};

enum { KEYWORDS = sizeof keywords / sizeof keywords[0], SEEN_PROTOCOL = 30, SEEN_PREFIX = 31 };

static bool first_time(parser *p, word w, unsigned bit) {
  if ((p->seen & UINT32_C(1) << bit) != 0) {
    return refuse_word(p, w, bit == SEEN_PREFIX ? "is a second address" : "appears twice",
                       "each word once");
  }
  p->seen |= UINT32_C(1) << bit;
  return true;
}

/* ---- Words that are none --------------------------------------------------------------------- */

enum { LONGEST_WORD = 10, MOST_EDITS = 2, OTHERS = 3 };

/* The known word that was probably meant; NULL: none is near. */
static const char *nearest(word w) {
  static const char *const others[OTHERS] = {"tcp", "udp", "any"};
  const char *found = NULL;
  unsigned best = w.length <= MOST_EDITS ? 2 : MOST_EDITS + 1;
  for (unsigned i = 0; w.length <= LONGEST_WORD && i < KEYWORDS + OTHERS; i++) {
    const char *text = i < KEYWORDS ? keywords[i].text : others[i - KEYWORDS];
    unsigned count = conntrail__edits(w.text, w.length, text);
    if (count < best) {
      found = text;
      best = count;
    }
  }
  return found;
}

/* An address has a dot, a colon or a slash. */
static bool is_like_an_address(word w) {
  for (size_t i = 0; i < w.length; i++) {
    if (strchr(".:/", w.text[i]) != NULL) {
      return true;
    }
  }
  return false;
}

static bool refuse_unknown(parser *p, word w) {
  const char *meant = nearest(w);
  unsigned at = (unsigned)(w.text - p->rule) + 1;
  int length = w.length > 40 ? 40 : (int)w.length;
  if (meant == NULL) {
    return refuse_word(p, w, "is an unknown word", known_words);
  }
  conntrail__refuse(p->why, CONNTRAIL_INVALID,
                    "rule \"%.80s\", at byte %u: unknown word \"%.*s\"; did you mean \"%s\"?",
                    p->rule, at, length, w.text, meant);
  return false;
}

static bool parse_word(parser *p, word w) {
  for (unsigned i = 0; i < KEYWORDS; i++) {
    if (is_word(w, keywords[i].text)) {
      return first_time(p, w, i) && keywords[i].parse(p, w, next_word(p));
    }
  }
  if (is_word(w, "tcp") || is_word(w, "udp")) {
    p->filter->is_datagram = is_word(w, "udp");
    return first_time(p, w, SEEN_PROTOCOL);
  }
  if (is_word(w, "any")) {
    return first_time(p, w, SEEN_PREFIX);
  }
  if (!is_like_an_address(w)) {
    return refuse_unknown(p, w);
  }
  return first_time(p, w, SEEN_PREFIX) && parse_prefix(p, w);
}

bool conntrail__rule_parse(const char *rule, conntrail__filter *filter,
                           char user[CONNTRAIL__USER_TEXT], conntrail__refusal *why) {
  parser p = {rule, rule, filter, user, why, 0};
  user[0] = '\0';
  filter->first_port = 1;
  filter->last_port = 65535;
  filter->by_other = CONNTRAIL__RESPOND_REDIRECT;
  filter->again = CONNTRAIL__RESPOND_PERMIT;
  for (word w = next_word(&p); w.length > 0; w = next_word(&p)) {
    if (!parse_word(&p, w)) {
      return false;
    }
  }
  if ((p.seen & UINT32_C(1) << SEEN_PREFIX) == 0) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "rule \"%.80s\" names no remote address: add a prefix such as "
                      "93.184.216.0/24, or \"any\"",
                      rule);
    return false;
  }
  return true;
}
