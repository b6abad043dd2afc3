#include "proto/imap/sort.h"

#include <algorithm>

#include "codec/casemap.h"
#include "codec/date.h"
#include "mime/base_subject.h"
#include "mime/header.h"

namespace fumi::imap {
namespace {

using Key = SortCriterion::Key;

constexpr std::size_t kTextOctetsMax = 1'000;  // of a name or address that is compared

std::string collated(std::string_view text) {
  return codec::unicode_casemap(text.substr(0, kTextOctetsMax));
}

// addr-mailbox of the first address
std::string mailbox_of(const std::vector<mime::Address>& addresses) {
  return addresses.empty() ? std::string() : collated(addresses.front().local);
}

// RFC 5957 §3
std::string display_of(const std::vector<mime::Address>& addresses) {
  if (addresses.empty()) return {};
  const mime::Address& first = addresses.front();
  const std::string name = mime::decode_unstructured(first.name);
  if (!name.empty()) return collated(name);
  return collated(first.domain.empty() ? first.local : first.local + '@' + first.domain);
}

std::string text_of(Key key, const mime::Envelope& envelope) {
  switch (key) {
    case Key::cc:
      return mailbox_of(envelope.cc);
    case Key::from:
      return mailbox_of(envelope.from);
    case Key::to:
      return mailbox_of(envelope.to);
    case Key::display_from:
      return display_of(envelope.from);
    case Key::display_to:
      return display_of(envelope.to);
    case Key::subject:
      return collated(mime::base_subject(mime::decode_unstructured(envelope.subject)).text);
    default:
      return {};
  }
}

}  // namespace

bool needs_summary(std::span<const SortCriterion> criteria) {
  return std::ranges::any_of(criteria, [](const SortCriterion& criterion) {
    return criterion.key != Key::arrival && criterion.key != Key::size;
  });
}

Instant sent_date(const mime::Summary& summary, Instant arrival) {
  const auto date = codec::parse_date(summary.envelope.date);
  return date ? date->at : arrival;
}

SortItem sort_item(std::span<const SortCriterion> criteria, const SortSource& source) {
  SortItem item;
  item.number = source.number;
  item.values.reserve(criteria.size());
  for (const SortCriterion& criterion : criteria) {
    SortItem::Value value;
    if (criterion.key == Key::arrival) {
      value.number = source.arrival.time_since_epoch().count();
    } else if (criterion.key == Key::size) {
      value.number = static_cast<std::int64_t>(source.octets);
    } else if (source.summary != nullptr && criterion.key == Key::date) {
      value.number = sent_date(*source.summary, source.arrival).time_since_epoch().count();
    } else if (source.summary != nullptr) {
      value.text = text_of(criterion.key, source.summary->envelope);
    }
    item.values.push_back(std::move(value));
  }
  return item;
}

void sort_items(std::span<const SortCriterion> criteria, std::vector<SortItem>& items) {
  std::ranges::sort(items, [&](const SortItem& a, const SortItem& b) {
    for (std::size_t i = 0; i < criteria.size(); ++i) {
      const SortItem::Value& left = a.values[i];
      const SortItem::Value& right = b.values[i];
      int order = left.text.compare(right.text);
      if (order == 0) order = int(left.number > right.number) - int(left.number < right.number);
      if (order == 0) continue;
      return (criteria[i].order == SortCriterion::Order::ascending) == (order < 0);
    }
    return a.number < b.number;
  });
}

}  // namespace fumi::imap
