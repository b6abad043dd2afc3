// Email/query and Email/queryChanges (RFC 8621 §4.4, §4.5).
//
// The newest result of a query is kept (email_result.h) and brought on by what changed since: only
// those emails are looked at again, with all that share a thread with one where the query asks
// about threads. What changed since an older state is told from the same.
#include <algorithm>
#include <array>
#include <set>

#include "api/jmap/email_filter.h"
#include "api/jmap/email_order.h"
#include "api/jmap/email_result.h"
#include "api/jmap/methods.h"
#include "api/jmap/query_cache.h"
#include "base/ascii.h"
#include "proto/jmap/window.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kLimitMax = 10'000;
// Looking at more emails one by one than this, and an eighth of what matches, costs more than
// reading the account in one sweep.
constexpr std::size_t kStepMin = 1'000;

struct Query {
  QueryArguments arguments;
  EmailFilter filter;
  Flag collapse = Flag::no;
  std::string mark;  // of the view that it was read for
  std::string key;   // names it in the cache

  // Whether an email may match, or be shown, by what happens to others of its thread.
  [[nodiscard]] bool asks_keywords_of_threads() const {
    return filter.asks_threads() || sorts_by_thread(arguments.sort);
  }
  [[nodiscard]] bool hangs_on_threads() const {
    return collapse == Flag::yes || asks_keywords_of_threads();
  }
  // Where its places elsewhere don't count.
  [[nodiscard]] std::optional<MailboxId> only_mailbox() const {
    return asks_keywords_of_threads() ? std::nullopt : filter.only_mailbox();
  }
  [[nodiscard]] EmailResult::Threads shown() const {
    return collapse == Flag::yes ? EmailResult::Threads::first : EmailResult::Threads::all;
  }
};

MethodResult<Query> read_query(const Call& call, QueryArguments arguments) {
  Query query;
  query.mark = call.view.mark();
  Json key = JsonObject{{"account", call.account_text()}, {"view", query.mark}};
  if (arguments.filter) {
    auto filter = EmailFilter::compile(*arguments.filter);
    if (!filter) return std::unexpected(std::move(filter).error());
    query.filter = std::move(*filter);
    key.set("filter", *arguments.filter);
  }
  FUMI_JMAP_TRY(arguments.sort, read_sort(std::move(arguments.sort)));
  JsonArray sort;
  for (const Comparator& each : arguments.sort) {
    sort.emplace_back(
        JsonArray{each.property, each.keyword, each.order == Comparator::Order::ascending});
  }
  key.set("sort", std::move(sort));
  const auto collapse = flag_argument(call.arguments, "collapseThreads");
  if (!collapse) return std::unexpected(collapse.error());
  query.collapse = *collapse;
  key.set("collapse", query.collapse == Flag::yes);
  query.key = codec::write_json(key);
  query.arguments = std::move(arguments);
  return query;
}

// Emails that may match otherwise than at a state, or stand elsewhere. Both lists ascend.
struct Affected {
  ModSeq now;
  std::vector<EmailId> touched;  // gone ones, too
  std::vector<EmailId> created;  // of these, those that weren't there
};

void make_set(std::vector<EmailId>& ids) {
  std::ranges::sort(ids);
  const auto [first, last] = std::ranges::unique(ids);
  ids.erase(first, last);
}

// Adds whatever shares a thread with what was touched.
Status add_threads(Call& call, Tx& tx, ModSeq since, Affected& into) {
  FUMI_TRY(const auto changed, call.view.thread_changes(tx, since, 0));
  std::set<ThreadId> threads(changed.updated.begin(), changed.updated.end());
  threads.insert(changed.created.begin(), changed.created.end());
  FUMI_TRY(const auto found, call.view.find(tx, into.touched));
  for (const FoundEmail& each : found)
    threads.insert(each.email.thread);
  const std::vector<ThreadId> all(threads.begin(), threads.end());
  FUMI_TRY(const auto whole, call.view.threads(tx, all));
  for (const ThreadEmails& thread : whole)
    into.touched.insert(into.touched.end(), thread.emails.begin(), thread.emails.end());
  return {};
}

// not_found: the state is too old, or never was.
Result<Affected> affected_since(Call& call, Tx& tx, const Query& query, ModSeq since) {
  FUMI_TRY(auto changes, call.view.email_changes(tx, since, 0));
  Affected affected{changes.state, std::move(changes.updated), std::move(changes.created)};
  auto& touched = affected.touched;
  touched.insert(touched.end(), affected.created.begin(), affected.created.end());
  if (query.hangs_on_threads()) FUMI_CHECK(add_threads(call, tx, since, affected));
  touched.insert(touched.end(), changes.destroyed.begin(), changes.destroyed.end());
  make_set(touched);
  make_set(affected.created);
  return affected;
}

// One run of the query: over the whole account, or over what was touched since a kept result.
struct Evaluation {
  ModSeq state;
  QueryCache::Emails base;            // that result; null: the whole account was looked at
  std::vector<EmailId> touched;       // since
  std::vector<EmailFacts> sure;       // match
  std::vector<EmailFacts> undecided;  // hang on the text
  ThreadKeywords threads;
  std::vector<ResultRow> rows;  // of `sure`
};

void judge(Call& call, const Query& query, std::vector<EmailFacts> facts, Evaluation& into) {
  call.queries.count_judged(facts.size());
  if (query.asks_keywords_of_threads()) into.threads = thread_keywords(facts);
  for (EmailFacts& each : facts) {
    const Verdict3 verdict = query.filter.decide(each, into.threads);
    if (verdict == Verdict3::yes)
      into.sure.push_back(std::move(each));
    else if (verdict == Verdict3::depends)
      into.undecided.push_back(std::move(each));
  }
}

Status judge_touched(Call& call, Tx& tx, const Query& query, Evaluation& into) {
  FUMI_TRY(auto found, call.view.find(tx, into.touched));
  const auto mailbox = query.only_mailbox();
  std::vector<EmailFacts> facts;
  for (FoundEmail& each : found) {
    const Email& email = each.email;
    facts.push_back({email.id, email.thread, email.octets, email.received, std::move(each.places)});
    if (mailbox)
      std::erase_if(facts.back().places, [&](const Place& at) { return at.mailbox != *mailbox; });
  }
  judge(call, query, std::move(facts), into);
  return {};
}

// What changed since the kept result, if that can be told and is little.
Answer collect_step(Call& call, Tx& tx, const Query& query, const QueryCache::Emails& kept,
                    Evaluation& into) {
  if (!kept) return Json();
  if (kept->state() == into.state) {
    into.base = kept;
    return Json();
  }
  auto affected = affected_since(call, tx, query, kept->state());
  if (!affected && affected.error().code == Code::not_found) return Json();
  if (!affected) return std::unexpected(to_jmap(affected.error()));
  if (affected->touched.size() > kStepMin + kept->rows() / 8) return Json();
  into.base = kept;
  into.touched = std::move(affected->touched);
  const Status judged = judge_touched(call, tx, query, into);
  if (!judged) return std::unexpected(to_jmap(judged.error()));
  return Json();
}

Answer collect(Call& call, Tx& tx, const Query& query, const QueryCache::Emails& kept,
               Evaluation& into) {
  into = Evaluation();
  if (call.view.mark() != query.mark)
    return refuse("serverUnavailable", "rights in the account are changing");
  FUMI_JMAP_TRY(into.state, tx.emails().state(call.account()));
  FUMI_JMAP_TRY(const Json done, collect_step(call, tx, query, kept, into));
  if (into.base) return done;
  if (const auto mailbox = query.filter.only_mailbox()) {
    FUMI_JMAP_TRY(const auto there, call.view.mailbox(tx, *mailbox));
    if (!there) return Json();
  }
  FUMI_JMAP_TRY(auto facts, call.view.list(tx, query.only_mailbox()));
  judge(call, query, std::move(facts), into);
  return Json();
}

MethodError as_filter_error(const Error& error) {
  // RFC 8621 §4.4.1: one that is too complex for us is of a kind that we don't support.
  if (error.code == Code::too_large) return {"unsupportedFilter", error.detail};
  return to_jmap(error);
}

// Asks the search about what hangs on the text, and moves what matches to `sure`.
Task<Answer> decide_undecided(Call& call, const Query& query, Evaluation& evaluation) {
  service::SearchScope scope;
  scope.unit = service::SearchScope::Unit::email;
  if (const auto mailbox = query.filter.only_mailbox()) scope.mailboxes = {*mailbox};
  std::vector<EmailId> ids;
  for (const EmailFacts& email : evaluation.undecided)
    ids.push_back(email.id);
  std::ranges::sort(ids);
  scope.emails = std::move(ids);
  service::SearchQuery question =
      query.filter.open_question(evaluation.undecided, evaluation.threads);
  const service::MailAccount who{call.scope(), call.account()};
  auto hits = co_await call.host.search.run(who, std::move(scope), std::move(question));
  if (!hits && hits.error().code == Code::not_found)
    co_return Json();  // the mailbox went meanwhile
  if (!hits) co_return std::unexpected(as_filter_error(hits.error()));
  std::set<EmailId> found;
  for (const service::SearchHit& hit : *hits)
    found.insert(hit.entry.email);
  for (EmailFacts& email : evaluation.undecided)
    if (found.contains(email.id)) evaluation.sure.push_back(std::move(email));
  co_return Json();
}

void add_row(const Query& query, const EmailFacts& email, const mime::Envelope* envelope,
             Evaluation& into) {
  into.rows.push_back(
      {order_key(query.arguments.sort, email, into.threads, envelope), email.id, email.thread});
}

// With what the summaries tell of how to sort.
Answer make_rows(Call& call, Tx& tx, const Query& query, Evaluation& into) {
  into.rows.clear();
  for (const EmailFacts& each : into.sure) {
    FUMI_JMAP_TRY(const auto email, call.view.email(tx, each.id));
    const auto summary = email ? mime::decode(email->summary) : std::nullopt;
    add_row(query, each, summary ? &summary->envelope : nullptr, into);
  }
  return Json();
}

Task<MethodResult<QueryCache::Emails>> evaluate(Call& call, const Query& query) {
  const QueryCache::Emails kept = call.queries.find_emails(query.key);
  Evaluation evaluation;
  Work work = [&](Tx& tx) { return collect(call, tx, query, kept, evaluation); };
  Answer collected = co_await reading(call, std::move(work));
  if (!collected) co_return std::unexpected(std::move(collected).error());
  if (evaluation.base && evaluation.base->state() == evaluation.state) co_return evaluation.base;
  if (!evaluation.undecided.empty()) {
    Answer decided = co_await decide_undecided(call, query, evaluation);
    if (!decided) co_return std::unexpected(std::move(decided).error());
  }
  if (sorts_by_summary(query.arguments.sort)) {
    Work fill = [&](Tx& tx) { return make_rows(call, tx, query, evaluation); };
    Answer filled = co_await reading(call, std::move(fill));
    if (!filled) co_return std::unexpected(std::move(filled).error());
  } else {
    for (const EmailFacts& each : evaluation.sure)
      add_row(query, each, nullptr, evaluation);
  }
  QueryCache::Emails result;
  if (evaluation.base) {
    result = std::make_shared<const EmailResult>(*evaluation.base, evaluation.state,
                                                 std::move(evaluation.touched),
                                                 std::move(evaluation.rows));
  } else {
    result = std::make_shared<const EmailResult>(evaluation.state, query.shown(),
                                                 std::move(evaluation.rows));
  }
  call.queries.keep_emails(query.key, result);
  co_return result;
}

// What the caller may see: a result is kept for that.
Task<Answer> look(Call& call) {
  Work work = [](Tx&) -> Answer { return Json(); };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> query_emails(Call& call) {
  auto arguments = query_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  if (call.is_foreign()) {
    Answer looked = co_await look(call);
    if (!looked) co_return looked;
  }
  auto query = read_query(call, std::move(*arguments));
  if (!query) co_return std::unexpected(std::move(query).error());
  MethodResult<QueryCache::Emails> found = co_await evaluate(call, *query);
  if (!found) co_return std::unexpected(std::move(found).error());
  const EmailResult& result = **found;
  std::optional<std::size_t> anchor_at;
  if (query->arguments.anchor)
    if (const auto id = id_of<EmailId>(*query->arguments.anchor)) anchor_at = result.place_of(*id);
  auto window = window_range(result.size(), anchor_at, query->arguments, kLimitMax);
  if (!window) co_return std::unexpected(std::move(window).error());
  JsonArray list;
  for (std::size_t i = 0; i < window->count; ++i)
    list.emplace_back(result.at(window->position + i).text());
  Json out = JsonObject{{"accountId", call.account_text()}};
  out.set("queryState", state_text(call, result.state()));
  out.set("canCalculateChanges", true);
  out.set("position", std::int64_t(window->position));
  out.set("ids", std::move(list));
  out.set("collapseThreads", query->collapse == Flag::yes);
  if (query->arguments.calculate_total == Flag::yes) out.set("total", std::int64_t(result.size()));
  if (window->limit) out.set("limit", std::int64_t(*window->limit));
  co_return out;
}

struct Difference {
  QueryCache::Emails now;
  EmailResult::Changes changes;
};

// Where the step from that state isn't remembered any more, or another node took it: what the store
// says was touched since.
Task<MethodResult<Difference>> difference_by_store(Call& call, const Query& query, ModSeq since) {
  constexpr int kTries = 3;
  for (int tries = 0; tries < kTries; ++tries) {
    MethodResult<QueryCache::Emails> now = co_await evaluate(call, query);
    if (!now) co_return std::unexpected(std::move(now).error());
    Affected affected;
    Work work = [&](Tx& tx) -> Answer {
      auto found = affected_since(call, tx, query, since);
      if (!found) return std::unexpected(cannot_calculate(found.error()));
      affected = std::move(*found);
      return Json();
    };
    Answer read = co_await reading(call, std::move(work));
    if (!read) co_return std::unexpected(std::move(read).error());
    if (affected.now != (*now)->state()) continue;  // mail came meanwhile
    co_return Difference{*now, (*now)->of(affected.touched, affected.created)};
  }
  co_return refuse("cannotCalculateChanges", "too much happens at the moment");
}

Task<MethodResult<Difference>> difference(Call& call, const Query& query,
                                          const QueryChangesArguments& arguments) {
  const auto since = since_state(call, arguments.since_query_state);
  if (!since) co_return std::unexpected(since.error());
  MethodResult<QueryCache::Emails> now = co_await evaluate(call, query);
  if (!now) co_return std::unexpected(std::move(now).error());
  // RFC 8620 §5.6: what lies behind upToId is left out only where nothing ever moves.
  const bool fixed = query.collapse == Flag::no && query.filter.is_immutable() &&
                     is_immutable(query.arguments.sort);
  std::optional<EmailId> up_to;
  if (fixed && arguments.up_to_id) up_to = id_of<EmailId>(*arguments.up_to_id);
  if (auto changes = (*now)->since(*since, up_to)) co_return Difference{*now, std::move(*changes)};
  co_return co_await difference_by_store(call, query, *since);
}

Task<Answer> query_changes(Call& call) {
  auto arguments = query_changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  if (call.is_foreign()) {
    Answer looked = co_await look(call);
    if (!looked) co_return looked;
  }
  auto query = read_query(call, arguments->query);
  if (!query) co_return std::unexpected(std::move(query).error());
  MethodResult<Difference> found = co_await difference(call, *query, *arguments);
  if (!found) co_return std::unexpected(std::move(found).error());
  const EmailResult::Changes& changes = found->changes;
  const std::size_t count = changes.removed.size() + changes.added.size();
  if (arguments->max_changes && count > *arguments->max_changes) co_return refuse("tooManyChanges");
  JsonArray added;
  for (const auto& each : changes.added)
    added.emplace_back(JsonObject{{"id", each.id.text()}, {"index", std::int64_t(each.index)}});
  Json out = JsonObject{{"accountId", call.account_text()}};
  out.set("oldQueryState", arguments->since_query_state);
  out.set("newQueryState", state_text(call, found->now->state()));
  out.set("removed", ids_json(changes.removed));
  out.set("added", std::move(added));
  if (arguments->query.calculate_total == Flag::yes)
    out.set("total", std::int64_t(found->now->size()));
  co_return out;
}

}  // namespace

std::span<const Method> query_methods() {
  static constexpr std::array kMethods{
      Method{"Email/query", capability::kMail, &query_emails},
      Method{"Email/queryChanges", capability::kMail, &query_changes},
  };
  return kMethods;
}

}  // namespace fumi::jmap
