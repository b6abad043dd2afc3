// MailboxSnapshot: the state of every message of a mailbox at one moment: UID, flags, MODSEQ, size
// arrival and email, 32 octets a message. Immutable; any thread.
//
// Rows lie in runs of about a thousand, which snapshots share: the next snapshot copies only the
// runs in which something changed, and what two snapshots don't share is what differs between
// them. So a change costs what changed (and a pointer a thousand messages), for the index as for
// each session that follows it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/ports/mailbox_store.h"

namespace fumi::service {

class KeywordTable;  // detail/keyword_table.h

struct IndexRow {
  std::uint32_t uid = 0;
  std::uint32_t octets = 0;  // 4 GB and more are told as 4 GB - 1; the store refuses such messages
  std::uint64_t modseq : 48 = 0;
  std::uint64_t keywords_low : 16 = 0;
  std::int64_t received_s : 40 = 0;
  std::uint64_t bits : 8 = 0;  // Flags::bits
  std::uint64_t keywords_high : 16 = 0;
  EmailId email;

  [[nodiscard]] bool has(std::uint32_t bit) const { return (bits & bit) != 0; }
  void set_keywords(std::uint32_t number) {
    keywords_low = number & 0xffffU;
    keywords_high = number >> 16U;
  }
  [[nodiscard]] ModSeq changed() const { return ModSeq(modseq); }
  [[nodiscard]] Instant received() const { return Instant(std::chrono::seconds(received_s)); }
  // Which set of keywords, for comparing within one snapshot; 0: none.
  [[nodiscard]] std::uint32_t keywords() const {
    return static_cast<std::uint32_t>(keywords_high << 16U | keywords_low);
  }
};
static_assert(sizeof(IndexRow) == 32);

class MailboxSnapshot {
 public:
  [[nodiscard]] ModSeq modseq() const { return modseq_; }  // HIGHESTMODSEQ
  [[nodiscard]] Uid uid_next() const { return uid_next_; }
  [[nodiscard]] std::uint32_t size() const { return starts_.empty() ? 0 : starts_.back().end; }

  // Positions count from 0; index < size().
  [[nodiscard]] std::uint32_t index_at_or_after(Uid uid) const;  // size(): none
  [[nodiscard]] const IndexRow* find(Uid uid) const;             // null: no such message
  // The rows from `index` on that lie together: at least one, if index < size().
  [[nodiscard]] std::span<const IndexRow> rows_from(std::uint32_t index) const;
  [[nodiscard]] std::optional<std::uint32_t> first_unseen() const;
  // Rows with a greater MODSEQ, ascending by UID.
  [[nodiscard]] std::vector<IndexRow> changed_since(ModSeq since) const;

  [[nodiscard]] Flags flags(const IndexRow& row) const;
  [[nodiscard]] const std::vector<std::string>& keywords(const IndexRow& row) const;
  // Every keyword that a message has, or had since the snapshots began. Sorted.
  [[nodiscard]] std::vector<std::string> keyword_names() const;

  [[nodiscard]] std::size_t heap_octets() const;  // runs that others share included

  // What a client that knows `from` has to be told of `to`, ascending by UID.
  struct Difference {
    std::vector<IndexRow> changed;  // rows of `to` that are new or have another MODSEQ
    std::vector<Uid> vanished;
  };
  [[nodiscard]] static Difference difference(const MailboxSnapshot& from,
                                             const MailboxSnapshot& to);

  // `base` with what changed since it, or since a state before it. too_large: more distinct
  // sets of keywords than an index can name. Calls on snapshots of one table: one at a time.
  [[nodiscard]] static Result<std::shared_ptr<const MailboxSnapshot>> next(
      const MailboxSnapshot& base, const Mailbox& now, const MailboxChanges& changes);
  // `base`, with other flags in some of its messages.
  [[nodiscard]] static Result<std::shared_ptr<const MailboxSnapshot>> next(
      const MailboxSnapshot& base, const StoredFlags& stored);

  // A snapshot from nothing, message by message.
  class Loader {
   public:
    Loader();
    [[nodiscard]] Status add(const Entry& entry);  // ascending by UID
    [[nodiscard]] Status add(const IndexedEntry& entry);
    [[nodiscard]] std::shared_ptr<const MailboxSnapshot> finish(const Mailbox& now);

   private:
    std::shared_ptr<MailboxSnapshot> made_;
    std::vector<IndexRow> rows_;
  };

 private:
  struct Run {
    std::vector<IndexRow> rows;
    std::uint32_t unseen = 0;
    std::uint64_t modseq = 0;  // the greatest
  };
  struct Start {
    std::uint32_t uid = 0;  // of the run's first row
    std::uint32_t end = 0;  // position behind the run's last row
  };
  [[nodiscard]] std::size_t run_of(std::uint32_t index) const;
  [[nodiscard]] std::uint32_t begin_of(std::size_t run) const {
    return run == 0 ? 0 : starts_[run - 1].end;
  }
  void share(const std::shared_ptr<const Run>& run);
  void put(std::vector<IndexRow> rows);
  void put_run(std::vector<IndexRow> rows);  // as one run
  [[nodiscard]] Result<IndexRow> row_of(const IndexedEntry& entry);
  [[nodiscard]] Result<std::uint32_t> number_of(const std::vector<std::string>& keywords);

  ModSeq modseq_;
  Uid uid_next_;
  std::vector<std::shared_ptr<const Run>> runs_;  // none empty; shared with other snapshots
  std::vector<Start> starts_;                     // one a run
  std::shared_ptr<KeywordTable> keywords_;        // shared with other snapshots
};

// Finds rows of ascending UIDs, each a step from the one before. The snapshot must stay.
class RowCursor {
 public:
  explicit RowCursor(const MailboxSnapshot& in) : in_(in) {}
  // Null: no such message. Not less than the UID before.
  [[nodiscard]] const IndexRow* find(Uid uid);

 private:
  const MailboxSnapshot& in_;
  std::span<const IndexRow> rest_;
};

}  // namespace fumi::service
