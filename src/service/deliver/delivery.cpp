#include "service/deliver/delivery.h"

#include <algorithm>
#include <random>

#include "base/log.h"
#include "mime/preview.h"
#include "mime/structure.h"

namespace fumi::service {
namespace {

constexpr std::size_t kKnownDomainsMax = 50'000;
constexpr std::size_t kSitesSweep = 1'000;
// RFC 5321 §5.1 asks for two addresses at least; a domain with hundreds must not hold a worker.
constexpr std::size_t kAddressesMax = 10;

const QueueRecipient* find_recipient(const QueueMessage& message, std::uint32_t number) {
  for (const QueueRecipient& recipient : message.recipients) {
    if (recipient.number == number) return &recipient;
  }
  return nullptr;
}

// "5.7.1 text" or "text" behind the code decides nothing here: the first digit does (RFC 5321
// §4.2.1). No answer at all means the connection broke: try again.
RecipientState state_of(const OutboundReply& reply) {
  if (reply.positive()) return RecipientState::delivered;
  return reply.permanent() ? RecipientState::bounced : RecipientState::waiting;
}

RecipientState state_of_own_answer(std::string_view answer) {
  return answer.starts_with('5') ? RecipientState::bounced : RecipientState::waiting;
}

}  // namespace

// The ready queue of one site. Tenants take turns: each has a queue of its own, `order` is whose
// turn comes.
struct Delivery::Site {
  std::string key;
  Destination destination;
  std::map<TenantId, std::deque<Job>> queues;
  std::deque<TenantId> order;
  std::size_t waiting = 0;
  std::uint32_t workers = 0;
  std::uint32_t connected = 0;  // workers that hold a connection
  bool starving = false;        // stands in Delivery::starved_
  Instant paused_until;
  std::string pause_reason;
  Instant crowded_until;         // it refused one more connection: no new ones until then
  std::deque<Wakeup*> sleepers;  // idle workers, the most recently used at the back

  void push(Job job) {
    const TenantId tenant = job.message->facts.tenant;
    std::deque<Job>& queue = queues[tenant];
    if (queue.empty()) order.push_back(tenant);
    queue.push_back(std::move(job));
    ++waiting;
  }
  void push_back_to_front(Job job) {
    const TenantId tenant = job.message->facts.tenant;
    std::deque<Job>& queue = queues[tenant];
    if (queue.empty()) order.push_front(tenant);
    queue.push_front(std::move(job));
    ++waiting;
  }
  std::optional<Job> pop() {
    if (order.empty()) return std::nullopt;
    const TenantId tenant = order.front();
    order.pop_front();
    const auto queue = queues.find(tenant);
    Job job = std::move(queue->second.front());
    queue->second.pop_front();
    if (queue->second.empty()) {
      queues.erase(queue);
    } else {
      order.push_back(tenant);
    }
    --waiting;
    return job;
  }
};

// A worker's connection, which counts for its site as long as it stands.
struct Delivery::Line {
  Site& site;
  std::unique_ptr<OutboundConnection> connection;
  bool verified = false;  // made with TLS that proved who the host is

  explicit Line(Site& of) : site(of) {}
  ~Line() { drop(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  void take(std::unique_ptr<OutboundConnection> made, OutboundTls mode) {
    connection = std::move(made);
    verified = mode == OutboundTls::required;
    ++site.connected;
    site.paused_until = Instant();
  }
  void drop() {
    if (!connection) return;
    connection.reset();
    --site.connected;
  }
};

Delivery::Delivery(Spool& spool, BlobStore& blobs, Runtime& runtime, Routing& routing,
                   Destinations& destinations, Outbound& outbound, const Clock& clock,
                   DeliveryOptions options)
    : spool_(spool),
      blobs_(blobs),
      runtime_(runtime),
      routing_(routing),
      destinations_(destinations),
      outbound_(outbound),
      clock_(clock),
      options_(std::move(options)) {}

Delivery::~Delivery() = default;

// Splits the job by domain; what goes to a site that is known already needs no coroutine.
void Delivery::carry(Job job) {
  std::map<std::string, std::vector<std::uint32_t>> by_domain;
  for (const std::uint32_t number : job.recipients) {
    const QueueRecipient* recipient = find_recipient(job.message->facts, number);
    if (recipient != nullptr && recipient->state == RecipientState::waiting) {
      by_domain[recipient->address.domain].push_back(number);
    }
  }
  const Instant now = clock_.now();
  for (auto& [domain, numbers] : by_domain) {
    for (std::size_t i = 0; i < numbers.size(); i += options_.recipients_per_transaction_max) {
      const std::size_t end =
          std::min<std::size_t>(numbers.size(), i + options_.recipients_per_transaction_max);
      Job part{job.message,
               {numbers.begin() + std::ptrdiff_t(i), numbers.begin() + std::ptrdiff_t(end)}};
      const auto known = known_.find(domain);
      if (known != known_.end() && now - known->second.found_at < options_.destination_age_max) {
        enqueue(std::move(part), known->second.destination);
      } else {
        runtime_.spawn("route", route(std::move(part), domain));
      }
    }
  }
}

Task<void> Delivery::route(Job job, std::string domain) {
  // A domain that became ours, or an over-quota retry, ends in a mailbox.
  Result<std::optional<DomainOwner>> owner = co_await routing_.owner(domain);
  if (!owner) {
    finish(std::move(job), "451 4.3.0 Temporary failure on our side", {});
    co_return;
  }
  if (*owner) {
    for (const std::uint32_t number : job.recipients) {
      Job one{job.message, {number}};
      co_await deliver_locally(std::move(one));
    }
    co_return;
  }
  std::expected<Destination, Unroutable> found = co_await destinations_.find(domain);
  if (!found) {
    finish(std::move(job), std::move(found.error().answer), {});
    co_return;
  }
  if (known_.size() >= kKnownDomainsMax) known_.clear();
  Known& known = known_[domain];
  known.destination = std::move(*found);
  known.found_at = clock_.now();
  enqueue(std::move(job), known.destination);
}

// `job`: one recipient. Mailbox and spool change in one transaction.
Task<void> Delivery::deliver_locally(Job job) {
  static constexpr const char* kLater = "451 4.3.0 Mailbox temporarily unavailable";
  const QueueMessage& message = job.message->facts;
  const QueueRecipient& recipient = *find_recipient(message, job.recipients.front());
  const std::string address = recipient.address.text();
  Result<Route> route = co_await routing_.resolve(recipient.address);
  std::string refusal;
  if (!route) {
    refusal = kLater;
  } else if (route->kind == Route::Kind::closed) {
    refusal = "550 5.2.1 The mailbox takes no mail: " + address;
  } else if (route->kind != Route::Kind::local) {
    refusal = "550 5.1.1 No such mailbox: " + address;
  } else if (!route->has_room) {
    refusal = "452 4.2.2 The mailbox is full";
  }
  if (!refusal.empty()) {
    finish(std::move(job), std::move(refusal), {});
    co_return;
  }
  Result<std::shared_ptr<const std::string>> body = co_await spool_.body(job.message);
  if (!body) {
    finish(std::move(job), kLater, {});
    co_return;
  }
  const std::string bytes = "Return-Path: <" + message.reverse_path.text() + ">\r\n" + **body;
  const TenantScope scope{route->tenant, {}};
  Result<BlobRef> blob = co_await blobs_.put(scope, bytes);
  if (!blob) {
    finish(std::move(job), kLater, {});
    co_return;
  }
  const mime::Summary summary = mime::parse(bytes);
  EmailContent content;
  content.blob = *blob;
  content.summary = mime::encode(summary, mime::preview(summary, bytes));
  content.message_id = summary.envelope.message_id;
  content.references = summary.references;
  content.octets = bytes.size();
  content.received = clock_.now();
  AttemptOutcome outcome;
  outcome.recipient = recipient.number;
  outcome.state = RecipientState::delivered;
  outcome.answer = "250 2.1.5 Delivered";
  outcome.host = "mailbox";
  std::vector<AttemptOutcome> outcomes;
  outcomes.push_back(std::move(outcome));
  bool closed = false;
  const Spool::Deliver deliver = [&](PlatformTx& tx) -> Status {
    const auto placed = tx.in(scope).mailboxes().deliver(route->account, content);
    closed = !placed && placed.error().code == Code::not_found;
    if (!placed) return std::unexpected(placed.error());
    return {};
  };
  const Status done = co_await spool_.finish_here(job, std::move(outcomes), deliver);
  if (done) co_return;
  refusal = kLater;
  if (done.error().code == Code::quota) refusal = "452 4.2.2 The mailbox is full";
  if (closed) refusal = "550 5.1.1 No such mailbox: " + address;
  finish(std::move(job), std::move(refusal), {});
}

void Delivery::enqueue(Job job, const Destination& destination) {
  if (sites_.size() >= sites_sweep_) sweep_sites();
  std::shared_ptr<Site>& kept = sites_[destination.site];
  if (!kept) {
    kept = std::make_shared<Site>();
    kept->key = destination.site;
  }
  const std::shared_ptr<Site> site = kept;
  site->destination = destination;
  if (clock_.now() < site->paused_until) {
    finish(std::move(job), site->pause_reason, {});
    return;
  }
  site->push(std::move(job));
  if (!site->sleepers.empty()) {
    Wakeup* sleeper = site->sleepers.back();
    site->sleepers.pop_back();
    sleeper->notify();
    return;
  }
  start_workers(site);
}

// Sites that failed and got no mail since are remembered for their pause only.
void Delivery::sweep_sites() {
  const Instant now = clock_.now();
  std::erase_if(sites_, [now](const auto& known) {
    const Site& site = *known.second;
    return site.workers == 0 && site.waiting == 0 && site.paused_until <= now;
  });
  sites_sweep_ = std::max(kSitesSweep, 2 * sites_.size());
}

void Delivery::start_workers(const std::shared_ptr<Site>& site) {
  if (site->waiting == 0 || site->workers >= options_.connections_per_site_max) return;
  if (site->workers > 0 && clock_.now() < site->crowded_until) return;
  if (connections_ >= options_.connections_max) {
    // It gets the first connection that becomes free; its other workers, if any, go on.
    if (site->workers > 0 || site->starving) return;
    site->starving = true;
    starved_.push_back(site);
    return;
  }
  ++site->workers;
  ++connections_;
  runtime_.spawn("delivery", work(site));
}

void Delivery::worker_ended(const std::shared_ptr<Site>& site) {
  --site->workers;
  --connections_;
  while (connections_ < options_.connections_max && !starved_.empty()) {
    const std::shared_ptr<Site> next = std::move(starved_.front());
    starved_.pop_front();
    next->starving = false;
    if (next->workers == 0) start_workers(next);
  }
  if (site->workers > 0) return;
  if (site->waiting > 0) {
    start_workers(site);
  } else if (clock_.now() >= site->paused_until) {
    const auto known = sites_.find(site->key);
    if (known != sites_.end() && known->second == site) sites_.erase(known);
  }
}

// One connection's life: messages of its site until there are none for idle_time.
Task<void> Delivery::work(std::shared_ptr<Site> site) {
  const std::unique_ptr<Wakeup> wakeup = runtime_.make_wakeup();
  Line line(*site);
  for (;;) {
    std::optional<Job> job = site->pop();
    if (!job) {
      const bool more = co_await idle(*site, *wakeup);
      if (!more) break;
      continue;
    }
    // RFC 8689 §4.2.1: encrypted is not enough, the host must have proved who it is.
    const bool needs_tls = job->message->facts.require_tls;
    if (line.connection && needs_tls && !line.verified) {
      co_await line.connection->quit();
      line.drop();
    }
    if (!line.connection) {
      std::string why;
      const OutboundTls tls = needs_tls ? OutboundTls::required : options_.tls;
      std::unique_ptr<OutboundConnection> made = co_await connect(*site, tls, why);
      if (!made) {
        const Worker next = not_connected(*site, std::move(*job), std::move(why));
        if (next == Worker::ends) break;
        continue;
      }
      line.take(std::move(made), tls);
    }
    const bool usable = co_await send(*line.connection, std::move(*job));
    if (!usable) line.drop();
  }
  if (line.connection) co_await line.connection->quit();
  line.drop();
  worker_ended(site);
}

// Whether there is work again before the connection has been idle for too long.
Task<bool> Delivery::idle(Site& site, Wakeup& wakeup) {
  site.sleepers.push_back(&wakeup);
  // While other sites wait for a connection nobody keeps one for what might come.
  const Duration most = starved_.empty() ? options_.idle_time : Duration(0);
  const Status woken = co_await wakeup.wait_for(most);
  std::erase(site.sleepers, &wakeup);
  if (woken) co_return true;
  co_return site.waiting > 0 && woken.error().code == Code::timeout;
}

// What becomes of a job, of the others of its site, and of the worker, when no host was reached.
Delivery::Worker Delivery::not_connected(Site& site, Job job, std::string why) {
  if (job.message->facts.require_tls && options_.tls != OutboundTls::required) {
    finish(std::move(job), std::move(why), {});  // the site may be well for other messages
    return Worker::goes_on;
  }
  if (site.connected > 0) {
    // It serves us by other connections, and wants no more of them.
    site.crowded_until = clock_.now() + options_.site_pause;
    site.push_back_to_front(std::move(job));
    return Worker::ends;
  }
  site.paused_until = clock_.now() + options_.site_pause;
  site.pause_reason = why;
  finish(std::move(job), why, {});
  while (std::optional<Job> other = site.pop())
    finish(std::move(*other), why, {});
  return Worker::ends;
}

// Hosts by preference, equal preferences in random order (RFC 5321 §5.1); each address of a host.
Task<std::unique_ptr<OutboundConnection>> Delivery::connect(Site& site, OutboundTls tls,
                                                            std::string& why) {
  const Destination destination = site.destination;
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::multimap<std::pair<std::uint32_t, std::uint32_t>, MailHost> hosts;
  for (const MailHost& host : destination.hosts) {
    hosts.emplace(std::pair(host.preference, std::uint32_t(random())), host);
  }
  // A host that could not be reached tells more than one that has no address.
  std::string unreachable;
  std::string unresolved;
  std::size_t tried = 0;
  for (const auto& [order, host] : hosts) {
    Result<std::vector<OutboundHost>> addresses =
        co_await destinations_.addresses(destination, host);
    if (!addresses) {
      unresolved = "451 4.4.3 No answer from DNS for " + host.name;
      continue;
    }
    for (const OutboundHost& address : *addresses) {
      if (++tried > kAddressesMax) break;
      auto connected = co_await outbound_.connect(address, tls);
      if (connected) co_return std::move(*connected);
      unreachable =
          "451 4.4.1 " + address.name + " [" + address.address + "]: " + connected.error().detail;
      if (connected.error().code == Code::cancelled) break;
    }
  }
  why = "550 5.4.4 None of the mail hosts has an address";
  if (!unresolved.empty()) why = std::move(unresolved);
  if (!unreachable.empty()) why = std::move(unreachable);
  co_return nullptr;
}

Task<bool> Delivery::send(OutboundConnection& connection, Job job) {
  Result<std::shared_ptr<const std::string>> body = co_await spool_.body(job.message);
  spool_.drop_lost(job);  // it may have waited for room
  if (job.recipients.empty()) co_return true;
  if (!body) {
    log::error("delivery", "body unreadable",
               {{"id", job.message->facts.id.text()}, {"why", body.error().text()}});
    finish(std::move(job), "451 4.3.0 The message is not readable at the moment", {});
    co_return true;
  }
  OutboundTransaction transaction;
  transaction.message = &job.message->facts;
  for (const std::uint32_t number : job.recipients) {
    transaction.recipients.push_back(find_recipient(job.message->facts, number));
  }
  transaction.body = **body;
  const OutboundResult result = co_await connection.send(transaction);
  std::vector<AttemptOutcome> outcomes;
  for (std::size_t i = 0; i < job.recipients.size(); ++i) {
    const OutboundReply& reply = result.recipients[i];
    AttemptOutcome outcome;
    outcome.recipient = job.recipients[i];
    outcome.state = state_of(reply);
    outcome.answer = reply.code == 0 ? "451 4.4.2 " + reply.text : reply.text;
    outcome.host = connection.peer();
    outcome.dsn_passed_on = result.passes_dsn_on;
    outcomes.push_back(std::move(outcome));
  }
  const bool waits = unsettled_ >= options_.unsettled_max;
  ++unsettled_;
  if (!waits) {
    runtime_.spawn("settle", settle(std::move(job), std::move(outcomes)));
  } else {
    co_await settle(std::move(job), std::move(outcomes));
  }
  co_return result.connection_usable;
}

// The connection doesn't wait for the commit of what it has delivered: the outcomes of many
// connections are committed together. What a crash in between repeats is bounded by unsettled_max.
Task<void> Delivery::settle(Job job, std::vector<AttemptOutcome> outcomes) {
  co_await spool_.finish(std::move(job), std::move(outcomes));
  --unsettled_;
}

// For what ended without a peer's answer.
void Delivery::finish(Job job, std::string answer, std::string host) {
  std::vector<AttemptOutcome> outcomes;
  for (const std::uint32_t number : job.recipients) {
    AttemptOutcome outcome;
    outcome.recipient = number;
    outcome.state =
        answer.starts_with('2') ? RecipientState::delivered : state_of_own_answer(answer);
    outcome.answer = answer;
    outcome.host = host;
    outcomes.push_back(std::move(outcome));
  }
  runtime_.spawn("finish", spool_.finish(std::move(job), std::move(outcomes)));
}

}  // namespace fumi::service
