// ESEARCH (RFC 7377 §4), and the mailbox filters that it shares with NOTIFY (RFC 5465 §8).
#include <array>

#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

using Kind = MailboxFilter::Kind;

struct Name {
  std::string_view word;
  Kind kind;
  enum class Names : std::uint8_t { none, some } names;
};
constexpr std::array kFilters{
    Name{"SELECTED", Kind::selected, Name::Names::none},
    Name{"INBOXES", Kind::inboxes, Name::Names::none},
    Name{"PERSONAL", Kind::personal, Name::Names::none},
    Name{"SUBSCRIBED", Kind::subscribed, Name::Names::none},
    Name{"SUBTREE", Kind::subtree, Name::Names::some},
    Name{"SUBTREE-ONE", Kind::subtree_one, Name::Names::some},
    Name{"MAILBOXES", Kind::mailboxes, Name::Names::some},
};

// one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
bool one_or_more_mailbox(Parser& p, std::vector<std::string>& out) {
  const bool several = p.take('(');
  do {
    if (out.size() == p.limits().list_patterns) {
      (void)p.fail("too many mailboxes");
      return false;
    }
    auto name = p.mailbox();
    if (!name) return false;
    out.push_back(std::move(*name));
  } while (several && p.take(' '));
  return !several || p.expect(')');
}

// esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"; no scope option is
// defined
bool source_opts(Parser& p, std::vector<MailboxFilter>& out) {
  if (!p.sp() || !p.expect('(')) return false;
  do {
    if (out.size() == p.limits().list_patterns) {
      (void)p.fail("too many sources");
      return false;
    }
    auto filter = filter_mailboxes(p);
    if (!filter) return false;
    out.push_back(std::move(*filter));
  } while (p.take(' '));
  return p.expect(')') && p.sp();
}

}  // namespace

std::optional<MailboxFilter> filter_mailboxes(Parser& p) {
  MailboxFilter filter;
  const std::string word = p.keyword();
  for (const Name& name : kFilters) {
    if (word != name.word) continue;
    filter.kind = name.kind;
    if (name.names == Name::Names::none) return filter;
    if (!p.sp() || !one_or_more_mailbox(p, filter.mailboxes)) return std::nullopt;
    return filter;
  }
  return p.fail("unknown mailbox filter");
}

// esearch = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program
Parsed parse_esearch(Parser& p) {
  MultiSearch out;
  out.search.by = By::uid;
  out.search.answer = Search::Answer::esearch;
  out.search.wanted.all = true;
  if (!p.sp()) return std::nullopt;
  if (take_word(p, "IN") && !source_opts(p, out.sources)) return std::nullopt;
  if (out.sources.empty()) out.sources.emplace_back();
  if (take_word(p, "RETURN") && (!search_return_opts(p, out.search.wanted) || !p.sp())) {
    return std::nullopt;
  }
  if (take_word(p, "CHARSET") && !charset(p)) return std::nullopt;
  if (!search_program(p, out.search)) return std::nullopt;
  if (out.search.wanted.save && out.reads_others()) {
    return p.fail("SAVE is for the selected mailbox alone");  // RFC 7377 §2.2
  }
  return out;
}

}  // namespace fumi::imap::detail
