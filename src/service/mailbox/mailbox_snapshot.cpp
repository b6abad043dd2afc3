#include "service/mailbox/mailbox_snapshot.h"

#include <algorithm>
#include <iterator>

#include "service/mailbox/detail/keyword_table.h"

namespace fumi::service {
namespace {

constexpr std::size_t kRunRows = 1024;
constexpr std::size_t kSmallRun = kRunRows / 4;  // runs that expunges leave smaller are joined

IndexedEntry indexed(const Entry& entry) {
  return {entry.uid,      entry.flags.bits, entry.modseq,         entry.octets,
          entry.received, entry.email,      &entry.flags.keywords};
}

}  // namespace

std::size_t MailboxSnapshot::run_of(std::uint32_t index) const {
  return std::size_t(std::ranges::upper_bound(starts_, index, {}, &Start::end) - starts_.begin());
}

std::uint32_t MailboxSnapshot::index_at_or_after(Uid uid) const {
  const auto behind = std::ranges::upper_bound(starts_, uid.value, {}, &Start::uid);
  if (behind == starts_.begin()) return 0;
  const auto run = std::size_t(behind - starts_.begin()) - 1;
  const std::vector<IndexRow>& rows = runs_[run]->rows;
  const auto found = std::ranges::lower_bound(rows, uid.value, {}, &IndexRow::uid);
  return begin_of(run) + std::uint32_t(found - rows.begin());
}

const IndexRow* MailboxSnapshot::find(Uid uid) const {
  const std::uint32_t index = index_at_or_after(uid);
  if (index == size()) return nullptr;
  const IndexRow& row = rows_from(index).front();
  return row.uid == uid.value ? &row : nullptr;
}

std::span<const IndexRow> MailboxSnapshot::rows_from(std::uint32_t index) const {
  if (index >= size()) return {};
  const std::size_t run = run_of(index);
  return std::span(runs_[run]->rows).subspan(index - begin_of(run));
}

std::optional<std::uint32_t> MailboxSnapshot::first_unseen() const {
  for (std::size_t run = 0; run < runs_.size(); ++run) {
    if (runs_[run]->unseen == 0) continue;
    const std::vector<IndexRow>& rows = runs_[run]->rows;
    const auto found =
        std::ranges::find_if(rows, [](const IndexRow& row) { return !row.has(Flags::seen); });
    return begin_of(run) + std::uint32_t(found - rows.begin());
  }
  return std::nullopt;
}

std::vector<IndexRow> MailboxSnapshot::changed_since(ModSeq since) const {
  std::vector<IndexRow> out;
  for (const std::shared_ptr<const Run>& run : runs_) {
    if (run->modseq <= since.value()) continue;
    std::ranges::copy_if(run->rows, std::back_inserter(out),
                         [since](const IndexRow& row) { return row.modseq > since.value(); });
  }
  return out;
}

const IndexRow* RowCursor::find(Uid uid) {
  if (rest_.empty() || rest_.back().uid < uid.value) {
    rest_ = in_.rows_from(in_.index_at_or_after(uid));
  } else if (rest_.front().uid < uid.value) {
    const auto at = std::ranges::lower_bound(rest_, uid.value, {}, &IndexRow::uid);
    rest_ = rest_.subspan(std::size_t(at - rest_.begin()));
  }
  if (rest_.empty() || rest_.front().uid != uid.value) return nullptr;
  const IndexRow* const row = &rest_.front();
  rest_ = rest_.subspan(1);
  return row;
}

const std::vector<std::string>& MailboxSnapshot::keywords(const IndexRow& row) const {
  return keywords_->at(row.keywords());
}

Flags MailboxSnapshot::flags(const IndexRow& row) const {
  Flags flags;
  flags.bits = row.bits;
  flags.keywords = keywords(row);
  return flags;
}

std::vector<std::string> MailboxSnapshot::keyword_names() const { return keywords_->names(); }

std::size_t MailboxSnapshot::heap_octets() const {
  return sizeof(*this) + std::size_t(size()) * sizeof(IndexRow) +
         runs_.size() * (sizeof(Run) + 16 + sizeof(runs_[0]) + sizeof(Start)) + keywords_->octets();
}

Result<std::uint32_t> MailboxSnapshot::number_of(const std::vector<std::string>& keywords) {
  const auto number = keywords_->number_of(keywords);
  if (!number) {
    return fail(Code::too_large, "indexing a mailbox", "too many different sets of keywords");
  }
  return *number;
}

Result<IndexRow> MailboxSnapshot::row_of(const IndexedEntry& entry) {
  FUMI_TRY(const std::uint32_t keywords, number_of(*entry.keywords));
  IndexRow row;
  row.uid = entry.uid.value;
  row.octets = std::uint32_t(std::min<std::uint64_t>(entry.octets, ~0U));
  row.modseq = entry.modseq.value();
  row.received_s =
      std::chrono::floor<std::chrono::seconds>(entry.received).time_since_epoch().count();
  row.bits = entry.bits;
  row.set_keywords(keywords);
  row.email = entry.email;
  return row;
}

void MailboxSnapshot::share(const std::shared_ptr<const Run>& run) {
  starts_.push_back({run->rows.front().uid, size() + std::uint32_t(run->rows.size())});
  runs_.push_back(run);
}

// Behind what is there; cut into runs, and joined to the run before while both are small.
void MailboxSnapshot::put(std::vector<IndexRow> rows) {
  if (rows.empty()) return;
  if (!runs_.empty() && rows.size() < kSmallRun && runs_.back()->rows.size() < kSmallRun) {
    std::vector<IndexRow> joined = runs_.back()->rows;
    joined.insert(joined.end(), rows.begin(), rows.end());
    rows = std::move(joined);
    runs_.pop_back();
    starts_.pop_back();
  }
  if (rows.size() <= kRunRows) return put_run(std::move(rows));
  for (std::size_t at = 0; at < rows.size(); at += kRunRows) {
    const std::size_t end = std::min(rows.size(), at + kRunRows);
    put_run({rows.begin() + std::ptrdiff_t(at), rows.begin() + std::ptrdiff_t(end)});
  }
}

void MailboxSnapshot::put_run(std::vector<IndexRow> rows) {
  auto run = std::make_shared<Run>();
  run->rows = std::move(rows);
  for (const IndexRow& row : run->rows) {
    run->unseen += row.has(Flags::seen) ? 0 : 1;
    run->modseq = std::max<std::uint64_t>(run->modseq, row.modseq);
  }
  share(run);
}

Result<std::shared_ptr<const MailboxSnapshot>> MailboxSnapshot::next(
    const MailboxSnapshot& base, const Mailbox& now, const MailboxChanges& changes) {
  auto made = std::make_shared<MailboxSnapshot>();
  made->modseq_ = now.modseq;
  made->uid_next_ = now.uid_next;
  made->keywords_ = base.keywords_;
  made->runs_.reserve(base.runs_.size() + 1);
  made->starts_.reserve(base.runs_.size() + 1);
  auto changed = changes.changed.begin();
  auto gone = changes.vanished.begin();
  const auto changed_end = changes.changed.end();
  const auto gone_end = changes.vanished.end();
  for (std::size_t i = 0; i < base.runs_.size() || changed != changed_end; ++i) {
    static const std::vector<IndexRow> kNoRows;
    const bool last = i + 1 >= base.runs_.size();
    const std::uint32_t behind = last ? ~0U : base.starts_[i + 1].uid;  // the next run's first
    const bool touched = (changed != changed_end && (last || changed->uid.value < behind)) ||
                         (gone != gone_end && gone->value < behind);
    if (!touched) {
      made->share(base.runs_[i]);
      continue;
    }
    const std::vector<IndexRow>& old = i < base.runs_.size() ? base.runs_[i]->rows : kNoRows;
    std::vector<IndexRow> rows;
    rows.reserve(old.size() + 1);
    auto row = old.begin();
    while (row != old.end() || (changed != changed_end && (last || changed->uid.value < behind))) {
      const bool mine = changed != changed_end && (last || changed->uid.value < behind);
      if (mine && (row == old.end() || changed->uid.value <= row->uid)) {
        FUMI_TRY(const IndexRow fresh, made->row_of(indexed(*changed)));
        rows.push_back(fresh);
        if (row != old.end() && row->uid == changed->uid.value) ++row;
        ++changed;
        continue;
      }
      while (gone != gone_end && gone->value < row->uid)
        ++gone;
      if (gone == gone_end || gone->value != row->uid) rows.push_back(*row);
      ++row;
    }
    while (gone != gone_end && gone->value < behind)
      ++gone;
    made->put(std::move(rows));
  }
  return std::shared_ptr<const MailboxSnapshot>(std::move(made));
}

Result<std::shared_ptr<const MailboxSnapshot>> MailboxSnapshot::next(const MailboxSnapshot& base,
                                                                     const StoredFlags& stored) {
  auto made = std::make_shared<MailboxSnapshot>();
  made->modseq_ = stored.modseq;
  made->uid_next_ = base.uid_next_;
  made->keywords_ = base.keywords_;
  made->runs_.reserve(base.runs_.size());
  made->starts_.reserve(base.runs_.size());
  std::vector<std::uint32_t> numbers;  // of the sets, in the table
  for (const std::vector<std::string>& keywords : stored.keywords) {
    FUMI_TRY(const std::uint32_t number, made->number_of(keywords));
    numbers.push_back(number);
  }
  auto changed = stored.changed.begin();
  for (std::size_t i = 0; i < base.runs_.size(); ++i) {
    const std::vector<IndexRow>& old = base.runs_[i]->rows;
    if (changed == stored.changed.end() || changed->uid.value > old.back().uid) {
      made->share(base.runs_[i]);
      continue;
    }
    std::vector<IndexRow> rows(old);
    for (auto row = rows.begin(); row != rows.end() && changed != stored.changed.end(); ++row) {
      while (changed != stored.changed.end() && changed->uid.value < row->uid)
        ++changed;
      if (changed == stored.changed.end() || changed->uid.value != row->uid) continue;
      row->bits = changed->bits;
      row->modseq = changed->modseq.value();
      row->set_keywords(numbers[changed->keywords]);
      ++changed;
    }
    made->put_run(std::move(rows));
  }
  return std::shared_ptr<const MailboxSnapshot>(std::move(made));
}

MailboxSnapshot::Difference MailboxSnapshot::difference(const MailboxSnapshot& from,
                                                        const MailboxSnapshot& to) {
  Difference out;
  // Where each side is: a run, and a row in it.
  struct Place {
    const MailboxSnapshot& in;
    std::size_t run = 0;
    std::size_t row = 0;
    [[nodiscard]] std::span<const IndexRow> rest() const {
      if (run == in.runs_.size()) return {};
      return std::span(in.runs_[run]->rows).subspan(row);
    }
    void advance(std::size_t rows) {
      row += rows;
      if (run == in.runs_.size() || row < in.runs_[run]->rows.size()) return;
      ++run;
      row = 0;
    }
  };
  Place a{from};
  Place b{to};
  for (;;) {
    const auto old = a.rest();
    const auto fresh = b.rest();
    if (old.empty() && fresh.empty()) return out;
    if (old.data() == fresh.data()) {  // a run that both have
      a.advance(old.size());
      b.advance(fresh.size());
      continue;
    }
    std::size_t i = 0;
    std::size_t k = 0;
    // Up to the end of either run; what is left of the other is looked at in the next round.
    while (i < old.size() && k < fresh.size()) {
      if (old[i].uid < fresh[k].uid) {
        out.vanished.push_back(Uid{old[i++].uid});
      } else if (fresh[k].uid < old[i].uid) {
        out.changed.push_back(fresh[k++]);
      } else {
        if (old[i].modseq != fresh[k].modseq) out.changed.push_back(fresh[k]);
        ++i;
        ++k;
      }
    }
    if (old.empty()) {
      out.changed.insert(out.changed.end(), fresh.begin(), fresh.end());
      k = fresh.size();
    }
    if (fresh.empty()) {
      for (; i < old.size(); ++i)
        out.vanished.push_back(Uid{old[i].uid});
    }
    a.advance(i);
    b.advance(k);
  }
}

MailboxSnapshot::Loader::Loader() : made_(std::make_shared<MailboxSnapshot>()) {
  made_->keywords_ = std::make_shared<KeywordTable>();
}

Status MailboxSnapshot::Loader::add(const Entry& entry) { return add(indexed(entry)); }

Status MailboxSnapshot::Loader::add(const IndexedEntry& entry) {
  FUMI_TRY(const IndexRow row, made_->row_of(entry));
  rows_.push_back(row);
  if (rows_.size() == kRunRows) {
    made_->put(std::move(rows_));
    rows_.clear();
    rows_.reserve(kRunRows);
  }
  return {};
}

std::shared_ptr<const MailboxSnapshot> MailboxSnapshot::Loader::finish(const Mailbox& now) {
  made_->put(std::move(rows_));
  made_->modseq_ = now.modseq;
  made_->uid_next_ = now.uid_next;
  made_->runs_.shrink_to_fit();
  made_->starts_.shrink_to_fit();
  return std::move(made_);
}

}  // namespace fumi::service
