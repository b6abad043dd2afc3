#include "proto/imap/seq_set.h"

#include <algorithm>

#include "base/ascii.h"

namespace fumi::imap {
namespace {

// seq-number = nz-number / "*"
bool seq_number(std::string_view& text, std::uint32_t& out) {
  if (!text.empty() && text.front() == '*') {
    text.remove_prefix(1);
    out = SeqSet::kStar;
    return true;
  }
  if (text.empty() || text.front() < '1' || text.front() > '9') return false;
  std::uint64_t value = 0;
  while (!text.empty() && ascii::is_digit(text.front())) {
    value = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (value > 0xffff'ffffULL) return false;
    text.remove_prefix(1);
  }
  out = static_cast<std::uint32_t>(value);
  return true;
}

void append_number(std::string& out, std::uint32_t number) {
  if (number == SeqSet::kStar) {
    out += '*';
  } else {
    out += std::to_string(number);
  }
}

}  // namespace

std::optional<SeqSet> SeqSet::parse(std::string_view text, std::size_t ranges_max) {
  SeqSet set;
  if (text == "$") {
    set.saved_ = true;
    return set;
  }
  for (;;) {
    Range range;
    if (set.ranges_.size() == ranges_max || !seq_number(text, range.first)) return std::nullopt;
    range.last = range.first;
    if (!text.empty() && text.front() == ':') {
      text.remove_prefix(1);
      if (!seq_number(text, range.last)) return std::nullopt;
    }
    set.ranges_.push_back(range);
    if (text.empty()) return set;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

bool SeqSet::has_star() const {
  return std::ranges::any_of(ranges_,
                             [](const Range& r) { return r.first == kStar || r.last == kStar; });
}

std::uint32_t SeqSet::greatest() const {
  std::uint32_t most = 0;
  for (const Range& range : ranges_)
    most = std::max({most, range.first, range.last});
  return most;
}

SeqSet SeqSet::resolve(std::uint32_t star) const {
  SeqSet out;
  out.saved_ = saved_;
  std::vector<Range> sorted;
  sorted.reserve(ranges_.size());
  for (const Range& range : ranges_) {
    const std::uint32_t a = range.first == kStar ? star : range.first;
    const std::uint32_t b = range.last == kStar ? star : range.last;
    if (a == 0 || b == 0) continue;  // "*" of nothing
    sorted.push_back({std::min(a, b), std::max(a, b)});
  }
  std::ranges::sort(sorted, {}, &Range::first);
  for (const Range& range : sorted)
    out.add(range.first, range.last);
  return out;
}

void SeqSet::add(std::uint32_t first, std::uint32_t last) {
  const auto touches = [](const Range& left, std::uint32_t number) {
    return std::uint64_t{left.last} + 1 >= number;
  };
  if (ranges_.empty() || (first > ranges_.back().last && !touches(ranges_.back(), first))) {
    ranges_.push_back({first, last});
    return;
  }
  // The first range that touches [first, last] or lies behind it.
  auto begin = std::ranges::lower_bound(ranges_, first, {}, [](const Range& r) -> std::uint64_t {
    return std::uint64_t{r.last} + 1;
  });
  auto end = begin;
  while (end != ranges_.end() && end->first <= std::uint64_t{last} + 1) {
    first = std::min(first, end->first);
    last = std::max(last, end->last);
    ++end;
  }
  if (begin == end) {
    ranges_.insert(begin, {first, last});
    return;
  }
  *begin = {first, last};
  ranges_.erase(begin + 1, end);
}

bool SeqSet::contains(std::uint32_t number) const {
  const auto at = std::ranges::lower_bound(ranges_, number, {}, &Range::last);
  return at != ranges_.end() && at->first <= number;
}

std::uint64_t SeqSet::count() const {
  std::uint64_t total = 0;
  for (const Range& range : ranges_)
    total += std::uint64_t{range.last} - range.first + 1;
  return total;
}

std::string SeqSet::text() const {
  if (saved_) return "$";
  std::string out;
  for (const Range& range : ranges_) {
    if (!out.empty()) out += ',';
    append_number(out, range.first);
    if (range.last == range.first) continue;
    out += ':';
    append_number(out, range.last);
  }
  return out;
}

SeqSet without(const SeqSet& from, const SeqSet& taken) {
  SeqSet out;
  const auto ranges = taken.ranges();
  std::size_t i = 0;
  for (SeqSet::Range left : from.ranges()) {
    bool any = true;
    while (i < ranges.size() && ranges[i].last < left.first)
      ++i;
    for (std::size_t j = i; any && j < ranges.size() && ranges[j].first <= left.last; ++j) {
      if (ranges[j].first > left.first) out.add(left.first, ranges[j].first - 1);
      any = ranges[j].last < left.last;
      if (any) left.first = ranges[j].last + 1;
    }
    if (any) out.add(left.first, left.last);
  }
  return out;
}

}  // namespace fumi::imap
