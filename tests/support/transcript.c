/* SPDX-License-Identifier: MIT */
#include "transcript.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net.h"

enum { MOST_SOCKETS = 512, MOST_PORTS = 512, TEXTS = 4 };

typedef struct named_socket {
  conntrail_socket socket;
  unsigned number;
} named_socket;

static FILE *file;
static atomic_flag busy = ATOMIC_FLAG_INIT; /* around the table of sockets */
static named_socket sockets[MOST_SOCKETS];
static size_t socket_count;
static unsigned last_socket_number;
static unsigned ports[MOST_PORTS];
static size_t port_count;
static char texts[TEXTS][NET_ADDRESS_TEXT];
static size_t next_text;

bool transcript_open(const char *path) {
  /* Binary: a line ends alike on every system. */
  file = fopen(path, "wb");
  return file != NULL;
}

void transcript_close(void) {
  if (file != NULL) {
    (void)fclose(file);
    file = NULL;
  }
}

void transcript_line(const char *format, ...) {
  if (file != NULL) {
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(file, format, arguments);
    va_end(arguments);
    (void)fputc('\n', file);
  }
}

static void lock(void) {
  while (atomic_flag_test_and_set(&busy)) {
  }
}

static void unlock(void) {
  atomic_flag_clear(&busy);
}

static named_socket *find(conntrail_socket socket) {
  for (size_t index = 0; index < socket_count; ++index) {
    if (sockets[index].socket == socket) {
      return &sockets[index];
    }
  }
  return NULL;
}

void transcript_forget(conntrail_socket socket) {
  lock();
  named_socket *found = find(socket);
  if (found != NULL) {
    *found = sockets[--socket_count];
  }
  unlock();
}

static char *fresh_text(void) {
  next_text = (next_text + 1) % TEXTS;
  return texts[next_text];
}

static unsigned socket_number(conntrail_socket socket) {
  lock();
  named_socket *found = find(socket);
  if (found == NULL && socket_count < MOST_SOCKETS) {
    found = &sockets[socket_count++];
    found->socket = socket;
    found->number = ++last_socket_number;
  }
  unsigned number = found == NULL ? 0 : found->number;
  unlock();
  return number;
}

const char *transcript_socket(conntrail_socket socket) {
  char *text = fresh_text();
  if (socket == CONNTRAIL_INVALID_SOCKET) {
    return "none";
  }
  (void)snprintf(text, NET_ADDRESS_TEXT, "s%u", socket_number(socket));
  return text;
}

void transcript_forget_port(const struct sockaddr_storage *address) {
  for (size_t index = 0; index < port_count; ++index) {
    if (ports[index] == net_port(address)) {
      ports[index] = 0;
    }
  }
}

static unsigned port_number(unsigned port) {
  for (size_t index = 0; index < port_count; ++index) {
    if (ports[index] == port) {
      return (unsigned)index + 1;
    }
  }
  if (port_count < MOST_PORTS) {
    ports[port_count++] = port;
  }
  return (unsigned)port_count;
}

const char *transcript_address(const struct sockaddr_storage *address) {
  enum { LEAST_EPHEMERAL = 1024 };
  char *text = fresh_text();
  net_address_text(address, text);
  unsigned port = net_port(address);
  if (port >= LEAST_EPHEMERAL) {
    char *colon = strrchr(text, ':');
    (void)snprintf(colon, (size_t)(text + NET_ADDRESS_TEXT - colon), ":p%u", port_number(port));
  }
  return text;
}
