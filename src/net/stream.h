// Stream: what a session sees of its connection. TCP, TLS on TCP, or a pipe in memory.
//
// Rules for all implementations:
// - A stream lives on one executor; every call and its destruction happen there.
// - One operation at a time: a coroutine that waits in one must not be passed by a second.
// - Errors: Code::timeout (the deadline passed), cancelled (TaskScope stop, drain, or close() by
// us),
//   peer_gone (reset, broken pipe), denied (the peer's certificate was refused), unsupported (the
//   TLS handshake failed), internal. After an error other than timeout or cancelled only close()
//   helps.
// - Bytes given to a call must stay valid until it returns: co_await it in the same statement.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/tls.h"

namespace fumi::net {

class AsyncEvent;

enum class Wake { readable, event };

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // At least one byte, or 0 at the end: FIN, close_notify, or FIN without close_notify (mail
  // clients do that; protocols that need to know the end frame their data).
  virtual Task<Result<std::size_t>> read_some(std::span<char> into) = 0;

  // All of it, or an error after an unknown part of it. The second form sends both parts with one
  // call or TLS record where they fit, so that a header need not be copied before a body.
  virtual Task<Status> write_all(std::string_view bytes) = 0;
  virtual Task<Status> write_all(std::string_view first, std::string_view second) = 0;

  // Waits until read_some() has something to say, without a buffer being held: the idle point of a
  // session. Returns cancelled once drain() was called and no input waits.
  virtual Task<Status> readable() = 0;
  // The same, and woken by the event too (which is consumed as AsyncEvent::wait() does). IMAP IDLE.
  virtual Task<Result<Wake>> readable_or(AsyncEvent& event) = 0;

  // One deadline for the connection, re-armed for each command: when it passes, the operation that
  // waits and all later ones fail with timeout until it is set again or cleared. Cheap: no system
  // call, and no timer operation when it only moves back.
  virtual void set_deadline(Duration from_now) = 0;
  virtual void clear_deadline() = 0;

  // From now on the session's idle points end with cancelled, while commands that run may finish.
  virtual void drain() = 0;

  // Tells the peer that nothing more comes (close_notify, FIN); reading goes on.
  virtual Task<Status> shutdown_write() = 0;
  // Ends it at once. An operation that waits fails with cancelled. Idempotent.
  virtual void close() = 0;

  // Upgrade in place, after everything written in clear has gone. The caller must have thrown away
  // what it had read behind the STARTTLS command (RFC 3207 §4.2); the stream itself holds nothing.
  // On failure the connection is useless; close() it.
  virtual Task<Status> start_tls_server(TlsServerContext& context) = 0;
  virtual Task<Status> start_tls_client(TlsClientContext& context, TlsClientOptions options) = 0;

  [[nodiscard]] virtual bool is_tls() const = 0;
  // Computed at each call (two derivations and a hash); nothing while in clear.
  [[nodiscard]] virtual std::optional<TlsInfo> tls_info() const = 0;
  // Why start_tls_client() failed; `none` otherwise.
  [[nodiscard]] virtual TlsFailure tls_failure() const = 0;

  // The peer as the PROXY protocol told it, where a trusted proxy stands before us.
  [[nodiscard]] virtual Endpoint peer() const = 0;
  [[nodiscard]] virtual Endpoint local() const = 0;
};

}  // namespace fumi::net
