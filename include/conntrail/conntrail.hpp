// SPDX-License-Identifier: MIT
#ifndef CONNTRAIL_CONNTRAIL_HPP
#define CONNTRAIL_CONNTRAIL_HPP

/**
 * @file
 * conntrail for C++17: the C API with exceptions, containers and destructors. Header only.
 *
 * A transparent proxy for TCP needs three calls:
 *
 *     const conntrail::address destination = conntrail::original_destination(accepted);
 *     const conntrail_socket outbound = ::socket(destination.family(), SOCK_STREAM, IPPROTO_TCP);
 *     conntrail::transfer_records(accepted, outbound);
 *     ::connect(outbound, destination.data(), destination.size());
 *
 * Each function calls the C function of the same name, whose description in conntrail.h, async.h or
 * datagram.h holds here as well. Sockets stay the caller's own: a native_handle() of Asio, a
 * descriptor of Qt, or a plain one.
 *
 * Errors. A failure throws conntrail::error, a std::system_error whose code() compares equal to a
 * conntrail_status. The ordinary answers are results: an empty std::optional, or false.
 */

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "conntrail/async.h"
#include "conntrail/conntrail.h"
#include "conntrail/datagram.h"

/** @cond */
template <> struct std::is_error_code_enum<conntrail_status> : std::true_type {};
/** @endcond */

namespace conntrail {

/** The category of std::error_code for a conntrail_status. */
inline const std::error_category &category() noexcept {
  class statuses final : public std::error_category {
  public:
    const char *name() const noexcept override {
      return "conntrail";
    }
    std::string message(int status) const override {
      return conntrail_status_sentence(static_cast<conntrail_status>(status));
    }
  };
  static const statuses only;
  return only;
}

} // namespace conntrail

/** Found by std::error_code where it is made of, or compared with, a conntrail_status. */
inline std::error_code make_error_code(conntrail_status status) noexcept {
  return {static_cast<int>(status), conntrail::category()};
}

namespace conntrail {

/** A call that failed. */
class error : public std::system_error {
public:
  /** Of a C function's status, its native error number, and its name. */
  error(conntrail_status status, std::uint32_t native, const char *call)
      : std::system_error(make_error_code(status), call), native_(native) {
  }

  /** The status that the C function returned. */
  conntrail_status status() const noexcept {
    return static_cast<conntrail_status>(code().value());
  }
  /** What conntrail_native_error() said. */
  std::uint32_t native() const noexcept {
    return native_;
  }

private:
  std::uint32_t native_;
};

/** Returns a success; throws a failure. */
inline conntrail_status check(conntrail_status status, const char *call) {
  if (status < 0) {
    throw error(status, conntrail_native_error(), call);
  }
  return status;
}

/** Bytes that belong to their owner: redirect records, a redirect context. */
using blob = std::vector<std::byte>;

/** Bytes that belong to someone else, who must outlive the view. */
struct bytes {
  /** No bytes. */
  bytes() noexcept = default;
  /** A view of count bytes. */
  bytes(const void *first, std::size_t count) noexcept
      : data(static_cast<const std::byte *>(first)), size(count) {
  }
  /** A view of a whole blob. */
  bytes(const blob &all) noexcept : data(all.data()), size(all.size()) {
  }

  const std::byte *data = nullptr; /**< the first, or null */
  std::size_t size = 0;            /**< how many */
};

/** An IPv4 or IPv6 address with a port. */
class address {
public:
  /** No address: family() is AF_UNSPEC. */
  address() noexcept = default;
  /** A copy of a system's address. */
  explicit address(const sockaddr_storage &storage) noexcept : storage_(storage) {
  }

  /** AF_INET or AF_INET6. */
  int family() const noexcept {
    return storage_.ss_family;
  }
  /** The port, in the byte order of this machine. */
  std::uint16_t port() const noexcept {
    return ntohs(as<sockaddr_in>().sin_port);
  }
  /** For connect() and its like, with size(). */
  const sockaddr *data() const noexcept {
    return reinterpret_cast<const sockaddr *>(&storage_);
  }
  /** The bytes of data() that the family has. */
  socklen_t size() const noexcept {
    return static_cast<socklen_t>(family() == AF_INET6 ? sizeof(sockaddr_in6)
                                                       : sizeof(sockaddr_in));
  }
  /** The same as the system's own structure. */
  const sockaddr_storage &storage() const noexcept {
    return storage_;
  }

private:
  /** sockaddr_in and sockaddr_in6 have the port in the same place. */
  template <typename Kind> Kind as() const noexcept {
    Kind kind;
    std::memcpy(&kind, &storage_, sizeof kind);
    return kind;
  }

  sockaddr_storage storage_{};
};

/** What is behind the functions. */
namespace detail {

using query = conntrail_status (*)(conntrail_socket, void *, std::size_t, std::size_t *);

/** Empty where the status says that there is none. */
inline std::optional<blob> read(query ask, conntrail_socket socket, const char *call) {
  blob found(CONNTRAIL_USUAL_BLOB);
  std::size_t size = 0;
  conntrail_status status = ask(socket, found.data(), found.size(), &size);
  if (status == CONNTRAIL_BUFFER_TOO_SMALL) {
    found.resize(size);
    status = ask(socket, found.data(), found.size(), &size);
  }
  if (status == CONNTRAIL_NOT_REDIRECTED || status == CONNTRAIL_NO_CONTEXT) {
    return std::nullopt;
  }
  check(status, call);
  found.resize(size);
  return found;
}

/** A decoder of C++ behind a pointer of C: an exception must not pass the library's frames. */
template <typename Decode> struct decoder {
  Decode &decode;
  std::exception_ptr thrown = nullptr;

  static conntrail_status call(const void *context, std::size_t size, sockaddr_storage *destination,
                               void *argument) {
    auto &self = *static_cast<decoder *>(argument);
    try {
      const std::optional<address> found = self.decode(bytes(context, size));
      if (!found) {
        return CONNTRAIL_UNKNOWN_LAYOUT;
      }
      *destination = found->storage();
      return CONNTRAIL_OK;
    } catch (...) {
      self.thrown = std::current_exception();
      return CONNTRAIL_UNKNOWN_LAYOUT;
    }
  }

  conntrail_status finish(conntrail_status status) const {
    if (thrown) {
      std::rethrow_exception(thrown);
    }
    return status;
  }
};

} // namespace detail

/** The redirect records of an accepted connection; empty if it was not redirected. */
inline std::optional<blob> query_records(conntrail_socket accepted) {
  return detail::read(conntrail_query_records, accepted, "conntrail_query_records");
}

/** The redirect context of an accepted connection; empty if it has none. */
inline std::optional<blob> query_context(conntrail_socket accepted) {
  return detail::read(conntrail_query_context, accepted, "conntrail_query_context");
}

/** Sets redirect records on an outbound socket before it connects. */
inline void set_records(conntrail_socket outbound, bytes records) {
  check(conntrail_set_records(outbound, records.data, records.size), "conntrail_set_records");
}

/** Whether there were records to transfer. Call it before the outbound socket connects. */
inline bool transfer_records(conntrail_socket accepted, conntrail_socket outbound) {
  return check(conntrail_transfer_records(accepted, outbound), "conntrail_transfer_records") !=
         CONNTRAIL_OK_NOTHING_TO_TRANSFER;
}

/** Where the client wanted to go. */
inline address original_destination(conntrail_socket accepted,
                                    conntrail_socket listener = CONNTRAIL_INVALID_SOCKET) {
  sockaddr_storage found{};
  check(conntrail_original_destination_by(accepted, listener, nullptr, nullptr, &found),
        "conntrail_original_destination_by");
  return address(found);
}

/** The same with a layout of one's own: decode(bytes) returns std::optional<address>. */
template <typename Decode>
address original_destination(conntrail_socket accepted, conntrail_socket listener,
                             Decode &&decode) {
  detail::decoder<Decode> passed{decode};
  sockaddr_storage found{};
  const conntrail_status status = conntrail_original_destination_by(
      accepted, listener, detail::decoder<Decode>::call, &passed, &found);
  check(passed.finish(status), "conntrail_original_destination_by");
  return address(found);
}

/** The layouts that original_destination() knows; empty if the context is in another one. */
inline std::optional<address> decode_context(bytes context) {
  sockaddr_storage found{};
  const conntrail_status status = conntrail_decode_context(context.data, context.size, &found);
  if (status == CONNTRAIL_UNKNOWN_LAYOUT) {
    return std::nullopt;
  }
  check(status, "conntrail_decode_context");
  return address(found);
}

/** Prepares a listening socket for redirected connections; flags as in C. */
inline void prepare_listener(conntrail_socket socket, unsigned flags = 0) {
  check(conntrail_prepare_listener(socket, flags), "conntrail_prepare_listener");
}

/** Enables redirect records and context for the datagrams of a UDP socket. */
inline void enable_messages(conntrail_socket socket) {
  check(conntrail_enable_messages(socket), "conntrail_enable_messages");
}

/** Room for a datagram with its records and context; serves any number of calls of receive(). */
class message {
public:
  /** Room for so many bytes of each. */
  explicit message(std::size_t payload, std::size_t records = CONNTRAIL_USUAL_BLOB,
                   std::size_t context = CONNTRAIL_USUAL_BLOB)
      : payload_(payload), records_(records), context_(context) {
  }

  /** The sender of the last datagram. */
  address peer() const noexcept {
    return address(native_.peer);
  }
  /** The address that it was sent to, as the socket reports it. */
  address local() const noexcept {
    return address(native_.local);
  }
  /** The payload of the last datagram. */
  bytes payload() const noexcept {
    return {payload_.data(), native_.payload_size};
  }
  /** Its redirect records. */
  bytes records() const noexcept {
    return {records_.data(), native_.records_size};
  }
  /** Its redirect context. */
  bytes context() const noexcept {
    return {context_.data(), native_.context_size};
  }
  /** What did not fit: CONNTRAIL_LOST_... by or. */
  unsigned lost() const noexcept {
    return native_.lost;
  }

  /** False where nothing can be received without waiting. */
  bool receive(conntrail_socket socket, unsigned flags = 0) {
    conntrail_buffer whole{payload_.data(), payload_.size()};
    aim(&whole, flags);
    const conntrail_status status = conntrail_recvmsg(socket, &native_);
    native_.payload = nullptr;
    if (status == CONNTRAIL_WOULD_BLOCK) {
      return false;
    }
    if (status != CONNTRAIL_DATA_TRUNCATED && status != CONNTRAIL_CONTROL_TRUNCATED &&
        status != CONNTRAIL_INVALID_MESSAGE) {
      check(status, "conntrail_recvmsg");
    }
    return true;
  }

  /** The message of C, for functions of datagram.h. */
  const conntrail_message &native() const noexcept {
    return native_;
  }

private:
  void aim(conntrail_buffer *whole, unsigned flags) noexcept {
    native_.payload = whole;
    native_.payload_count = 1;
    native_.records = records_.data();
    native_.records_capacity = records_.size();
    native_.context = context_.data();
    native_.context_capacity = context_.size();
    native_.flags = flags;
  }

  static conntrail_message fresh() noexcept {
    conntrail_message made{};
    made.struct_size = sizeof made;
    made.library_socket = CONNTRAIL_INVALID_SOCKET;
    return made;
  }

  blob payload_, records_, context_;
  conntrail_message native_ = fresh();
};

/** Sends one datagram, with records where there are some. False where it would have to wait. */
inline bool send(conntrail_socket socket, const address &peer, bytes payload, bytes records = {}) {
  conntrail_buffer whole{const_cast<std::byte *>(payload.data), payload.size};
  conntrail_message sent{};
  sent.struct_size = sizeof sent;
  sent.library_socket = CONNTRAIL_INVALID_SOCKET;
  sent.peer = peer.storage();
  sent.payload = &whole;
  sent.payload_count = 1;
  sent.records = const_cast<std::byte *>(records.data);
  sent.records_size = records.size;
  const conntrail_status status = conntrail_sendmsg(socket, &sent);
  if (status == CONNTRAIL_WOULD_BLOCK) {
    return false;
  }
  check(status, "conntrail_sendmsg");
  return true;
}

/** A client and its destination, to answer the client. Ends with the object. */
class flow {
public:
  /** The flow that the first datagram of a client begins. */
  flow(conntrail_socket socket, const message &first) {
    check(conntrail_datagram_destination(socket, &first.native(), nullptr, nullptr, &native_),
          "conntrail_datagram_destination");
  }
  /** Takes the flow over. */
  flow(flow &&other) noexcept : native_(std::exchange(other.native_, fresh())) {
  }
  /** Takes the flow over. */
  flow &operator=(flow &&other) noexcept {
    std::swap(native_, other.native_);
    return *this;
  }
  /** A flow has one owner. */
  flow(const flow &) = delete;
  /** A flow has one owner. */
  flow &operator=(const flow &) = delete;
  /** Ends the flow. */
  ~flow() {
    conntrail_flow_end(&native_);
  }

  /** The client. */
  address peer() const noexcept {
    return address(native_.peer);
  }
  /** Where the client wanted to go. */
  address destination() const noexcept {
    return address(native_.destination);
  }

  /** The client sees the destination as the sender. False where it would have to wait. */
  bool reply(conntrail_socket socket, bytes payload) {
    conntrail_buffer whole{const_cast<std::byte *>(payload.data), payload.size};
    const conntrail_status status = conntrail_reply(socket, &native_, &whole, 1);
    if (status == CONNTRAIL_WOULD_BLOCK) {
      return false;
    }
    check(status, "conntrail_reply");
    return true;
  }

private:
  static conntrail_flow fresh() noexcept {
    conntrail_flow made{};
    made.struct_size = sizeof made;
    made.library_socket = CONNTRAIL_INVALID_SOCKET;
    return made;
  }

  conntrail_flow native_ = fresh();
};

/** A query that was begun (async.h). Freed with the object; the completion runs all the same. */
class operation {
public:
  /** Begins conntrail_begin_query_records(). */
  static operation query_records(conntrail_socket socket, conntrail_completion completion,
                                 void *argument) {
    return begun(conntrail_begin_query_records, socket, completion, argument);
  }
  /** Begins conntrail_begin_query_context(). */
  static operation query_context(conntrail_socket socket, conntrail_completion completion,
                                 void *argument) {
    return begun(conntrail_begin_query_context, socket, completion, argument);
  }
  /** Begins conntrail_begin_original_destination(). */
  static operation original_destination(conntrail_socket accepted, conntrail_socket listener,
                                        conntrail_completion completion, void *argument) {
    conntrail_operation *made = nullptr;
    check(conntrail_begin_original_destination(accepted, listener, completion, argument, &made),
          "conntrail_begin_original_destination");
    return operation(made);
  }

  /** Empty while it pends. The bytes stay the operation's. */
  std::optional<bytes> result() const {
    const void *found = nullptr;
    std::size_t size = 0;
    const conntrail_status status = conntrail_operation_result(owned_.get(), &found, &size);
    if (status == CONNTRAIL_PENDING) {
      return std::nullopt;
    }
    check(status, "conntrail_operation_result");
    return bytes(found, size);
  }
  /** Asks the system to end it early; the completion runs all the same. */
  void cancel() noexcept {
    conntrail_operation_cancel(owned_.get());
  }

private:
  struct freed {
    void operator()(conntrail_operation *which) const noexcept {
      conntrail_operation_free(which);
    }
  };
  using beginning = conntrail_status (*)(conntrail_socket, conntrail_completion, void *,
                                         conntrail_operation **);

  static operation begun(beginning begin, conntrail_socket socket, conntrail_completion completion,
                         void *argument) {
    conntrail_operation *made = nullptr;
    check(begin(socket, completion, argument, &made), "conntrail_begin_query");
    return operation(made);
  }
  explicit operation(conntrail_operation *made) noexcept : owned_(made) {
  }

  std::unique_ptr<conntrail_operation, freed> owned_;
};

} // namespace conntrail

#endif
