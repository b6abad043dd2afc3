#include "proto/imap/view.h"

#include <algorithm>
#include <array>

namespace fumi::imap {

namespace {

// The list of one view alone.
class OwnUids final : public UidList {
 public:
  explicit OwnUids(std::vector<std::uint32_t> uids) : uids_(std::move(uids)) {}
  [[nodiscard]] std::uint32_t size() const override {
    return static_cast<std::uint32_t>(uids_.size());
  }
  [[nodiscard]] std::uint32_t index_at_or_after(std::uint32_t uid) const override {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(uids_, uid) - uids_.begin());
  }
  void copy(std::uint32_t first, std::span<std::uint32_t> out) const override {
    std::copy_n(uids_.begin() + first, out.size(), out.begin());
  }

 private:
  std::vector<std::uint32_t> uids_;
};

constexpr std::size_t kCopied = 512;  // UIDs taken out of a list at a time

}  // namespace

SelectedView::SelectedView(std::vector<Uid> uids) {
  std::vector<std::uint32_t> own;
  own.reserve(uids.size());
  for (const Uid uid : uids)
    own.push_back(uid.value);
  list_ = std::make_shared<const OwnUids>(std::move(own));
}

std::uint32_t SelectedView::at(std::uint32_t index) const {
  const std::uint32_t count = listed();
  if (index >= count) return tail_[index - count];
  std::uint32_t uid = 0;
  list_->copy(index, std::span(&uid, 1));
  return uid;
}

std::uint32_t SelectedView::index_at_or_after(std::uint32_t uid) const {
  const std::uint32_t count = listed();
  if (count > 0) {
    const std::uint32_t index = list_->index_at_or_after(uid);
    if (index < count) return index;
  }
  return count + static_cast<std::uint32_t>(std::ranges::lower_bound(tail_, uid) - tail_.begin());
}

std::uint32_t SelectedView::index_after(std::uint32_t uid) const {
  return uid == ~0U ? size() : index_at_or_after(uid + 1);
}

std::optional<Uid> SelectedView::uid_of(SeqNumber number) const {
  if (number.value == 0 || number.value > size()) return std::nullopt;
  return Uid{at(number.value - 1)};
}

std::optional<SeqNumber> SelectedView::number_of(Uid uid) const {
  const std::uint32_t index = index_at_or_after(uid.value);
  if (index == size() || at(index) != uid.value) return std::nullopt;
  return SeqNumber{index + 1};
}

Uid SelectedView::last_uid() const { return size() == 0 ? Uid{} : Uid{at(size() - 1)}; }

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
    if (set.greatest() > size() || (size() == 0 && set.has_star())) return std::nullopt;
    const SeqSet numbers = set.resolve(size());
    for (const auto& range : numbers.ranges())
      add_span(out, range.first - 1, range.last);
    return out;
  }
  const SeqSet wanted = saved ? saved_ : set.resolve(last_uid().value);
  for (const auto& range : wanted.ranges()) {
    const std::uint32_t first = index_at_or_after(range.first);
    add_span(out, first, index_after(range.last));
  }
  return out;
}

std::vector<SelectedView::Item> SelectedView::items(std::span<const Span> spans) const {
  std::vector<Item> out;
  std::size_t count = 0;
  for (const Span& span : spans)
    count += span.count;
  out.reserve(count);
  const std::uint32_t listed_count = listed();
  std::array<std::uint32_t, kCopied> some;
  for (const Span& span : spans) {
    std::uint32_t at_index = span.first.value - 1;
    const std::uint32_t end = at_index + span.count;
    while (at_index < std::min(end, listed_count)) {
      const std::size_t take =
          std::min<std::size_t>(kCopied, std::min(end, listed_count) - at_index);
      list_->copy(at_index, std::span(some).first(take));
      for (std::size_t i = 0; i < take; ++i)
        out.push_back({SeqNumber{++at_index}, Uid{some[i]}});
    }
    while (at_index < end) {
      const Uid uid{tail_[at_index - listed_count]};
      out.push_back({SeqNumber{++at_index}, uid});
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
  if (uid.value <= last) return;  // told of already
  arrivals_.push_back(uid.value);
  now_.reset();
}

void SelectedView::expunged(Uid uid) {
  if (const auto at = std::ranges::lower_bound(arrivals_, uid.value);
      at != arrivals_.end() && *at == uid.value) {
    arrivals_.erase(at);  // came and went unseen
    now_.reset();
    return;
  }
  if (!number_of(uid)) return;
  ghosts_.add(uid.value);
  now_.reset();
}

void SelectedView::expunged_here(Uid uid) {
  expunged(uid);
  if (ghosts_.contains(uid.value)) own_ghosts_.add(uid.value);
}

void SelectedView::changed(Uid uid) {
  if (number_of(uid)) changed_.add(uid.value);
}

bool SelectedView::has_changes(Updates allowed) const {
  if (allowed == Updates::none) return false;
  if (allowed == Updates::all && !(listen_ == Listen::nothing ? own_ghosts_ : ghosts_).empty()) {
    return true;
  }
  if (listen_ == Listen::nothing) return false;
  return !arrivals_.empty() || (listen_ == Listen::all && !changed_.empty());
}

bool SelectedView::is_ghost(Uid uid) const { return ghosts_.contains(uid.value); }

// Where the host has given no list without them: one of its own.
void SelectedView::close_gaps(const std::vector<std::uint32_t>& positions) {
  std::vector<std::uint32_t> own(size());
  if (list_) list_->copy(0, std::span(own).first(listed()));
  std::ranges::copy(tail_, own.begin() + listed());
  std::size_t to = positions.front();
  std::size_t next = 0;
  for (std::size_t from = to; from < own.size(); ++from) {
    if (next < positions.size() && positions[next] == from) {
      ++next;
    } else {
      own[to++] = own[from];
    }
  }
  own.resize(to);
  list_ = std::make_shared<const OwnUids>(std::move(own));
  tail_ = std::vector<std::uint32_t>();
}

SelectedView::Changes SelectedView::take(Updates allowed) {
  Changes out;
  if (allowed == Updates::none) return out;
  const bool listens = listen_ != Listen::nothing;
  const SeqSet gone = listens ? ghosts_ : own_ghosts_;
  if (allowed == Updates::all && !gone.empty()) {
    std::vector<std::uint32_t> positions;
    for (const auto& range : gone.ranges()) {
      const std::uint32_t end = index_after(range.last);
      for (std::uint32_t i = index_at_or_after(range.first); i < end; ++i)
        positions.push_back(i);
    }
    // From the back: each number is then right without counting the expunges before it.
    for (auto position = positions.rbegin(); position != positions.rend(); ++position) {
      out.expunged.push_back(SeqNumber{*position + 1});
    }
    // Where not all is told the host's list is not yet the client's.
    const bool adopts = now_ && (listens || (ghosts_ == gone && arrivals_.empty()));
    if (!positions.empty() && !adopts) close_gaps(positions);
    if (!listens && adopts) {
      list_ = now_;
      tail_ = std::vector<std::uint32_t>();
    }
    out.vanished = gone;
    ghosts_ = listens ? SeqSet() : without(ghosts_, gone);
    own_ghosts_.clear();
  }
  if (!listens) return out;
  const bool arrived = !arrivals_.empty();
  out.arrived = static_cast<std::uint32_t>(arrivals_.size());
  if (now_ && ghosts_.empty()) {
    list_ = now_;
    tail_ = std::vector<std::uint32_t>();
  } else {
    tail_.insert(tail_.end(), arrivals_.begin(), arrivals_.end());
  }
  arrivals_ = std::vector<std::uint32_t>();
  if (arrived) out.exists = size();
  if (listen_ != Listen::all) return out;
  for (const auto& range : changed_.ranges()) {
    const std::uint32_t end = index_after(range.last);
    for (std::uint32_t i = index_at_or_after(range.first); i < end; ++i) {
      const Uid uid{at(i)};
      if (!is_ghost(uid)) out.fetch.push_back({SeqNumber{i + 1}, uid});
    }
  }
  changed_.clear();
  return out;
}

std::size_t SelectedView::heap_octets() const {
  const std::size_t own = own_ghosts_.ranges().size() * sizeof(SeqSet::Range);
  return own + (tail_.capacity() + arrivals_.capacity()) * sizeof(std::uint32_t) +
         (ghosts_.ranges().size() + changed_.ranges().size() + saved_.ranges().size()) *
             sizeof(SeqSet::Range);
}

void write_changes(Writer& writer, const SelectedView::Changes& changes) {
  if (writer.features().qresync || writer.features().uid_only) {
    writer.vanished(changes.vanished);
  } else {
    for (const SeqNumber number : changes.expunged)
      writer.expunge(number);
  }
  if (changes.exists) writer.exists(*changes.exists);
}

}  // namespace fumi::imap
