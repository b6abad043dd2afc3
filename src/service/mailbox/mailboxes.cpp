#include "service/mailbox/mailboxes.h"

#include "mime/preview.h"

namespace fumi::service {
namespace {

Result<Mailbox> require(Tx& tx, AccountId account, const std::string& name) {
  FUMI_TRY(auto mailbox, tx.mailboxes().mailbox_by_name(account, name));
  if (!mailbox) return fail(Code::not_found, "opening a mailbox", "there is no mailbox " + name);
  return std::move(*mailbox);
}

Status take_away(Tx& tx, AccountId account, MailboxId mailbox, Uid uid) {
  StoreFlags change;
  change.uids = {uid};
  change.operation = FlagsOperation::add;
  change.flags.bits = Flags::deleted;
  FUMI_TRY([[maybe_unused]] const StoredFlags marked,
           tx.mailboxes().store_flags(account, mailbox, change));
  FUMI_TRY(const std::vector<Uid> gone, tx.mailboxes().expunge(account, mailbox, change.uids));
  if (gone.empty()) return fail(Code::conflict, "replacing a message", "it is gone");
  return {};
}

}  // namespace

Task<Result<std::vector<Mailbox>>> Mailboxes::list(MailAccount who) {
  auto work = [&](Tx& tx) { return tx.mailboxes().mailboxes(who.account); };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Account>> Mailboxes::account(MailAccount who) {
  auto work = [&](Tx& tx) -> Result<Account> {
    FUMI_TRY(auto account, tx.directory().account(who.account));
    if (!account) return fail(Code::not_found, "reading the account");
    return std::move(*account);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Mailbox>> Mailboxes::find(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) { return require(tx, who.account, name); };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<OpenedMailbox>> Mailboxes::open(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Result<OpenedMailbox> {
    OpenedMailbox opened;
    FUMI_TRY(opened.mailbox, require(tx, who.account, name));
    FUMI_TRY(opened.entries, tx.mailboxes().entries(who.account, opened.mailbox.id, Uid{1}));
    return opened;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

namespace {

// What is read in one snapshot of the store brings the index to it. Published at once, from the
// store's thread: of all who wait for the same news, those behind the first find it done.
Status load(Tx& tx, const Mailbox& now, MailboxIndex& index, MailboxIndex::Replace how) {
  MailboxSnapshot::Loader loader;
  auto add = [&](const Entry& entry) { return loader.add(entry); };
  FUMI_CHECK(tx.mailboxes().visit_entries(index.key().account, now.id, Uid{1}, add));
  index.replace(loader.finish(now), how);
  return {};
}

Status bring_up(Tx& tx, const Mailbox& now, MailboxIndex& index) {
  const auto base = index.current();
  if (base == nullptr) return load(tx, now, index, MailboxIndex::Replace::if_newer);
  if (base->modseq() >= now.modseq) return {};
  auto changes = tx.mailboxes().changes(index.key().account, now.id, base->modseq());
  if (changes) {
    const Status advanced = index.advance(now, *changes);
    // A table full of keywords that nobody uses any more: a new one has those in use only.
    if (advanced || advanced.error().code != Code::too_large) return advanced;
  } else if (changes.error().code != Code::not_found) {
    return std::unexpected(std::move(changes).error());
  }
  // not_found: expunges that far back are forgotten.
  return load(tx, now, index, MailboxIndex::Replace::if_newer);
}

}  // namespace

Task<Result<WatchedMailbox>> Mailboxes::watch(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Result<WatchedMailbox> {
    WatchedMailbox watched;
    FUMI_TRY(watched.mailbox, require(tx, who.account, name));
    watched.index = indexes_.hold({who.scope.tenant, who.account, watched.mailbox.id});
    FUMI_CHECK(bring_up(tx, watched.mailbox, *watched.index));
    return watched;
  };
  auto watched = co_await store_.read(who.scope, std::move(work));
  if (watched) watched->now = watched->index->current();
  co_return watched;
}

Task<Result<WatchedMailbox>> Mailboxes::watch(MailAccount who, MailboxId mailbox) {
  auto work = [&](Tx& tx) -> Result<WatchedMailbox> {
    WatchedMailbox watched;
    FUMI_TRY(auto found, tx.mailboxes().mailbox(who.account, mailbox));
    if (!found) return fail(Code::not_found, "opening a mailbox");
    watched.mailbox = std::move(*found);
    watched.index = indexes_.hold({who.scope.tenant, who.account, mailbox});
    FUMI_CHECK(bring_up(tx, watched.mailbox, *watched.index));
    return watched;
  };
  auto watched = co_await store_.read(who.scope, std::move(work));
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
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto found, tx.mailboxes().mailbox(who.account, key.mailbox));
    if (!found) return fail(Code::not_found, "reading changes", "the mailbox is gone");
    // Read later and yet older: the database was set back (a failover, a restored backup).
    if (before != nullptr && before->modseq() > found->modseq) {
      return load(tx, *found, *index, MailboxIndex::Replace::always);
    }
    return bring_up(tx, *found, *index);
  };
  const Status read = co_await store_.read(who.scope, std::move(work));
  if (!read) co_return std::unexpected(read.error());
  index->read_after(rings);
  co_return index->current();
}

Task<Result<Mailbox>> Mailboxes::create(MailAccount who, std::string name, MailboxRole role) {
  auto work = [&](Tx& tx) { return tx.mailboxes().create_mailbox(who.account, name, role); };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Status> Mailboxes::rename(MailAccount who, std::string from, std::string to) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Mailbox mailbox, require(tx, who.account, from));
    return tx.mailboxes().rename_mailbox(who.account, mailbox.id, to);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Status> Mailboxes::remove(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Mailbox mailbox, require(tx, who.account, name));
    return tx.mailboxes().delete_mailbox(who.account, mailbox.id);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Status> Mailboxes::subscribe(MailAccount who, std::string name, Subscription subscription) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Mailbox mailbox, require(tx, who.account, name));
    return tx.mailboxes().set_subscribed(who.account, mailbox.id, subscription == Subscription::on);
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
  auto work = [&](Tx& tx) -> Result<std::vector<Appended>> {
    FUMI_TRY(const Mailbox target, require(tx, who.account, mailbox));
    if (replaced) FUMI_CHECK(take_away(tx, who.account, replaced->from, replaced->uid));
    std::vector<Appended> appended;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      FUMI_TRY(const Appended one,
               tx.mailboxes().append(who.account, target.id, contents[i], messages[i].flags));
      appended.push_back(one);
    }
    if (also) FUMI_CHECK(also(tx, appended));
    return appended;
  };
  Barrier durable = [&pending]() -> Status {
    for (PendingBlob& blob : pending)
      FUMI_CHECK(blob.wait_durable());
    return {};
  };
  co_return co_await store_.write_after(std::move(durable), who.scope, std::move(work));
}

Task<Result<std::vector<Entry>>> Mailboxes::entries(MailAccount who, MailboxId mailbox, Uid first) {
  auto work = [&](Tx& tx) { return tx.mailboxes().entries(who.account, mailbox, first); };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<std::vector<EntryEmail>>> Mailboxes::emails(MailAccount who, MailboxId mailbox,
                                                        std::vector<Uid> uids) {
  auto work = [&](Tx& tx) { return tx.mailboxes().emails(who.account, mailbox, uids); };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<std::string>> Mailboxes::body(MailAccount who, BlobRef blob) {
  co_return co_await blobs_.get(who.scope, blob);
}

Task<Result<StoredFlags>> Mailboxes::store_flags(MailAccount who, MailboxId mailbox,
                                                 StoreFlags change) {
  Mailbox before;
  auto work = [&](Tx& tx) -> Result<StoredFlags> {
    FUMI_TRY(auto found, tx.mailboxes().mailbox(who.account, mailbox));
    if (!found) return fail(Code::not_found, "changing flags", "the mailbox is gone");
    before = std::move(*found);
    return tx.mailboxes().store_flags(who.account, mailbox, change);
  };
  auto stored = co_await store_.write(who.scope, std::move(work));
  if (!stored || stored->changed.empty()) co_return stored;
  if (const auto index = indexes_.find({who.scope.tenant, who.account, mailbox})) {
    MailboxChanges changes;
    changes.changed.swap(stored->changed);  // lent: it may be large
    // What fails here is read from the store later.
    static_cast<void>(index->follow(before, stored->modseq, changes));
    changes.changed.swap(stored->changed);
  }
  co_return stored;
}

Task<Result<CopiedUids>> Mailboxes::copy(MailAccount who, MailboxId from, std::vector<Uid> uids,
                                         std::string to) {
  auto work = [&](Tx& tx) -> Result<CopiedUids> {
    FUMI_TRY(const Mailbox target, require(tx, who.account, to));
    return tx.mailboxes().copy(who.account, from, uids, target.id);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<CopiedUids>> Mailboxes::move(MailAccount who, MailboxId from, std::vector<Uid> uids,
                                         std::string to) {
  auto work = [&](Tx& tx) -> Result<CopiedUids> {
    FUMI_TRY(const Mailbox target, require(tx, who.account, to));
    return tx.mailboxes().move(who.account, from, uids, target.id);
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<std::vector<Uid>>> Mailboxes::expunge(MailAccount who, MailboxId mailbox,
                                                  std::optional<std::vector<Uid>> uids) {
  auto work = [&](Tx& tx) { return tx.mailboxes().expunge(who.account, mailbox, uids); };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<std::vector<Uid>>> Mailboxes::depart(MailAccount who, MailboxId mailbox,
                                                 Departure departure) {
  auto work = [&](Tx& tx) -> Result<std::vector<Uid>> {
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

Task<Result<Mailboxes::News>> Mailboxes::changes(MailAccount who, MailboxId mailbox, ModSeq since) {
  auto work = [&](Tx& tx) -> Result<News> {
    News news;
    FUMI_TRY(auto found, tx.mailboxes().mailbox(who.account, mailbox));
    if (!found) return fail(Code::not_found, "reading changes", "the mailbox is gone");
    news.mailbox = std::move(*found);
    FUMI_TRY(news.changes, tx.mailboxes().changes(who.account, mailbox, since));
    return news;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

}  // namespace fumi::service
