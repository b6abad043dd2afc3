// SqlBlocks: the state of one mailbox's entries (flags, keywords, MODSEQ) as it lies in blocks.
//
// A block decides about the entries that it names; an entry that no block names is as its row says.
// New mail writes its row only. A change of flags takes its whole block in first (complete), so
// that rows are read for a block once; a block is sealed when no UID of it can come any more, by
// the message that begins the next (seal).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "domain/ports/mailbox_store.h"
#include "store/mail/detail/context.h"
#include "store/mail/detail/entry_states.h"

namespace fumi::store {

struct EntryBlock {
  using Keywords = std::vector<std::string>;
  enum class Row : std::uint8_t { none, open, sealed };  // what is stored of it

  std::int64_t number = 0;
  Row row = Row::none;
  std::vector<EntryState> states;  // ascending by UID
  std::vector<EntryFacts> facts;   // where it is to be sealed: of all its entries
  std::vector<Keywords> sets;      // EntryState::keywords counts from 1
  std::string sealed_sets;         // as stored; empty with sets: to be sealed anew

  [[nodiscard]] const Keywords& keywords(std::uint16_t set) const;
  [[nodiscard]] std::uint16_t set_of(const Keywords& keywords);  // 0: none
  // Drops sets that no entry has any more.
  void tidy();
};

class SqlBlocks {
 public:
  SqlBlocks(Context& context, AccountId account, MailboxId mailbox)
      : context_(context), account_(account), mailbox_(mailbox) {}

  // Stored blocks from `first` to `last`, ascending. `visit` may take what it is given, and writes
  // nothing.
  Status visit(std::int64_t first, std::int64_t last, FunctionRef<Status(EntryBlock&)> visit);
  // Blocks of these ascending numbers, with every entry that the mailbox has there.
  Result<std::vector<EntryBlock>> complete(const std::vector<std::int64_t>& numbers, Uid uid_next);
  // Writes it, or takes it out if it has no entries.
  Status write(EntryBlock& block);
  Status seal(std::int64_t number, Uid uid_next);
  // The entries, ascending, whose rows have just been made, are as told here.
  Status place(const std::vector<Entry>& entries, Uid uid_next);
  // Those UIDs, ascending, are gone.
  Status remove(const std::vector<Uid>& uids);
  Status drop_all();

  // Calls `set(i, block, state)` for each of `count` ascending UIDs about which a block decides.
  using Set = FunctionRef<void(std::size_t, const EntryBlock&, const EntryState&)>;
  Status overlay(std::size_t count, FunctionRef<Uid(std::size_t)> uid_of, Set set);
  Status overlay(std::vector<Entry>& entries);
  // UIDs of entries that blocks say are changed after `since`, or carry \Deleted; ascending.
  Result<std::vector<Uid>> changed_after(ModSeq since);
  Result<std::vector<Uid>> deleted();
  // All entries, ascending, with what a list of them needs.
  Status visit_all(FunctionRef<Status(const IndexedEntry&)> visit);

 private:
  Status read(const sql::Row& row, EntryBlock& into);
  Result<EntryBlock::Keywords> open_keywords(const sql::Row& row, int column, std::uint32_t uid);
  // Adds from their rows the entries that these blocks, numbered without gaps, don't have.
  Status fill(std::span<EntryBlock> blocks, Uid uid_next);
  Status visit_rows(std::int64_t first, std::int64_t last,
                    FunctionRef<Status(const IndexedEntry&)> visit);
  Status visit_open(const EntryBlock& block, FunctionRef<Status(const IndexedEntry&)> visit);
  static Status visit_sealed(const EntryBlock& block,
                             FunctionRef<Status(const IndexedEntry&)> visit);
  Result<std::vector<Uid>> uids_where(const sql::Statement& statement, std::int64_t value,
                                      FunctionRef<bool(const EntryState&)> wanted);

  Context& context_;
  AccountId account_;
  MailboxId mailbox_;
};

// The numbers of the blocks of ascending UIDs, each once.
[[nodiscard]] std::vector<std::int64_t> blocks_of(const std::vector<Uid>& uids);

}  // namespace fumi::store
