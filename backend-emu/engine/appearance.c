/* SPDX-License-Identifier: MIT */
#include "emulation.h"
#include "flow.h"
#include "socket.h"
#include "user.h"

uint32_t conntrail__socket_number(conntrail__socket *socket) {
  if (socket->number == 0) {
    socket->number = ++socket->emu->socket_count;
  }
  return socket->number;
}

void conntrail__socket_belongs(conntrail__socket *socket, const conntrail__identity *who) {
  socket->process = who->process;
  socket->family = who->family != 0 ? who->family : who->process;
  if (socket->is_accepted && socket->flow != NULL) {
    socket->flow->accepted_process = socket->process;
    socket->flow->accepted_family = socket->family;
  }
}

void conntrail__socket_appear(conntrail__socket *socket, const conntrail__identity *who) {
  uint16_t user = 0;
  (void)conntrail__socket_number(socket);
  if (!socket->has_user) {
    socket->has_user = true;
    conntrail__socket_belongs(socket, who);
    if (conntrail__user_number(socket->emu, who->user, &user)) { /* else its creator's */
      socket->user = user;
    }
  }
}
