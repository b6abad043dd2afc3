// The responses of SEARCH, SORT, THREAD and ESEARCH (RFC 9051 §7.3.4, RFC 5256 §4, RFC 4731).
#include <algorithm>

#include "proto/imap/writer.h"

namespace fumi::imap {
namespace {

// A sequence-set that keeps the order of `hits`; ranges only where they ascend (RFC 5267 §3.2).
std::string ordered_set(std::span<const std::uint32_t> hits) {
  std::string out;
  for (std::size_t i = 0; i < hits.size();) {
    std::size_t end = i + 1;
    while (end < hits.size() && hits[end] == hits[end - 1] + 1)
      ++end;
    if (!out.empty()) out += ',';
    out += std::to_string(hits[i]);
    if (end - i > 1) out += ':' + std::to_string(hits[end - 1]);
    i = end;
  }
  return out;
}

}  // namespace

std::string PartialRange::text() const {
  const std::string sign = from == From::end ? "-" : "";
  return sign + std::to_string(first) + ':' + sign + std::to_string(last);
}

std::pair<std::size_t, std::size_t> PartialRange::of(std::size_t size) const {
  const std::size_t least = std::min(first, last) - std::size_t{1};
  const std::size_t begin = std::min(least, size);
  const std::size_t end = std::min<std::size_t>(std::max(first, last), size);
  if (from == From::start) return {begin, end};
  return {size - end, size - begin};
}

std::vector<std::uint32_t> kept_hits(const SearchReturn& wanted,
                                     const std::vector<std::uint32_t>& hits) {
  std::vector<std::uint32_t> kept;
  const bool some = wanted.min || wanted.max || wanted.partial;
  if (!some || wanted.all || wanted.count) {
    kept = hits;
  } else if (!hits.empty()) {
    if (wanted.min) kept.push_back(hits.front());
    if (wanted.max) kept.push_back(hits.back());
    if (wanted.partial) {
      const auto [begin, end] = wanted.partial->of(hits.size());
      kept.insert(kept.end(), hits.begin() + std::ptrdiff_t(begin),
                  hits.begin() + std::ptrdiff_t(end));
    }
  }
  std::ranges::sort(kept);
  kept.erase(std::ranges::unique(kept).begin(), kept.end());
  return kept;
}

bool MultiSearch::reads_selected() const {
  return search.wanted.save || std::ranges::any_of(sources, [](const MailboxFilter& source) {
           return source.kind == MailboxFilter::Kind::selected;
         });
}

bool MultiSearch::reads_others() const {
  return std::ranges::any_of(sources, [](const MailboxFilter& source) {
    return source.kind != MailboxFilter::Kind::selected;
  });
}

bool names_mailbox(const MailboxFilter& filter, const FilteredMailbox& mailbox) {
  using Kind = MailboxFilter::Kind;
  const auto under = [&](const std::string& top) {
    return mailbox.name.starts_with(top + '/') ? mailbox.name.size() > top.size() + 1 : false;
  };
  switch (filter.kind) {
    case Kind::selected:
      return mailbox.name == mailbox.selected;
    case Kind::inboxes:  // filing by rules is the mailbox owner's, so INBOX alone is sure
      return mailbox.name == "INBOX";
    case Kind::personal:
      return mailbox.personal;
    case Kind::subscribed:
      return mailbox.subscribed;
    default:
      break;
  }
  return std::ranges::any_of(filter.mailboxes, [&](const std::string& top) {
    if (mailbox.name == top) return true;
    if (filter.kind == Kind::mailboxes || !under(top)) return false;
    return filter.kind == Kind::subtree ||
           mailbox.name.find('/', top.size() + 1) == std::string::npos;
  });
}

void Writer::search(const Search& asked, const SearchResult& result) {
  if (asked.answer == Search::Answer::esearch) {
    esearch({}, asked, result);
    return;
  }
  out_.put("* SEARCH");
  for (const std::uint32_t hit : result.hits) {
    out_.put(' ');
    put_number(hit);
  }
  if (result.modseq && !result.hits.empty()) {
    out_.put(" (MODSEQ ");
    put_number(result.modseq->value);
    out_.put(')');
  }
  out_.put("\r\n");
}

void Writer::sort(const Search& asked, const SearchResult& result) {
  if (asked.answer == Search::Answer::esearch) {
    esearch({}, asked, result);
    return;
  }
  out_.put("* SORT");
  for (const std::uint32_t hit : result.hits) {
    out_.put(' ');
    put_number(hit);
  }
  if (result.modseq && !result.hits.empty()) {  // RFC 7162 §3.1.6
    out_.put(" (MODSEQ ");
    put_number(result.modseq->value);
    out_.put(')');
  }
  out_.put("\r\n");
}

void Writer::thread(std::string_view forest) {
  out_.put("* THREAD");
  if (!forest.empty()) out_.put(' ');
  out_.put(forest);
  out_.put("\r\n");
}

void Writer::search_in(std::string_view mailbox, UidValidity validity, const Search& asked,
                       const SearchResult& result) {
  Writer name(limits_);
  name.set_features(features_);
  name.put_mailbox(mailbox);
  esearch(" MAILBOX " + name.output().take() + " UIDVALIDITY " + std::to_string(validity.value),
          asked, result);
}

void Writer::esearch(std::string_view correlator, const Search& asked, const SearchResult& result) {
  const auto hits = result.hits;
  const SearchReturn& wanted = asked.wanted;
  const bool only_save = wanted.save && !wanted.min && !wanted.max && !wanted.all &&
                         !wanted.count && !wanted.partial && !wanted.relevancy;
  if (only_save) return;
  out_.put("* ESEARCH (TAG ");
  put_string(tag_);
  out_.put(correlator);
  out_.put(')');
  if (asked.by == By::uid) out_.put(" UID");
  const auto item = [&](std::string_view name, std::uint64_t value) {
    out_.put(name);
    put_number(value);
  };
  if (wanted.min && !hits.empty()) item(" MIN ", hits.front());
  if (wanted.max && !hits.empty()) item(" MAX ", hits.back());
  if (wanted.all && !hits.empty()) {
    out_.put(" ALL ");
    out_.put(ordered_set(hits));
  }
  if (wanted.partial) {  // RFC 9394 §3.1
    const auto [begin, end] = wanted.partial->of(hits.size());
    out_.put(" PARTIAL (" + wanted.partial->text() + ' ');
    out_.put(begin == end ? std::string("NIL") : ordered_set(hits.subspan(begin, end - begin)));
    out_.put(')');
  }
  if (wanted.count) item(" COUNT ", hits.size());
  if (wanted.relevancy && !hits.empty()) {
    // RFC 6203 §4: what we find matches exactly, so that all are equally good.
    const auto [begin, end] = wanted.partial ? wanted.partial->of(hits.size())
                                             : std::pair<std::size_t, std::size_t>(0, hits.size());
    out_.put(" RELEVANCY (");
    for (std::size_t i = begin; i < end; ++i)
      out_.put(i == begin ? "100" : " 100");
    out_.put(')');
  }
  if (result.modseq && !hits.empty()) item(" MODSEQ ", result.modseq->value);
  out_.put("\r\n");
}

}  // namespace fumi::imap
