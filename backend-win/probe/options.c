/* SPDX-License-Identifier: MIT */

/* The command line. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

void conntrail__probe_help(void) {
  (void)fputs(
      "conntrail-probe: asks this Windows what no document says about redirect records\n"
      "\n"
      "  conntrail-probe [-o FILE]        asks what needs no driver, and writes the answers as "
      "JSON\n"
      "  conntrail-probe --check FILE     says which assumptions of conntrail a file settles\n"
      "\n"
      "  --redirected HOST:PORT           a destination that a product on this machine redirects\n"
      "  --proxy [ADDRESS:]PORT           ... and to where: the probe listens there\n"
      "  --udp-redirected HOST:PORT       the same for UDP\n"
      "  --udp-proxy [ADDRESS:]PORT\n"
      "  --backlog                        with --redirected: fills a backlog too; takes 30 "
      "seconds\n"
      "  --hns                            tries HNS' L4WfpProxyPolicy, or says why it cannot\n"
      "  --only ID                        only rows whose id begins with ID\n"
      "  --name TEXT                      the profile's name; without it the version of Windows\n"
      "  --with-names                     writes host and provider names into the file\n"
      "  --list                           prints the catalogue\n"
      "  --version, --help\n"
      "\n"
      "HOST and ADDRESS are IP addresses; IPv6 in brackets. Without --with-names the file names "
      "no\n"
      "host, user, address or product. The format: docs/reference/profile-format.md, "
      "docs/reference/probe-format.md.\n",
      stdout);
}

static bool fail(const char *word, const char *why) {
  (void)fprintf(stderr, "conntrail-probe: %s: %s\n", word, why);
  return false;
}

static bool parse_port(const char *text, struct sockaddr_storage *address) {
  char *end;
  unsigned long port = strtoul(text, &end, 10);
  if (end == text || *end != '\0' || port > 65535) {
    return false;
  }
  /* [D] Both families have the port at the same place. */
  ((struct sockaddr_in *)address)->sin_port = htons((u_short)port);
  return true;
}

static bool parse_host(const char *text, size_t length, struct sockaddr_storage *address) {
  char host[INET6_ADDRSTRLEN + 2];
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
  struct sockaddr_in *v4 = (struct sockaddr_in *)address;
  if (length >= sizeof host || length < 2) {
    return false;
  }
  memcpy(host, text, length);
  host[length] = '\0';
  if (host[0] == '[' && host[length - 1] == ']') {
    host[length - 1] = '\0';
    address->ss_family = AF_INET6;
    return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
  }
  address->ss_family = AF_INET;
  return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

/* HOST:PORT; without a host loopback, where that is allowed. */
static bool parse_address(const char *text, bool needs_host, struct sockaddr_storage *address) {
  const char *colon = strrchr(text, ':');
  *address = conntrail__probe_loopback(AF_INET);
  if (colon == NULL) {
    return !needs_host && parse_port(text, address);
  }
  memset(address, 0, sizeof *address);
  return parse_host(text, (size_t)(colon - text), address) && parse_port(colon + 1, address);
}

static bool take_flag(const char *word, probe_options *options) {
  struct {
    const char *name;
    bool *flag;
  } flags[] = {{"--with-names", &options->with_names},
               {"--backlog", &options->backlog},
               {"--hns", &options->hns},
               {"--list", &options->list},
               {"--help", &options->help},
               {"-h", &options->help},
               {"--version", &options->version}};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    if (strcmp(word, flags[i].name) == 0) {
      *flags[i].flag = true;
      return true;
    }
  }
  return false;
}

static const char **text_option(const char *word, probe_options *options) {
  if (strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0) {
    return &options->output;
  }
  if (strcmp(word, "--check") == 0) {
    return &options->check;
  }
  if (strcmp(word, "--only") == 0) {
    return &options->only;
  }
  return strcmp(word, "--name") == 0 ? &options->name : NULL;
}

static struct sockaddr_storage *address_option(const char *word, probe_options *options,
                                               bool *needs_host) {
  *needs_host = strstr(word, "redirected") != NULL;
  if (strcmp(word, "--redirected") == 0) {
    return &options->tcp.destination;
  }
  if (strcmp(word, "--proxy") == 0) {
    return &options->tcp.proxy;
  }
  if (strcmp(word, "--udp-redirected") == 0) {
    return &options->udp.destination;
  }
  return strcmp(word, "--udp-proxy") == 0 ? &options->udp.proxy : NULL;
}

static bool take_value(const char *word, const char *value, probe_options *options) {
  bool needs_host;
  const char **text = text_option(word, options);
  struct sockaddr_storage *address = address_option(word, options, &needs_host);
  if (text == NULL && address == NULL) {
    return fail(word, "no such option; see --help");
  }
  if (value == NULL) {
    return fail(word, "needs a value; see --help");
  }
  if (text != NULL) {
    *text = value;
    return true;
  }
  return parse_address(value, needs_host, address) ||
         fail(value, needs_host ? "no address with a port, such as 192.0.2.1:80"
                                : "no port and no address with a port");
}

static bool pair(probe_target *target, const char *names) {
  bool has_destination = target->destination.ss_family != 0;
  bool has_proxy = target->proxy.ss_family != 0;
  target->is_given = has_destination && has_proxy;
  if (has_destination != has_proxy) {
    return fail(names, "one needs the other; see --help");
  }
  return !target->is_given || target->destination.ss_family == target->proxy.ss_family ||
         fail(names, "both must be IPv4, or both IPv6");
}

static bool fits_together(probe_options *options) {
  if (options->name != NULL && (options->name[0] == '\0' || strlen(options->name) > 63)) {
    return fail("--name", "1 to 63 bytes");
  }
  if (!pair(&options->tcp, "--redirected and --proxy") ||
      !pair(&options->udp, "--udp-redirected and --udp-proxy")) {
    return false;
  }
  return !options->backlog || options->tcp.is_given ||
         fail("--backlog", "needs --redirected and --proxy");
}

bool conntrail__probe_options(int count, char **words, probe_options *options) {
  for (int i = 1; i < count; i++) {
    if (take_flag(words[i], options)) {
      continue;
    }
    if (!take_value(words[i], i + 1 < count ? words[i + 1] : NULL, options)) {
      return false;
    }
    i++;
  }
  return fits_together(options);
}
