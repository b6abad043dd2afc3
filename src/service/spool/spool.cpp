#include "service/spool/spool.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "base/log.h"

namespace fumi::service {
namespace {

constexpr std::uint32_t kClaimBatch = 500;
constexpr std::size_t kRenewBatch = 500;
constexpr Duration kBodyPoll = std::chrono::milliseconds(50);

TenantScope system_scope(TenantId tenant) { return {tenant, {}}; }

const QueueRecipient* find_recipient(const QueueMessage& message, std::uint32_t number) {
  for (const QueueRecipient& recipient : message.recipients) {
    if (recipient.number == number) return &recipient;
  }
  return nullptr;
}

RecordKind kind_of(RecipientState state) {
  switch (state) {
    case RecipientState::waiting:
      return RecordKind::deferred;
    case RecipientState::delivered:
      return RecordKind::delivered;
    case RecipientState::bounced:
      return RecordKind::bounced;
    case RecipientState::cancelled:
      return RecordKind::cancelled;
  }
  return RecordKind::deferred;
}

Record record_of(const QueueMessage& message, const QueueRecipient& recipient,
                 const AttemptOutcome& outcome, Instant at) {
  Record record;
  record.at = at;
  record.kind = kind_of(outcome.state);
  record.message = message.id;
  record.from = message.reverse_path.text();
  record.to = recipient.address.text();
  record.header_from = message.header_from;
  record.subject = message.subject;
  record.message_id = message.message_id;
  record.answer = outcome.answer;
  record.protocol = "smtp-out";
  record.host = outcome.host;
  record.api_data = message.api_data;
  record.octets = message.octets;
  if (outcome.state == RecipientState::waiting) {
    record.detail = R"({"next_attempt":")" + to_rfc3339(outcome.due) + "\"}";
  }
  return record;
}

// A node whose lease has run out unnoticed must not put into a mailbox what another has put there.
Status still_waits(Tx& tx, QueueId id, const std::vector<AttemptOutcome>& outcomes) {
  FUMI_TRY(const auto stored, tx.queue().message(id));
  for (const AttemptOutcome& outcome : outcomes) {
    const QueueRecipient* const recipient =
        stored ? find_recipient(*stored, outcome.recipient) : nullptr;
    if (recipient != nullptr && recipient->state == RecipientState::waiting) continue;
    return fail(Code::not_found, "delivering here", "it has left the spool");
  }
  return {};
}

}  // namespace

Spool::Spool(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime, Routing& routing,
             IdGenerator& ids, const Clock& clock, SpoolOptions options, RetrySchedule retry)
    : platform_(platform),
      store_(store),
      blobs_(blobs),
      runtime_(runtime),
      clock_(clock),
      options_(std::move(options)),
      retry_(std::move(retry)),
      bouncer_(blobs, routing, ids, clock, options_.hostname),
      commits_(platform, runtime, options_.settle_wait),
      load_(std::make_shared<Load>()) {
  load_->wakeup = runtime.make_wakeup();
}

Spool::~Spool() = default;

Task<Status> Spool::start(Carrier& carrier) {
  carrier_ = &carrier;
  auto work = [](PlatformTx& tx) { return tx.platform().release_leases(); };
  Status released = co_await platform_.write(std::move(work));
  if (!released) co_return released;
  started_.store(true);
  runtime_.spawn("spool", schedule());
  runtime_.spawn("spool leases", keep_leases());
  co_return Status();
}

bool Spool::has_room() const {
  return started_.load() && load_->messages.load() < options_.messages_max &&
         load_->body_octets.load() < options_.body_octets_max.octets;
}

Instant Spool::lease_until(Instant now) const { return now + options_.lease_time; }

void Spool::admit(QueueMessage facts, std::shared_ptr<const std::string> body) {
  std::shared_ptr<SpooledMessage> message = hold(std::move(facts), std::move(body));
  runtime_.post([this, message = std::move(message)]() mutable {
    Job job;
    for (const QueueRecipient& recipient : message->facts.recipients) {
      job.recipients.push_back(recipient.number);
    }
    job.message = std::move(message);
    take_off(job);
    carrier_->carry(std::move(job));
  });
}

// The message counts against the limits until its last job lets go of it, which may be on any
// thread.
std::shared_ptr<SpooledMessage> Spool::hold(QueueMessage facts,
                                            std::shared_ptr<const std::string> body) {
  const std::uint64_t octets = body ? body->size() : 0;
  load_->messages.fetch_add(1);
  load_->body_octets.fetch_add(octets);
  auto* message = new SpooledMessage{std::move(facts), std::move(body), {}};
  return {message, [load = load_, octets, most = options_.messages_max](SpooledMessage* gone) {
            delete gone;
            load->body_octets.fetch_sub(octets);
            if (load->messages.fetch_sub(1) == most) load->wakeup->notify();
          }};
}

void Spool::wake() { load_->wakeup->notify(); }

void Spool::take_off(Job& job) {
  Flight& flight = in_flight_[job.message->facts.id];
  flight.tenant = job.message->facts.tenant;
  const Instant until = lease_until(clock_.now());
  std::erase_if(job.recipients, [&flight, until](std::uint32_t number) {
    const auto known = std::ranges::find(flight.held, number, &Held::number);
    if (known == flight.held.end()) return false;
    known->until = until;  // its lease had run out, and is ours again
    known->lost = false;
    return true;
  });
  for (const std::uint32_t number : job.recipients)
    flight.held.push_back({number, next_ticket_++, until});
}

void Spool::land(const Job& job) {
  const auto found = in_flight_.find(job.message->facts.id);
  if (found == in_flight_.end()) return;
  for (const std::uint32_t number : job.recipients)
    std::erase_if(found->second.held, [&](const Held& held) { return held.number == number; });
  if (found->second.held.empty()) in_flight_.erase(found);
}

void Spool::drop_lost(Job& job) {
  const auto found = in_flight_.find(job.message->facts.id);
  if (found == in_flight_.end()) return;
  // The attempt takes its time, and clocks differ a little.
  const Instant latest = clock_.now() + options_.lease_time / 10;
  Job lost{job.message, {}};
  for (const Held& held : found->second.held) {
    const auto at = std::ranges::find(job.recipients, held.number);
    if (at == job.recipients.end() || (!held.lost && held.until > latest)) continue;
    job.recipients.erase(at);
    lost.recipients.push_back(held.number);
  }
  if (lost.recipients.empty()) return;
  log::warning("spool", "lease lost before the attempt; left to whoever holds it",
               {{"id", job.message->facts.id.text()}, {"recipients", lost.recipients.size()}});
  land(lost);
}

Task<void> Spool::keep_leases() {
  const Duration interval = options_.lease_time / 6;
  Duration wait = interval;
  for (;;) {
    const Status slept = co_await runtime_.sleep_for(wait);
    if (!slept) co_return;
    const Status renewed = co_await renew_leases();
    wait = renewed ? interval : std::min<Duration>(interval, std::chrono::seconds(5));
    if (!renewed) {
      log::warning("spool", "leases not renewed", {{"why", renewed.error().text()}});
    }
  }
}

// Of what has been held for a while: most messages are gone long before.
Task<Status> Spool::renew_leases() {
  const Instant now = clock_.now();
  const Instant until = lease_until(now);
  std::vector<Claim> held;
  std::vector<std::uint64_t> tickets;
  for (const auto& [id, flight] : in_flight_) {
    for (const Held& one : flight.held) {
      if (one.lost || one.until - now > options_.lease_time * 2 / 3) continue;
      held.push_back({flight.tenant, id, one.number, {}});
      tickets.push_back(one.ticket);
    }
  }
  for (std::size_t at = 0; at < held.size(); at += kRenewBatch) {
    const std::size_t end = std::min(held.size(), at + kRenewBatch);
    const std::vector<Claim> batch(held.begin() + std::ptrdiff_t(at),
                                   held.begin() + std::ptrdiff_t(end));
    auto work = [&](PlatformTx& tx) { return tx.platform().renew_leases(batch, until); };
    Result<std::vector<Claim>> lost = co_await platform_.write(std::move(work));
    if (!lost) co_return std::unexpected(std::move(lost).error());
    std::set<std::pair<QueueId, std::uint32_t>> gone;
    for (const Claim& claim : *lost)
      gone.emplace(claim.message, claim.recipient);
    for (std::size_t i = at; i < end; ++i) {
      const auto flight = in_flight_.find(held[i].message);
      if (flight == in_flight_.end()) continue;  // finished meanwhile
      const auto one = std::ranges::find(flight->second.held, tickets[i], &Held::ticket);
      if (one == flight->second.held.end()) continue;
      one->lost = gone.contains({held[i].message, held[i].recipient});
      if (!one->lost) one->until = until;
    }
  }
  co_return Status();
}

Task<Result<std::shared_ptr<const std::string>>> Spool::body(
    std::shared_ptr<SpooledMessage> message) {
  if (message->body) co_return message->body;
  if (auto loaded = message->loaded.lock()) co_return loaded;
  const TenantScope scope = system_scope(message->facts.tenant);
  const std::uint64_t octets = message->facts.octets;
  const Instant give_up = clock_.now() + options_.body_wait_max;
  // One is let in whatever its size: a limit below a message must not keep it for ever.
  for (;;) {
    const std::uint64_t used = load_->read_octets.load();
    if (used == 0 || used + octets <= options_.body_octets_max.octets) break;
    if (clock_.now() >= give_up) {
      co_return fail(Code::rate_limited, "reading a body", "no room in memory");
    }
    const Status slept = co_await runtime_.sleep_for(kBodyPoll);
    if (!slept) co_return std::unexpected(slept.error());
    if (auto loaded = message->loaded.lock()) co_return loaded;
  }
  // From here on it counts, and until the last attempt that uses it lets go.
  load_->read_octets.fetch_add(octets);
  auto* const kept = new std::string();
  const std::shared_ptr<std::string> body(kept, [load = load_, octets](const std::string* gone) {
    delete gone;
    load->read_octets.fetch_sub(octets);
  });
  Result<std::string> bytes = co_await blobs_.get(scope, message->facts.blob);
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  *body = std::move(*bytes);
  // Not kept: a message that had to wait is read again for its next attempt. Its transactions of
  // this attempt, to several sites, share the bytes.
  message->loaded = body;
  co_return body;
}

Task<void> Spool::schedule() {
  for (;;) {
    Duration wait = options_.poll_interval;
    if (load_->messages.load() < options_.messages_max) {
      Result<std::size_t> claimed = co_await claim();
      if (!claimed) {
        log::warning("spool", "cannot claim due messages", {{"why", claimed.error().text()}});
      } else if (*claimed == kClaimBatch) {
        wait = Duration(0);
      } else {
        auto work = [](PlatformTx& tx) { return tx.platform().next_due(); };
        Result<std::optional<Instant>> due = co_await platform_.read(std::move(work));
        if (due && *due) wait = std::clamp(**due - clock_.now(), Duration(10'000), wait);
      }
    }
    const Status woken = co_await load_->wakeup->wait_for(wait);
    if (!woken && woken.error().code == Code::cancelled) co_return;
  }
}

Task<Result<std::size_t>> Spool::claim() {
  const Instant now = clock_.now();
  auto work = [&](PlatformTx& tx) {
    return tx.platform().claim_due(now, lease_until(now), kClaimBatch);
  };
  Result<std::vector<Claim>> claims = co_await platform_.write(std::move(work));
  if (!claims) co_return std::unexpected(std::move(claims).error());
  std::ranges::sort(*claims, [](const Claim& a, const Claim& b) {
    return std::tie(a.message, a.recipient) < std::tie(b.message, b.recipient);
  });
  for (std::size_t i = 0; i < claims->size();) {
    const TenantId tenant = (*claims)[i].tenant;
    const QueueId id = (*claims)[i].message;
    std::vector<std::uint32_t> numbers;
    for (; i < claims->size() && (*claims)[i].message == id; ++i) {
      numbers.push_back((*claims)[i].recipient);
    }
    co_await load(tenant, id, std::move(numbers));
  }
  co_return claims->size();
}

// Its facts only: the body is read when the attempt begins.
Task<void> Spool::load(TenantId tenant, QueueId id, std::vector<std::uint32_t> numbers) {
  auto work = [&](Tx& tx) { return tx.queue().message(id); };
  Result<std::optional<QueueMessage>> loaded =
      co_await store_.read(system_scope(tenant), std::move(work));
  if (!loaded) {
    // Where it is the store's trouble of the moment, the lease runs out and it is claimed again.
    log::error("spool", "due message not readable",
               {{"id", id.text()}, {"why", loaded.error().text()}});
    if (loaded.error().code != Code::corrupt) co_return;
    co_await defer_unreadable(tenant, id, std::move(numbers), loaded.error().text());
    co_return;
  }
  if (!*loaded) co_return;  // cancelled since
  Job job;
  std::ranges::copy_if(numbers, std::back_inserter(job.recipients), [&](std::uint32_t number) {
    const QueueRecipient* recipient = find_recipient(**loaded, number);
    return recipient != nullptr && recipient->state == RecipientState::waiting;
  });
  if (job.recipients.empty()) co_return;
  job.message = hold(std::move(**loaded), nullptr);
  take_off(job);
  if (!job.recipients.empty()) carrier_->carry(std::move(job));
}

// It stays in the queue, for operators to see and to decide: to bounce it would need its sender.
Task<void> Spool::defer_unreadable(TenantId tenant, QueueId id, std::vector<std::uint32_t> numbers,
                                   std::string why) {
  std::vector<AttemptOutcome> outcomes;
  for (const std::uint32_t number : numbers) {
    AttemptOutcome& outcome = outcomes.emplace_back();
    outcome.recipient = number;
    outcome.due = clock_.now() + options_.lease_time;
    outcome.answer = "451 4.3.0 The store can't read the message: " + why;
  }
  auto work = [&](Tx& tx) { return tx.queue().finish_attempt(id, outcomes); };
  const Status noted = co_await store_.write(system_scope(tenant), std::move(work));
  if (!noted && noted.error().code != Code::not_found) {
    log::error("spool", "and that can't be noted",
               {{"id", id.text()}, {"why", noted.error().text()}});
  }
}

Task<void> Spool::finish(Job job, std::vector<AttemptOutcome> outcomes) {
  const Deliver nothing;
  for (int attempt = 0;; ++attempt) {
    const Status done = co_await commit(job, outcomes, nothing);
    if (done || done.error().code == Code::not_found) break;
    if (done.error().code == Code::cancelled) break;  // stopping: it is written with others' still
    log::error("spool", "outcome not stored; will try again",
               {{"id", job.message->facts.id.text()}, {"why", done.error().text()}});
    const Duration wait = std::chrono::seconds(std::min(1 << std::min(attempt, 5), 30));
    const Status slept = co_await runtime_.sleep_for(wait);
    if (!slept) break;  // stopping: the lease makes the attempt repeat
  }
  land(job);
}

Task<Status> Spool::finish_here(Job job, std::vector<AttemptOutcome> outcomes, Deliver deliver) {
  Status done = co_await commit(job, outcomes, deliver);
  if (done) land(job);
  co_return done;
}

// What an attempt's answers mean for the senders.
struct Spool::Decision {
  struct Batch {
    NoticeKind kind;
    std::vector<NoticeRecipient> recipients;
  };
  std::array<Batch, 3> batches;
  Instant earliest = Instant::max();  // of the next attempts
};

// Decides between retry and bounce, and who is owed a notice of what.
Spool::Decision Spool::decide(const QueueMessage& message, std::vector<AttemptOutcome>& outcomes,
                              NoticeKind success) const {
  const Instant now = clock_.now();
  Decision decision;
  decision.batches = {Decision::Batch{NoticeKind::failed, {}},
                      Decision::Batch{NoticeKind::delayed, {}}, Decision::Batch{success, {}}};
  const auto owe = [&](Decision::Batch& batch, const QueueRecipient& to,
                       const AttemptOutcome& outcome) {
    if (Bouncer::is_owed(message, to, batch.kind)) {
      batch.recipients.push_back({&to, outcome.answer, outcome.host});
    }
  };
  for (AttemptOutcome& outcome : outcomes) {
    const QueueRecipient* recipient = find_recipient(message, outcome.recipient);
    if (recipient == nullptr) continue;
    if (outcome.state == RecipientState::waiting && now >= message.expires) {
      outcome.state = RecipientState::bounced;
    }
    if (outcome.state == RecipientState::bounced) {
      owe(decision.batches[0], *recipient, outcome);
    } else if (outcome.state == RecipientState::delivered) {
      if (!outcome.dsn_passed_on) owe(decision.batches[2], *recipient, outcome);
    } else if (outcome.state == RecipientState::waiting) {
      const std::uint64_t seed = message.id.value() + recipient->number;
      if (outcome.due == Instant{}) {
        outcome.due = now + retry_.wait_after(recipient->attempts + 1, seed);
      }
      // The last try is at the end of its time, and the bounce not hours after it.
      outcome.due = std::min(outcome.due, message.expires);
      decision.earliest = std::min(decision.earliest, outcome.due);
      // Time that the sender wanted it to wait (RFC 4865) is no delay.
      const Instant begun = std::max(message.created, message.expires - options_.lifetime);
      const bool late = now - begun >= options_.delay_notice_after;
      if (late && !message.delay_notified) owe(decision.batches[1], *recipient, outcome);
    }
  }
  return decision;
}

Task<Result<std::vector<Notice>>> Spool::write_notices(const Job& job, Decision& decision) {
  const QueueMessage& message = job.message->facts;
  const TenantScope scope = system_scope(message.tenant);
  std::vector<Notice> notices;
  for (Decision::Batch& batch : decision.batches) {
    if (batch.recipients.empty()) continue;
    Result<std::shared_ptr<const std::string>> original = co_await body(job.message);
    static const std::string kGone;
    const std::string& bytes = original ? **original : kGone;
    std::optional<Instant> until;
    if (batch.kind == NoticeKind::delayed) until = message.expires;
    Result<std::optional<Notice>> notice = co_await bouncer_.compose(
        scope, message, batch.kind, std::move(batch.recipients), bytes, until);
    if (!notice && notice.error().code == Code::invalid) {
      // Trying again would not help, and what became of the message must be stored all the same.
      log::error("spool", "notice can't be written",
                 {{"id", message.id.text()}, {"why", notice.error().text()}});
      continue;
    }
    if (!notice) co_return std::unexpected(std::move(notice).error());
    if (*notice) notices.push_back(std::move(**notice));
  }
  co_return notices;
}

// The spool's rows, the records of the outcomes, and the notices.
Status Spool::write(Tx& tx, const QueueMessage& message,
                    const std::vector<AttemptOutcome>& outcomes, const std::vector<Notice>& notices,
                    Instant now) const {
  for (const Notice& notice : notices) {
    if (notice.kind == NoticeKind::delayed) {
      // Another job of this message may have told already: once is enough.
      FUMI_TRY(const auto stored, tx.queue().message(message.id));
      if (!stored || stored->delay_notified) continue;
      FUMI_CHECK(tx.queue().set_delay_notified(message.id));
    }
    FUMI_CHECK(bouncer_.send(tx, notice, options_.lifetime));
  }
  FUMI_CHECK(tx.queue().finish_attempt(message.id, outcomes));
  for (const AttemptOutcome& outcome : outcomes) {
    const QueueRecipient* recipient = find_recipient(message, outcome.recipient);
    if (recipient == nullptr) continue;
    FUMI_CHECK(tx.records().append(record_of(message, *recipient, outcome, now)));
  }
  return {};
}

// Everything that one attempt leads to, in one transaction.
Task<Status> Spool::commit(const Job& job, std::vector<AttemptOutcome>& outcomes,
                           const Deliver& deliver) {
  const QueueMessage& message = job.message->facts;
  const TenantScope scope = system_scope(message.tenant);
  const Instant now = clock_.now();
  Decision decision =
      decide(message, outcomes, deliver ? NoticeKind::delivered : NoticeKind::relayed);
  Result<std::vector<Notice>> notices = co_await write_notices(job, decision);
  if (!notices) co_return std::unexpected(std::move(notices).error());
  Status done;
  if (deliver) {
    auto work = [&](PlatformTx& tx) -> Status {
      FUMI_CHECK(still_waits(tx.in(scope), message.id, outcomes));
      FUMI_CHECK(deliver(tx));
      return write(tx.in(scope), message, outcomes, *notices, now);
    };
    done = co_await platform_.write(std::move(work));
  } else {
    GroupCommit::Work work = [this, scope, now, held = job.message, own = outcomes,
                              told = *notices](PlatformTx& tx) {
      return write(tx.in(scope), held->facts, own, told, now);
    };
    done = co_await commits_.run(std::move(work));
  }
  const bool soon = decision.earliest - now < options_.poll_interval;
  if (done && (!notices->empty() || soon)) wake();
  co_return done;
}

}  // namespace fumi::service
