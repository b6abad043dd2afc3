// PostgresListener: hears what other nodes NOTIFY on one channel, on a connection and a thread of
// its own.
//
// PostgreSQL keeps notifications for nobody who isn't connected. So after each LISTEN that the
// server has taken, the first included, `on_gap` says that anything may have been missed; then
// `on_payload` is called for each notification, those of this node's own connections too. Both run
// on the listener's thread, must not block long, and must not call the listener.
//
// A connection that breaks, or that leads to a server which has become a standby (looked up every
// `probe_interval`; a standby hears nothing), is opened again with back-off.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fumi::sql {

struct PostgresListenerOptions {
  std::string connection;  // as PostgresOptions::connection
  std::string channel;     // [a-z_][a-z0-9_]*, at most 63 octets
  Duration backoff_first = Duration(50'000);
  Duration backoff_max = Duration(5'000'000);
  Duration probe_interval = Duration(15'000'000);
};

struct PostgresListenerEvents {
  std::function<void(std::string_view payload)> on_payload;
  std::function<void()> on_gap;
};

class PostgresListener {
 public:
  // Returns at once and connects behind the caller's back: a server that is away is no error.
  // invalid: a bad channel.
  [[nodiscard]] static Result<std::unique_ptr<PostgresListener>> start(
      PostgresListenerOptions options, PostgresListenerEvents events);
  ~PostgresListener();  // stops: within the connect_timeout of the connection string at most
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;

  [[nodiscard]] bool is_listening() const;  // any thread; for metrics and health

 private:
  class Worker;
  explicit PostgresListener(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace fumi::sql
