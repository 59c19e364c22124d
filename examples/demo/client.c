/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "conntrail/emu.h"

enum { CLIENT_PROCESS = 40004711, HTTP_PORT = 80, SECONDS_TO_WAIT = 20 };

typedef struct download {
  struct event_base *base;
  const file *expected;
  size_t size; /* received until now */
  bool differs;
  bool answered;
  bool over;
} download;

/* Called for every piece: 32 MiB need not be kept. */
static void on_piece(struct evhttp_request *request, void *argument) {
  download *here = argument;
  struct evbuffer *piece = evhttp_request_get_input_buffer(request);
  const size_t size = evbuffer_get_length(piece);
  const unsigned char *bytes = evbuffer_pullup(piece, -1);
  if (size > here->expected->size - here->size ||
      memcmp(here->expected->bytes + here->size, bytes, size) != 0) {
    here->differs = true;
  } else {
    here->size += size;
  }
}

static void on_end(struct evhttp_request *request, void *argument) {
  download *here = argument;
  here->answered = request && evhttp_request_get_response_code(request) == HTTP_OK;
  here->over = true;
  event_base_loopbreak(here->base);
}

/* The client shares the thread with the proxies: it says that it is another process. */
static bool request_as_client(struct evhttp_connection *connection, struct evhttp_request *request,
                              const char *path) {
  if (conntrail_emu_act_as(CLIENT_PROCESS, "client") != CONNTRAIL_OK) {
    return false;
  }
  const bool asked = evhttp_make_request(connection, request, EVHTTP_REQ_GET, path) == 0;
  return conntrail_emu_act_as(0, NULL) == CONNTRAIL_OK && asked;
}

static fetched judge(const download *here) {
  if (!here->answered) {
    return FETCHED_NO_ANSWER;
  }
  return here->differs || here->size != here->expected->size ? FETCHED_OTHER : FETCHED;
}

fetched client_fetch(struct event_base *base, const char *address, const file *expected) {
  download here = {base, expected, 0, false, false, false};
  struct evhttp_connection *connection = evhttp_connection_base_new(base, NULL, address, HTTP_PORT);
  struct evhttp_request *request = connection ? evhttp_request_new(on_end, &here) : NULL;
  if (request) {
    evhttp_connection_set_timeout(connection, SECONDS_TO_WAIT);
    evhttp_request_set_chunked_cb(request, on_piece);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Host", "example.com");
    evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
    if (request_as_client(connection, request, expected->path) && !here.over) {
      event_base_dispatch(base);
    }
  }
  if (connection) {
    evhttp_connection_free(connection);
  }
  return judge(&here);
}
