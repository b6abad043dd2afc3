// NOTIFY (RFC 5465): word of other mailboxes, and of the selected one between commands.
// DEVIATION: of mail that this client itself copies or appends to another mailbox the STATUS of
// FlagChange may be told (RFC 5465 §5 SHOULD omit it); MESSAGES and UIDNEXT are not.
#include <algorithm>

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
  std::vector<Mailbox> all;
  if (watches) {
    subscription = host_.mailboxes.bus().subscribe(
        principal_->account, [changed, event = changed_](const Change& change) {
          changed->add(change);
          event->set();
        });
    auto listed = co_await host_.mailboxes.list(who());
    if (!listed) {
      co_await finish(to_imap(listed.error()));
      co_return;
    }
    if (listed->size() > host_.engine->limits.notify_mailboxes) {
      co_await finish(imap::no("Too many mailboxes to watch", kOverflow));
      co_return;
    }
    all = std::move(*listed);
  }
  imap::NotifyTable table(std::move(notify), states_of(all));
  notify_ = std::make_unique<Notifier>(std::move(table));
  notify_->changed = std::move(changed);
  notify_->subscription = std::move(subscription);
  hear_mailbox();
  ChangedMailboxes::Taken learn;
  learn.everything = true;
  const Status learnt = co_await tell_annotations(std::move(learn), all);
  if (!learnt) {
    stop_notify();
    co_await finish(to_imap(learnt.error()));
    co_return;
  }
  if (sends_status) co_await write_notices(notify_->table.first(), all);
  co_await finish(imap::ok("NOTIFY done"));
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

// Costs a read of the mailboxes that have changed; of all of them where names have.
Task<void> ImapSession::tell_notices() {
  ChangedMailboxes::Taken taken = notify_->changed->take();
  if (taken.empty()) co_return;
  std::vector<MailboxId> some;
  for (const MailboxId id : taken.mailboxes) {
    if (notify_->table.watches_messages(id.value())) some.push_back(id);
  }
  const bool whole = taken.names || taken.everything;
  Result<std::vector<Mailbox>> read;
  if (whole) {
    read = co_await host_.mailboxes.list(who());
  } else if (!some.empty()) {
    read = co_await host_.mailboxes.rows(who(), std::move(some));
  }
  if (!read) {
    log::warning("imap", "changes not readable", {{"why", read.error().text()}});
    notify_->changed->put_back(std::move(taken));
    co_return;
  }
  if (whole && read->size() > host_.engine->limits.notify_mailboxes) {
    overflow();
    co_return;
  }
  const imap::Features on = engine_.features();
  std::vector<imap::MailboxState> states = states_of(*read);
  std::vector<imap::Notice> notices;
  if (whole) {
    notices = notify_->table.refresh(std::move(states), on);
  } else {
    notices = notify_->table.update(states, on);
  }
  co_await write_notices(std::move(notices), *read);
  const ChangedMailboxes::Taken again = taken;
  const Status told = co_await tell_annotations(std::move(taken), *read);
  if (!told) notify_->changed->put_back(again);
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
  std::vector<MailboxId> some;
  for (const MailboxId id : taken.mailboxes) {
    if (notify_->table.watches_metadata(id.value())) some.push_back(id);
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
