#include "service/intake/intake.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/log.h"
#include "codec/date.h"
#include "mime/preview.h"
#include "service/intake/facts.h"
#include "service/intake/pacing.h"

namespace fumi::service {
namespace {

std::unexpected<Refusal> refuse(int code, std::string enhanced, std::string text) {
  return std::unexpected(Refusal{code, std::move(enhanced), std::move(text)});
}

TenantScope peer_scope(TenantId tenant) { return {tenant, {Actor::Kind::peer, 0}}; }

bool needs_login(const Arrival& arrival) { return arrival.door != Door::mx; }

// Another tenant's records name nobody of this one.
Actor actor_in(const Arrival& arrival, TenantId tenant) {
  if (arrival.principal && arrival.principal->tenant == tenant) {
    return arrival.principal->scope().actor;
  }
  return {Actor::Kind::peer, 0};
}

// What a peer calls itself, as far as it can stand in a header field.
std::string shown_name(std::string_view name) {
  constexpr std::size_t kOctetsMax = 255;
  std::string out(name.substr(0, kOctetsMax));
  for (char& c : out) {
    const bool good = ascii::is_alnum(c) || std::string_view("-._:[]").contains(c);
    if (!good) c = '?';
  }
  return out.empty() ? "unknown" : out;
}

// RFC 5321 §4.1.3: IPv6 addresses are tagged.
std::string shown_address(const std::string& ip) {
  return ip.contains(':') ? "[IPv6:" + ip + "]" : "[" + ip + "]";
}

}  // namespace

std::string_view to_string(Door door) {
  switch (door) {
    case Door::mx:
      return "smtp";
    case Door::submission:
      return "submission";
    case Door::relay:
      return "relay";
    case Door::api:
      return "api";
  }
  return "smtp";
}

Refusal refusal_of(const Error& error) {
  switch (error.code) {
    case Code::storage_full:
      return {452, "4.3.1", "Insufficient system storage, try again later"};
    case Code::rate_limited:
      return {451, "4.7.1", "Too much at once, try again later"};
    case Code::quota:
      return {452, "4.2.2", "The mailbox is full"};
    default:
      return {451, "4.3.0", "Temporary failure on our side, try again later"};
  }
}

Intake::Intake(Platform& platform, Store& store, BlobStore& blobs, Access& access, Routing& routing,
               Spool& spool, Bouncer& bouncer, Signer& signer, IdGenerator& ids, const Clock& clock,
               IntakeOptions options)
    : platform_(platform),
      store_(store),
      blobs_(blobs),
      access_(access),
      routing_(routing),
      spool_(spool),
      bouncer_(bouncer),
      signer_(signer),
      ids_(ids),
      clock_(clock),
      options_(std::move(options)) {}

Task<Verdict<void>> Intake::check_sender(const Arrival& arrival, const Sender& sender) {
  if (!needs_login(arrival)) co_return Verdict<void>();
  if (!arrival.principal && !arrival.tenant) {
    co_return refuse(530, "5.7.0", "Authentication required");
  }
  if (sender.hold_until && *sender.hold_until > clock_.now() + options_.hold_max) {
    co_return refuse(501, "5.5.4", "Nothing is held for that long");
  }
  // RFC 5321 §4.5.5: notifications by user agents (MDN) carry the null path.
  if (sender.reverse_path.is_null() || !arrival.principal) co_return Verdict<void>();
  Result<bool> may = co_await access_.may_send_as(*arrival.principal, sender.reverse_path);
  if (!may) co_return std::unexpected(refusal_of(may.error()));
  if (!*may) {
    const Refusal refusal{
        550, "5.7.1",
        "You may not send as " + sender.reverse_path.text() + "; use an address of your own"};
    co_await record_rejection(arrival, arrival.tenant, sender.reverse_path.text(), "", refusal);
    co_return std::unexpected(refusal);
  }
  co_return Verdict<void>();
}

Task<Verdict<void>> Intake::check_recipient(const Arrival& arrival, const Envelope& so_far,
                                            Recipient& recipient) {
  Result<Route> route = co_await routing_.resolve(recipient.address);
  if (!route) co_return std::unexpected(refusal_of(route.error()));
  recipient.route = *route;
  std::optional<Refusal> refusal;
  switch (route->kind) {
    case Route::Kind::local:
      // Here, before the message is sent, the peer keeps it and tries again: nothing to bounce. The
      // API has no such conversation: there the recipient waits in our spool.
      if (!route->has_room && arrival.door != Door::api) {
        refusal = Refusal{452, "4.2.2", "The mailbox is full: " + recipient.address.text()};
      }
      break;
    case Route::Kind::unknown_user:
      refusal = Refusal{550, "5.1.1", "No such mailbox: " + recipient.address.text()};
      break;
    case Route::Kind::closed:
      refusal = Refusal{550, "5.2.1", "The mailbox takes no mail: " + recipient.address.text()};
      break;
    case Route::Kind::remote:
      if (arrival.door == Door::mx) {
        refusal = Refusal{550, "5.7.1",
                          "Relaying denied: " + recipient.address.domain + " is not served here"};
      }
      break;
  }
  if (!refusal) co_return Verdict<void>();
  const TenantId tenant = route->tenant ? route->tenant : arrival.tenant;
  co_await record_rejection(arrival, tenant, so_far.sender.reverse_path.text(),
                            recipient.address.text(), *refusal);
  co_return std::unexpected(*refusal);
}

// Trace fields of RFC 5321 §4.4. Return-Path comes first, so that what leaves for elsewhere is the
// same bytes without it.
Draft Intake::begin(const Arrival& arrival, const Envelope& envelope,
                    std::uint64_t expected_octets) {
  Draft draft;
  draft.id = ids_.next<QueueId>();
  std::string& out = draft.bytes;
  // A peer's word alone reserves a little; what comes grows by itself.
  out.reserve(std::min<std::uint64_t>(expected_octets, 1U << 20U) + 512);
  out += "Return-Path: <";
  out += envelope.sender.reverse_path.text();
  out += ">\r\n";
  draft.return_path_octets = out.size();
  out += "Received: ";
  // A person's own address and machine name are nobody's business beyond us.
  if (arrival.door == Door::submission) {
    out += "from client";
  } else if (arrival.door == Door::api) {
    out += "from api";
  } else {
    out += "from " + shown_name(arrival.client_name);
    out += " (" + shown_address(arrival.client_ip) + ")";
  }
  out += "\r\n\tby " + options_.hostname + " with " + arrival.protocol + " id " + draft.id.text();
  if (!arrival.tls.empty()) out += "\r\n\t(" + arrival.tls + ")";
  if (envelope.recipients.size() == 1) {
    out += "\r\n\tfor <" + envelope.recipients.front().address.text() + ">";
  }
  out += ";\r\n\t" + codec::write_date(clock_.now()) + "\r\n";
  draft.trace_octets = out.size();
  return draft;
}

struct Intake::Facts : HeaderFacts {};

// What one tenant's transaction does.
struct Intake::Group {
  TenantId tenant;
  std::vector<const Recipient*> local;      // entries for its own mailboxes
  std::vector<const Recipient*> spooled;    // rows of its spool
  std::vector<const Recipient*> elsewhere;  // delivered in other tenants' mailboxes: records alone
  EmailContent content;
  QueueMessage queued;
  std::shared_ptr<const std::string> body;  // of `queued`
  std::vector<PendingBlob> pending;
  std::vector<Notice> notices;             // NOTIFY=SUCCESS for local recipients
  std::vector<const Recipient*> unplaced;  // local ones whose mailbox did not take it
  Code why_unplaced = Code::quota;
  bool leased = false;
  Pacing pacing;  // of the sender's tenant

  Status wait_durable() {
    for (PendingBlob& blob : pending)
      FUMI_CHECK(blob.wait_durable());
    return {};
  }
};

// One message on its way into the store. The references are accept()'s own.
struct Intake::Plan {
  const Arrival& arrival;
  const Envelope& envelope;
  const Draft& draft;
  const Facts& facts;
  std::vector<Group> groups;
  std::set<const Recipient*> deferred;  // of ours, but to be spooled: no room at the moment
  Instant begun;

  Group& group_of(TenantId tenant) {
    for (Group& group : groups) {
      if (group.tenant == tenant) return group;
    }
    groups.emplace_back().tenant = tenant;
    return groups.back();
  }
  // Who answers for the message towards a recipient: its sender's tenant where there is one.
  [[nodiscard]] TenantId responsible(const Recipient& recipient) const {
    return needs_login(arrival) ? arrival.tenant : recipient.route.tenant;
  }
  // RFC 4865: the message waits in the spool for that moment, whoever it is for.
  [[nodiscard]] std::optional<Instant> held_until() const {
    const auto& until = envelope.sender.hold_until;
    return until && *until > begun && needs_login(arrival) ? until : std::nullopt;
  }
  [[nodiscard]] bool is_unplaced() const {
    return std::ranges::any_of(groups, [](const Group& group) { return !group.unplaced.empty(); });
  }
};

Task<Verdict<QueueId>> Intake::accept(const Arrival& arrival, Envelope envelope, Draft draft) {
  if (envelope.recipients.empty()) co_return refuse(554, "5.5.1", "No valid recipients");
  Facts facts;
  static_cast<HeaderFacts&>(facts) = read_facts(draft.bytes);
  Verdict<void> allowed = co_await check_facts(arrival, facts);
  if (!allowed) {
    const Recipient& first = envelope.recipients.front();
    const TenantId tenant = arrival.tenant ? arrival.tenant : first.route.tenant;
    co_await record_rejection(arrival, tenant, envelope.sender.reverse_path.text(),
                              first.address.text(), allowed.error());
    co_return std::unexpected(std::move(allowed).error());
  }
  // RFC 6409 §8: a submission server completes what a client left out.
  if (needs_login(arrival) && (!facts.has_date || !facts.has_message_id)) {
    std::string fields;
    if (!facts.has_date) fields += "Date: " + codec::write_date(clock_.now()) + "\r\n";
    if (!facts.has_message_id) {
      fields += "Message-ID: <" + draft.id.text() + "@" + options_.hostname + ">\r\n";
    }
    draft.bytes.insert(draft.trace_octets, fields);
    static_cast<HeaderFacts&>(facts) = read_facts(draft.bytes);
  }
  Plan plan{arrival, envelope, draft, facts, {}, {}, clock_.now()};
  co_return co_await commit(plan);
}

Task<Verdict<void>> Intake::check_facts(const Arrival& arrival, const Facts& facts) {
  if (facts.received > options_.received_max) {
    co_return refuse(554, "5.4.6", "Too many Received fields: the message loops");
  }
  if (!arrival.principal) co_return Verdict<void>();
  if (facts.from_fields != 1 || facts.from.empty()) {
    co_return refuse(550, "5.6.0", "The message needs exactly one From field with an address");
  }
  for (const EmailAddress& author : facts.from) {
    Result<bool> may = co_await access_.may_send_as(*arrival.principal, author);
    if (!may) co_return std::unexpected(refusal_of(may.error()));
    if (!*may) {
      co_return refuse(
          550, "5.7.1",
          "You may not send as " + author.text() + " (From); use an address of your own");
    }
  }
  co_return Verdict<void>();
}

void Intake::sort(Plan& plan) {
  plan.groups.clear();
  const bool held = plan.held_until().has_value();
  // The sender's tenant has the message in its records, wherever it goes.
  if (needs_login(plan.arrival)) plan.group_of(plan.arrival.tenant);
  for (const Recipient& recipient : plan.envelope.recipients) {
    const bool ours = recipient.route.kind == Route::Kind::local;
    if (!ours || held || plan.deferred.contains(&recipient)) {
      plan.group_of(plan.responsible(recipient)).spooled.push_back(&recipient);
      continue;
    }
    plan.group_of(recipient.route.tenant).local.push_back(&recipient);
    if (plan.responsible(recipient) != recipient.route.tenant) {
      plan.group_of(plan.responsible(recipient)).elsewhere.push_back(&recipient);
    }
  }
  // One order for everybody who locks several accounts, so that no two of them deadlock.
  std::ranges::sort(plan.groups, {}, &Group::tenant);
  for (Group& group : plan.groups) {
    std::ranges::sort(group.local, {},
                      [](const Recipient* recipient) { return recipient->route.account; });
  }
}

// One full mailbox among several recipients must not turn the others away: what it does not take is
// found out in the transaction, which is then done again with that recipient in the spool.
Task<Verdict<QueueId>> Intake::commit(Plan& plan) {
  constexpr int kRoundsMax = 3;
  Status done;
  for (int round = 0; round < kRoundsMax; ++round) {
    sort(plan);
    for (Group& group : plan.groups) {
      done = co_await prepare(group, plan);
      if (!done) break;
    }
    if (done) done = co_await store(plan);
    if (done || !plan.is_unplaced()) break;
    std::size_t waiting = plan.deferred.size();
    for (const Group& group : plan.groups)
      waiting += group.unplaced.size();
    if (waiting == plan.envelope.recipients.size()) break;  // the peer keeps it, then
    for (const Group& group : plan.groups)
      plan.deferred.insert(group.unplaced.begin(), group.unplaced.end());
  }
  if (!done) {
    for (const Group& group : plan.groups) {
      if (!group.pacing.refusal) continue;
      co_await record_rejection(
          plan.arrival, group.tenant, plan.envelope.sender.reverse_path.text(),
          plan.envelope.recipients.front().address.text(), *group.pacing.refusal);
      co_return std::unexpected(*group.pacing.refusal);
    }
    if (done.error().code != Code::quota) {
      log::error("intake", "message not stored",
                 {{"id", plan.draft.id.text()}, {"why", done.error().text()}});
    }
    co_return std::unexpected(refusal_of(done.error()));
  }
  for (Group& group : plan.groups) {
    if (group.leased && group.pacing.wait == Duration::zero()) {
      spool_.admit(std::move(group.queued), std::move(group.body));
    } else if (!group.spooled.empty()) {
      spool_.wake();
    }
    if (!group.notices.empty()) spool_.wake();
  }
  co_return plan.draft.id;
}

// All or nothing, in one commit.
Task<Status> Intake::store(Plan& plan) {
  const auto refused = [&plan]() -> Status {
    for (const Group& group : plan.groups) {
      if (!group.unplaced.empty()) return fail(group.why_unplaced, "delivering to a mailbox");
    }
    return {};
  };
  if (plan.groups.size() == 1) {
    Group& group = plan.groups.front();
    auto work = [&](Tx& tx) -> Status {
      FUMI_CHECK(write(tx, group, plan));
      return refused();
    };
    Barrier durable = [&group] { return group.wait_durable(); };
    const TenantScope scope{group.tenant, actor_in(plan.arrival, group.tenant)};
    co_return co_await store_.write_after(std::move(durable), scope, std::move(work));
  }
  auto work = [&](PlatformTx& tx) -> Status {
    for (Group& group : plan.groups) {
      const TenantScope scope{group.tenant, actor_in(plan.arrival, group.tenant)};
      FUMI_CHECK(write(tx.in(scope), group, plan));
    }
    return refused();
  };
  co_return co_await platform_.write(std::move(work));
}

// Stores bytes for one tenant: durable with the commit where there is one tenant, before it where
// there are several, as a transaction across tenants can't wait for the disk.
Task<Result<BlobRef>> Intake::keep(Group& group, const Plan& plan, std::string_view bytes) {
  const TenantScope scope = peer_scope(group.tenant);
  if (plan.groups.size() > 1) co_return co_await blobs_.put(scope, bytes);
  Result<PendingBlob> pending = co_await blobs_.begin(scope, bytes);
  if (!pending) co_return std::unexpected(std::move(pending).error());
  const BlobRef ref = pending->ref;
  group.pending.push_back(std::move(*pending));
  co_return ref;
}

QueueMessage Intake::queue_facts(const Group& group, const Plan& plan) const {
  const Sender& sender = plan.envelope.sender;
  QueueMessage message;
  message.id = plan.draft.id;
  message.tenant = group.tenant;
  message.reverse_path = sender.reverse_path;
  message.created = clock_.now();
  const Instant begins = plan.held_until().value_or(message.created);
  message.expires = begins + spool_.options().lifetime;
  message.dsn_return = sender.dsn_return;
  message.envid = sender.envid;
  message.eight_bit = sender.eight_bit;
  message.binary = sender.binary;
  message.smtputf8 = sender.smtputf8;
  message.require_tls = sender.require_tls;
  message.message_id = plan.facts.summary.envelope.message_id;
  message.header_from = plan.facts.from_text;
  message.subject = plan.facts.subject;
  message.api_data = plan.facts.api_data;
  return message;
}

namespace {

QueueRecipient row_of(const Recipient& recipient) {
  QueueRecipient row;
  row.address = recipient.address;
  row.notify = recipient.notify;
  row.orcpt = recipient.orcpt;
  return row;
}

}  // namespace

// Everything that must be there before the transaction: blobs, signatures, notices.
Task<Status> Intake::prepare(Group& group, const Plan& plan) {
  if (!group.local.empty()) {
    Result<BlobRef> blob = co_await keep(group, plan, plan.draft.bytes);
    if (!blob) co_return std::unexpected(std::move(blob).error());
    group.content.blob = *blob;
    group.content.summary =
        mime::encode(plan.facts.summary, mime::preview(plan.facts.summary, plan.draft.bytes));
    group.content.message_id = plan.facts.summary.envelope.message_id;
    group.content.references = plan.facts.summary.references;
    group.content.octets = plan.draft.bytes.size();
    group.content.received = clock_.now();
  }
  group.queued = queue_facts(group, plan);
  if (!group.spooled.empty()) {
    Status queued = co_await prepare_queued(group, plan);
    if (!queued) co_return queued;
  }
  co_return co_await prepare_notices(group, plan);
}

Task<Status> Intake::prepare_queued(Group& group, const Plan& plan) {
  const std::string_view relayed =
      std::string_view(plan.draft.bytes).substr(plan.draft.return_path_octets);
  const bool leaves = std::ranges::any_of(group.spooled, [](const Recipient* recipient) {
    return recipient->route.kind != Route::Kind::local;
  });
  std::string bytes;
  if (leaves && !plan.facts.from.empty()) {
    Result<std::string> signature =
        co_await signer_.sign(peer_scope(group.tenant), plan.facts.from.front().domain, relayed);
    if (!signature) co_return std::unexpected(std::move(signature).error());
    bytes = std::move(*signature);
  }
  bytes.append(relayed);
  group.body = std::make_shared<const std::string>(std::move(bytes));
  Result<BlobRef> blob = co_await keep(group, plan, *group.body);
  if (!blob) co_return std::unexpected(std::move(blob).error());
  group.queued.blob = *blob;
  group.queued.octets = group.body->size();
  std::uint32_t number = 0;
  for (const Recipient* recipient : group.spooled) {
    QueueRecipient row = row_of(*recipient);
    row.number = number++;
    row.due = plan.held_until().value_or(group.queued.created);
    group.queued.recipients.push_back(std::move(row));
  }
  // What is held lies free: any node sends it then, and until then it can be called back.
  group.leased = !plan.held_until() && spool_.has_room();
  co_return Status();
}

// RFC 3461 §4.1: final delivery with NOTIFY=SUCCESS owes a "delivered" notice.
Task<Status> Intake::prepare_notices(Group& group, const Plan& plan) {
  std::vector<const Recipient*> owed = group.local;
  owed.insert(owed.end(), group.elsewhere.begin(), group.elsewhere.end());
  for (const Recipient* recipient : owed) {
    const bool asked = (recipient->notify.bits & DsnNotify::success) != 0;
    if (!asked || plan.responsible(*recipient) != group.tenant) continue;
    const QueueRecipient row = row_of(*recipient);
    std::vector<NoticeRecipient> who;
    who.push_back({&row, "250 2.1.5 Delivered", {}});
    Result<std::optional<Notice>> notice =
        co_await bouncer_.compose(peer_scope(group.tenant), group.queued, NoticeKind::delivered,
                                  std::move(who), plan.draft.bytes, std::nullopt);
    if (!notice) co_return std::unexpected(std::move(notice).error());
    if (*notice) group.notices.push_back(std::move(**notice));
  }
  co_return Status();
}

// The sender's pace: what leaves may have to wait, or all of it come again later. Mail between
// mailboxes of this installation is not paced: no outside host ever judges us by it. May run again.
Status Intake::pace(Tx& tx, Group& group, const Plan& plan) const {
  group.pacing = {};
  if (!needs_login(plan.arrival) || group.tenant != plan.arrival.tenant) return {};
  const auto leaving = std::ranges::count_if(group.spooled, [](const Recipient* recipient) {
    return recipient->route.kind == Route::Kind::remote;
  });
  if (leaving == 0) return {};
  FUMI_TRY(group.pacing, take_pace(tx, plan.arrival, std::uint64_t(leaving), clock_.now()));
  if (group.pacing.refusal) {
    return fail(Code::rate_limited, "pacing a sender", group.pacing.refusal->text);
  }
  const Instant earliest = plan.held_until().value_or(group.queued.created);
  for (QueueRecipient& row : group.queued.recipients)
    row.due = std::max(earliest, group.queued.created + group.pacing.wait);
  return {};
}

// One tenant's part of the transaction. May run again: sets `unplaced` afresh.
Status Intake::write(Tx& tx, Group& group, const Plan& plan) {
  const Arrival& arrival = plan.arrival;
  // What another tenant's user gave us is mail from outside to this one.
  const bool own = !needs_login(arrival) || group.tenant == arrival.tenant;
  FUMI_CHECK(pace(tx, group, plan));
  Record record;
  record.at = clock_.now();
  record.kind = RecordKind::accepted;
  record.message = plan.draft.id;
  record.actor = tx.scope().actor;
  record.from = plan.envelope.sender.reverse_path.text();
  record.header_from = plan.facts.from_text;
  record.subject = plan.facts.subject;
  record.message_id = plan.facts.summary.envelope.message_id;
  record.protocol = to_string(own ? arrival.door : Door::mx);
  if (own) record.client_ip = arrival.client_ip;
  if (own) record.api_data = plan.facts.api_data;
  record.octets = plan.draft.bytes.size() - plan.draft.trace_octets;
  const std::size_t count = group.local.size() + group.spooled.size() + group.elsewhere.size();
  record.detail = R"({"recipients":")" + std::to_string(count) + "\"}";
  FUMI_CHECK(tx.records().append(record));
  record.detail.clear();
  const auto note = [&](RecordKind kind, const Recipient& recipient) {
    record.kind = kind;
    record.to = recipient.address.text();
    record.host = kind == RecordKind::delivered ? "mailbox" : "";
    record.answer = kind == RecordKind::delivered ? "250 2.1.5 Delivered" : "";
    return tx.records().append(record);
  };
  group.unplaced.clear();
  for (const Recipient* recipient : group.local) {
    const auto placed = tx.mailboxes().deliver(recipient->route.account, group.content);
    if (!placed) {
      // No room, or closed since RCPT: delivery will decide.
      const Code code = placed.error().code;
      if (code != Code::quota && code != Code::not_found) {
        return std::unexpected(placed.error());
      }
      group.unplaced.push_back(recipient);
      group.why_unplaced = code;
      continue;
    }
    FUMI_CHECK(note(RecordKind::delivered, *recipient));
  }
  for (const Recipient* recipient : group.elsewhere)
    FUMI_CHECK(note(RecordKind::delivered, *recipient));
  for (const Notice& notice : group.notices)
    FUMI_CHECK(bouncer_.send(tx, notice, spool_.options().lifetime));
  if (group.spooled.empty()) return {};
  // What waits for its turn is anybody's to claim when that comes.
  const bool at_once = group.leased && group.pacing.wait == Duration::zero();
  const Instant lease = at_once ? spool_.lease_until(record.at) : Instant{};
  FUMI_CHECK(tx.queue().enqueue(group.queued, lease));
  for (const Recipient* recipient : group.spooled)
    FUMI_CHECK(note(RecordKind::queued, *recipient));
  return {};
}

// Refusals are recorded for the tenant they concern; behind a rate they are only counted, so that a
// flood of guesses costs us no disk.
Task<void> Intake::record_rejection(const Arrival& arrival, TenantId tenant, std::string from,
                                    std::string to, const Refusal& refusal) {
  if (!tenant) co_return;
  const std::int64_t minute = to_micros(clock_.now()) / 60'000'000;
  if (rejects_minute_.exchange(minute) != minute) rejects_in_minute_ = 0;
  if (rejects_in_minute_.fetch_add(1) >= options_.rejects_recorded_per_minute) co_return;
  Record record;
  record.at = clock_.now();
  record.kind = RecordKind::rejected;
  record.actor = arrival.principal ? arrival.principal->scope().actor : Actor{Actor::Kind::peer, 0};
  record.from = std::move(from);
  record.to = std::move(to);
  record.answer = std::to_string(refusal.code) + " " + refusal.enhanced + " " + refusal.text;
  record.protocol = to_string(arrival.door);
  record.client_ip = arrival.client_ip;
  auto work = [&record](Tx& tx) { return tx.records().append(record); };
  const TenantScope scope{tenant, record.actor};
  const Status done = co_await store_.write(scope, std::move(work));
  if (!done) log::warning("intake", "rejection not recorded", {{"why", done.error().text()}});
}

}  // namespace fumi::service
