// SEARCH over the selected mailbox (RFC 9051 §6.4.4): candidates by what the entries say, then by
// header and text of those that are left. The index of a later step comes in front of this scan.
#include <algorithm>

#include "base/ascii.h"
#include "codec/date.h"
#include "mime/body.h"
#include "mime/header.h"
#include "mime/structure.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

using Kind = imap::SearchKey::Kind;

struct Candidate {
  const Entry& entry;
  imap::SeqNumber number;
  const Email* email = nullptr;
  const mime::Summary* summary = nullptr;
  const std::string* body = nullptr;
};

enum class Needs : std::uint8_t { entry, email, body };

Needs needs_of(const imap::SearchKey& key) {
  switch (key.kind) {
    case Kind::all_of:
    case Kind::any_of:
    case Kind::negation: {
      Needs most = Needs::entry;
      for (const imap::SearchKey& child : key.children)
        most = std::max(most, needs_of(child));
      return most;
    }
    case Kind::bcc:
    case Kind::cc:
    case Kind::from:
    case Kind::to:
    case Kind::subject:
    case Kind::sent_before:
    case Kind::sent_on:
    case Kind::sent_since:
    case Kind::thread_id:
      return Needs::email;
    case Kind::body:
    case Kind::text:
    case Kind::header:
      return Needs::body;
    default:
      return Needs::entry;
  }
}

// ASCII letters without case; others octet by octet. Folding of width and kana comes with the
// index.
bool contains_text(std::string_view haystack, std::string_view needle) {
  if (needle.empty()) return true;
  const auto found = std::ranges::search(
      haystack, needle, [](char a, char b) { return ascii::lower(a) == ascii::lower(b); });
  return !found.empty();
}

bool in_addresses(const std::vector<mime::Address>& list, std::string_view needle) {
  return std::ranges::any_of(list, [&](const mime::Address& address) {
    return contains_text(mime::decode_unstructured(address.name), needle) ||
           contains_text(address.local + "@" + address.domain, needle);
  });
}

bool in_text_parts(const mime::Part& part, std::string_view raw, std::string_view needle) {
  if (part.type == "text" && part.children.empty() &&
      contains_text(mime::text_content(part, raw), needle)) {
    return true;
  }
  return std::ranges::any_of(
      part.children, [&](const mime::Part& child) { return in_text_parts(child, raw, needle); });
}

bool in_header(std::string_view raw, std::string_view needle) {
  return std::ranges::any_of(mime::header_fields(raw), [&](const mime::HeaderField& field) {
    return contains_text(mime::decode_unstructured(field.body), needle) ||
           contains_text(field.raw, needle);
  });
}

bool in_field(std::string_view raw, std::string_view name, std::string_view needle) {
  return std::ranges::any_of(mime::find_fields(raw, name), [&](std::string_view body) {
    return contains_text(mime::decode_unstructured(body), needle);
  });
}

bool has_flag(const Flags& flags, const std::string& name) {
  const Flags wanted = flags_of({name});
  if (wanted.bits != 0) return flags.has(wanted.bits);
  return std::ranges::any_of(
      flags.keywords, [&](const std::string& keyword) { return ascii::iequals(keyword, name); });
}

std::chrono::sys_days day_of(Instant at) { return std::chrono::floor<std::chrono::days>(at); }

// The day that the Date field names, in its own zone (RFC 9051 §6.4.4 disregards time and zone).
std::optional<std::chrono::sys_days> sent_day(const mime::Summary& summary) {
  const auto date = codec::parse_date(summary.envelope.date);
  if (!date) return std::nullopt;
  return day_of(date->at + date->zone);
}

class Matcher {
 public:
  Matcher(const imap::SelectedView& view, Instant now) : view_(view), now_(now) {}

  [[nodiscard]] bool matches(const imap::SearchKey& key, const Candidate& c) const {
    switch (key.kind) {
      case Kind::all_of:
        return std::ranges::all_of(key.children,
                                   [&](const imap::SearchKey& child) { return matches(child, c); });
      case Kind::any_of:
        return std::ranges::any_of(key.children,
                                   [&](const imap::SearchKey& child) { return matches(child, c); });
      case Kind::negation:
        return !matches(key.children.front(), c);
      case Kind::all:
        return true;
      case Kind::new_messages:
      case Kind::recent:
        return false;  // nothing is ever \Recent here (RFC 9051 dropped it)
      case Kind::flag:
        return has_flag(c.entry.flags, key.text);
      case Kind::larger:
        return c.entry.octets > key.number;
      case Kind::smaller:
        return c.entry.octets < key.number;
      case Kind::modseq:
        return c.entry.modseq.value() >= key.number;
      case Kind::email_id:
        return "E" + c.entry.email.text() == key.text;
      case Kind::sequence:
        return in_set(key.set, imap::By::seq, c);
      case Kind::uid:
        return in_set(key.set, imap::By::uid, c);
      case Kind::save_date_supported:
        return false;
      default:
        return matches_date(key, c);
    }
  }

 private:
  [[nodiscard]] bool in_set(const imap::SeqSet& set, imap::By by, const Candidate& c) const {
    if (set.is_saved_result()) return view_.saved_result().contains(c.entry.uid.value);
    if (by == imap::By::seq) return set.resolve(view_.size()).contains(c.number.value);
    return set.resolve(view_.last_uid().value).contains(c.entry.uid.value);
  }

  [[nodiscard]] bool matches_date(const imap::SearchKey& key, const Candidate& c) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now_ - c.entry.received);
    switch (key.kind) {
      // No SAVEDATE is kept yet: RFC 8514 §4.3 has the arrival stand in for it.
      case Kind::before:
      case Kind::saved_before:
        return day_of(c.entry.received) < key.date;
      case Kind::on:
      case Kind::saved_on:
        return day_of(c.entry.received) == key.date;
      case Kind::since:
      case Kind::saved_since:
        return day_of(c.entry.received) >= key.date;
      case Kind::younger:
        return seconds.count() <= std::int64_t(key.number);
      case Kind::older:
        return seconds.count() >= std::int64_t(key.number);
      default:
        return matches_text(key, c);
    }
  }

  [[nodiscard]] static bool matches_text(const imap::SearchKey& key, const Candidate& c) {
    // Asked in the first pass, when the email is not read yet: undecided counts as a match.
    if (c.summary == nullptr) return true;
    const mime::Envelope& envelope = c.summary->envelope;
    switch (key.kind) {
      case Kind::from:
        return in_addresses(envelope.from, key.text);
      case Kind::to:
        return in_addresses(envelope.to, key.text);
      case Kind::cc:
        return in_addresses(envelope.cc, key.text);
      case Kind::bcc:
        return in_addresses(envelope.bcc, key.text);
      case Kind::subject:
        return contains_text(mime::decode_unstructured(envelope.subject), key.text);
      case Kind::sent_before:
      case Kind::sent_on:
      case Kind::sent_since: {
        const auto day = sent_day(*c.summary);
        if (!day) return false;
        if (key.kind == Kind::sent_before) return *day < key.date;
        return key.kind == Kind::sent_on ? *day == key.date : *day >= key.date;
      }
      case Kind::thread_id:
        return "T" + c.email->thread.text() == key.text;
      case Kind::header:
        return c.body != nullptr && in_field(*c.body, key.field, key.text);
      case Kind::body:
        return c.body != nullptr && in_text_parts(c.summary->root, *c.body, key.text);
      case Kind::text:
        return c.body != nullptr &&
               (in_header(*c.body, key.text) || in_text_parts(c.summary->root, *c.body, key.text));
      default:
        return false;
    }
  }

  const imap::SelectedView& view_;
  Instant now_;
};

// The keys of the program that entries alone can decide; a mail that fails one needs no reading.
imap::SearchKey cheap_part(const imap::SearchKey& program) {
  imap::SearchKey cheap;
  cheap.kind = Kind::all_of;
  if (program.kind != Kind::all_of) {
    if (needs_of(program) == Needs::entry) cheap.children.push_back(program);
    return cheap;
  }
  for (const imap::SearchKey& key : program.children) {
    if (needs_of(key) == Needs::entry) cheap.children.push_back(key);
  }
  return cheap;
}

constexpr std::size_t kBatch = 50;  // emails read in one transaction

// Of these messages, those that match when their emails, and bodies if need be, are read.
Task<Status> match_read(service::Mailboxes& mailboxes, service::MailAccount who, MailboxId mailbox,
                        std::vector<Uid> uids, const imap::SearchKey& program,
                        const imap::SelectedView& view, const Matcher& matcher,
                        std::vector<Entry>& hits) {
  auto emails = co_await mailboxes.emails(who, mailbox, std::move(uids));
  if (!emails) co_return std::unexpected(std::move(emails).error());
  const bool bodies = needs_of(program) == Needs::body;
  for (const auto& [entry, email] : *emails) {
    const auto number = view.number_of({entry.uid.value});
    const auto summary = mime::decode(email.summary);
    if (!number || !summary) continue;
    Candidate candidate{entry, *number, &email, &*summary, nullptr};
    std::string body;
    if (bodies) {
      auto bytes = co_await mailboxes.body(who, email.blob);
      if (!bytes) co_return std::unexpected(std::move(bytes).error());
      body = std::move(*bytes);
      candidate.body = &body;
    }
    if (matcher.matches(program, candidate)) hits.push_back(entry);
  }
  co_return Status();
}

}  // namespace

Task<void> ImapSession::on_search(imap::Search search) {
  constexpr Uid kFirst(1);
  auto entries = co_await host_.mailboxes.entries(who(), selected_->id, kFirst);
  if (!entries) {
    co_await finish(to_imap(entries.error()));
    co_return;
  }
  const Needs needs = needs_of(search.program);
  const imap::SearchKey cheap = cheap_part(search.program);
  const Matcher matcher(selected_->view, system_clock().now());
  std::vector<Entry> hits;
  std::vector<Uid> unread;
  std::size_t seen = 0;
  for (const Entry& entry : *entries) {
    if (++seen % 1024 == 0) co_await net::yield();
    const auto number = selected_->view.number_of({entry.uid.value});
    if (!number) continue;
    const Candidate candidate{entry, *number};
    if (!matcher.matches(cheap, candidate)) continue;
    if (needs == Needs::entry) {
      if (matcher.matches(search.program, candidate)) hits.push_back(entry);
      continue;
    }
    unread.push_back(entry.uid);
  }
  for (std::size_t i = 0; i < unread.size(); i += kBatch) {
    const std::size_t end = std::min(unread.size(), i + kBatch);
    std::vector<Uid> some(unread.begin() + std::ptrdiff_t(i), unread.begin() + std::ptrdiff_t(end));
    const Status done = co_await match_read(host_.mailboxes, who(), selected_->id, std::move(some),
                                            search.program, selected_->view, matcher, hits);
    if (!done) {
      // Half a result would look like a whole one.
      co_await finish(to_imap(done.error()));
      co_return;
    }
  }
  std::vector<std::uint32_t> numbers;
  imap::SeqSet saved;
  imap::ModSeq highest;
  for (const Entry& entry : hits) {
    const auto number = selected_->view.number_of({entry.uid.value});
    numbers.push_back(search.by == imap::By::uid ? entry.uid.value : number->value);
    saved.add(entry.uid.value);
    highest.value = std::max(highest.value, entry.modseq.value());
  }
  if (search.wanted.save) selected_->view.save_result(saved);
  imap::SearchResult result;
  result.hits = numbers;
  if (search.uses_modseq && !numbers.empty()) result.modseq = highest;
  engine_.writer().search(search, result);
  co_await finish(imap::ok("SEARCH done"));
}

}  // namespace fumi::server
