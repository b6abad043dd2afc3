#include "api/jmap/email_filter.h"

#include <algorithm>
#include <array>

#include "api/jmap/email_view.h"
#include "api/jmap/text_match.h"
#include "base/ascii.h"

namespace fumi::jmap {
namespace {

using service::SearchQuery;

constexpr std::size_t kNodesMax = 500;

enum class Kind : std::uint8_t {
  and_,
  or_,
  not_,
  in_mailbox,
  in_mailbox_other_than,
  before,
  after,
  min_size,
  max_size,
  all_in_thread,
  some_in_thread,
  none_in_thread,
  has_keyword,
  not_keyword,
  has_attachment,
  text,
  from,
  to,
  cc,
  bcc,
  subject,
  body,
  header,
};

struct Name {
  std::string_view name;
  Kind kind;
};
constexpr std::array kNames{Name{"inMailbox", Kind::in_mailbox},
                            Name{"inMailboxOtherThan", Kind::in_mailbox_other_than},
                            Name{"before", Kind::before},
                            Name{"after", Kind::after},
                            Name{"minSize", Kind::min_size},
                            Name{"maxSize", Kind::max_size},
                            Name{"allInThreadHaveKeyword", Kind::all_in_thread},
                            Name{"someInThreadHaveKeyword", Kind::some_in_thread},
                            Name{"noneInThreadHaveKeyword", Kind::none_in_thread},
                            Name{"hasKeyword", Kind::has_keyword},
                            Name{"notKeyword", Kind::not_keyword},
                            Name{"hasAttachment", Kind::has_attachment},
                            Name{"text", Kind::text},
                            Name{"from", Kind::from},
                            Name{"to", Kind::to},
                            Name{"cc", Kind::cc},
                            Name{"bcc", Kind::bcc},
                            Name{"subject", Kind::subject},
                            Name{"body", Kind::body},
                            Name{"header", Kind::header}};

bool is_of(const EmailFacts& email, const std::vector<MailboxId>& mailboxes) {
  return std::ranges::any_of(email.places, [&](const Place& place) {
    return std::ranges::find(mailboxes, place.mailbox) != mailboxes.end();
  });
}

}  // namespace

struct EmailFilter::Node {
  Kind kind = Kind::and_;
  std::vector<Node> children;
  std::vector<MailboxId> mailboxes;
  Instant at;
  std::uint64_t octets = 0;
  std::string keyword;  // or the name of a header field
  Flag flag = Flag::no;
  std::vector<std::string> words;

  static MethodResult<Node> compile(const Json& filter, std::size_t& room);
  static MethodResult<Node> condition(const JsonMember& member);
  [[nodiscard]] Verdict3 decide(const EmailFacts& email, const ThreadKeywords& threads) const;
  [[nodiscard]] bool decide_rows(const EmailFacts& email, const ThreadKeywords& threads) const;
  [[nodiscard]] SearchQuery question(std::span<const EmailFacts> emails,
                                     const ThreadKeywords& threads) const;
  [[nodiscard]] SearchQuery of_text() const;
  [[nodiscard]] SearchQuery of_rows(std::span<const EmailFacts> emails,
                                    const ThreadKeywords& threads) const;
  [[nodiscard]] bool any(bool (*wanted)(const Node&)) const {
    return wanted(*this) ||
           std::ranges::any_of(children, [&](const Node& child) { return child.any(wanted); });
  }
  void words_into(std::vector<std::string>& out) const;
};

namespace {

using Node = EmailFilter::Node;

std::unexpected<MethodError> unsupported(std::string why) {
  return refuse("unsupportedFilter", std::move(why));
}

}  // namespace

MethodResult<Node> EmailFilter::Node::condition(const JsonMember& member) {
  const auto found = std::ranges::find(kNames, member.name, &Name::name);
  if (found == kNames.end())
    return unsupported("the condition " + ascii::printable(member.name) + " isn't known");
  const Json& value = member.value;
  const auto wrong = [&] { return invalid_arguments(member.name + " has a wrong value"); };
  Node node;
  node.kind = found->kind;
  switch (node.kind) {
    case Kind::in_mailbox:
      if (value.string() == nullptr) return wrong();
      node.mailboxes.push_back(id_of<MailboxId>(*value.string()).value_or(MailboxId()));
      break;
    case Kind::in_mailbox_other_than:
      if (value.array() == nullptr) return wrong();
      for (const Json& each : *value.array()) {
        if (each.string() == nullptr) return wrong();
        node.mailboxes.push_back(id_of<MailboxId>(*each.string()).value_or(MailboxId()));
      }
      break;
    case Kind::before:
    case Kind::after: {
      const auto date = value.string() ? parse_date(*value.string()) : std::nullopt;
      if (!date) return wrong();
      node.at = from_micros(date->micros);
      break;
    }
    case Kind::min_size:
    case Kind::max_size:
      if (value.integer() == nullptr || *value.integer() < 0) return wrong();
      node.octets = std::uint64_t(*value.integer());
      break;
    case Kind::has_attachment:
      if (value.boolean() == nullptr) return wrong();
      node.flag = *value.boolean() ? Flag::yes : Flag::no;
      break;
    case Kind::header: {
      const JsonArray* list = value.array();
      if (list == nullptr || list->empty() || list->size() > 2) return wrong();
      for (const Json& each : *list)
        if (each.string() == nullptr) return wrong();
      node.keyword = *list->front().string();
      if (list->size() == 2) node.words = {*list->back().string()};
      break;
    }
    default:
      if (value.string() == nullptr) return wrong();
      node.keyword = ascii::to_lower(*value.string());
      node.words = search_words(*value.string());
  }
  return node;
}

MethodResult<Node> EmailFilter::Node::compile(const Json& filter, std::size_t& room) {
  if (filter.object() == nullptr) return invalid_arguments("a filter is an object");
  Node node;
  if (filter.find("operator") != nullptr) {
    const std::string_view name = filter.text("operator");
    if (name != "AND" && name != "OR" && name != "NOT")
      return unsupported("the operator isn't known");
    node.kind = name == "AND" ? Kind::and_ : name == "OR" ? Kind::or_ : Kind::not_;
    const Json* conditions = filter.find("conditions");
    if (conditions == nullptr || conditions->array() == nullptr)
      return invalid_arguments("an operator has conditions");
    for (const Json& each : *conditions->array()) {
      if (room-- == 0) return unsupported("the filter has too many conditions");
      auto child = compile(each, room);
      if (!child) return child;
      node.children.push_back(std::move(*child));
    }
    return node;
  }
  for (const JsonMember& member : *filter.object()) {
    if (room-- == 0) return unsupported("the filter has too many conditions");
    auto child = condition(member);
    if (!child) return child;
    node.children.push_back(std::move(*child));
  }
  return node;
}

bool EmailFilter::Node::decide_rows(const EmailFacts& email, const ThreadKeywords& threads) const {
  const auto having = [&](std::size_t& emails) -> std::size_t {
    const auto thread = threads.threads.find(email.thread);
    if (thread == threads.threads.end()) return 0;
    emails = thread->second.emails;
    const auto count = thread->second.having.find(keyword);
    return count == thread->second.having.end() ? 0 : count->second;
  };
  std::size_t emails = 0;
  switch (kind) {
    case Kind::in_mailbox:
      return is_of(email, mailboxes);
    case Kind::in_mailbox_other_than:
      return std::ranges::any_of(email.places, [&](const Place& place) {
        return std::ranges::find(mailboxes, place.mailbox) == mailboxes.end();
      });
    case Kind::before:
      return email.received < at;
    case Kind::after:
      return email.received >= at;
    case Kind::min_size:
      return email.octets >= octets;
    case Kind::max_size:
      return email.octets < octets;
    case Kind::has_keyword:
      return has_keyword(email, keyword);
    case Kind::not_keyword:
      return !has_keyword(email, keyword);
    case Kind::some_in_thread:
      return having(emails) > 0;
    case Kind::none_in_thread:
      return having(emails) == 0;
    case Kind::all_in_thread: {
      const std::size_t count = having(emails);
      return count > 0 && count == emails;
    }
    default:
      return false;
  }
}

// RFC 8621 §4.4.1: all words must be there, in any order; a phrase is one of them.
SearchQuery EmailFilter::Node::of_text() const {
  struct Of {
    Kind kind;
    SearchQuery::Field field;
  };
  constexpr std::array kFields{
      Of{Kind::text, SearchQuery::Field::any}, Of{Kind::from, SearchQuery::Field::from},
      Of{Kind::to, SearchQuery::Field::to},    Of{Kind::cc, SearchQuery::Field::cc},
      Of{Kind::bcc, SearchQuery::Field::bcc},  Of{Kind::subject, SearchQuery::Field::subject},
      Of{Kind::body, SearchQuery::Field::body}};
  if (kind == Kind::has_attachment) {
    SearchQuery some = SearchQuery::of(SearchQuery::Kind::attachment);
    return flag == Flag::yes ? some : SearchQuery::not_(std::move(some));
  }
  if (kind == Kind::header)
    return SearchQuery::header(keyword, words.empty() ? std::string() : words.front());
  const SearchQuery::Field field = std::ranges::find(kFields, kind, &Of::kind)->field;
  std::vector<SearchQuery> all;
  for (const std::string& word : words)
    all.push_back(SearchQuery::contains(field, word));
  return SearchQuery::all_of(std::move(all));
}

// As the shorter list of those for which it holds or doesn't: mostly none at all.
SearchQuery EmailFilter::Node::of_rows(std::span<const EmailFacts> emails,
                                       const ThreadKeywords& threads) const {
  std::vector<std::uint64_t> yes;
  std::vector<std::uint64_t> no;
  for (const EmailFacts& email : emails)
    (decide(email, threads) == Verdict3::yes ? yes : no).push_back(email.id.value());
  if (no.empty()) return SearchQuery::of(SearchQuery::Kind::all);
  if (yes.empty()) return SearchQuery::any_of({});
  if (yes.size() <= no.size()) return SearchQuery::of(SearchQuery::Kind::emails, std::move(yes));
  return SearchQuery::not_(SearchQuery::of(SearchQuery::Kind::emails, std::move(no)));
}

SearchQuery EmailFilter::Node::question(std::span<const EmailFacts> emails,
                                        const ThreadKeywords& threads) const {
  if (kind >= Kind::has_attachment) return of_text();
  if (!any([](const Node& node) { return node.kind >= Kind::has_attachment; }))
    return of_rows(emails, threads);
  std::vector<SearchQuery> parts;
  for (const Node& child : children)
    parts.push_back(child.question(emails, threads));
  if (kind == Kind::and_) return SearchQuery::all_of(std::move(parts));
  SearchQuery one = SearchQuery::any_of(std::move(parts));
  return kind == Kind::or_ ? one : SearchQuery::not_(std::move(one));
}

Verdict3 EmailFilter::Node::decide(const EmailFacts& email, const ThreadKeywords& threads) const {
  if (kind >= Kind::has_attachment) return Verdict3::depends;
  if (kind > Kind::not_) return decide_rows(email, threads) ? Verdict3::yes : Verdict3::no;
  bool depends = false;
  for (const Node& child : children) {
    const Verdict3 one = child.decide(email, threads);
    depends |= one == Verdict3::depends;
    if (kind == Kind::and_ && one == Verdict3::no) return Verdict3::no;
    if (kind == Kind::or_ && one == Verdict3::yes) return Verdict3::yes;
    if (kind == Kind::not_ && one == Verdict3::yes) return Verdict3::no;
  }
  if (depends) return Verdict3::depends;
  return kind == Kind::or_ ? Verdict3::no : Verdict3::yes;
}

void EmailFilter::Node::words_into(std::vector<std::string>& out) const {
  if (kind == Kind::not_) return;
  if (kind == Kind::text || kind == Kind::subject || kind == Kind::body)
    out.insert(out.end(), words.begin(), words.end());
  for (const Node& child : children)
    child.words_into(out);
}

EmailFilter::EmailFilter() : root_(std::make_unique<Node>()) {}
EmailFilter::~EmailFilter() = default;
EmailFilter::EmailFilter(EmailFilter&&) noexcept = default;
EmailFilter& EmailFilter::operator=(EmailFilter&&) noexcept = default;

MethodResult<EmailFilter> EmailFilter::compile(const Json& filter) {
  std::size_t room = kNodesMax;
  auto root = Node::compile(filter, room);
  if (!root) return std::unexpected(std::move(root).error());
  EmailFilter out;
  *out.root_ = std::move(*root);
  return out;
}

Verdict3 EmailFilter::decide(const EmailFacts& email, const ThreadKeywords& threads) const {
  return root_->decide(email, threads);
}

SearchQuery EmailFilter::open_question(std::span<const EmailFacts> undecided,
                                       const ThreadKeywords& threads) const {
  return root_->question(undecided, threads);
}

std::optional<MailboxId> EmailFilter::only_mailbox() const {
  if (root_->kind != Kind::and_) return std::nullopt;
  const bool beyond =
      root_->any([](const Node& node) { return node.kind == Kind::in_mailbox_other_than; });
  std::size_t boxes = 0;
  for (const Node& child : root_->children)
    if (child.kind == Kind::in_mailbox) ++boxes;
  const auto found = std::ranges::find(root_->children, Kind::in_mailbox, &Node::kind);
  const bool several = root_->any(
      [](const Node& node) { return node.kind == Kind::or_ || node.kind == Kind::not_; });
  if (beyond || several || boxes != 1) return std::nullopt;
  return found->mailboxes.front();
}

bool EmailFilter::asks_threads() const {
  return root_->any([](const Node& node) {
    return node.kind >= Kind::all_in_thread && node.kind <= Kind::none_in_thread;
  });
}

bool EmailFilter::is_immutable() const {
  return !root_->any([](const Node& node) {
    return node.kind == Kind::in_mailbox || node.kind == Kind::in_mailbox_other_than ||
           (node.kind >= Kind::all_in_thread && node.kind <= Kind::not_keyword);
  });
}

std::vector<std::string> EmailFilter::shown_words() const {
  std::vector<std::string> words;
  root_->words_into(words);
  return words;
}

bool has_keyword(const EmailFacts& email, const std::string& keyword) {
  for (const JsonMember& member : keywords_json(email.places))
    if (member.name == keyword) return true;
  return false;
}

ThreadKeywords thread_keywords(const std::vector<EmailFacts>& emails) {
  ThreadKeywords out;
  for (const EmailFacts& email : emails) {
    ThreadKeywords::Thread& thread = out.threads[email.thread];
    ++thread.emails;
    for (const JsonMember& member : keywords_json(email.places))
      ++thread.having[member.name];
  }
  return out;
}

}  // namespace fumi::jmap
