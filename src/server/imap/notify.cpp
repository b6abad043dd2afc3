// NOTIFY (RFC 5465): word of other mailboxes, and of the selected one between commands.
// DEVIATION: of mail that this client itself copies or appends to another mailbox the STATUS of
// FlagChange may be told (RFC 5465 §5 SHOULD omit it); MESSAGES and UIDNEXT are not.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "server/imap/detail/listing.h"
#include "server/imap/notifier.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

const imap::ResponseCode kOverflow{"NOTIFICATIONOVERFLOW"};

imap::StatusData data_of(const imap::MailboxState& state) {
  imap::StatusData data;
  data.messages = state.messages;
  data.unseen = state.unseen;
  data.uid_next = state.uid_next;
  data.uid_validity = state.uid_validity;
  data.highest_modseq = state.highest_modseq;
  return data;
}

}  // namespace

Task<void> ImapSession::on_notify(imap::Notify notify) {
  const bool sends_status = notify.first == imap::Notify::First::status;
  const bool watches = !notify.groups.empty();
  // It listens before it reads, so that nothing falls between.
  auto changed = std::make_shared<ChangedMailboxes>();
  ChangeBus::Subscription subscription;
  Sight all;
  if (watches) {
    subscription = hear_account(principal_->account, changed);
    auto seen = co_await read_watched(notify.reach(), nullptr);
    if (!seen) {
      co_await finish(to_imap(seen.error()));
      co_return;
    }
    if (seen->states.size() > host_.engine->limits.notify_mailboxes) {
      co_await finish(imap::no("Too many mailboxes to watch", kOverflow));
      co_return;
    }
    all = std::move(*seen);
  }
  imap::NotifyTable table(std::move(notify), all.states);
  notify_ = std::make_unique<Notifier>(std::move(table));
  notify_->changed = std::move(changed);
  notify_->subscription = std::move(subscription);
  hear_others();
  hear_mailbox();
  ChangedMailboxes::Taken learn;
  learn.everything = true;
  const Status learnt = co_await tell_annotations(std::move(learn), all.mailboxes);
  if (!learnt) {
    stop_notify();
    co_await finish(to_imap(learnt.error()));
    co_return;
  }
  co_await write_notices(notify_->table.without_access(), all.mailboxes);
  if (sends_status) co_await write_notices(notify_->table.first(), all.mailboxes);
  co_await finish(imap::ok("NOTIFY done"));
}

ChangeBus::Subscription ImapSession::hear_account(AccountId account,
                                                  std::shared_ptr<ChangedMailboxes> changed) {
  return host_.mailboxes.bus().subscribe(
      account, [changed = std::move(changed), event = changed_](const Change& change) {
        changed->add(change);
        event->set();
      });
}

// Those whose mailboxes the client watches beside its own. What happened between their being read
// and this is found by reading once more.
void ImapSession::hear_others() {
  std::map<AccountId, ChangeBus::Subscription> heard;
  for (const imap::MailboxState& one : notify_->table.others()) {
    const AccountId owner(one.owner);
    if (heard.contains(owner)) continue;
    const auto known = notify_->owners.find(owner);
    if (known != notify_->owners.end()) {
      heard.emplace(owner, std::move(known->second));
      continue;
    }
    heard.emplace(owner, hear_account(owner, notify_->changed));
    notify_->changed->add({principal_->scope().tenant, principal_->account, MailboxId()});
    changed_->set();
  }
  notify_->owners = std::move(heard);
}

// All mailboxes that may be watched; of `before`'s others those too that can't be listed any more
// and yet are there (RFC 5465 §5.9).
Task<Result<Sight>> ImapSession::read_watched(imap::Notify::Reach reach,
                                              const imap::NotifyTable* before) {
  const AccountId reader = principal_->account;
  Sight sight;
  if (reach == imap::Notify::Reach::own) {
    auto own = co_await host_.mailboxes.list(who());
    if (!own) co_return std::unexpected(std::move(own).error());
    for (Mailbox& mailbox : *own)
      sight.add({std::move(mailbox), Rights::all()}, reader);
    co_return sight;
  }
  auto visible = co_await host_.mailboxes.visible(who());
  if (!visible) co_return std::unexpected(std::move(visible).error());
  std::set<std::uint64_t> keys;
  for (service::VisibleMailbox& one : *visible) {
    keys.insert(one.mailbox.id.value());
    sight.add({std::move(one.mailbox), one.rights}, reader);
  }
  if (before == nullptr) co_return sight;
  std::vector<service::MailboxOf> unseen;
  for (const imap::MailboxState& one : before->others()) {
    if (!keys.contains(one.key)) unseen.push_back(mailbox_of(one, reader));
  }
  if (unseen.empty()) co_return sight;
  auto there = co_await host_.mailboxes.still_there(who(), std::move(unseen));
  if (!there) co_return std::unexpected(std::move(there).error());
  for (const service::MailboxOf& one : *there) {
    imap::MailboxState state = *before->state(one.mailbox.value());
    state.access = imap::MailboxState::Access::none;
    sight.states.push_back(std::move(state));
  }
  co_return sight;
}

// What the selected mailbox, if any, tells and when.
void ImapSession::hear_mailbox() {
  if (!notify_) return;
  using Selected = imap::Notify::Selected;
  using Listen = imap::SelectedView::Listen;
  const imap::Notify& asked = notify_->table.asked();
  const Selected when = asked.selected;
  engine_.tell_between(when == Selected::nothing   ? imap::Updates::none
                       : when == Selected::delayed ? imap::Updates::no_expunge
                                                   : imap::Updates::all);
  notify_->table.select(selected_ ? selected_->id.value() : 0);
  if (!selected_) return;
  const bool flags = asked.selected_events.has(imap::NotifyEvent::flag_change);
  selected_->view.listen(when == Selected::nothing ? Listen::nothing
                         : flags                   ? Listen::all
                                                   : Listen::numbers);
}

// No mailbox is selected any more: from here on it is one of the others.
void ImapSession::leave_mailbox() {
  if (notify_ && selected_) {
    const service::MailboxSnapshot& now = *selected_->now;
    const imap::SelectedView& view = selected_->view;
    imap::MailboxState heard;
    heard.key = selected_->id.value();
    heard.messages = view.size();
    heard.uid_next = {view.last_uid().value + 1};
    const bool all = view.size() == now.size() && !view.has_changes(imap::Updates::all);
    if (all) heard.uid_next = {now.uid_next().value};
    if (all) heard.highest_modseq = {now.modseq().value()};
    notify_->table.left(heard);
    // What it has not heard is read at the end of this command.
    notify_->changed->add({principal_->scope().tenant, principal_->account, selected_->id});
  }
  selected_.reset();
  hear_mailbox();
}

// As after NOTIFY NONE.
void ImapSession::stop_notify() {
  notify_ = std::make_unique<Notifier>(imap::NotifyTable({}, {}));
  notify_->changed = std::make_shared<ChangedMailboxes>();
  hear_mailbox();
}

Task<void> ImapSession::tell_unasked() {
  if (notify_) co_await tell_notices();
  const imap::Updates allowed = engine_.updates_allowed();
  if (allowed == imap::Updates::none) co_return;
  co_await sync();
  co_await tell(allowed);
}

// Of what has rung: what is to be read. Others' mailboxes in any case, as the rights may be what
// has changed.
std::vector<service::MailboxOf> ImapSession::rung_mailboxes(
    const ChangedMailboxes::Taken& taken) const {
  std::vector<service::MailboxOf> some;
  for (const MailboxId id : taken.mailboxes) {
    const imap::MailboxState* const state = notify_->table.state(id.value());
    if (state == nullptr) continue;
    if (state->owner == 0 && !notify_->table.watches_messages(id.value())) continue;
    some.push_back(mailbox_of(*state, principal_->account));
  }
  return some;
}

// Costs a read of the mailboxes that have changed; of all of them where names or rights have.
Task<void> ImapSession::tell_notices() {
  ChangedMailboxes::Taken taken = notify_->changed->take();
  if (taken.empty()) co_return;
  bool whole = taken.names || taken.everything;
  Result<Sight> read;
  if (!whole) {
    std::vector<service::MailboxOf> some = rung_mailboxes(taken);
    read = co_await read_some(std::move(some));
    // Of others': not to be seen any more, or otherwise than before.
    whole = !read && read.error().code == Code::conflict;
  }
  if (whole) {
    read = co_await read_watched(notify_->table.asked().reach(), &notify_->table);
  }
  if (!read) {
    log::warning("imap", "changes not readable", {{"why", read.error().text()}});
    notify_->changed->put_back(std::move(taken));
    co_return;
  }
  if (whole && read->states.size() > host_.engine->limits.notify_mailboxes) {
    overflow();
    co_return;
  }
  const imap::Features on = engine_.features();
  std::vector<imap::Notice> notices;
  if (whole) {
    notices = notify_->table.refresh(std::move(read->states), on);
    hear_others();
  } else {
    notices = notify_->table.update(read->states, on);
  }
  co_await write_notices(std::move(notices), read->mailboxes);
  const ChangedMailboxes::Taken again = taken;
  const Status told = co_await tell_annotations(std::move(taken), read->mailboxes);
  if (!told) notify_->changed->put_back(again);
}

// conflict: the table is not right any more about who may see one of them; all are to be read.
Task<Result<Sight>> ImapSession::read_some(std::vector<service::MailboxOf> some) {
  Sight sight;
  if (some.empty()) co_return sight;
  const std::size_t asked = some.size();
  auto rows = co_await host_.mailboxes.rows(who(), std::move(some));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  constexpr const char* kDoing = "reading watched mailboxes";
  if (rows->size() != asked) co_return fail(Code::conflict, kDoing, "one is not to be seen");
  for (service::Permit& one : *rows) {
    sight.add(std::move(one), principal_->account);
    const imap::MailboxState* const known = notify_->table.state(sight.states.back().key);
    if (known != nullptr && known->access == sight.states.back().access) continue;
    co_return fail(Code::conflict, kDoing, "the rights have changed");
  }
  co_return sight;
}

void ImapSession::overflow() {
  engine_.writer().status_ok("Too much to tell: no more notifications", kOverflow);
  stop_notify();
}

// Where they are watched: those of what has changed, or of all. `all`: read just now, if all are
// meant.
Task<Status> ImapSession::tell_annotations(ChangedMailboxes::Taken taken,
                                           const std::vector<Mailbox>& all) {
  if (taken.everything) {
    for (const Mailbox& mailbox : all)
      taken.mailboxes.insert(mailbox.id);
  }
  if (taken.everything || taken.names) taken.mailboxes.insert(MailboxId());
  std::vector<service::MailboxOf> some;
  for (const MailboxId id : taken.mailboxes) {
    if (!notify_->table.watches_metadata(id.value())) continue;
    const imap::MailboxState* const state = notify_->table.state(id.value());
    const imap::MailboxState account;
    some.push_back(mailbox_of(state == nullptr ? account : *state, principal_->account));
  }
  if (some.empty()) co_return Status();
  auto read = co_await host_.mailboxes.annotations(who(), std::move(some));
  if (!read) co_return std::unexpected(std::move(read).error());
  std::vector<imap::Notice> notices;
  for (auto& [id, found] : *read) {
    imap::NotifyTable::Annotations now;
    for (Metadata& one : found)
      now.emplace_back(std::move(one.entry), std::move(one.value));
    for (imap::Notice& notice : notify_->table.annotations(id.value(), now))
      notices.push_back(std::move(notice));
  }
  if (notify_->table.annotation_octets() > host_.engine->limits.notify_entry_octets) {
    overflow();
    co_return Status();
  }
  co_await write_notices(std::move(notices), all);
  co_return Status();
}

Task<void> ImapSession::write_notices(std::vector<imap::Notice> notices,
                                      const std::vector<Mailbox>& all) {
  using Kind = imap::Notice::Kind;
  if (notices.empty()) co_return;
  const MailboxTree tree(all);
  imap::Writer& writer = engine_.writer();
  for (const imap::Notice& notice : notices) {
    const std::string& name = notice.mailbox.name;
    if (notice.kind == Kind::status) {
      writer.status(name, notice.items, data_of(notice.mailbox));
    } else if (notice.kind == Kind::metadata) {
      writer.metadata_changed(name, notice.entries);
    } else if (notice.kind == Kind::no_access) {
      writer.list({{"\\NoAccess"}, name, false, {}});
    } else if (notice.kind == Kind::gone) {
      writer.list({{"\\NonExistent"}, name, false, {}});
    } else {
      const auto row = std::ranges::find(all, MailboxId(notice.mailbox.key), &Mailbox::id);
      if (row == all.end()) continue;
      imap::ListEntry entry = list_entry(*row, tree);
      if (row->subscribed) entry.attributes.emplace_back("\\Subscribed");
      entry.old_name = notice.old_name;
      writer.list(entry);
    }
    if (!writer.should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return;  // the loop's next flush finds the same
  }
}

// Mail that this client itself has put there (RFC 5465 §5, §5.2).
void ImapSession::own_messages(const std::string& mailbox, const std::vector<Uid>& uids) {
  if (!notify_ || uids.empty()) return;
  if (selected_ && selected_->name == mailbox) {
    for (const Uid uid : uids)
      selected_->own_new.add(uid.value);
    return;
  }
  const std::uint32_t last = std::ranges::max(uids).value;
  notify_->table.heard(mailbox, {last + 1}, static_cast<std::int64_t>(uids.size()));
}

void ImapSession::own_name(const std::string& name, imap::NotifyTable::Own what) {
  if (notify_) notify_->table.own(name, what);
}

void ImapSession::own_annotations(const imap::SetMetadata& set) {
  if (!notify_) return;
  imap::NotifyTable::Annotations values;
  std::vector<std::string> removed;
  for (const auto& [entry, value] : set.values) {
    if (value) {
      values.emplace_back(entry, *value);
    } else {
      removed.push_back(entry);
    }
  }
  notify_->table.heard_annotations(set.mailbox, values, removed);
}

// FETCH of messages that are new in the selected mailbox (RFC 5465 §5.2).
Task<void> ImapSession::tell_new(std::uint32_t count) {
  const imap::SeqSet own = std::exchange(selected_->own_new, {});
  if (!notify_ || notify_->table.asked().fetch.empty()) co_return;
  imap::Fetch fetch;
  fetch.by = imap::By::uid;
  fetch.items = notify_->table.asked().fetch;
  const std::uint32_t size = selected_->view.size();
  const imap::SelectedView::Span last{{size - count + 1}, count};
  Items items = selected_->view.items(std::span(&last, 1));
  std::erase_if(items,
                [&](const imap::SelectedView::Item& item) { return own.contains(item.uid.value); });
  const std::vector<Uid> none;
  imap::Reply ignored;
  // A message that is gone already has nothing to be fetched: its EXPUNGE follows.
  const Status done = co_await answer_fetch(fetch, items, none, ignored);
  if (!done) log::warning("imap", "new messages not readable", {{"why", done.error().text()}});
}

}  // namespace fumi::server
