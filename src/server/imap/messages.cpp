// IMAP commands on the messages of the selected mailbox (RFC 9051 §6.4).
#include <algorithm>

#include "mime/preview.h"
#include "net/task_scope.h"
#include "proto/imap/fetch_writer.h"
#include "server/imap/detail/rows.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

// Emails read in one transaction. Of bodies one at a time is in memory, and what output holds.
constexpr std::size_t kFirstBatch = 50;
constexpr std::size_t kBatch = 250;

std::vector<Uid> uids_of_some(std::span<const imap::SelectedView::Item> items) {
  std::vector<Uid> uids;
  uids.reserve(items.size());
  for (const imap::SelectedView::Item& item : items)
    uids.push_back({item.uid.value});
  return uids;
}

// Whether the mailbox index doesn't know all that is asked for, so that the store must be read.
bool needs_store(const imap::Fetch& fetch) {
  using Kind = imap::FetchItem::Kind;
  return std::ranges::any_of(fetch.items, [](const imap::FetchItem& item) {
    return item.kind != Kind::flags && item.kind != Kind::uid && item.kind != Kind::modseq &&
           item.kind != Kind::internal_date && item.kind != Kind::rfc822_size;
  });
}

// Whether more of the summary is needed than its envelope.
enum class Summarised : std::uint8_t { nothing, envelope, whole };

Summarised needed_summary(const imap::Fetch& fetch) {
  using Kind = imap::FetchItem::Kind;
  Summarised most = Summarised::nothing;
  for (const imap::FetchItem& item : fetch.items) {
    if (item.kind == Kind::envelope) {
      most = std::max(most, Summarised::envelope);
    } else if (item.kind != Kind::email_id && item.kind != Kind::thread_id &&
               item.kind != Kind::save_date && item.kind != Kind::flags && item.kind != Kind::uid &&
               item.kind != Kind::modseq && item.kind != Kind::internal_date &&
               item.kind != Kind::rfc822_size) {
      return Summarised::whole;
    }
  }
  return most;
}

mime::Summary summary_of(const Email& email, Summarised needed) {
  mime::Summary summary;
  if (needed == Summarised::envelope) {
    if (auto decoded = mime::decode_envelope(email.summary)) summary.envelope = std::move(*decoded);
  } else if (needed == Summarised::whole) {
    if (auto decoded = mime::decode(email.summary)) summary = std::move(*decoded);
  }
  return summary;
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
    selected_.reset();
    engine_.finish(imap::ok("UNSELECT done"));
  } else {
    co_await finish(imap::no("Not offered here", imap::code::Plain::cannot));
  }
}

// Implicit \Seen of BODY[…] (RFC 9051 §6.4.5): set first, so that the answer carries the new flags.
Task<Result<std::vector<Uid>>> ImapSession::mark_seen(const imap::Fetch& fetch,
                                                      const Items& items) {
  std::vector<Uid> marked;
  const bool sets = imap::sets_seen(fetch) && selected_->access == imap::Select::Access::read_write;
  if (!sets) co_return marked;
  StoreFlags change;
  service::RowCursor rows(*selected_->now);
  for (const imap::SelectedView::Item& item : items) {
    const service::IndexRow* const row = rows.find(Uid{item.uid.value});
    if (row != nullptr && !row->has(Flags::seen)) change.uids.push_back({item.uid.value});
  }
  if (change.uids.empty()) co_return marked;
  change.operation = FlagsOperation::add;
  change.flags.bits = Flags::seen;
  auto stored = co_await host_.mailboxes.store_flags(who(), selected_->id, std::move(change));
  if (!stored) co_return std::unexpected(std::move(stored).error());
  for (const ChangedFlags& changed : stored->changed)
    marked.push_back(changed.uid);
  selected_->told.push_back(stored->modseq);
  co_return marked;
}

Task<void> ImapSession::on_fetch(imap::Fetch fetch) {
  auto items = items_of(fetch.set, fetch.by);
  if (!items) {
    co_await finish(kNoSuchMessage);
    co_return;
  }
  if (fetch.partial) {  // RFC 9394 §3.3
    const auto [begin, end] = fetch.partial->of(items->size());
    *items = {items->begin() + std::ptrdiff_t(begin), items->begin() + std::ptrdiff_t(end)};
  }
  co_await catch_up();
  if (fetch.changed_since) {
    const ModSeq since(fetch.changed_since->value);
    service::RowCursor rows(*selected_->now);
    std::erase_if(*items, [&](const imap::SelectedView::Item& item) {
      const service::IndexRow* const row = rows.find(Uid{item.uid.value});
      return row == nullptr || row->changed() <= since;
    });
    if (fetch.vanished) {
      Result<imap::SeqSet> vanished = co_await vanished_since(since);
      if (!vanished) {
        co_await finish(to_imap(vanished.error()));
        co_return;
      }
      // "*" is beyond the last message: the last ones may be those that vanished.
      const imap::SeqSet asked = fetch.set.is_saved_result() ? selected_->view.saved_result()
                                                             : fetch.set.resolve(0xffffffff);
      const imap::SeqSet gone = both(*vanished, asked);
      if (!gone.empty()) engine_.writer().vanished(gone, imap::Vanished::earlier);
    }
  }
  const Cut cut = keep_highest(*items);
  auto marked = co_await mark_seen(fetch, *items);
  if (!marked) {
    co_await finish(to_imap(marked.error()));
    co_return;
  }
  imap::Reply reply = imap::ok("FETCH done");
  Status done;
  if (needs_store(fetch)) {
    done = co_await fetch_emails(fetch, *items, *marked, reply);
  } else {
    done = co_await fetch_rows(fetch, *items, reply);
  }
  if (cut) reply.code = *cut;
  if (!done) reply = to_imap(done.error());
  co_await finish(std::move(reply));
}

namespace {

// RFC 5530 §3: somebody expunged a message that this client still sees. A UID that isn't there is
// no error (RFC 9051 §6.4.9).
imap::Reply some_are_gone(imap::By by) {
  const imap::ResponseCode gone = imap::code::plain(imap::code::Plain::expunge_issued);
  return by == imap::By::uid ? imap::ok("Some messages are gone", gone)
                             : imap::no("Some messages are gone", gone);
}

// Emails that are read while those before them are written.
struct ReadAhead {
  service::Mailboxes& mailboxes;
  service::MailAccount who;
  MailboxId mailbox;
  std::vector<Uid> uids;
  Result<std::vector<service::EntryEmail>> emails;
  net::AsyncEvent done;
};

Task<void> read_ahead(ReadAhead& ahead) {
  auto emails = co_await ahead.mailboxes.emails(ahead.who, ahead.mailbox, std::move(ahead.uids));
  ahead.emails = std::move(emails);
  ahead.done.set();
}

}  // namespace

// What the index doesn't know: in batches, the next of which the store reads meanwhile.
Task<Status> ImapSession::fetch_emails(const imap::Fetch& fetch, const Items& items,
                                       const std::vector<Uid>& marked, imap::Reply& reply) {
  if (items.empty()) co_return Status();
  if (items.size() <= kFirstBatch) {
    std::vector<Uid> uids = uids_of_some(items);
    auto emails = co_await host_.mailboxes.emails(who(), selected_->id, std::move(uids));
    if (!emails) co_return std::unexpected(std::move(emails).error());
    if (emails->size() < items.size()) reply = some_are_gone(fetch.by);
    const Status told = co_await fetch_some(fetch, *emails, marked, reply);
    co_return told;
  }
  const Executor executor = co_await boost::asio::this_coro::executor;
  net::TaskScope scope;
  ReadAhead ahead{host_.mailboxes, who(), selected_->id, {}, {}, net::AsyncEvent()};
  // The first answer comes soon, and then there is always a batch to write while the next is read.
  std::size_t batch = kFirstBatch;
  std::size_t next = std::min(batch, items.size());
  ahead.uids = uids_of_some(std::span(items).first(next));
  auto started = scope.spawn("imap.read_ahead", executor, read_ahead(ahead));
  Status status;
  for (std::size_t left = items.size(); left > 0 && status;) {
    if (started == net::TaskScope::Spawned::stopping) break;
    co_await ahead.done.wait_shielded();
    auto emails = std::move(ahead.emails);
    const std::size_t asked = std::min(batch, left);
    left -= asked;
    if (!emails) {
      status = std::unexpected(std::move(emails).error());
      break;
    }
    batch = kBatch;
    if (left > 0) {
      const std::size_t count = std::min(batch, left);
      ahead.uids = uids_of_some(std::span(items).subspan(next, count));
      next += count;
      started = scope.spawn("imap.read_ahead", executor, read_ahead(ahead));
    }
    if (emails->size() < asked) reply = some_are_gone(fetch.by);
    status = co_await fetch_some(fetch, *emails, marked, reply);
  }
  co_await scope.join();
  co_return status;
}

namespace {

void write_row(const imap::Fetch& fetch, imap::FetchWriter& out, const service::IndexRow& row,
               FlagTexts& flags) {
  using Kind = imap::FetchItem::Kind;
  for (const imap::FetchItem& item : fetch.items) {
    if (item.kind == Kind::flags) {
      out.flag_list(flags.of(row));
    } else if (item.kind == Kind::uid) {
      out.uid({row.uid});
    } else if (item.kind == Kind::modseq) {
      out.modseq({row.modseq});
    } else if (item.kind == Kind::internal_date) {
      out.internal_date(row.received());
    } else if (item.kind == Kind::rfc822_size) {
      out.rfc822_size(row.octets);
    }
  }
}

}  // namespace

// FLAGS and the like: from the index, without the store.
Task<Status> ImapSession::fetch_rows(const imap::Fetch& fetch, const Items& items,
                                     imap::Reply& reply) {
  const service::Mailboxes::Snapshot now = selected_->now;
  service::RowCursor rows(*now);
  FlagTexts flags(*now);
  for (const imap::SelectedView::Item& item : items) {
    const service::IndexRow* const row = rows.find(Uid{item.uid.value});
    if (row == nullptr) {
      reply = some_are_gone(fetch.by);
      continue;
    }
    imap::FetchWriter out(engine_.writer(), item.number, item.uid);
    write_row(fetch, out, *row, flags);
    out.end();
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return fail(Code::peer_gone, "sending");
  }
  co_return Status();
}

Task<Status> ImapSession::fetch_some(const imap::Fetch& fetch,
                                     const std::vector<service::EntryEmail>& emails,
                                     const std::vector<Uid>& marked, imap::Reply& reply) {
  const bool bodies = imap::needs_body(fetch);
  const bool previews = imap::wants(fetch, imap::FetchItem::Kind::preview);
  const Summarised needed = needed_summary(fetch);
  for (const auto& [entry, email] : emails) {
    mime::Summary summary = summary_of(email, needed);
    const std::string* body = nullptr;
    // Mail from before previews were kept has none; who doesn't say LAZY gets one all the same.
    const bool unseen_preview = previews && !summary.preview;
    if (bodies || unseen_preview) {
      auto bytes = co_await host_.mailboxes.body(who(), email.blob);
      if (!bytes) co_return std::unexpected(std::move(bytes).error());
      held_.push_back(std::move(*bytes));
      body = &held_.back();
    }
    if (unseen_preview) summary.preview = mime::preview(summary, *body);
    if (!write_fetch(fetch, entry, email, summary, body, marked)) {
      reply = imap::no("The part's transfer encoding is unknown", imap::code::Plain::unknown_cte);
    }
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return fail(Code::peer_gone, "sending");
  }
  co_return Status();
}

bool ImapSession::write_fetch(const imap::Fetch& fetch, const Entry& entry, const Email& email,
                              const mime::Summary& summary, const std::string* body,
                              const std::vector<Uid>& marked) {
  using Kind = imap::FetchItem::Kind;
  const auto number = selected_->view.number_of({entry.uid.value});
  if (!number) return true;
  bool known_encoding = true;
  imap::FetchWriter out(engine_.writer(), *number, {entry.uid.value});
  bool flags_told = false;
  for (const imap::FetchItem& item : fetch.items) {
    switch (item.kind) {
      case Kind::flags:
        out.flags(names_of(entry.flags));
        flags_told = true;
        break;
      case Kind::uid:
        out.uid({entry.uid.value});
        break;
      case Kind::internal_date:
        out.internal_date(entry.received);
        break;
      case Kind::rfc822_size:
        out.rfc822_size(entry.octets);
        break;
      case Kind::envelope:
        out.envelope(summary.envelope);
        break;
      case Kind::body:
        out.body(summary.root);
        break;
      case Kind::body_structure:
        out.body_structure(summary.root);
        break;
      case Kind::modseq:
        out.modseq({entry.modseq.value()});
        break;
      case Kind::email_id:
        out.email_id("E" + entry.email.text());
        break;
      case Kind::thread_id:
        out.thread_id("T" + email.thread.text());
        break;
      case Kind::save_date:
        out.save_date(entry.saved);
        break;
      case Kind::preview:
      case Kind::preview_lazy:
        out.preview(summary.preview);
        break;
      default:
        if (body != nullptr && !out.section(item, *body, summary)) known_encoding = false;
        break;
    }
  }
  const bool was_marked = std::ranges::binary_search(marked, entry.uid);
  if (!flags_told && was_marked) out.flags(names_of(entry.flags));
  // RFC 7162 §3.2: changed flags come with their MODSEQ.
  const bool condstore = engine_.features().condstore || engine_.features().qresync;
  if (condstore && was_marked && !imap::wants(fetch, Kind::modseq)) {
    out.modseq({entry.modseq.value()});
  }
  out.end();
  return known_encoding;
}

// RFC 9051 §6.4.6: the flags are told as if fetched, also where the STORE changed nothing; a silent
// STORE tells the new MODSEQ of what it changed (RFC 7162 §3.1.3).
Task<Status> ImapSession::tell_stored(const imap::Store& store, const Items& items,
                                      const StoredFlags& stored) {
  const bool condstore = engine_.features().condstore || engine_.features().qresync;
  const bool silent = store.silent == imap::Store::Silent::yes;
  if (stored.modseq) selected_->told.push_back(stored.modseq);
  if (silent && !condstore) co_return Status();
  co_await catch_up();
  if (selected_->stale) {
    selected_->told.clear();  // told when it can be read
    co_return Status();
  }
  const imap::Features on = engine_.features();
  const bool with_uid = (store.by == imap::By::uid || on.qresync) && !on.uid_only;
  const service::Mailboxes::Snapshot now = selected_->now;
  service::RowCursor rows(*now);
  FlagTexts flags(*now);
  for (const imap::SelectedView::Item& item : items) {
    const service::IndexRow* const row = rows.find(Uid{item.uid.value});
    if (row == nullptr || std::ranges::binary_search(stored.modified, Uid{row->uid})) continue;
    if (silent && row->changed() != stored.modseq) continue;
    imap::FetchWriter fetch(engine_.writer(), item.number, item.uid);
    if (with_uid) fetch.uid(item.uid);
    if (!silent) fetch.flag_list(flags.of(*row));
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
  auto stored = co_await host_.mailboxes.store_flags(who(), selected_->id, std::move(change));
  if (!stored) {
    co_await finish(to_imap(stored.error()));
    co_return;
  }
  const Status told = co_await tell_stored(store, *items, *stored);
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
  auto copied = co_await host_.mailboxes.copy(who(), selected_->id, std::move(*uids), copy.mailbox);
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
  auto moved = co_await host_.mailboxes.move(who(), selected_->id, std::move(*uids), move.mailbox);
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
  const imap::UidValidity validity{moved->uid_validity.value};
  engine_.writer().status_ok(
      "Moved", imap::code::copy_uid(validity, set_of(moved->source), set_of(moved->destination)));
  for (const Uid uid : moved->source)
    selected_->view.expunged(imap::Uid{uid.value});
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
  auto gone = co_await host_.mailboxes.expunge(who(), selected_->id, std::move(only));
  if (!gone) {
    co_await finish(to_imap(gone.error()));
    co_return;
  }
  for (const Uid uid : *gone)
    selected_->view.expunged(imap::Uid{uid.value});
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
  if (selected_->access == imap::Select::Access::read_write) {
    imap::SeqSet all;
    all.add(1, std::max<std::uint32_t>(selected_->view.last_uid().value, 1));
    auto gone = co_await host_.mailboxes.expunge(who(), selected_->id, uids_of(all, imap::By::uid));
    if (!gone) {
      engine_.finish(to_imap(gone.error()));
      co_return;
    }
  }
  selected_.reset();
  engine_.finish(imap::ok("CLOSE done"));
}

}  // namespace fumi::server
