// LiveSessions: the mail sessions of this node that have somebody logged in.
//
// What was right at login may cease to be: hours end, a rule is changed, an account is disabled, a
// password is changed, an administrator ends the session. review() finds those and ends them; it
// is called every few seconds and costs what changed. Sessions hold a Ticket while they last.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/store.h"
#include "service/access/access_policy.h"
#include "service/access/principal.h"

namespace fumi::service {

enum class SessionEnd : std::uint8_t { none, not_now, disabled, credential_changed, revoked };
// For the peer, in English: "Access from here ends now".
[[nodiscard]] std::string_view to_string(SessionEnd why);

struct LiveSession {
  std::uint64_t number = 0;  // on this node, for as long as it lasts
  Principal who;
  AccessDoor door = AccessDoor::imap;
  std::string from;  // client address
  Instant since;
};

class LiveSessions {
  struct State;
  struct Entry;

 public:
  // Ends the session soon: called on any thread, once at most, while the ticket lasts; must not
  // block. What is running may be finished first.
  using End = std::function<void()>;

  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&&) noexcept = default;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { leave(); }
    // Why the session is to end; none while it may stay.
    [[nodiscard]] SessionEnd why() const;

   private:
    friend class LiveSessions;
    void leave();
    std::shared_ptr<State> state_;
    std::shared_ptr<Entry> entry_;
  };

  LiveSessions(Platform& platform, const Clock& clock);
  ~LiveSessions();

  [[nodiscard]] Ticket enter(Principal who, AccessDoor door, std::string from, End end);

  // Judges those that are new, whose time is up or whose tenant has changed since. unavailable:
  // nobody is ended; the next call judges them.
  Task<Status> review();

  // Of a tenant, the oldest first, `limit` at most.
  [[nodiscard]] std::vector<LiveSession> of_tenant(TenantId tenant, std::size_t limit) const;
  // not_found: the tenant has no such session here.
  Status revoke(TenantId tenant, std::uint64_t number);

 private:
  Task<Status> judge(TenantId tenant, std::vector<std::shared_ptr<Entry>> entries,
                     std::uint64_t version);

  Platform& platform_;
  const Clock& clock_;
  RulesCache rules_;
  std::shared_ptr<State> state_;
};

}  // namespace fumi::service
