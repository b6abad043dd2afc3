// FETCH (RFC 9051 §6.4.5).
#include <algorithm>
#include <array>

#include "net/task_scope.h"
#include "server/imap/detail/fetch_chunk.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

// So many are answered without anything being read ahead.
constexpr std::size_t kFew = 32;

const imap::Reply kNoSuchMessage = imap::bad("A sequence number is beyond the mailbox");

// RFC 5530 §3: somebody expunged a message that this client still sees. A UID that isn't there is
// no error (RFC 9051 §6.4.9).
imap::Reply some_are_gone(imap::By by) {
  const imap::ResponseCode gone = imap::code::plain(imap::code::Plain::expunge_issued);
  return by == imap::By::uid ? imap::ok("Some messages are gone", gone)
                             : imap::no("Some messages are gone", gone);
}

}  // namespace

// Implicit \Seen of BODY[…] (RFC 9051 §6.4.5): set first, so that the answer carries the new flags.
Task<Result<std::vector<Uid>>> ImapSession::mark_seen(const imap::Fetch& fetch,
                                                      const Items& items) {
  std::vector<Uid> marked;
  // RFC 4314 §4: not without the s right.
  const bool sets = imap::sets_seen(fetch) && selected_->rights.has(Rights::seen) &&
                    selected_->access == imap::Select::Access::read_write;
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
  auto stored = co_await host_.mailboxes.store_flags(whose(), selected_->id, std::move(change));
  if (!stored && stored.error().code == Code::denied) co_return marked;  // taken away meanwhile
  if (!stored) co_return std::unexpected(std::move(stored).error());
  for (const ChangedFlags& changed : stored->changed)
    marked.push_back(changed.uid);
  selected_->told.push_back(stored->modseq);
  co_return marked;
}

Task<Status> ImapSession::answer_fetch(const imap::Fetch& fetch, const Items& items,
                                       const std::vector<Uid>& marked, imap::Reply& reply) {
  const FetchPlan plan(fetch, selected_->now, marked, engine_.writer().limits(),
                       engine_.features());
  Status done;
  if (plan.needs == FetchPlan::Needs::index) {
    done = co_await fetch_rows(fetch, items, reply);
  } else if (items.size() <= kFew) {
    done = co_await fetch_few(plan, items, reply);
  } else {
    done = co_await fetch_emails(plan, items, reply);
  }
  co_return done;
}

// Of the messages that a set names, those with a greater MODSEQ: costs what has changed (RFC 7162
// §3.1.4.1). With PARTIAL its range of the set comes first.
ImapSession::Items ImapSession::changed_items(const std::vector<imap::SelectedView::Span>& spans,
                                              const imap::Fetch& fetch) const {
  using Span = imap::SelectedView::Span;
  const ModSeq since(fetch.changed_since->value);
  std::size_t named = 0;
  for (const Span& span : spans)
    named += span.count;
  std::pair<std::size_t, std::size_t> wanted(0, named);
  if (fetch.partial) wanted = fetch.partial->of(named);
  Items items;
  const std::vector<service::IndexRow> changed = selected_->now->changed_since(since);
  auto span = spans.begin();
  std::size_t before = 0;  // of the set, in front of `span`
  for (const service::IndexRow& row : changed) {
    const auto number = selected_->view.number_of({row.uid});
    if (!number) continue;
    while (span != spans.end() && span->first.value + span->count <= number->value)
      before += (span++)->count;
    if (span == spans.end()) break;
    if (number->value < span->first.value) continue;
    const std::size_t place = before + (number->value - span->first.value);
    if (place < wanted.first || place >= wanted.second) continue;
    items.push_back({*number, {row.uid}});
  }
  return items;
}

Task<void> ImapSession::on_fetch(imap::Fetch fetch) {
  const auto spans = selected_->view.resolve(fetch.set, fetch.by);
  if (!spans) {
    co_await finish(kNoSuchMessage);
    co_return;
  }
  Items items;
  if (!fetch.changed_since) items = selected_->view.items(*spans);
  if (fetch.partial && !fetch.changed_since) {  // RFC 9394 §3.3
    const auto [begin, end] = fetch.partial->of(items.size());
    items = {items.begin() + std::ptrdiff_t(begin), items.begin() + std::ptrdiff_t(end)};
  }
  co_await catch_up();
  if (fetch.changed_since) {
    const ModSeq since(fetch.changed_since->value);
    items = changed_items(*spans, fetch);
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
  const Cut cut = keep_highest(items);
  auto marked = co_await mark_seen(fetch, items);
  if (!marked) {
    co_await finish(to_imap(marked.error()));
    co_return;
  }
  // The answer carries what this has changed; what can't be read now is told when it can be.
  if (!marked->empty()) co_await catch_up();
  if (selected_->stale) selected_->told.clear();
  imap::Reply reply = imap::ok("FETCH done");
  const Status done = co_await answer_fetch(fetch, items, *marked, reply);
  if (cut) reply.code = *cut;
  if (!done) reply = to_imap(done.error());
  co_await finish(std::move(reply));
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
    } else if (item.kind == Kind::email_id) {
      out.email_id(row.email.text());  // as JMAP names it (RFC 9698 §2)
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

// A chunk and what it has yet to answer.
struct FetchLane {
  explicit FetchLane(const FetchPlan& plan) : chunk(plan) {}

  FetchChunk chunk;
  std::span<const imap::SelectedView::Item> items;  // of its turn, not answered yet
  Status status;                                    // of what it has read
  net::AsyncEvent done;
  enum class State : std::uint8_t { idle, assigned, reading } state = State::idle;
};

namespace {

struct FetchSource {
  service::Mailboxes& mailboxes;
  service::MailAccount who;
  MailboxId mailbox;
  const FetchPlan& plan;
};

Task<Status> read_saved(FetchSource source, FetchLane& lane) {
  std::vector<Uid> uids;
  for (const imap::SelectedView::Item& item : lane.items)
    uids.push_back({item.uid.value});
  auto emails = co_await source.mailboxes.emails(source.who, source.mailbox, std::move(uids));
  if (!emails) co_return std::unexpected(std::move(emails).error());
  for (const auto& [entry, email] : *emails)
    lane.chunk.saved(entry.uid, entry.saved);
  co_return Status();
}

// One chunk from its messages' ids to its text.
Task<Status> make_chunk(FetchSource source, FetchLane& lane) {
  const Status read = co_await source.mailboxes.read_summaries(source.who, source.mailbox,
                                                               lane.chunk.emails(), lane.chunk);
  if (!read) co_return read;
  if (source.plan.saved == FetchPlan::Asks::yes) {
    const Status saved = co_await read_saved(source, lane);
    if (!saved) co_return saved;
  }
  const std::span<const BlobRef> blobs = lane.chunk.bodies();
  if (!blobs.empty()) {
    auto take = [&lane](Result<std::string> bytes) { lane.chunk.body(std::move(bytes)); };
    const Status bodies = co_await source.mailboxes.bodies(source.who, blobs, take);
    if (!bodies) co_return bodies;
  }
  lane.chunk.complete();
  co_return lane.chunk.error();
}

Task<void> read_lane(FetchSource source, FetchLane& lane) {
  lane.status = co_await make_chunk(source, lane);
  lane.done.set();
}

}  // namespace

// Hands a lane's text over, and says of its messages what the reply must.
void ImapSession::take_lane(FetchLane& lane, imap::By by, imap::Reply& reply) {
  FetchChunk& chunk = lane.chunk;
  if (chunk.gone() > 0) reply = some_are_gone(by);
  if (chunk.encoding() == FetchChunk::Encoding::unknown) {
    reply = imap::no("The part's transfer encoding is unknown", imap::code::Plain::unknown_cte);
  }
  engine_.writer().output().append(std::move(chunk.output()));
  for (std::string& body : chunk.held())
    held_.push_back(std::move(body));
  chunk.held().clear();
  lane.items = lane.items.subspan(chunk.done());
}

// A few messages: one chunk after the other, and nothing ahead.
Task<Status> ImapSession::fetch_few(const FetchPlan& plan, const Items& items, imap::Reply& reply) {
  const FetchSource source{host_.mailboxes, whose(), selected_->id, plan};
  FetchLane lane(plan);
  lane.items = items;
  while (!lane.items.empty()) {
    static_cast<void>(lane.chunk.assign(lane.items));
    const Status made = co_await make_chunk(source, lane);
    if (!made) co_return made;
    take_lane(lane, plan.fetch.by, reply);
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return fail(Code::peer_gone, "sending");
  }
  co_return Status();
}

// What the index doesn't know. Two lanes by turns: while the text of one is sent, both are at the
// next. Large bodies come one at a time.
Task<Status> ImapSession::fetch_emails(const FetchPlan& plan, const Items& items,
                                       imap::Reply& reply) {
  const FetchSource source{host_.mailboxes, whose(), selected_->id, plan};
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::span<const imap::SelectedView::Item> left(items);
  std::array<FetchLane, 2> lanes{FetchLane(plan), FetchLane(plan)};
  net::TaskScope scope;
  using State = FetchLane::State;
  auto start = [&](FetchLane& lane) {
    lane.state = State::reading;
    const auto spawned = scope.spawn("imap.fetch", executor, read_lane(source, lane));
    if (spawned == net::TaskScope::Spawned::yes) return;
    lane.status = fail(Code::cancelled, "reading messages");
    lane.done.set();
  };
  auto assign = [&](FetchLane& lane, std::size_t most) {
    lane.items = left.first(lane.chunk.assign(left.first(std::min(most, left.size()))));
    left = left.subspan(lane.items.size());
    lane.state = State::assigned;
    if (lane.chunk.body_octets() <= FetchChunk::kOctets) start(lane);
  };
  Status status;
  std::size_t turn = 0;
  while (status) {
    FetchLane& lane = lanes[turn % 2];
    FetchLane& other = lanes[(turn + 1) % 2];
    if (lane.state == State::idle) {
      if (left.empty()) break;
      assign(lane, kFew);  // the first answer comes soon
    }
    if (other.state == State::idle && !left.empty()) assign(other, FetchChunk::kItems);
    if (lane.state == State::assigned) start(lane);
    co_await lane.done.wait_shielded();
    lane.state = State::idle;
    status = std::move(lane.status);
    if (!status) break;
    take_lane(lane, plan.fetch.by, reply);
    if (!lane.items.empty()) {
      static_cast<void>(lane.chunk.assign(lane.items));  // as much as before, or less
      start(lane);
    } else {
      if (!left.empty()) assign(lane, FetchChunk::kItems);
      ++turn;
    }
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) status = fail(Code::peer_gone, "sending");
  }
  co_await scope.join();
  co_return status;
}

}  // namespace fumi::server
