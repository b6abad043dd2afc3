// SEARCH over the selected mailbox (RFC 9051 §6.4.4): the program is written as a query of
// service/search, which answers it; what the client doesn't see yet is left out of the answer.
#include <algorithm>

#include "server/imap/session.h"

namespace fumi::server {
namespace {

using Kind = imap::SearchKey::Kind;
using service::SearchQuery;
using Field = SearchQuery::Field;
using std::chrono::days;

// What the day of an arrival is counted from: UTC.
Instant start_of(imap::Date day) { return std::chrono::time_point_cast<Instant::duration>(day); }

SearchQuery nothing() { return SearchQuery::any_of({}); }

// As FETCH shows them (RFC 8474 §5).
template <class Id>
SearchQuery object(const std::string& text, SearchQuery::Kind kind) {
  const auto id = Id::parse(text);
  return id ? SearchQuery::of(kind, {id->value()}) : nothing();
}

class Translator {
 public:
  Translator(const imap::SelectedView& view, Instant now) : view_(view), now_(now) {}

  // The parser limits depth.
  [[nodiscard]] SearchQuery query(const imap::SearchKey& key) const {
    switch (key.kind) {
      case Kind::all:
      case Kind::save_date_supported:  // of every mailbox here (RFC 8514 §4.3)
        return SearchQuery::of(SearchQuery::Kind::all);
      case Kind::all_of:
        return SearchQuery::all_of(children(key));
      case Kind::any_of:
        return SearchQuery::any_of(children(key));
      case Kind::negation:
        return SearchQuery::not_(query(key.children.front()));
      case Kind::flag:
        return flag(key.text);
      case Kind::new_messages:
      case Kind::recent:  // nothing is ever \Recent here (RFC 9051 dropped it)
        return nothing();
      case Kind::sequence:
        return SearchQuery::uids(numbered(key.set));
      case Kind::uid:
        return SearchQuery::uids(uids(key.set));
      case Kind::modseq:
        return SearchQuery::modseq(ModSeq(key.number));
      case Kind::larger:
        return SearchQuery::octets(key.number + 1, std::nullopt);
      case Kind::smaller:
        return SearchQuery::octets(0, key.number);
      case Kind::email_id:
        return object<EmailId>(key.text, SearchQuery::Kind::emails);
      case Kind::thread_id:
        return object<ThreadId>(key.text, SearchQuery::Kind::threads);
      default:
        return date_or_text(key);
    }
  }

 private:
  [[nodiscard]] std::vector<SearchQuery> children(const imap::SearchKey& key) const {
    std::vector<SearchQuery> out;
    for (const imap::SearchKey& child : key.children)
      out.push_back(query(child));
    return out;
  }

  [[nodiscard]] static SearchQuery flag(const std::string& name) {
    const Flags flags = flags_of({name});
    if (flags.bits != 0) return SearchQuery::flag(flags.bits);
    return SearchQuery::keyword(name);
  }

  [[nodiscard]] SearchQuery date_or_text(const imap::SearchKey& key) const {
    const auto since = [&] { return start_of(key.date); };
    const auto next = [&] { return start_of(key.date + days(1)); };
    switch (key.kind) {
      case Kind::before:
        return SearchQuery::received(std::nullopt, since());
      case Kind::on:
        return SearchQuery::received(since(), next());
      case Kind::since:
        return SearchQuery::received(since(), std::nullopt);
      case Kind::saved_before:
        return SearchQuery::saved(std::nullopt, since());
      case Kind::saved_on:
        return SearchQuery::saved(since(), next());
      case Kind::saved_since:
        return SearchQuery::saved(since(), std::nullopt);
      case Kind::sent_before:
        return SearchQuery::sent(std::nullopt, key.date);
      case Kind::sent_on:
        return SearchQuery::sent(key.date, key.date + days(1));
      case Kind::sent_since:
        return SearchQuery::sent(key.date, std::nullopt);
      // RFC 5032 §2: at or after, at or before now - interval.
      case Kind::younger:
        return SearchQuery::received(ago(key.number), std::nullopt);
      case Kind::older:
        return SearchQuery::received(std::nullopt, ago(key.number) + Duration(1));
      case Kind::header:
        return SearchQuery::header(key.field, key.text);
      default:
        return SearchQuery::contains(field(key.kind), key.text);
    }
  }

  [[nodiscard]] static Field field(Kind kind) {
    switch (kind) {
      case Kind::bcc:
        return Field::bcc;
      case Kind::cc:
        return Field::cc;
      case Kind::from:
        return Field::from;
      case Kind::to:
        return Field::to;
      case Kind::subject:
        return Field::subject;
      case Kind::body:
        return Field::body;
      default:
        return Field::any;
    }
  }

  [[nodiscard]] Instant ago(std::uint64_t seconds) const {
    return now_ - std::chrono::seconds(std::min<std::uint64_t>(seconds, UINT32_MAX));
  }

  [[nodiscard]] static std::vector<SearchQuery::UidRange> ranges(const imap::SeqSet& set) {
    std::vector<SearchQuery::UidRange> out;
    for (const imap::SeqSet::Range& range : set.ranges())
      out.emplace_back(range.first, range.last);
    return out;
  }
  [[nodiscard]] std::vector<SearchQuery::UidRange> uids(const imap::SeqSet& set) const {
    if (set.is_saved_result()) return ranges(view_.saved_result());
    return ranges(set.resolve(view_.last_uid().value));
  }
  // Numbers beyond the mailbox name nothing.
  [[nodiscard]] std::vector<SearchQuery::UidRange> numbered(const imap::SeqSet& set) const {
    if (set.is_saved_result()) return ranges(view_.saved_result());
    std::vector<SearchQuery::UidRange> out;
    if (view_.size() == 0) return out;
    for (const imap::SeqSet::Range& range : set.resolve(view_.size()).ranges()) {
      const auto first = view_.uid_of({range.first});
      const auto last = view_.uid_of({std::min(range.last, view_.size())});
      if (first && last) out.emplace_back(first->value, last->value);
    }
    return out;
  }

  const imap::SelectedView& view_;
  Instant now_;
};

// What to_imap() would say in terms of messages and logins.
std::optional<imap::Reply> refusal(const Error& error) {
  using Plain = imap::code::Plain;
  if (error.code == Code::too_large) {
    return imap::no("Search refused: " + error.detail, Plain::limit);  // RFC 9051 §7.1
  }
  if (error.code == Code::rate_limited) {
    return imap::no("Too much to search at a time, try again later", Plain::unavailable);
  }
  return std::nullopt;
}

}  // namespace

Task<Result<std::vector<Entry>>> ImapSession::hits_of(const imap::SearchKey& program) {
  co_return co_await hits_in(program, whose(), selected_->id, selected_->view);
}

Task<Result<std::vector<Entry>>> ImapSession::hits_in(const imap::SearchKey& program,
                                                      service::MailAccount whose, MailboxId mailbox,
                                                      const imap::SelectedView& view) {
  SearchQuery query = Translator(view, system_clock().now()).query(program);
  service::SearchScope scope;
  scope.mailboxes.push_back(mailbox);
  service::Search::Progress progress = [this](std::uint64_t done, std::uint64_t total) {
    return tell_progress(done, total);
  };
  auto hits =
      co_await host_.search.run(whose, std::move(scope), std::move(query), std::move(progress));
  if (!hits) co_return std::unexpected(std::move(hits).error());
  std::vector<Entry> entries;
  for (service::SearchHit& hit : *hits) {
    if (view.number_of({hit.entry.uid.value})) entries.push_back(std::move(hit.entry));
  }
  co_return entries;
}

Task<Result<std::vector<Uid>>> ImapSession::matching(const imap::SearchKey& program) {
  auto hits = co_await hits_of(program);
  if (!hits) co_return std::unexpected(std::move(hits).error());
  std::vector<Uid> uids;
  for (const Entry& entry : *hits)
    uids.push_back(entry.uid);
  co_return uids;
}

Task<void> ImapSession::on_search(imap::Search search) {
  auto hits = co_await hits_of(search.program);
  if (!hits) {
    // Half a result would look like a whole one.
    if (search.wanted.save) selected_->view.save_result({});  // RFC 5182 §2.1
    std::optional<imap::Reply> reply = refusal(hits.error());
    if (!reply) reply = to_imap(hits.error());
    co_await finish(std::move(*reply));
    co_return;
  }
  const Cut cut = keep_highest(*hits);
  std::vector<std::uint32_t> numbers;
  imap::ModSeq highest;
  for (const Entry& entry : *hits) {
    const auto number = selected_->view.number_of({entry.uid.value});
    numbers.push_back(search.by == imap::By::uid ? entry.uid.value : number->value);
    highest.value = std::max(highest.value, entry.modseq.value());
  }
  keep_result(search, numbers);
  imap::SearchResult result;
  result.hits = numbers;
  if (search.uses_modseq && !numbers.empty()) result.modseq = highest;
  engine_.writer().search(search, result);
  co_await finish(imap::ok("SEARCH done", cut.value_or(imap::ResponseCode())));
}

}  // namespace fumi::server
