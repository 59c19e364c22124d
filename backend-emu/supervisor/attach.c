/* SPDX-License-Identifier: MIT */
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "launch.h"

/* This process, about to become a program, puts itself under a supervisor. */

/* In seconds; a supervisor on a busy machine may be slow. */
enum { PATIENCE = 120 };

static bool refuse(conntrail__refusal *why, const char *path, const char *what) {
  snprintf(why->text, sizeof why->text, "%.120s: %.300s", path, what);
  return false;
}

static const char *why_unreached(int error) {
  return error == ENOENT ? "no supervisor is there; start one: conntrail-emu serve --socket PATH "
                           "SCENARIO"
         : error == ECONNREFUSED ? "no supervisor serves there any more: a supervisor that ended "
                                   "has left its socket behind"
         : error == EPROTOTYPE || error == ENOTSOCK ? "that is no socket of a supervisor"
                                                    : strerror(error);
}

/* Who is supervised gives all of itself away: only to a supervisor of the same user. */
static bool is_same_user(int channel) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static int reach(const char *path, conntrail__refusal *why) {
  static const struct timeval patience = {.tv_sec = PATIENCE};
  struct sockaddr_un where;
  if (!conntrail__socket_path(&where, path)) {
    (void)refuse(why, path, "the path is too long for a socket: at most 107 bytes");
    return -1;
  }
  int channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (channel < 0 || connect(channel, (const struct sockaddr *)&where, sizeof where) != 0) {
    (void)refuse(why, path, why_unreached(errno));
  } else if (!is_same_user(channel)) {
    (void)refuse(why, path, "the supervisor is of another user");
  } else {
    (void)setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return channel;
  }
  if (channel >= 0) {
    close(channel);
  }
  return -1;
}

/* send and recv without an address are not asked about. */
static bool ask(int channel, const conntrail__attach_request *request, const char *path,
                conntrail__refusal *why) {
  conntrail__attach_reply reply;
  if (send(channel, request, sizeof *request, MSG_NOSIGNAL) != (ssize_t)sizeof *request ||
      recv(channel, &reply, sizeof reply, 0) != (ssize_t)sizeof reply) {
    return refuse(why, path, "the supervisor does not answer, or has ended");
  }
  reply.why[sizeof reply.why - 1] = '\0';
  return reply.is_supervised != 0 || refuse(why, path, reply.why);
}

bool conntrail__supervisor_attach(const char *path, const char *program, conntrail__refusal *why) {
  conntrail__attach_request request = {.version = CONNTRAIL__ATTACH_VERSION};
  int channel = reach(path, why);
  if (channel < 0) {
    return false;
  }
  int listener = conntrail__install_filter(false);
  bool is_supervised = false;
  if (listener < 0) {
    (void)refuse(why, "no filter can be put on the program", conntrail__why_unfiltered(errno));
  } else {
    request.listener = listener;
    snprintf(request.program, sizeof request.program, "%s", program);
    is_supervised = ask(channel, &request, path, why);
    close(listener);
  }
  close(channel);
  return is_supervised;
}
