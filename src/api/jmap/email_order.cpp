#include "api/jmap/email_order.h"

#include <algorithm>
#include <array>

#include "api/jmap/email_view.h"
#include "base/ascii.h"
#include "codec/date.h"
#include "codec/fold.h"
#include "codec/utf8.h"
#include "mime/header.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kTextOctets = 256;

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

void put_number(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(char(std::uint8_t(number >> unsigned(shift))));
}

// Times before 1970 come first.
void put_time(std::string& out, Instant at) {
  put_number(out, std::uint64_t(to_micros(at)) ^ (1ULL << 63U));
}

// Ends itself, so that what stands behind a shorter text is never compared with the rest of a
// longer one: NUL becomes NUL 0xFF, the end is NUL NUL.
void put_text(std::string& out, std::string_view text) {
  for (const char each : codec::utf8_prefix(text, kTextOctets)) {
    out.push_back(each);
    if (each == '\0') out.push_back('\xff');
  }
  out.append(2, '\0');
}

bool in_thread(const Comparator& by, const EmailFacts& email, const ThreadKeywords& threads) {
  const auto thread = threads.threads.find(email.thread);
  if (thread == threads.threads.end()) return false;
  const auto count = thread->second.having.find(by.keyword);
  if (count == thread->second.having.end()) return false;
  return by.property.starts_with("some") || count->second == thread->second.emails;
}

// Ascending. RFC 8621 §4.4.2: those that have the keyword come last.
void put(std::string& out, const Comparator& by, const EmailFacts& email,
         const ThreadKeywords& threads, const mime::Envelope& envelope) {
  if (by.property == "receivedAt")
    put_time(out, email.received);
  else if (by.property == "size")
    put_number(out, email.octets);
  else if (by.property == "hasKeyword")
    out.push_back(has_keyword(email, by.keyword) ? '\1' : '\0');
  else if (by.property.contains("InThread"))
    out.push_back(in_thread(by, email, threads) ? '\1' : '\0');
  else if (by.property == "subject")
    put_text(out, base_subject(mime::decode_unstructured(envelope.subject)));
  else if (by.property == "from")
    put_text(out, address_key(envelope.from));
  else if (by.property == "to")
    put_text(out, address_key(envelope.to));
  else if (by.property == "sentAt") {
    const auto sent = codec::parse_date(envelope.date);
    put_time(out, sent ? sent->at : email.received);
  }
}

void turn(std::string& key, std::size_t from) {
  for (std::size_t i = from; i < key.size(); ++i)
    key[i] = char(~std::uint8_t(key[i]));
}

}  // namespace

MethodResult<std::vector<Comparator>> read_sort(std::vector<Comparator> sort) {
  constexpr std::array<std::string_view, 9> kSorts{"receivedAt",
                                                   "sentAt",
                                                   "size",
                                                   "from",
                                                   "to",
                                                   "subject",
                                                   "hasKeyword",
                                                   "allInThreadHaveKeyword",
                                                   "someInThreadHaveKeyword"};
  for (Comparator& each : sort) {
    if (std::ranges::find(kSorts, each.property) == kSorts.end())
      return refuse("unsupportedSort", "can't sort by " + ascii::printable(each.property));
    if (each.property.ends_with("Keyword") && each.keyword.empty())
      return invalid_arguments("the comparator needs a keyword");
    each.keyword = ascii::to_lower(each.keyword);
  }
  return sort;
}

bool sorts_by_summary(const std::vector<Comparator>& sort) {
  return std::ranges::any_of(sort, [](const Comparator& each) {
    return each.property == "sentAt" || each.property == "from" || each.property == "to" ||
           each.property == "subject";
  });
}

bool sorts_by_thread(const std::vector<Comparator>& sort) {
  return std::ranges::any_of(
      sort, [](const Comparator& each) { return each.property.contains("InThread"); });
}

bool is_immutable(const std::vector<Comparator>& sort) {
  return std::ranges::none_of(
      sort, [](const Comparator& each) { return each.property.ends_with("Keyword"); });
}

std::string order_key(const std::vector<Comparator>& sort, const EmailFacts& email,
                      const ThreadKeywords& threads, const mime::Envelope* envelope) {
  static const mime::Envelope kNone;
  std::string key;
  for (const Comparator& by : sort) {
    const std::size_t from = key.size();
    put(key, by, email, threads, envelope != nullptr ? *envelope : kNone);
    if (by.order == Comparator::Order::descending) turn(key, from);
  }
  if (sort.empty()) {
    put_time(key, email.received);
    turn(key, 0);
  }
  return key;
}

}  // namespace fumi::jmap
