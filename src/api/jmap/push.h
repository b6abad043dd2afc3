// Push: tells clients that a state has changed (RFC 8620 §7), over EventSource.
//
// A connection hears of the account's changes from the change bus, and of those of others' accounts
// that the caller sees mailboxes of, and answers with the states as they are then; several changes
// in a row become one event. Of others' accounts, changes in visible mailboxes alone are told.
// Connections are bounded by account and all end when the server drains.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/jmap/call.h"
#include "net/timer.h"
#include "server/http/router.h"

namespace fumi::jmap {

// What one connection waits on. Shared by the connection, the bus's listener and the hub.
struct PushSignal {
  net::AsyncEvent event;
  std::atomic<bool> mail{false};     // emails or mailboxes have changed
  std::atomic<bool> account{false};  // mailboxes or objects of the account have changed
  std::atomic<bool> closing{false};

  // Mailboxes of others' accounts that have changed; 0: any of the account.
  using Others = std::map<AccountId, std::set<MailboxId>>;
  void add_other(const Change& change, AccountId account);
  [[nodiscard]] Others take_others();

 private:
  static constexpr std::size_t kMailboxesMax = 100;  // of one account; more: any
  std::mutex mutex_;
  Others others_;
};

class PushHub {
 public:
  explicit PushHub(JmapHost& host) : host_(host) {}

  // A listener of the account's changes, until the last owner lets it go; nullptr over the limit.
  class Connection {
   public:
    Connection(PushHub& hub, AccountId account, const std::vector<AccountId>& others);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    [[nodiscard]] PushSignal& signal() { return *signal_; }

   private:
    PushHub& hub_;
    AccountId account_;
    std::shared_ptr<PushSignal> signal_;
    std::vector<ChangeBus::Subscription> subscriptions_;
  };
  [[nodiscard]] std::unique_ptr<Connection> open(AccountId account,
                                                 const std::vector<AccountId>& others);

  // Ends all connections, now and from now on. Any thread.
  void close();

 private:
  JmapHost& host_;
  std::mutex mutex_;
  bool closed_ = false;
  std::map<AccountId, std::uint32_t> open_;
  std::set<std::shared_ptr<PushSignal>> signals_;
};

// What has been changed: emails and mailboxes, or objects of the account.
struct Touched {
  enum class What : std::uint8_t { no, yes };
  What mail = What::no;
  What objects = What::no;
  [[nodiscard]] bool any() const { return mail == What::yes || objects == What::yes; }
  void add(const Touched& other) {
    if (other.mail == What::yes) mail = What::yes;
    if (other.objects == What::yes) objects = What::yes;
  }
};
// RFC 8620 §7.1; null: none of these types.
[[nodiscard]] Json state_change(AccountId account, const std::string& state, const Touched& touched,
                                const std::optional<std::vector<std::string>>& types);

struct PushOptions {
  std::optional<std::set<std::string>> types;  // none: all
  enum class CloseAfter : std::uint8_t { no, state } close_after = CloseAfter::no;
  Duration ping{};  // zero: no ping events
};
// From ?types=&closeafter=&ping=; nullopt: they can't be read.
[[nodiscard]] std::optional<PushOptions> push_options(const http::Request& request);

// The StateChange for what the signal has gathered since the last call; null: nothing to tell.
Task<Result<Json>> take_state_change(JmapHost& host, Caller caller, PushSignal& signal,
                                     const PushOptions& options);

// The body of an EventSource response.
[[nodiscard]] std::unique_ptr<http::BodySource> event_source(
    JmapHost& host, Caller caller, std::unique_ptr<PushHub::Connection> connection,
    PushOptions options);

}  // namespace fumi::jmap
