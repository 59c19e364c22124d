// SPDX-License-Identifier: MIT
// A transparent TCP proxy in C++17 with conntrail.hpp. POSIX: on Windows only the plain socket
// calls differ.
//
//     tcp_proxy ADDRESS:PORT
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>

#include <netdb.h>
#include <signal.h>
#include <unistd.h>

#include "conntrail/conntrail.hpp"

namespace {

class descriptor {
public:
  explicit descriptor(int number) : number_(number) {
    if (number_ < 0) {
      throw std::system_error(errno, std::generic_category());
    }
  }
  descriptor(descriptor &&other) noexcept : number_(std::exchange(other.number_, -1)) {
  }
  descriptor(const descriptor &) = delete;
  descriptor &operator=(const descriptor &) = delete;
  ~descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  int get() const noexcept {
    return number_;
  }

private:
  int number_;
};

void check(int result, const char *call) {
  if (result != 0) {
    throw std::system_error(errno, std::generic_category(), call);
  }
}

// Copies until the end of the stream, and passes the end on.
void pump(int from, int to) {
  char buffer[65536];
  for (ssize_t got; (got = ::recv(from, buffer, sizeof buffer, 0)) > 0;) {
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t now =
          ::send(to, buffer + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (now <= 0) {
        return;
      }
      sent += now;
    }
  }
  ::shutdown(to, SHUT_WR);
}

// The records are set before the socket connects.
descriptor connect_onward(int accepted, int listener) {
  const conntrail::address destination = conntrail::original_destination(accepted, listener);
  descriptor outbound(::socket(destination.family(), SOCK_STREAM, IPPROTO_TCP));
  conntrail::transfer_records(accepted, outbound.get());
  check(::connect(outbound.get(), destination.data(), destination.size()), "connect");
  return outbound;
}

void serve(const descriptor &accepted, int listener) {
  try {
    const descriptor outbound = connect_onward(accepted.get(), listener);
    std::thread back(pump, outbound.get(), accepted.get());
    pump(accepted.get(), outbound.get());
    back.join();
  } catch (const std::system_error &failure) {
    std::fprintf(stderr, "tcp_proxy: %s\n", failure.what());
  }
}

descriptor listen_at(const std::string &place) {
  const std::size_t colon = place.rfind(':');
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *found = nullptr;
  if (colon == std::string::npos || ::getaddrinfo(place.substr(0, colon).c_str(),
                                                  place.c_str() + colon + 1, &hints, &found) != 0) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument), place);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  descriptor listener(::socket(found->ai_family, found->ai_socktype, found->ai_protocol));
  check(::bind(listener.get(), found->ai_addr, found->ai_addrlen), "bind");
  check(::listen(listener.get(), SOMAXCONN), "listen");
  return listener;
}

void run(const char *place) {
  const descriptor listener = listen_at(place);
  std::printf("ready %s\n", place);
  std::fflush(stdout);
  for (;;) {
    descriptor accepted(::accept(listener.get(), nullptr, nullptr));
    std::thread([one = std::move(accepted), from = listener.get()] { serve(one, from); }).detach();
  }
}

} // namespace

int main(int count, char **words) {
  if (count != 2) {
    std::fputs("usage: tcp_proxy ADDRESS:PORT\n", stderr);
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  try {
    run(words[1]);
  } catch (const std::system_error &failure) {
    std::fprintf(stderr, "tcp_proxy: %s\n", failure.what());
  }
  return 1;
}
