#include "api/jmap/email_filter.h"

#include <algorithm>
#include <array>

#include "api/jmap/email_view.h"
#include "api/jmap/text_match.h"
#include "base/ascii.h"
#include "mime/body.h"
#include "mime/header.h"

namespace fumi::jmap {
namespace {

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

std::string folded_addresses(const std::vector<mime::Address>& list) {
  std::string out;
  for (const mime::Address& address : list) {
    out += mime::decode_unstructured(address.name) + " " + address.local;
    if (!address.domain.empty()) out += "@" + address.domain;
    out += "\n";
  }
  return fold(out);
}

std::string folded_body(const EmailText& text) {
  std::string out;
  const BodyParts parts = body_parts(text.summary.root);
  std::vector<const mime::Part*> seen;
  for (const auto* list : {&parts.text, &parts.html, &parts.attachments}) {
    for (const mime::Part* part : *list) {
      if (std::ranges::find(seen, part) != seen.end()) continue;
      seen.push_back(part);
      if (part->type != "text") {
        out += mime::file_name(*part) + "\n";
        continue;
      }
      const std::string content = mime::text_content(*part, text.raw);
      out += part->subtype == "html" ? html_text(content, content.size()) : content;
      out += "\n";
    }
  }
  return fold(out);
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
  [[nodiscard]] Verdict3 decide(const EmailFacts& email, const ThreadKeywords& threads,
                                const EmailText* text) const;
  [[nodiscard]] bool decide_rows(const EmailFacts& email, const ThreadKeywords& threads) const;
  [[nodiscard]] bool decide_text(const EmailText& text) const;
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
      if (list->size() == 2) node.words = {fold(*list->back().string())};
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

bool EmailFilter::Node::decide_text(const EmailText& text) const {
  const mime::Envelope& envelope = text.summary.envelope;
  switch (kind) {
    case Kind::has_attachment:
      return text.summary.has_attachment == (flag == Flag::yes);
    case Kind::from:
      return holds_all(folded_addresses(envelope.from), words);
    case Kind::to:
      return holds_all(folded_addresses(envelope.to), words);
    case Kind::cc:
      return holds_all(folded_addresses(envelope.cc), words);
    case Kind::bcc:
      return holds_all(folded_addresses(envelope.bcc), words);
    case Kind::subject:
      return holds_all(fold(mime::decode_unstructured(envelope.subject)), words);
    case Kind::body:
      return holds_all(folded_body(text), words);
    case Kind::header: {
      const auto bodies = mime::find_fields(text.raw, keyword);
      if (words.empty()) return !bodies.empty();
      return std::ranges::any_of(bodies, [&](std::string_view body) {
        return holds_all(fold(mime::decode_unstructured(body)), words);
      });
    }
    default: {
      std::string all = folded_addresses(envelope.from) + folded_addresses(envelope.to) +
                        folded_addresses(envelope.cc) + folded_addresses(envelope.bcc) +
                        fold(mime::decode_unstructured(envelope.subject)) + "\n";
      all += folded_body(text);
      return holds_all(all, words);
    }
  }
}

Verdict3 EmailFilter::Node::decide(const EmailFacts& email, const ThreadKeywords& threads,
                                   const EmailText* text) const {
  if (kind >= Kind::has_attachment) {
    if (text == nullptr) return Verdict3::depends;
    return decide_text(*text) ? Verdict3::yes : Verdict3::no;
  }
  if (kind > Kind::not_) return decide_rows(email, threads) ? Verdict3::yes : Verdict3::no;
  bool depends = false;
  for (const Node& child : children) {
    const Verdict3 one = child.decide(email, threads, text);
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

Verdict3 EmailFilter::decide(const EmailFacts& email, const ThreadKeywords& threads,
                             const EmailText* text) const {
  return root_->decide(email, threads, text);
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

bool EmailFilter::needs_raw() const {
  return root_->any([](const Node& node) {
    return node.kind == Kind::text || node.kind == Kind::body || node.kind == Kind::header;
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
