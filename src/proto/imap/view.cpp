#include "proto/imap/view.h"

#include <algorithm>

namespace fumi::imap {

SelectedView::SelectedView(std::vector<Uid> uids) {
  uids_.reserve(uids.size());
  for (const Uid uid : uids)
    uids_.push_back(uid.value);
}

std::uint32_t SelectedView::index_at_or_after(std::uint32_t uid) const {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(uids_, uid) - uids_.begin());
}

std::optional<Uid> SelectedView::uid_of(SeqNumber number) const {
  if (number.value == 0 || number.value > uids_.size()) return std::nullopt;
  return Uid{uids_[number.value - 1]};
}

std::optional<SeqNumber> SelectedView::number_of(Uid uid) const {
  const std::uint32_t index = index_at_or_after(uid.value);
  if (index == uids_.size() || uids_[index] != uid.value) return std::nullopt;
  return SeqNumber{index + 1};
}

Uid SelectedView::last_uid() const { return uids_.empty() ? Uid{} : Uid{uids_.back()}; }

void SelectedView::add_span(std::vector<Span>& out, std::uint32_t first, std::uint32_t end) const {
  if (first >= end) return;
  if (!out.empty() && out.back().first.value + out.back().count == first + 1) {
    out.back().count += end - first;
    return;
  }
  out.push_back({SeqNumber{first + 1}, end - first});
}

std::optional<std::vector<SelectedView::Span>> SelectedView::resolve(const SeqSet& set,
                                                                     By by) const {
  const bool saved = set.is_saved_result();
  std::vector<Span> out;
  if (by == By::seq && !saved) {
    if (set.greatest() > uids_.size() || (uids_.empty() && set.has_star())) return std::nullopt;
    const SeqSet numbers = set.resolve(size());
    for (const auto& range : numbers.ranges())
      add_span(out, range.first - 1, range.last);
    return out;
  }
  const SeqSet wanted = saved ? saved_ : set.resolve(last_uid().value);
  for (const auto& range : wanted.ranges()) {
    const std::uint32_t first = index_at_or_after(range.first);
    const auto end = std::ranges::upper_bound(uids_, range.last) - uids_.begin();
    add_span(out, first, static_cast<std::uint32_t>(end));
  }
  return out;
}

std::vector<SelectedView::Item> SelectedView::items(std::span<const Span> spans) const {
  std::vector<Item> out;
  for (const Span& span : spans) {
    for (std::uint32_t i = 0; i < span.count; ++i) {
      const std::uint32_t number = span.first.value + i;
      out.push_back({SeqNumber{number}, Uid{uids_[number - 1]}});
    }
  }
  return out;
}

SeqSet SelectedView::uids(std::span<const Span> spans) const {
  SeqSet out;
  for (const Item& item : items(spans))
    out.add(item.uid.value);
  return out;
}

void SelectedView::arrived(Uid uid) {
  const std::uint32_t last = arrivals_.empty() ? last_uid().value : arrivals_.back();
  if (uid.value > last) arrivals_.push_back(uid.value);  // else told of already
}

void SelectedView::expunged(Uid uid) {
  if (const auto at = std::ranges::lower_bound(arrivals_, uid.value);
      at != arrivals_.end() && *at == uid.value) {
    arrivals_.erase(at);  // came and went unseen
    return;
  }
  if (number_of(uid)) ghosts_.add(uid.value);
}

void SelectedView::changed(Uid uid) {
  if (number_of(uid)) changed_.add(uid.value);
}

bool SelectedView::has_changes(Updates allowed) const {
  if (allowed == Updates::none) return false;
  return !arrivals_.empty() || !changed_.empty() || (allowed == Updates::all && !ghosts_.empty());
}

bool SelectedView::is_ghost(Uid uid) const { return ghosts_.contains(uid.value); }

void SelectedView::close_gaps(const std::vector<std::uint32_t>& positions) {
  std::size_t to = positions.front();
  std::size_t next = 0;
  for (std::size_t from = to; from < uids_.size(); ++from) {
    if (next < positions.size() && positions[next] == from) {
      ++next;
    } else {
      uids_[to++] = uids_[from];
    }
  }
  uids_.resize(to);
}

SelectedView::Changes SelectedView::take(Updates allowed) {
  Changes out;
  if (allowed == Updates::none) return out;
  if (allowed == Updates::all && !ghosts_.empty()) {
    std::vector<std::uint32_t> positions;
    for (const auto& range : ghosts_.ranges()) {
      for (std::uint32_t i = index_at_or_after(range.first);
           i < uids_.size() && uids_[i] <= range.last; ++i) {
        positions.push_back(i);
      }
    }
    // From the back: each number is then right without counting the expunges before it.
    for (auto at = positions.rbegin(); at != positions.rend(); ++at) {
      out.expunged.push_back(SeqNumber{*at + 1});
    }
    if (!positions.empty()) close_gaps(positions);
    out.vanished = std::move(ghosts_);
    ghosts_.clear();
  }
  if (!arrivals_.empty()) {
    uids_.insert(uids_.end(), arrivals_.begin(), arrivals_.end());
    arrivals_ = std::vector<std::uint32_t>();
    out.exists = size();
  }
  for (const auto& range : changed_.ranges()) {
    for (std::uint32_t i = index_at_or_after(range.first);
         i < uids_.size() && uids_[i] <= range.last; ++i) {
      if (is_ghost(Uid{uids_[i]})) continue;
      out.fetch.push_back({SeqNumber{i + 1}, Uid{uids_[i]}});
    }
  }
  changed_.clear();
  return out;
}

std::size_t SelectedView::heap_octets() const {
  return (uids_.capacity() + arrivals_.capacity()) * sizeof(std::uint32_t) +
         (ghosts_.ranges().size() + changed_.ranges().size() + saved_.ranges().size()) *
             sizeof(SeqSet::Range);
}

void write_changes(Writer& writer, const SelectedView::Changes& changes) {
  if (writer.features().qresync) {
    writer.vanished(changes.vanished);
  } else {
    for (const SeqNumber number : changes.expunged)
      writer.expunge(number);
  }
  if (changes.exists) writer.exists(*changes.exists);
}

}  // namespace fumi::imap
