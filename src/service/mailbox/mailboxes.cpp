#include "service/mailbox/mailboxes.h"

#include <algorithm>

#include "mime/preview.h"
#include "service/mailbox/detail/by_rights.h"

namespace fumi::service {
namespace {

using detail::Carry;

constexpr std::size_t kSummariesAtAGlance = 32;

// A quota, and what is used of it, is told to those who may read some of the mail.
Result<bool> shares_mail(Tx& tx, const MailAccount& who) {
  Gate gate(tx, who);
  if (gate.is_own(who.account)) return true;
  if (!gate.home()) return false;
  FUMI_TRY(const auto shared, tx.acls().shared_with(gate.home()));
  return std::ranges::any_of(shared, [&](const SharedMailbox& one) {
    return one.owner == who.account && one.rights.has(Rights::read);
  });
}

}  // namespace

Task<Result<std::vector<Mailbox>>> Mailboxes::list(MailAccount who) {
  auto work = [&](Tx& tx) -> Result<std::vector<Mailbox>> {
    if (!Gate(tx, who).is_own(who.account)) return fail(Code::not_found, "listing mailboxes");
    return tx.mailboxes().mailboxes(who.account);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Account>> Mailboxes::account(MailAccount who) {
  auto work = [&](Tx& tx) -> Result<Account> {
    FUMI_TRY(const bool shares, shares_mail(tx, who));
    FUMI_TRY(auto account, tx.directory().account(who.account));
    if (!account || !shares) return fail(Code::not_found, "reading the account");
    return std::move(*account);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Mailbox>> Mailboxes::find(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Result<Mailbox> {
    FUMI_TRY(Permit permit, Gate(tx, who).by_name(name, Rights::read));
    return std::move(permit.mailbox);
  };
  co_return co_await store_.glance(who.scope, std::move(work));
}

Task<Result<OpenedMailbox>> Mailboxes::open(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Result<OpenedMailbox> {
    OpenedMailbox opened;
    FUMI_TRY(Permit permit, Gate(tx, who).by_name(name, Rights::read));
    opened.mailbox = std::move(permit.mailbox);
    FUMI_TRY(opened.entries,
             tx.mailboxes().entries(opened.mailbox.owner, opened.mailbox.id, Uid{1}));
    return opened;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

namespace {

// What is read in one snapshot of the store brings the index to it. Published at once, from the
// store's thread: of all who wait for the same news, those behind the first find it done.
Status load(Tx& tx, const Mailbox& now, MailboxIndex& index, MailboxIndex::Replace how) {
  MailboxSnapshot::Loader loader;
  auto add = [&](const IndexedEntry& entry) { return loader.add(entry); };
  FUMI_CHECK(tx.mailboxes().visit_index(index.key().account, now.id, add));
  index.replace(loader.finish(now), how);
  return {};
}

// Mailboxes of more messages are brought up to date by the store's threads: what has changed may be
// all of them.
constexpr std::uint32_t kMessagesAtAGlance = 4'096;
constexpr std::uint32_t kLoadedAtAGlance = 512;  // and of more are read anew by them

// False: it is more than the effort allows, and nothing was done.
Result<bool> bring_up(Tx& tx, const Mailbox& now, MailboxIndex& index, Mailboxes::Effort effort) {
  const bool small = effort == Mailboxes::Effort::small;
  const bool may_load = !small || now.total <= kLoadedAtAGlance;
  const auto base = index.current();
  if (base == nullptr) {
    if (!may_load) return false;
    FUMI_CHECK(load(tx, now, index, MailboxIndex::Replace::if_newer));
    return true;
  }
  if (base->modseq() >= now.modseq) return true;
  if (small && std::max<std::uint64_t>(base->size(), now.total) > kMessagesAtAGlance) return false;
  auto changes = tx.mailboxes().changes(index.key().account, now.id, base->modseq());
  if (changes) {
    const Status advanced = index.advance(now, *changes);
    if (advanced) return true;
    // A table full of keywords that nobody uses any more: a new one has those in use only.
    if (advanced.error().code != Code::too_large) return std::unexpected(advanced.error());
  } else if (changes.error().code != Code::not_found) {
    return std::unexpected(std::move(changes).error());
  }
  // not_found: expunges that far back are forgotten.
  if (!may_load) return false;
  FUMI_CHECK(load(tx, now, index, MailboxIndex::Replace::if_newer));
  return true;
}

// Without an index: more than the effort allows.
Result<WatchedMailbox> watch_in(Tx& tx, MailboxIndexes& indexes, Permit permit,
                                Mailboxes::Effort effort) {
  WatchedMailbox watched;
  watched.mailbox = std::move(permit.mailbox);
  watched.rights = permit.rights;
  auto index = indexes.hold({tx.scope().tenant, watched.mailbox.owner, watched.mailbox.id});
  FUMI_TRY(const bool done, bring_up(tx, watched.mailbox, *index, effort));
  if (done) watched.index = std::move(index);
  return watched;
}

}  // namespace

Result<Mailboxes::Snapshot> Mailboxes::snapshot(Tx& tx, const MailAccount& who, MailboxId mailbox,
                                                Effort effort) {
  FUMI_TRY(const Permit permit, Gate(tx, who).by_id(mailbox, Rights::read));
  const auto index = indexes_.hold({tx.scope().tenant, who.account, mailbox});
  FUMI_TRY(const bool done, bring_up(tx, permit.mailbox, *index, effort));
  return done ? index->current() : nullptr;
}

Task<Result<WatchedMailbox>> Mailboxes::watch(MailAccount who, std::string name) {
  Effort effort = Effort::small;
  auto work = [&](Tx& tx) -> Result<WatchedMailbox> {
    FUMI_TRY(Permit permit, Gate(tx, who).by_name(name, Rights::read));
    return watch_in(tx, indexes_, std::move(permit), effort);
  };
  auto watched = co_await store_.glance(who.scope, work);
  if (watched && watched->index == nullptr) {
    effort = Effort::any;
    watched = co_await store_.read(who.scope, work);
  }
  if (watched) watched->now = watched->index->current();
  co_return watched;
}

Task<Result<WatchedMailbox>> Mailboxes::watch(MailAccount who, MailboxId mailbox) {
  Effort effort = Effort::small;
  auto work = [&](Tx& tx) -> Result<WatchedMailbox> {
    FUMI_TRY(Permit permit, Gate(tx, who).by_id(mailbox, Rights::read));
    return watch_in(tx, indexes_, std::move(permit), effort);
  };
  auto watched = co_await store_.glance(who.scope, work);
  if (watched && watched->index == nullptr) {
    effort = Effort::any;
    watched = co_await store_.read(who.scope, work);
  }
  if (watched) watched->now = watched->index->current();
  co_return watched;
}

Task<Result<Mailboxes::Snapshot>> Mailboxes::refresh(MailAccount who,
                                                     std::shared_ptr<MailboxIndex> index,
                                                     Freshness freshness) {
  const MailboxKey key = index->key();
  if (key.tenant != who.scope.tenant || key.account != who.account) {
    co_return fail(Code::not_found, "reading changes", "another account's mailbox");
  }
  if (freshness == Freshness::told && index->is_fresh()) co_return index->current();
  const std::uint64_t rings = index->rings();
  const Snapshot before = index->current();
  Effort effort = Effort::small;
  auto work = [&](Tx& tx) -> Result<bool> {
    FUMI_CHECK(Gate(tx, who).check(key.mailbox, Rights::read));
    FUMI_TRY(const auto found, tx.mailboxes().mailbox(who.account, key.mailbox));
    if (!found) return fail(Code::not_found, "reading changes", "the mailbox is gone");
    // Read later and yet older: the database was set back (a failover, a restored backup).
    if (before != nullptr && before->modseq() > found->modseq) {
      if (effort == Effort::small) return false;
      FUMI_CHECK(load(tx, *found, *index, MailboxIndex::Replace::always));
      return true;
    }
    return bring_up(tx, *found, *index, effort);
  };
  auto done = co_await store_.glance(who.scope, work);
  if (done && !*done) {
    effort = Effort::any;
    done = co_await store_.read(who.scope, work);
  }
  if (!done) co_return std::unexpected(done.error());
  index->read_after(rings);
  co_return index->current();
}

Task<Result<Mailbox>> Mailboxes::create(MailAccount who, std::string name, MailboxRole role) {
  auto work = [&](Tx& tx) -> Result<Mailbox> {
    Gate gate(tx, who);
    FUMI_TRY(const auto made, gate.for_new(name));
    if (!gate.is_own(made.owner) && role != MailboxRole::none) {
      return fail(Code::denied, "creating a mailbox", "special uses are the owner's");
    }
    return tx.mailboxes().create_mailbox(made.owner, made.path, role);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Status> Mailboxes::rename(MailAccount who, std::string from, std::string to) {
  auto work = [&](Tx& tx) -> Status {
    constexpr const char* kDoing = "renaming a mailbox";
    Gate gate(tx, who);
    FUMI_TRY(const Permit permit, gate.by_name(from, Rights::remove));
    const Mailbox& mailbox = permit.mailbox;
    FUMI_TRY(const auto made, gate.for_new(to));
    if (made.owner != mailbox.owner) return fail(Code::invalid, kDoing, "into another account");
    FUMI_TRY(const auto inbox, tx.mailboxes().mailbox_by_role(mailbox.owner, MailboxRole::inbox));
    // It would take all mail out of it.
    if (!gate.is_own(mailbox.owner) && inbox && inbox->id == mailbox.id) {
      return fail(Code::denied, kDoing, "the inbox is its owner's");
    }
    return tx.mailboxes().rename_mailbox(mailbox.owner, mailbox.id, made.path);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Status> Mailboxes::remove(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Permit permit, Gate(tx, who).by_name(name, Rights::remove));
    return tx.mailboxes().delete_mailbox(permit.mailbox.owner, permit.mailbox.id);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Status> Mailboxes::subscribe(MailAccount who, std::string name, Subscription subscription) {
  auto work = [&](Tx& tx) -> Status {
    Gate gate(tx, who);
    const bool on = subscription == Subscription::on;
    FUMI_TRY(const auto mailbox, gate.known_as(name));
    if (mailbox && gate.is_own(mailbox->owner)) {
      return tx.mailboxes().set_subscribed(mailbox->owner, mailbox->id, on);
    }
    // RFC 4314 §4: leaving off needs no right. It tells nothing either.
    const bool reserved = name.starts_with(kOtherUsers) || name.starts_with(kSharedAccounts);
    if (!on && reserved) {
      return mailbox ? tx.acls().set_subscribed(gate.home(), mailbox->id, false) : Status();
    }
    FUMI_TRY(const Permit permit, gate.by_name(name, Rights::lookup));
    return tx.acls().set_subscribed(gate.home(), permit.mailbox.id, true);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<std::vector<Appended>>> Mailboxes::append(MailAccount who, std::string mailbox,
                                                      std::vector<NewMessage> messages) {
  co_return co_await put(std::move(who), std::move(mailbox), std::move(messages), std::nullopt,
                         nullptr);
}

Task<Result<std::vector<Appended>>> Mailboxes::append_and(MailAccount who, std::string mailbox,
                                                          std::vector<NewMessage> messages,
                                                          Also also) {
  co_return co_await put(std::move(who), std::move(mailbox), std::move(messages), std::nullopt,
                         std::move(also));
}

Task<Result<std::vector<Appended>>> Mailboxes::replace(MailAccount who, std::string mailbox,
                                                       std::vector<NewMessage> messages,
                                                       MailboxId from, std::optional<Uid> uid) {
  std::optional<Replaced> replaced;
  if (uid) replaced.emplace(from, *uid);
  co_return co_await put(std::move(who), std::move(mailbox), std::move(messages), replaced,
                         nullptr);
}

namespace {

// Messages on their way into a mailbox that somebody may have open.
class Arrival {
 public:
  Arrival(Mailbox before, std::shared_ptr<MailboxIndex> index)
      : before_(std::move(before)),
        index_(std::move(index)),
        rings_(index_ == nullptr ? 0 : index_->rings()) {}

  void add(const Appended& one, const EmailContent& content, const Flags& flags) {
    if (index_ == nullptr) return;
    if (!flags.keywords.empty()) index_ = nullptr;  // how those are written is the store's matter
    Entry entry;
    entry.flags.bits = flags.bits;
    entry.uid = one.uid;
    entry.email = one.email;
    entry.modseq = one.modseq;
    entry.octets = content.octets;
    entry.received = content.received;
    changes_.changed.push_back(std::move(entry));
  }
  // After the commit. What fails here is read from the store later.
  void tell() {
    if (index_ == nullptr || changes_.changed.empty()) return;
    Mailbox now = before_;
    now.modseq = changes_.changed.back().modseq;
    now.uid_next = Uid{changes_.changed.back().uid.value + 1};
    static_cast<void>(index_->follow(before_, now, changes_, rings_));
  }

 private:
  Mailbox before_;
  std::shared_ptr<MailboxIndex> index_;  // shared with those who have it open; null: nobody
  std::uint64_t rings_;
  MailboxChanges changes_;
};

}  // namespace

Task<Result<std::vector<Appended>>> Mailboxes::put(MailAccount who, std::string mailbox,
                                                   std::vector<NewMessage> messages,
                                                   std::optional<Replaced> replaced, Also also) {
  std::vector<EmailContent> contents;
  std::vector<PendingBlob> pending;
  for (const NewMessage& message : messages) {
    Result<PendingBlob> blob = co_await blobs_.begin(who.scope, message.bytes);
    if (!blob) co_return std::unexpected(std::move(blob).error());
    const mime::Summary summary = mime::parse(message.bytes);
    EmailContent content;
    content.blob = blob->ref;
    content.summary = mime::encode(summary, mime::preview(summary, message.bytes));
    content.message_id = summary.envelope.message_id;
    content.references = summary.references;
    content.octets = message.bytes.size();
    content.received = message.received.value_or(clock_.now());
    contents.push_back(std::move(content));
    pending.push_back(std::move(*blob));
  }
  std::optional<Arrival> arrival;
  auto work = [&](Tx& tx) -> Result<std::vector<Appended>> {
    Gate gate(tx, who);
    FUMI_TRY(const Permit target, gate.by_name(mailbox, Rights::insert));
    const Mailbox& into = target.mailbox;
    arrival.emplace(into, indexes_.find({who.scope.tenant, into.owner, into.id}));
    if (replaced) {
      constexpr std::uint32_t kTake = Rights::read | Rights::mark_deleted | Rights::expunge;
      FUMI_TRY(const Permit source, gate.by_id(replaced->first, kTake));
      const std::vector<Uid> old(1, replaced->second);
      FUMI_TRY(const auto gone, detail::take_away(tx, source.mailbox, old));
      if (gone.empty()) return fail(Code::conflict, "replacing a message", "it is gone");
    }
    std::vector<Appended> appended;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      const Flags flags = permitted(messages[i].flags, target.rights);
      FUMI_TRY(const Appended one, tx.mailboxes().append(into.owner, into.id, contents[i], flags));
      appended.push_back(one);
      arrival->add(one, contents[i], flags);
    }
    if (also) FUMI_CHECK(also(tx, appended));
    return appended;
  };
  Barrier durable = [&pending]() -> Status {
    for (PendingBlob& blob : pending)
      FUMI_CHECK(blob.wait_durable());
    return {};
  };
  auto appended = co_await store_.write_after(std::move(durable), who.scope, std::move(work));
  // What else was changed with it is read from the store.
  if (appended && !replaced && !also) arrival->tell();
  co_return appended;
}

Task<Result<std::vector<Entry>>> Mailboxes::entries(MailAccount who, MailboxId mailbox, Uid first) {
  auto work = [&](Tx& tx) -> Result<std::vector<Entry>> {
    FUMI_CHECK(Gate(tx, who).check(mailbox, Rights::read));
    return tx.mailboxes().entries(who.account, mailbox, first);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<std::vector<EntryEmail>>> Mailboxes::emails(MailAccount who, MailboxId mailbox,
                                                        std::vector<Uid> uids) {
  auto work = [&](Tx& tx) -> Result<std::vector<EntryEmail>> {
    FUMI_CHECK(Gate(tx, who).check(mailbox, Rights::read));
    return tx.mailboxes().emails(who.account, mailbox, uids);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Status> Mailboxes::read_summaries(MailAccount who, MailboxId mailbox,
                                       std::span<const EmailId> emails, SummaryReader& reader) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_CHECK(Gate(tx, who).check(mailbox, Rights::read));
    reader.begin();
    auto take = [&](const StoredSummary& summary) { return reader.take(summary); };
    return tx.emails().visit_summaries(who.account, emails, take);
  };
  if (emails.size() <= kSummariesAtAGlance) {
    co_return co_await store_.glance(who.scope, std::move(work));
  }
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<std::string>> Mailboxes::body(MailAccount who, BlobRef blob) {
  co_return co_await blobs_.get(who.scope, blob);
}

Task<Status> Mailboxes::bodies(MailAccount who, std::span<const BlobRef> blobs,
                               FunctionRef<void(Result<std::string>)> visit) {
  co_return co_await blobs_.get_each(who.scope, blobs, visit);
}

Task<Result<StoredFlags>> Mailboxes::store_flags(MailAccount who, MailboxId mailbox,
                                                 StoreFlags change) {
  Mailbox before;
  const auto index = indexes_.find({who.scope.tenant, who.account, mailbox});
  std::uint64_t rings = 0;
  bool known = false;
  auto work = [&](Tx& tx) -> Result<StoredFlags> {
    if (index != nullptr) rings = index->rings();
    FUMI_TRY(Permit permit, Gate(tx, who).by_id(mailbox, Rights::read));
    before = permit.mailbox;
    known = permit.rights.has(kFlagRights);  // else it may be several changes
    return detail::store_permitted(tx, permit, change);
  };
  auto stored = co_await store_.write(who.scope, std::move(work));
  if (!stored || stored->changed.empty() || index == nullptr || !known) co_return stored;
  // What fails here is read from the store later.
  static_cast<void>(index->follow(before, *stored, rings));
  co_return stored;
}

Task<Result<CopiedUids>> Mailboxes::copy(MailAccount who, MailboxId from, std::vector<Uid> uids,
                                         std::string to) {
  auto work = [&](Tx& tx) -> Result<CopiedUids> {
    Gate gate(tx, who);
    FUMI_TRY(const Permit source, gate.by_id(from, Rights::read));
    FUMI_TRY(const Permit target, gate.by_name(to, Rights::insert));
    return detail::carry(tx, source, uids, target, Carry::copy);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<CopiedUids>> Mailboxes::move(MailAccount who, MailboxId from, std::vector<Uid> uids,
                                         std::string to) {
  auto work = [&](Tx& tx) -> Result<CopiedUids> {
    Gate gate(tx, who);
    FUMI_TRY(const Permit source,
             gate.by_id(from, Rights::read | Rights::mark_deleted | Rights::expunge));
    FUMI_TRY(const Permit target, gate.by_name(to, Rights::insert));
    return detail::carry(tx, source, uids, target, Carry::move);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<std::vector<Uid>>> Mailboxes::expunge(MailAccount who, MailboxId mailbox,
                                                  std::optional<std::vector<Uid>> uids) {
  std::optional<Mailbox> before;
  std::optional<Mailbox> now;
  const auto index = indexes_.find({who.scope.tenant, who.account, mailbox});
  std::uint64_t rings = 0;
  auto work = [&](Tx& tx) -> Result<std::vector<Uid>> {
    if (index != nullptr) rings = index->rings();
    FUMI_CHECK(Gate(tx, who).check(mailbox, Rights::read | Rights::expunge));
    FUMI_TRY(before, tx.mailboxes().mailbox(who.account, mailbox));
    FUMI_TRY(auto gone, tx.mailboxes().expunge(who.account, mailbox, uids));
    FUMI_TRY(now, tx.mailboxes().mailbox(who.account, mailbox));
    return gone;
  };
  auto gone = co_await store_.write(who.scope, std::move(work));
  if (!gone || gone->empty() || index == nullptr || !before || !now) co_return gone;
  // What fails here is read from the store later.
  const MailboxChanges changes{{}, *gone};
  static_cast<void>(index->follow(*before, *now, changes, rings));
  co_return gone;
}

Task<Result<std::vector<Uid>>> Mailboxes::depart(MailAccount who, MailboxId mailbox,
                                                 Departure departure) {
  auto work = [&](Tx& tx) -> Result<std::vector<Uid>> {
    FUMI_CHECK(Gate(tx, who).check(mailbox, Rights::everything));
    StoreFlags seen{departure.seen, FlagsOperation::add, {}, std::nullopt};
    seen.flags.bits = Flags::seen;
    StoreFlags deleted{departure.removed, FlagsOperation::add, {}, std::nullopt};
    deleted.flags.bits = Flags::deleted;
    FUMI_TRY([[maybe_unused]] auto marked, tx.mailboxes().store_flags(who.account, mailbox, seen));
    FUMI_TRY([[maybe_unused]] auto doomed,
             tx.mailboxes().store_flags(who.account, mailbox, deleted));
    return tx.mailboxes().expunge(who.account, mailbox, departure.removed);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<MailboxNews>> Mailboxes::changes(MailAccount who, MailboxId mailbox, ModSeq since) {
  auto work = [&](Tx& tx) -> Result<MailboxNews> {
    MailboxNews news;
    FUMI_CHECK(Gate(tx, who).check(mailbox, Rights::read));
    FUMI_TRY(auto found, tx.mailboxes().mailbox(who.account, mailbox));
    if (!found) return fail(Code::not_found, "reading changes", "the mailbox is gone");
    news.mailbox = std::move(*found);
    FUMI_TRY(news.changes, tx.mailboxes().changes(who.account, mailbox, since));
    return news;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

}  // namespace fumi::service
