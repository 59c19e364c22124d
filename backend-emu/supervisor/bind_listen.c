/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../frontend/sockaddr.h"
#include "describe.h"
#include "handlers.h"
#include "memory.h"
#include "notice.h"
#include "places.h"

/* bind() and listen(): where programs are reached. */

enum { FIRST_FREE_PORT = 1024 };

/* False: the size is none that the system takes, or the address cannot be read (answer says). */
bool conntrail__read_request(const conntrail__notice *notice, conntrail__request *asked,
                             conntrail__answer *answer) {
  memset(asked, 0, sizeof *asked);
  if (notice->args[2] > sizeof asked->storage ||
      notice->args[2] < sizeof asked->storage.ss_family) {
    *answer = conntrail__fail(EINVAL);
    return false;
  }
  asked->size = (socklen_t)notice->args[2];
  int error = conntrail__read_memory(notice, &asked->storage, notice->args[1], asked->size);
  *answer = conntrail__fail(error);
  return error == 0;
}

static const struct sockaddr *address_of(const conntrail__request *asked) {
  return (const struct sockaddr *)&asked->storage;
}

static bool is_ipv6_only(int own, const conntrail__nature *nature) {
  return nature->family == AF_INET6 && conntrail__socket_option(own, IPPROTO_IPV6, IPV6_V6ONLY) > 0;
}

static void note_datagrams(const conntrail__notice *notice, int own,
                           const conntrail__nature *nature, const conntrail__address *local,
                           bool is_proved) {
  const conntrail__listening place = {conntrail__cookie_of(own),
                                      conntrail__inode_of(own),
                                      *local,
                                      true,
                                      is_ipv6_only(own, nature),
                                      is_proved};
  (void)conntrail__note_place(notice, &place);
}

/* Where a run has a name server of its own, asking it leaks nothing. A port that needs a
 * capability is bound by the program itself; any other one here, so that the supervisor knows the
 * port. */
conntrail__answer conntrail__on_bind(const conntrail__notice *notice, int own) {
  conntrail__nature nature;
  conntrail__address local;
  conntrail__request asked;
  conntrail__answer answer;
  if (!conntrail__describe(own, &nature) || !nature.is_datagram ||
      !conntrail__read_request(notice, &asked, &answer) ||
      !conntrail__address_from_sockaddr(address_of(&asked), asked.size, &local)) {
    return conntrail__go_on();
  }
  if (local.port != 0 && local.port < FIRST_FREE_PORT) {
    note_datagrams(notice, own, &nature, &local, false);
    return conntrail__go_on();
  }
  answer = conntrail__result(bind(own, address_of(&asked), asked.size));
  if (answer.error == 0 && conntrail__own_address(own, &local)) {
    note_datagrams(notice, own, &nature, &local, true);
  }
  return answer;
}

conntrail__answer conntrail__on_listen(const conntrail__notice *notice, int own) {
  conntrail__nature nature;
  conntrail__address local;
  if (!conntrail__describe(own, &nature) || !nature.is_stream) {
    return conntrail__go_on();
  }
  conntrail__answer answer = conntrail__result(listen(own, (int)notice->args[1]));
  if (answer.error == 0 && conntrail__own_address(own, &local)) {
    const conntrail__listening place = {conntrail__cookie_of(own),
                                        conntrail__inode_of(own),
                                        local,
                                        false,
                                        is_ipv6_only(own, &nature),
                                        true};
    if (!conntrail__note_place(notice, &place)) {
      return conntrail__fail(ENOBUFS); /* a program may listen again */
    }
  }
  return answer;
}
