/* SPDX-License-Identifier: MIT */
#include "name_stream.h"

#include <stdlib.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "dns_message.h"

/* [D] RFC 1035, 4.2.2: two bytes say how long a message is. */
enum { LENGTH = 2, MOST = 64, PATIENCE = 10 /* seconds */, BYTE = 8 };

typedef struct accepting {
  struct evconnlistener *listener;
  conntrail__name_answer answer;
  void *arg;
  unsigned count;
} accepting;

typedef struct stream {
  accepting *of;
  struct bufferevent *client;
  bool has_ended; /* the client sends no more */
} stream;

static void end(stream *s) {
  if (s->of->count-- == MOST) {
    (void)evconnlistener_enable(s->of->listener);
  }
  bufferevent_free(s->client);
  free(s);
}

/* False: it is none. */
static bool answer_one(const stream *s, const unsigned char *message, size_t size) {
  unsigned char out[LENGTH + CONNTRAIL__DNS_MESSAGE];
  const size_t answered = s->of->answer(s->of->arg, message, size, out + LENGTH);
  out[0] = (unsigned char)(answered >> BYTE);
  out[1] = (unsigned char)answered;
  return answered > 0 && bufferevent_write(s->client, out, LENGTH + answered) == 0;
}

static void on_request(struct bufferevent *client, void *arg) {
  stream *s = arg;
  struct evbuffer *input = bufferevent_get_input(client);
  unsigned char message[LENGTH + CONNTRAIL__DNS_MESSAGE];
  while (evbuffer_copyout(input, message, LENGTH) == LENGTH) {
    const size_t size = (size_t)message[0] << BYTE | message[1];
    if (size > CONNTRAIL__DNS_MESSAGE) {
      end(s);
      return;
    }
    if (evbuffer_get_length(input) < LENGTH + size) {
      return;
    }
    (void)evbuffer_remove(input, message, LENGTH + size);
    if (!answer_one(s, message + LENGTH, size)) {
      end(s);
      return;
    }
  }
}

static void on_written(struct bufferevent *client, void *arg) {
  stream *s = arg;
  (void)client;
  if (s->has_ended) {
    end(s);
  }
}

/* Its end, an error, or nothing came for a while. What was asked before the end is answered. */
static void on_event(struct bufferevent *client, short what, void *arg) {
  stream *s = arg;
  s->has_ended = true;
  if ((what & BEV_EVENT_EOF) == 0 || evbuffer_get_length(bufferevent_get_output(client)) == 0) {
    end(s);
  }
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *from, int size, void *arg) {
  static const struct timeval patience = {.tv_sec = PATIENCE};
  accepting *of = arg;
  stream *s = calloc(1, sizeof *s);
  struct bufferevent *client =
      bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  (void)from;
  (void)size;
  if (s == NULL || client == NULL) {
    free(s);
    close(fd);
    return;
  }
  *s = (stream){of, client, false};
  if (++of->count == MOST) { /* the others wait in the system's queue */
    (void)evconnlistener_disable(listener);
  }
  bufferevent_setcb(client, on_request, on_written, on_event, s);
  (void)bufferevent_set_timeouts(client, &patience, &patience);
  (void)bufferevent_enable(client, EV_READ | EV_WRITE);
}

bool conntrail__name_streams_accept(struct event_base *base, int listening,
                                    conntrail__name_answer answer, void *arg) {
  accepting *of = calloc(1, sizeof *of); /* for as long as the process */
  if (of == NULL) {
    return false;
  }
  *of = (accepting){.answer = answer, .arg = arg};
  of->listener = evconnlistener_new(base, on_connection, of, LEV_OPT_CLOSE_ON_EXEC,
                                    0 /* it listens */, listening);
  const bool is_accepting = of->listener != NULL;
  if (!is_accepting) {
    free(of);
  }
  return is_accepting;
}
