// Email/query, Email/queryChanges and SearchSnippet/get (RFC 8621 §4.4, §4.5, §5).
#include <algorithm>
#include <array>
#include <set>

#include "api/jmap/email_filter.h"
#include "api/jmap/email_view.h"
#include "api/jmap/methods.h"
#include "api/jmap/query_cache.h"
#include "api/jmap/query_result.h"
#include "api/jmap/text_match.h"
#include "base/ascii.h"
#include "codec/date.h"
#include "codec/fold.h"
#include "codec/html_text.h"
#include "codec/utf8.h"
#include "mime/body.h"
#include "mime/header.h"
#include "proto/jmap/window.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kLimitMax = 10'000;
constexpr std::size_t kSnippetOctets = 255;
constexpr std::size_t kSnippetLook = 512 * 1024;  // octets of a body that snippets are cut from

struct Query {
  QueryArguments arguments;
  EmailFilter filter;
  Flag collapse = Flag::no;
  std::string key;  // names it in the cache

  [[nodiscard]] bool sorts_by_summary() const {
    return std::ranges::any_of(arguments.sort, [](const Comparator& each) {
      return each.property == "sentAt" || each.property == "from" || each.property == "to" ||
             each.property == "subject";
    });
  }
  [[nodiscard]] bool sorts_by_thread() const {
    return std::ranges::any_of(
        arguments.sort, [](const Comparator& each) { return each.property.contains("InThread"); });
  }
};

MethodResult<Query> read_query(const Call& call, QueryArguments arguments) {
  constexpr std::array<std::string_view, 9> kSorts{"receivedAt",
                                                   "sentAt",
                                                   "size",
                                                   "from",
                                                   "to",
                                                   "subject",
                                                   "hasKeyword",
                                                   "allInThreadHaveKeyword",
                                                   "someInThreadHaveKeyword"};
  Query query;
  Json key = JsonObject{{"account", call.account_text()}};
  if (arguments.filter) {
    auto filter = EmailFilter::compile(*arguments.filter);
    if (!filter) return std::unexpected(std::move(filter).error());
    query.filter = std::move(*filter);
    key.set("filter", *arguments.filter);
  }
  JsonArray sort;
  for (Comparator& each : arguments.sort) {
    if (std::ranges::find(kSorts, each.property) == kSorts.end())
      return refuse("unsupportedSort", "can't sort by " + ascii::printable(each.property));
    if (each.property.ends_with("Keyword") && each.keyword.empty())
      return invalid_arguments("the comparator needs a keyword");
    each.keyword = ascii::to_lower(each.keyword);
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

// One email on its way through the query.
struct Candidate {
  EmailFacts facts;
  std::vector<std::string> keys;  // by comparator, where they are of the summary
};

// Without "Re: " and "[list]" before it: an approximation of RFC 5256 §2.1's base subject.
std::string base_subject(std::string_view subject) {
  std::string_view rest = ascii::trim(subject);
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string_view prefix : {"re:", "fw:", "fwd:"}) {
      if (!ascii::istarts_with(rest, prefix)) continue;
      rest = ascii::trim(rest.substr(prefix.size()));
      cut = true;
    }
    const std::size_t end = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
    if (end != std::string_view::npos && end + 1 < rest.size()) {
      rest = ascii::trim(rest.substr(end + 1));
      cut = true;
    }
  }
  return codec::fold(rest);
}

std::string address_key(const std::vector<mime::Address>& list) {
  for (const mime::Address& address : list) {
    if (address.kind != mime::Address::Kind::mailbox) continue;
    const std::string name = mime::decode_unstructured(address.name);
    return codec::fold(name.empty() ? address.local + "@" + address.domain : name);
  }
  return {};
}

std::vector<std::string> summary_keys(const std::vector<Comparator>& sort,
                                      const mime::Envelope& envelope, Instant received) {
  std::vector<std::string> keys;
  for (const Comparator& each : sort) {
    std::string key;
    if (each.property == "subject")
      key = base_subject(mime::decode_unstructured(envelope.subject));
    else if (each.property == "from")
      key = address_key(envelope.from);
    else if (each.property == "to")
      key = address_key(envelope.to);
    else if (each.property == "sentAt") {
      const auto sent = codec::parse_date(envelope.date);
      key = utc_date(to_micros(sent ? sent->at : received));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

class Order {
 public:
  Order(const Query& query, const ThreadKeywords& threads) : query_(query), threads_(threads) {}

  bool operator()(const Candidate& a, const Candidate& b) const {
    for (std::size_t i = 0; i < query_.arguments.sort.size(); ++i) {
      const Comparator& each = query_.arguments.sort[i];
      const int order = compare(each, a, b, i);
      if (order != 0) return (order < 0) == (each.order == Comparator::Order::ascending);
    }
    if (query_.arguments.sort.empty() && a.facts.received != b.facts.received)
      return a.facts.received > b.facts.received;
    return a.facts.id > b.facts.id;  // the newest first
  }

 private:
  template <class T>
  static int three_way(const T& a, const T& b) {
    return a < b ? -1 : b < a ? 1 : 0;
  }
  // RFC 8621 §4.4.2: those that have the keyword come last in ascending order.
  int compare(const Comparator& each, const Candidate& a, const Candidate& b,
              std::size_t index) const {
    if (each.property == "receivedAt") return three_way(a.facts.received, b.facts.received);
    if (each.property == "size") return three_way(a.facts.octets, b.facts.octets);
    if (each.property == "hasKeyword")
      return three_way(has_keyword(a.facts, each.keyword), has_keyword(b.facts, each.keyword));
    if (each.property.contains("InThread"))
      return three_way(in_thread(each, a), in_thread(each, b));
    return three_way(a.keys[index], b.keys[index]);
  }
  [[nodiscard]] bool in_thread(const Comparator& each, const Candidate& of) const {
    const auto thread = threads_.threads.find(of.facts.thread);
    if (thread == threads_.threads.end()) return false;
    const auto count = thread->second.having.find(each.keyword);
    if (count == thread->second.having.end()) return false;
    return each.property.starts_with("some") || count->second == thread->second.emails;
  }

  const Query& query_;
  const ThreadKeywords& threads_;
};

struct Evaluation {
  ModSeq state;
  std::vector<Candidate> sure;        // match
  std::vector<EmailFacts> undecided;  // hang on the text
  ThreadKeywords threads;
};

Answer collect(Call& call, Tx& tx, const Query& query, Evaluation& into) {
  into = Evaluation();
  FUMI_JMAP_TRY(into.state, tx.emails().state(call.account()));
  const bool threads = query.filter.asks_threads() || query.sorts_by_thread();
  const auto mailbox = query.filter.only_mailbox();
  if (mailbox) {
    FUMI_JMAP_TRY(const auto there, tx.mailboxes().mailbox(call.account(), *mailbox));
    if (!there) return Json();
  }
  FUMI_JMAP_TRY(auto facts, tx.emails().list(call.account(), threads ? std::nullopt : mailbox));
  if (threads) into.threads = thread_keywords(facts);
  for (EmailFacts& each : facts) {
    const Verdict3 verdict = query.filter.decide(each, into.threads);
    if (verdict == Verdict3::yes)
      into.sure.push_back({std::move(each), {}});
    else if (verdict == Verdict3::depends)
      into.undecided.push_back(std::move(each));
  }
  return Json();
}

// What the summaries tell of how to sort.
Answer fill_keys(Call& call, Tx& tx, const Query& query, Evaluation& into) {
  for (Candidate& candidate : into.sure) {
    FUMI_JMAP_TRY(const auto email, tx.mailboxes().email(call.account(), candidate.facts.id));
    const auto summary = email ? mime::decode(email->summary) : std::nullopt;
    candidate.keys =
        summary_keys(query.arguments.sort, summary ? summary->envelope : mime::Envelope(),
                     candidate.facts.received);
  }
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
    if (found.contains(email.id)) evaluation.sure.push_back({std::move(email), {}});
  co_return Json();
}

struct Found {
  ModSeq state;
  QueryCache::Ids ids;
};

Task<MethodResult<Found>> evaluate(Call& call, const Query& query) {
  ModSeq now;
  Work look = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(now, tx.emails().state(call.account()));
    return Json();
  };
  Answer looked = co_await reading(call, std::move(look));
  if (!looked) co_return std::unexpected(std::move(looked).error());
  if (auto known = call.queries.find(query.key, state_text(now))) co_return Found{now, known};
  Evaluation evaluation;
  Work work = [&](Tx& tx) { return collect(call, tx, query, evaluation); };
  Answer collected = co_await reading(call, std::move(work));
  if (!collected) co_return std::unexpected(std::move(collected).error());
  if (!evaluation.undecided.empty()) {
    Answer decided = co_await decide_undecided(call, query, evaluation);
    if (!decided) co_return std::unexpected(std::move(decided).error());
  }
  if (query.sorts_by_summary()) {
    Work fill = [&](Tx& tx) { return fill_keys(call, tx, query, evaluation); };
    Answer filled = co_await reading(call, std::move(fill));
    if (!filled) co_return std::unexpected(std::move(filled).error());
  }
  std::ranges::sort(evaluation.sure, Order(query, evaluation.threads));
  auto ids = std::make_shared<std::vector<std::string>>();
  std::set<ThreadId> shown;
  for (const Candidate& candidate : evaluation.sure) {
    if (query.collapse == Flag::yes && !shown.insert(candidate.facts.thread).second) continue;
    ids->push_back(candidate.facts.id.text());
  }
  Found found{evaluation.state, std::move(ids)};
  call.queries.keep(query.key, state_text(found.state), found.ids);
  co_return found;
}

Task<Answer> query_emails(Call& call) {
  auto arguments = query_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto query = read_query(call, std::move(*arguments));
  if (!query) co_return std::unexpected(std::move(query).error());
  MethodResult<Found> found = co_await evaluate(call, *query);
  if (!found) co_return std::unexpected(std::move(found).error());
  auto window = cut_window(*found->ids, query->arguments, kLimitMax);
  if (!window) co_return std::unexpected(std::move(window).error());
  JsonArray list;
  for (std::string& id : window->ids)
    list.emplace_back(std::move(id));
  Json out = JsonObject{{"accountId", call.account_text()}};
  out.set("queryState", state_text(found->state));
  out.set("canCalculateChanges", true);
  out.set("position", std::int64_t(window->position));
  out.set("ids", std::move(list));
  out.set("collapseThreads", query->collapse == Flag::yes);
  if (query->arguments.calculate_total == Flag::yes)
    out.set("total", std::int64_t(found->ids->size()));
  if (window->limit) out.set("limit", std::int64_t(*window->limit));
  co_return out;
}

Task<Answer> query_changes(Call& call) {
  auto arguments = query_changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto query = read_query(call, arguments->query);
  if (!query) co_return std::unexpected(std::move(query).error());
  const auto before = call.queries.find(query->key, arguments->since_query_state);
  if (!before) co_return refuse("cannotCalculateChanges", "that result isn't kept any more");
  MethodResult<Found> now = co_await evaluate(call, *query);
  if (!now) co_return std::unexpected(std::move(now).error());
  co_return query_changes_json(call, *arguments, now->state, *before, *now->ids);
}

std::string shown_body(const mime::Summary& summary, std::string_view raw) {
  std::string out;
  for (const mime::Part* part : body_parts(summary.root).text) {
    if (part->type != "text") continue;
    const std::string content = mime::text_content(*part, raw);
    out += part->subtype == "html" ? codec::html_text(content) : content;
    out += "\n\n";
    if (out.size() >= kSnippetLook) break;
  }
  return std::string(ascii::trim(codec::utf8_prefix(out, kSnippetLook)));
}

Task<Answer> snippets(Call& call) {
  auto ids = list_argument(call.arguments, "emailIds");
  if (!ids) co_return std::unexpected(std::move(ids).error());
  if (!*ids) co_return invalid_arguments("emailIds is missing");
  if ((*ids)->size() > limits_of(call.host.options).get_max) co_return refuse("requestTooLarge");
  EmailFilter filter;
  if (const Json* given = call.arguments.find("filter"); given && !given->is_null()) {
    auto compiled = EmailFilter::compile(*given);
    if (!compiled) co_return std::unexpected(std::move(compiled).error());
    filter = std::move(*compiled);
  }
  const std::vector<std::string> words = filter.shown_words();
  std::vector<FoundEmail> emails;
  Work work = [&](Tx& tx) -> Answer {
    std::vector<EmailId> wanted;
    for (const std::string& text : **ids)
      if (const auto id = id_of<EmailId>(text)) wanted.push_back(*id);
    FUMI_JMAP_TRY(emails, tx.emails().find(call.account(), wanted));
    return Json();
  };
  Answer read = co_await reading(call, std::move(work));
  if (!read) co_return read;
  JsonArray list;
  std::set<std::string> found;
  for (const FoundEmail& email : emails) {
    const TenantScope scope = call.scope();
    Result<std::string> raw = co_await call.host.blobs.get(scope, email.email.blob);
    if (!raw) co_return std::unexpected(to_jmap(raw.error()));
    const mime::Summary summary = mime::parse(*raw);
    const std::string subject =
        snippet(mime::decode_unstructured(summary.envelope.subject), words, kSnippetOctets);
    const std::string body = snippet(shown_body(summary, *raw), words, kSnippetOctets);
    Json one = JsonObject{{"emailId", email.email.id.text()}};
    one.set("subject", subject.empty() ? Json() : Json(subject));
    one.set("preview", body.empty() ? Json() : Json(body));
    list.push_back(std::move(one));
    found.insert(email.email.id.text());
  }
  JsonArray not_found;
  for (const std::string& id : **ids)
    if (!found.contains(id)) not_found.emplace_back(id);
  Json answer = JsonObject{{"accountId", call.account_text()}};
  answer.set("list", std::move(list));
  answer.set("notFound", not_found.empty() ? Json() : Json(std::move(not_found)));
  co_return answer;
}

}  // namespace

std::span<const Method> query_methods() {
  static constexpr std::array kMethods{
      Method{"Email/query", capability::kMail, &query_emails},
      Method{"Email/queryChanges", capability::kMail, &query_changes},
      Method{"SearchSnippet/get", capability::kMail, &snippets},
  };
  return kMethods;
}

}  // namespace fumi::jmap
