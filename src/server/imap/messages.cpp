// IMAP commands on the messages of the selected mailbox (RFC 9051 §6.4); FETCH is fetch.cpp.
#include <algorithm>

#include "proto/imap/fetch_writer.h"
#include "server/imap/detail/rows.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

std::vector<Uid> uids_of_some(std::span<const imap::SelectedView::Item> items) {
  std::vector<Uid> uids;
  uids.reserve(items.size());
  for (const imap::SelectedView::Item& item : items)
    uids.push_back({item.uid.value});
  return uids;
}

imap::SeqSet set_of(const std::vector<Uid>& uids) {
  imap::SeqSet set;
  for (const Uid uid : uids)
    set.add(uid.value);
  return set;
}

const imap::Reply kNoSuchMessage = imap::bad("A sequence number is beyond the mailbox");

}  // namespace

std::optional<ImapSession::Items> ImapSession::items_of(const imap::SeqSet& set,
                                                        imap::By by) const {
  const auto spans = selected_->view.resolve(set, by);
  if (!spans) return std::nullopt;
  return selected_->view.items(*spans);
}

std::optional<std::vector<Uid>> ImapSession::uids_of(const imap::SeqSet& set, imap::By by) const {
  const auto items = items_of(set, by);
  if (!items) return std::nullopt;
  return uids_of_some(*items);
}

Task<void> ImapSession::act_selected(imap::Step& step) {
  if (auto* fetch = std::get_if<imap::Fetch>(&step)) {
    co_await on_fetch(std::move(*fetch));
  } else if (auto* store = std::get_if<imap::Store>(&step)) {
    co_await on_store(std::move(*store));
  } else if (auto* copy = std::get_if<imap::Copy>(&step)) {
    co_await on_copy(std::move(*copy));
  } else if (auto* move = std::get_if<imap::Move>(&step)) {
    co_await on_move(std::move(*move));
  } else if (auto* expunge = std::get_if<imap::Expunge>(&step)) {
    co_await on_expunge(std::move(expunge->uids));
  } else if (auto* search = std::get_if<imap::Search>(&step)) {
    co_await on_search(std::move(*search));
  } else if (std::holds_alternative<imap::Check>(step)) {
    co_await finish(imap::ok("CHECK done"));
  } else if (std::holds_alternative<imap::CloseMailbox>(step)) {
    co_await on_close();
  } else if (std::holds_alternative<imap::Unselect>(step)) {
    leave_mailbox();
    co_await finish(imap::ok("UNSELECT done"));
  } else {
    co_await finish(imap::no("Not offered here", imap::code::Plain::cannot));
  }
}

// RFC 9051 §6.4.6: the flags are told as if fetched, also where the STORE changed nothing; a silent
// STORE tells the new MODSEQ of what it changed (RFC 7162 §3.1.3). What another session did to a
// message between `before` and our own change is told even so: our change would hide it for good.
Task<Status> ImapSession::tell_stored(const imap::Store& store, const Items& items,
                                      const StoreFlags& change, const StoredFlags& stored,
                                      service::Mailboxes::Snapshot before) {
  const bool condstore = engine_.features().condstore || engine_.features().qresync;
  const bool silent = store.silent == imap::Store::Silent::yes;
  if (stored.modseq) selected_->told.push_back(stored.modseq);
  co_await catch_up();
  if (selected_->stale) {
    selected_->told.clear();  // told when it can be read
    co_return Status();
  }
  const imap::Features on = engine_.features();
  const bool with_uid = (store.by == imap::By::uid || on.qresync) && !on.uid_only;
  const service::Mailboxes::Snapshot now = selected_->now;
  service::RowCursor old_rows(*before);
  service::RowCursor rows(*now);
  FlagTexts flags(*now);
  const auto is_known = [&](const service::IndexRow& row) {
    const service::IndexRow* const old = old_rows.find(Uid{row.uid});
    if (old == nullptr) return false;
    return apply(before->flags(*old), change.operation, change.flags) == now->flags(row);
  };
  for (const imap::SelectedView::Item& item : items) {
    const service::IndexRow* const row = rows.find(Uid{item.uid.value});
    if (row == nullptr || std::ranges::binary_search(stored.modified, Uid{row->uid})) continue;
    if (silent && row->changed() != stored.modseq) continue;
    const bool with_flags = !silent || !is_known(*row);
    if (!with_flags && !condstore) continue;
    imap::FetchWriter fetch(engine_.writer(), item.number, item.uid);
    if (with_uid) fetch.uid(item.uid);
    if (with_flags) fetch.flag_list(flags.of(*row));
    if (condstore) fetch.modseq({row->modseq});
    fetch.end();
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return fail(Code::peer_gone, "sending");
  }
  co_return Status();
}

Task<void> ImapSession::on_store(imap::Store store) {
  if (selected_->access == imap::Select::Access::read_only) {
    co_await finish(imap::no("The mailbox is open for reading only", imap::code::Plain::read_only));
    co_return;
  }
  auto items = items_of(store.set, store.by);
  if (!items) {
    co_await finish(kNoSuchMessage);
    co_return;
  }
  const Cut cut = keep_highest(*items);
  // What others did to these messages must not be hidden by our own change, even a silent one
  // (RFC 9051 §6.4.6).
  co_await catch_up();
  StoreFlags change;
  change.uids = uids_of_some(*items);
  change.flags = flags_of(store.flags);
  switch (store.change) {
    case imap::Store::Change::replace:
      change.operation = FlagsOperation::replace;
      break;
    case imap::Store::Change::add:
      change.operation = FlagsOperation::add;
      break;
    case imap::Store::Change::remove:
      change.operation = FlagsOperation::remove;
      break;
  }
  if (store.unchanged_since) change.unchanged_since = ModSeq(store.unchanged_since->value);
  service::Mailboxes::Snapshot before = selected_->now;
  auto stored = co_await host_.mailboxes.store_flags(whose(), selected_->id, change);
  if (!stored) {
    co_await finish(to_imap(stored.error()));
    co_return;
  }
  const Status told = co_await tell_stored(store, *items, change, *stored, std::move(before));
  if (!told) co_return;
  if (stored->modified.empty()) {
    co_await finish(imap::ok("STORE done", cut.value_or(imap::ResponseCode())));
    co_return;
  }
  if (cut) engine_.writer().status_ok("Not all at a time", *cut);
  imap::SeqSet modified;
  for (const Uid uid : stored->modified) {
    const auto number = selected_->view.number_of({uid.value});
    if (store.by == imap::By::uid) modified.add(uid.value);
    if (store.by == imap::By::seq && number) modified.add(number->value);
  }
  co_await finish(imap::ok("Some messages had changed", imap::code::modified(modified)));
}

Task<void> ImapSession::on_copy(imap::Copy copy) {
  auto uids = uids_of(copy.set, copy.by);
  if (!uids) {
    co_await finish(kNoSuchMessage);
    co_return;
  }
  if (uids->empty()) {
    co_await finish(imap::ok("Nothing to copy"));
    co_return;
  }
  if (auto refusal = too_many_to_save(uids->size())) {
    co_await finish(std::move(*refusal));
    co_return;
  }
  auto copied =
      co_await host_.mailboxes.copy(whose(), selected_->id, std::move(*uids), copy.mailbox);
  if (!copied) {
    imap::Reply reply = to_imap(copied.error());
    if (copied.error().code == Code::not_found) {
      reply = imap::no("No such mailbox", imap::code::Plain::try_create);
    }
    co_await finish(std::move(reply));
    co_return;
  }
  if (copied->source.empty()) {
    co_await finish(imap::no("The messages are gone", imap::code::Plain::expunge_issued));
    co_return;
  }
  own_messages(copy.mailbox, copied->destination);
  const imap::UidValidity validity{copied->uid_validity.value};
  co_await finish(imap::ok("COPY done", imap::code::copy_uid(validity, set_of(copied->source),
                                                             set_of(copied->destination))));
}

Task<void> ImapSession::on_move(imap::Move move) {
  if (selected_->access == imap::Select::Access::read_only) {
    co_await finish(imap::no("The mailbox is open for reading only", imap::code::Plain::read_only));
    co_return;
  }
  auto uids = uids_of(move.set, move.by);
  if (!uids) {
    co_await finish(kNoSuchMessage);
    co_return;
  }
  if (uids->empty()) {
    co_await finish(imap::ok("Nothing to move"));
    co_return;
  }
  const Cut cut = keep_highest(*uids);
  auto moved =
      co_await host_.mailboxes.move(whose(), selected_->id, std::move(*uids), move.mailbox);
  if (!moved) {
    imap::Reply reply = to_imap(moved.error());
    if (moved.error().code == Code::not_found) {
      reply = imap::no("No such mailbox", imap::code::Plain::try_create);
    }
    co_await finish(std::move(reply));
    co_return;
  }
  if (moved->source.empty()) {
    co_await finish(imap::no("The messages are gone", imap::code::Plain::expunge_issued));
    co_return;
  }
  // RFC 6851 §4.3: COPYUID comes untagged, before the EXPUNGEs.
  own_messages(move.mailbox, moved->destination);
  const imap::UidValidity validity{moved->uid_validity.value};
  engine_.writer().status_ok(
      "Moved", imap::code::copy_uid(validity, set_of(moved->source), set_of(moved->destination)));
  for (const Uid uid : moved->source)
    selected_->view.expunged_here(imap::Uid{uid.value});
  co_await tell_news();
  engine_.finish(cut ? imap::ok("Not all at a time", *cut) : expunged_ok("MOVE done"));
}

Task<void> ImapSession::on_expunge(std::optional<imap::SeqSet> uids) {
  if (selected_->access == imap::Select::Access::read_only) {
    co_await finish(imap::no("The mailbox is open for reading only", imap::code::Plain::read_only));
    co_return;
  }
  std::optional<std::vector<Uid>> only;
  Cut cut;
  if (uids) {
    co_await catch_up();
    only = uids_of(*uids, imap::By::uid);
    cut = keep_highest_deleted(*only);
  } else {
    // Only what this client has seen: a message that it doesn't know can't be meant.
    imap::SeqSet all;
    all.add(1, std::max<std::uint32_t>(selected_->view.last_uid().value, 1));
    only = uids_of(all, imap::By::uid);
  }
  auto gone = co_await host_.mailboxes.expunge(whose(), selected_->id, std::move(only));
  if (!gone) {
    co_await finish(to_imap(gone.error()));
    co_return;
  }
  for (const Uid uid : *gone)
    selected_->view.expunged_here(imap::Uid{uid.value});
  co_await tell_news();
  if (cut) {
    engine_.finish(imap::ok("Not all at a time", *cut));
    co_return;
  }
  engine_.finish(gone->empty() ? imap::ok("EXPUNGE done") : expunged_ok("EXPUNGE done"));
}

imap::Reply ImapSession::expunged_ok(std::string text) const {
  if (!selected_ || !engine_.features().qresync) return imap::ok(std::move(text));
  return imap::ok(std::move(text), imap::code::highest_modseq({selected_->now->modseq().value()}));
}

// CLOSE expunges without a word (RFC 9051 §6.4.1); of a mailbox opened by EXAMINE it only leaves.
Task<void> ImapSession::on_close() {
  // RFC 4314 §4: without the e right it only leaves, too.
  if (selected_->access == imap::Select::Access::read_write &&
      selected_->rights.has(Rights::expunge)) {
    imap::SeqSet all;
    all.add(1, std::max<std::uint32_t>(selected_->view.last_uid().value, 1));
    auto gone =
        co_await host_.mailboxes.expunge(whose(), selected_->id, uids_of(all, imap::By::uid));
    if (!gone && gone.error().code != Code::denied) {
      engine_.finish(to_imap(gone.error()));
      co_return;
    }
  }
  leave_mailbox();
  co_await finish(imap::ok("CLOSE done"));
}

}  // namespace fumi::server
