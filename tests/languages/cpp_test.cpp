// SPDX-License-Identifier: MIT
// conntrail.hpp, each function once, by the answers that an emulated kernel gives.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

#include "conntrail/conntrail.hpp"
#include "conntrail/emu.h"

#define EXPECT(condition) ((condition) ? (void)0 : expect_failed(#condition, __LINE__))

namespace {

void expect_failed(const char *condition, int line) {
  std::fprintf(stderr, "cpp_test.cpp:%d: not so: %s\n", line, condition);
  std::exit(1);
}

struct socket_pair {
  int client, accepted;
};

sockaddr_storage address_of(int socket) {
  sockaddr_storage found{};
  socklen_t size = sizeof found;
  EXPECT(::getsockname(socket, reinterpret_cast<sockaddr *>(&found), &size) == 0);
  return found;
}

int listen_on_loopback(int type) {
  const int made = ::socket(AF_INET, type, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT(::bind(made, reinterpret_cast<sockaddr *>(&any), sizeof any) == 0);
  EXPECT(type == SOCK_DGRAM || ::listen(made, 8) == 0);
  return made;
}

sockaddr_in destination(unsigned short port) {
  sockaddr_in wanted{};
  wanted.sin_family = AF_INET;
  wanted.sin_port = htons(port);
  EXPECT(::inet_pton(AF_INET, "93.184.216.34", &wanted.sin_addr) == 1);
  return wanted;
}

conntrail::address as_address(const sockaddr_in &from) {
  sockaddr_storage storage{};
  std::memcpy(&storage, &from, sizeof from);
  return conntrail::address(storage);
}

socket_pair connect_through(int listener, unsigned short port) {
  const sockaddr_in wanted = destination(port);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(::connect(client, reinterpret_cast<const sockaddr *>(&wanted), sizeof wanted) == 0);
  return {client, ::accept(listener, nullptr, nullptr)};
}

bool is_destination(const conntrail::address &found, unsigned short port) {
  const sockaddr_in wanted = destination(port);
  return found.family() == AF_INET && found.port() == port && found.size() == sizeof wanted &&
         std::memcmp(found.data(), &wanted, 8) == 0;
}

// Calls, and returns the status that it threw, with the native number where one is wanted.
template <typename Call> conntrail_status thrown_by(Call call, std::uint32_t native = 0) {
  try {
    call();
  } catch (const conntrail::error &failure) {
    EXPECT(failure.code() == failure.status());
    EXPECT(failure.code().category() == conntrail::category());
    EXPECT(failure.code().message() == conntrail_status_sentence(failure.status()));
    EXPECT(native == 0 || failure.native() == native);
    return failure.status();
  }
  return CONNTRAIL_OK;
}

void check_tcp(int listener) {
  const socket_pair pair = connect_through(listener, 80);
  EXPECT(is_destination(conntrail::original_destination(pair.accepted), 80));
  EXPECT(is_destination(conntrail::original_destination(pair.accepted, listener), 80));
  const std::optional<conntrail::blob> records = conntrail::query_records(pair.accepted);
  // Records of 3,000 bytes and more: the usual buffer is too small for them.
  EXPECT(records && records->size() > 3000);
  const std::optional<conntrail::blob> context = conntrail::query_context(pair.accepted);
  EXPECT(context);
  EXPECT(is_destination(conntrail::decode_context(*context).value(), 80));
  EXPECT(!conntrail::decode_context({"own", 3}));

  const int outbound = ::socket(AF_INET, SOCK_STREAM, 0);
  conntrail::set_records(outbound, *records);
  EXPECT(conntrail::transfer_records(pair.accepted, outbound));
  const auto set = [&] { conntrail::set_records(outbound, {"no records", 10}); };
  EXPECT(thrown_by(set) == CONNTRAIL_INVALID);
  EXPECT(thrown_by([&] { conntrail::query_records(outbound); }, 10057) == CONNTRAIL_NOT_CONNECTED);
  EXPECT(thrown_by([&] { conntrail::transfer_records(-1, outbound); }) == CONNTRAIL_NOT_SOCKET);
  EXPECT(thrown_by([&] { conntrail::prepare_listener(outbound, 8); }) == CONNTRAIL_INVALID);
  conntrail::prepare_listener(outbound);
  for (const int each : {pair.client, pair.accepted, outbound}) {
    ::close(each);
  }
}

void check_not_redirected() {
  const int listener = listen_on_loopback(SOCK_STREAM);
  const sockaddr_storage place = address_of(listener);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(::connect(client, reinterpret_cast<const sockaddr *>(&place), sizeof(sockaddr_in)) == 0);
  const int accepted = ::accept(listener, nullptr, nullptr);
  EXPECT(!conntrail::query_records(accepted));
  EXPECT(!conntrail::query_context(accepted));
  const int outbound = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(!conntrail::transfer_records(accepted, outbound));
  EXPECT(thrown_by([&] { conntrail::original_destination(accepted); }) == CONNTRAIL_NOT_REDIRECTED);
  for (const int each : {listener, client, accepted, outbound}) {
    ::close(each);
  }
}

void check_decoder(int listener) {
  const socket_pair pair = connect_through(listener, 80);
  const auto decode = [](conntrail::bytes context) -> std::optional<conntrail::address> {
    EXPECT(context.size > 0 && context.data != nullptr);
    return as_address(destination(4711));
  };
  EXPECT(is_destination(conntrail::original_destination(pair.accepted, -1, decode), 4711));
  const auto knows_none = [](conntrail::bytes) { return std::optional<conntrail::address>(); };
  EXPECT(thrown_by([&] { conntrail::original_destination(pair.accepted, -1, knows_none); }) ==
         CONNTRAIL_UNKNOWN_LAYOUT);
  const auto throws = [](conntrail::bytes) -> std::optional<conntrail::address> {
    throw std::runtime_error("of the decoder");
  };
  std::string caught;
  try {
    conntrail::original_destination(pair.accepted, -1, throws);
  } catch (const std::runtime_error &failure) {
    caught = failure.what();
  }
  EXPECT(caught == "of the decoder");
  ::close(pair.client);
  ::close(pair.accepted);
}

void count(void *times) {
  ++*static_cast<int *>(times);
}

void check_operations(int listener) {
  const socket_pair pair = connect_through(listener, 80);
  int times = 0;
  conntrail::operation records = conntrail::operation::query_records(pair.accepted, count, &times);
  const conntrail::operation context =
      conntrail::operation::query_context(pair.accepted, count, &times);
  const conntrail::operation found =
      conntrail::operation::original_destination(pair.accepted, listener, count, &times);
  EXPECT(times == 3); // the emulated kernel answers at once
  EXPECT(records.result()->size == conntrail::query_records(pair.accepted)->size());
  EXPECT(context.result()->size == conntrail::query_context(pair.accepted)->size());
  EXPECT(found.result()->size == sizeof(sockaddr_storage));
  records.cancel();
  EXPECT(thrown_by([&] { records.result(); }) == CONNTRAIL_ABORTED);
  ::close(pair.client);
  ::close(pair.accepted);
}

void check_datagrams(int proxy, int server) {
  const int client = ::socket(AF_INET, SOCK_DGRAM, 0), outbound = ::socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in wanted = destination(53);
  EXPECT(::sendto(client, "ask", 3, 0, reinterpret_cast<const sockaddr *>(&wanted),
                  sizeof wanted) == 3);
  conntrail::message first(100, 8000);
  EXPECT(first.receive(proxy, CONNTRAIL_MESSAGE_PEEK) && first.receive(proxy));
  EXPECT(first.payload().size == 3 && std::memcmp(first.payload().data, "ask", 3) == 0);
  EXPECT(first.records().size > 3000 && first.context().size > 0 && first.lost() == 0);
  conntrail::flow made(proxy, first);
  conntrail::flow flow(std::move(made));
  EXPECT(is_destination(flow.destination(), 53));
  EXPECT(flow.peer().port() == first.peer().port() && first.local().family() == 0);

  EXPECT(conntrail::send(outbound, flow.destination(), first.payload(), first.records()));
  conntrail::message arrived(2);
  EXPECT(arrived.receive(server));
  EXPECT(arrived.payload().size == 2 && arrived.lost() == CONNTRAIL_LOST_DATA);
  EXPECT(flow.reply(proxy, {"answer", 6}));
  char answer[10];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  EXPECT(::recvfrom(client, answer, sizeof answer, 0, reinterpret_cast<sockaddr *>(&from), &size) ==
         6);
  EXPECT(is_destination(as_address(from), 53));
  const auto send = [&] { conntrail::send(-1, flow.destination(), {"x", 1}); };
  EXPECT(thrown_by(send) == CONNTRAIL_NOT_SOCKET);
  ::close(client);
  ::close(outbound);
}

} // namespace

int main() {
  const std::unique_ptr<conntrail_emu, decltype(&conntrail_emu_destroy)> emu(
      conntrail_emu_create(nullptr), conntrail_emu_destroy);
  EXPECT(emu);
  conntrail_emu_service *acme = conntrail_emu_add_service(emu.get(), "acme", nullptr);
  EXPECT(conntrail_emu_set_record_padding(acme, 3000) == CONNTRAIL_OK);
  const int listener = listen_on_loopback(SOCK_STREAM), proxy = listen_on_loopback(SOCK_DGRAM),
            server = listen_on_loopback(SOCK_DGRAM);
  const sockaddr_storage at[] = {address_of(listener), address_of(proxy), address_of(server)};
  const auto address = [&](int which) { return reinterpret_cast<const sockaddr *>(&at[which]); };
  EXPECT(conntrail_emu_redirect(acme, "tcp 93.184.216.34 port 80", address(0)) == CONNTRAIL_OK);
  EXPECT(conntrail_emu_redirect(acme, "udp 93.184.216.34 port 53", address(1)) == CONNTRAIL_OK);
  EXPECT(conntrail_emu_route(emu.get(), "93.184.216.34:53", address(2)) == CONNTRAIL_OK);
  conntrail::enable_messages(proxy);
  EXPECT(thrown_by([&] { conntrail::enable_messages(listener); }) == CONNTRAIL_INVALID);
  check_tcp(listener);
  check_not_redirected();
  check_decoder(listener);
  check_operations(listener);
  check_datagrams(proxy, server);
  std::puts("ok");
  return 0;
}
