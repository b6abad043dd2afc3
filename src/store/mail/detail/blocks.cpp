#include "store/mail/detail/blocks.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;
using Keywords = EntryBlock::Keywords;

#define FUMI_OF_MAILBOX " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"

constexpr Statement kBlocks{
    "SELECT block, sealed, states, keywords FROM entry_blocks" FUMI_OF_MAILBOX
    " AND block BETWEEN $4 AND $5 ORDER BY block LIMIT $6"};
constexpr Statement kWithFacts{
    "SELECT b.block, b.sealed, b.states, b.keywords, f.facts FROM entry_blocks b"
    " LEFT JOIN entry_facts f ON f.tenant_id = b.tenant_id AND f.account_id = b.account_id"
    " AND f.mailbox_id = b.mailbox_id AND f.block = b.block"
    " WHERE b.tenant_id = $1 AND b.account_id = $2 AND b.mailbox_id = $3 AND b.block >= $4"
    " ORDER BY b.block LIMIT $5"};
constexpr Statement kChanged{
    "SELECT block, sealed, states, keywords FROM entry_blocks" FUMI_OF_MAILBOX " AND modseq > $4"};
constexpr Statement kDeleted{
    "SELECT block, sealed, states, keywords FROM entry_blocks"
    " /*sqlite INDEXED BY entry_blocks_deleted*/" FUMI_OF_MAILBOX
    " AND deleted <> 0 AND block >= $4"};
constexpr Statement kInsert{
    "INSERT INTO entry_blocks (tenant_id, account_id, mailbox_id, block, modseq, deleted, sealed,"
    " states, keywords) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Statement kUpdate{
    "UPDATE entry_blocks SET modseq = $5, deleted = $6, sealed = $7, states = $8,"
    " keywords = $9" FUMI_OF_MAILBOX " AND block = $4"};
constexpr Statement kInsertFacts{
    "INSERT INTO entry_facts (tenant_id, account_id, mailbox_id, block, facts)"
    " VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kDropBlock{"DELETE FROM entry_blocks" FUMI_OF_MAILBOX " AND block = $4"};
constexpr Statement kDropFacts{"DELETE FROM entry_facts" FUMI_OF_MAILBOX " AND block = $4"};
constexpr Statement kDropBlocks{"DELETE FROM entry_blocks" FUMI_OF_MAILBOX};
constexpr Statement kDropAllFacts{"DELETE FROM entry_facts" FUMI_OF_MAILBOX};
constexpr Statement kRows{
    "SELECT uid, flags, modseq, octets, received, keywords, email_id FROM entries" FUMI_OF_MAILBOX
    " AND uid BETWEEN $4 AND $5 ORDER BY uid LIMIT $6"};

constexpr std::int64_t kPageBlocks = 512;
constexpr std::int64_t kPageRows = 8192;
constexpr std::size_t kBlocksAtOnce = 256;  // held in memory while rows are taken in
// So many blocks that weren't asked for are read rather than asking again.
constexpr std::int64_t kSkipped = 4;
constexpr std::int64_t kUidMax = 0xffff'ffff;

// Runs of ascending numbers, each at most `step` from the one before: `run(from, behind)`.
template <class NumberOf, class Run>
Status by_steps(std::size_t count, std::int64_t step, NumberOf number_of, Run run) {
  for (std::size_t at = 0; at < count;) {
    std::size_t end = at + 1;
    while (end < count && number_of(end) - number_of(end - 1) <= step)
      ++end;
    FUMI_CHECK(run(at, end));
    at = end;
  }
  return {};
}

}  // namespace

std::vector<std::int64_t> blocks_of(const std::vector<Uid>& uids) {
  std::vector<std::int64_t> out;
  for (const Uid uid : uids) {
    const std::int64_t block = block_of(uid.value);
    if (out.empty() || out.back() != block) out.push_back(block);
  }
  return out;
}

const Keywords& EntryBlock::keywords(std::uint16_t set) const {
  static const Keywords kNone;
  return set == 0 ? kNone : sets[set - 1U];
}

std::uint16_t EntryBlock::set_of(const Keywords& keywords) {
  if (keywords.empty()) return 0;
  const auto known = std::ranges::find(sets, keywords);
  const auto number = static_cast<std::uint16_t>(known - sets.begin() + 1);
  if (known == sets.end()) {
    sets.push_back(keywords);
    sealed_sets.clear();
  }
  return number;
}

void EntryBlock::tidy() {
  if (sets.empty()) return;
  std::vector<std::uint16_t> renamed(sets.size() + 1, 0);
  std::vector<Keywords> kept;
  for (const EntryState& state : states) {
    std::uint16_t& number = renamed[state.keywords];
    if (state.keywords == 0 || number != 0) continue;
    kept.push_back(sets[state.keywords - 1U]);
    number = static_cast<std::uint16_t>(kept.size());
  }
  if (kept.size() == sets.size()) return;
  for (EntryState& state : states)
    state.keywords = renamed[state.keywords];
  sets = std::move(kept);
  sealed_sets.clear();
}

Status SqlBlocks::read(const Row& row, EntryBlock& into) {
  into.number = row.int64(0);
  into.row = row.flag(1) ? EntryBlock::Row::sealed : EntryBlock::Row::open;
  FUMI_CHECK(decode_states(into.number, row.blob(2), into.states));
  into.facts.clear();
  into.sets.clear();
  into.sealed_sets = row.bytes(3);
  if (!into.sealed_sets.empty()) {
    FUMI_TRY(const auto text, context_.open(purpose::kBlockKeywords, into.sealed_sets,
                                            Aad(account_, mailbox_, into.number)));
    for (const std::string_view set : ascii::split(text, '\n'))
      into.sets.push_back(keywords_of(set));
  }
  const auto beyond = [&](const EntryState& state) { return state.keywords > into.sets.size(); };
  if (!std::ranges::any_of(into.states, beyond)) return {};
  return fail(Code::corrupt, "reading a block of entries", "a set of keywords is missing");
}

Status SqlBlocks::visit(std::int64_t first, std::int64_t last,
                        FunctionRef<Status(EntryBlock&)> visit) {
  EntryBlock block;
  for (std::int64_t rows = kPageBlocks; rows == kPageBlocks;) {
    rows = 0;
    auto each = [&](const Row& row) -> Status {
      FUMI_CHECK(read(row, block));
      ++rows;
      first = block.number + 1;
      return visit(block);
    };
    const std::int64_t most = std::min(kPageBlocks, last - first + 1);
    FUMI_CHECK(context_.query(kBlocks, each, account_, mailbox_, first, last, most));
  }
  return {};
}

Result<Keywords> SqlBlocks::open_keywords(const Row& row, int column, std::uint32_t uid) {
  const auto sealed = row.blob(column);
  if (sealed.empty()) return Keywords();
  FUMI_TRY(const auto text,
           context_.open(purpose::kKeywords, sealed, Aad(account_, mailbox_, uid)));
  return keywords_of(text);
}

Status SqlBlocks::visit_rows(std::int64_t first, std::int64_t last,
                             FunctionRef<Status(const IndexedEntry&)> visit) {
  static const Keywords kNone;
  last = std::min(last, kUidMax);
  for (std::int64_t rows = kPageRows; rows == kPageRows && first <= last;) {
    rows = 0;
    auto each = [&](const Row& row) -> Status {
      IndexedEntry entry;
      entry.uid.value = static_cast<std::uint32_t>(row.int64(0));
      entry.bits = static_cast<std::uint32_t>(row.int64(1));
      entry.modseq = row.id<ModSeq>(2);
      entry.octets = static_cast<std::uint64_t>(row.int64(3));
      entry.received = row.instant(4);
      entry.email = row.id<EmailId>(6);
      entry.keywords = &kNone;
      ++rows;
      first = std::int64_t{entry.uid.value} + 1;
      if (row.blob(5).empty()) return visit(entry);
      FUMI_TRY(const Keywords keywords, open_keywords(row, 5, entry.uid.value));
      entry.keywords = &keywords;
      return visit(entry);
    };
    FUMI_CHECK(context_.query(kRows, each, account_, mailbox_, first, last, kPageRows));
  }
  return {};
}

Status SqlBlocks::fill(std::span<EntryBlock> blocks, Uid uid_next) {
  const auto closed = [&](const EntryBlock& block) {
    return last_uid(block.number) < std::int64_t{uid_next.value};
  };
  std::int64_t first = first_uid(blocks.front().number);
  if (blocks.size() == 1 && !closed(blocks.front()) && !blocks.front().states.empty()) {
    first = std::int64_t{blocks.front().states.back().uid} + 1;  // the others are known
  }
  std::vector<std::size_t> known(blocks.size());  // how many states each has from its row
  for (std::size_t i = 0; i < blocks.size(); ++i)
    known[i] = blocks[i].states.size();
  auto add = [&](const IndexedEntry& entry) -> Status {
    const auto i = std::size_t(block_of(entry.uid.value) - blocks.front().number);
    EntryBlock& block = blocks[i];
    if (closed(block)) {
      const auto at = std::chrono::floor<std::chrono::seconds>(entry.received);
      block.facts.push_back(
          {entry.uid.value, entry.octets, at.time_since_epoch().count(), entry.email.value()});
    }
    const auto end = block.states.begin() + std::ptrdiff_t(known[i]);
    const auto there =
        std::ranges::lower_bound(block.states.begin(), end, entry.uid.value, {}, &EntryState::uid);
    if (there != end && there->uid == entry.uid.value) return {};
    EntryState state;
    state.uid = entry.uid.value;
    state.bits = static_cast<std::uint8_t>(entry.bits);
    state.modseq = entry.modseq.value();
    state.keywords = block.set_of(*entry.keywords);
    block.states.push_back(state);
    return {};
  };
  FUMI_CHECK(visit_rows(first, last_uid(blocks.back().number), add));
  for (EntryBlock& block : blocks) {
    if (!std::ranges::is_sorted(block.states, {}, &EntryState::uid))
      std::ranges::sort(block.states, {}, &EntryState::uid);
  }
  return {};
}

Result<std::vector<EntryBlock>> SqlBlocks::complete(const std::vector<std::int64_t>& numbers,
                                                    Uid uid_next) {
  std::vector<EntryBlock> blocks(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    blocks[i].number = numbers[i];
  const auto number_of = [&](std::size_t i) { return numbers[i]; };
  auto stored = [&](std::size_t from, std::size_t behind) {
    auto take = [&](EntryBlock& block) -> Status {
      blocks[from + std::size_t(block.number - numbers[from])] = std::move(block);
      return {};
    };
    return visit(numbers[from], numbers[behind - 1], take);
  };
  FUMI_CHECK(by_steps(numbers.size(), 1, number_of, stored));
  auto rows = [&](std::size_t from, std::size_t behind) -> Status {
    for (std::size_t at = from; at < behind;) {
      std::size_t end = at;
      while (end < behind && blocks[end].row != EntryBlock::Row::sealed)
        ++end;
      if (end > at) FUMI_CHECK(fill(std::span(blocks).subspan(at, end - at), uid_next));
      at = std::max(end, at + 1);
    }
    return {};
  };
  FUMI_CHECK(by_steps(numbers.size(), 1, number_of, rows));
  return blocks;
}

Status SqlBlocks::write(EntryBlock& block) {
  if (block.states.empty()) {
    if (block.row == EntryBlock::Row::none) return {};
    FUMI_CHECK(context_.run(kDropBlock, account_, mailbox_, block.number));
    if (block.row == EntryBlock::Row::open) return {};
    return context_.run(kDropFacts, account_, mailbox_, block.number);
  }
  block.tidy();
  if (!block.sets.empty() && block.sealed_sets.empty()) {
    std::string text;
    for (const Keywords& set : block.sets)
      text.append(text.empty() ? "" : "\n").append(keywords_text(set));
    FUMI_TRY(block.sealed_sets,
             context_.seal(purpose::kBlockKeywords, text, Aad(account_, mailbox_, block.number)));
  }
  std::uint64_t modseq = 0;
  std::int64_t deleted = 0;
  for (const EntryState& state : block.states) {
    modseq = std::max(modseq, state.modseq);
    deleted += (state.bits & Flags::deleted) != 0 ? 1 : 0;
  }
  const bool seals = block.row != EntryBlock::Row::sealed && !block.facts.empty();
  const bool sealed = seals || block.row == EntryBlock::Row::sealed;
  const std::string states = encode_states(block.number, block.states);
  FUMI_CHECK(context_.run(block.row == EntryBlock::Row::none ? kInsert : kUpdate, account_,
                          mailbox_, block.number, modseq, deleted, sealed, Blob{states},
                          Blob{block.sealed_sets}));
  if (!seals) return {};
  const std::string facts = encode_facts(block.number, block.facts);
  return context_.run(kInsertFacts, account_, mailbox_, block.number, Blob{facts});
}

Status SqlBlocks::seal(std::int64_t number, Uid uid_next) {
  FUMI_TRY(auto blocks, complete({number}, uid_next));
  if (blocks.front().row == EntryBlock::Row::sealed) return {};
  return write(blocks.front());
}

Status SqlBlocks::place(const std::vector<Entry>& entries, Uid uid_next) {
  for (std::size_t at = 0; at < entries.size();) {
    std::vector<std::int64_t> numbers;
    std::size_t end = at;
    for (; end < entries.size(); ++end) {
      const std::int64_t number = block_of(entries[end].uid.value);
      if (!numbers.empty() && numbers.back() == number) continue;
      if (numbers.size() == kBlocksAtOnce) break;
      numbers.push_back(number);
    }
    FUMI_TRY(auto blocks, complete(numbers, uid_next));
    for (EntryBlock& block : blocks) {
      auto state = block.states.begin();
      for (; at < end && block_of(entries[at].uid.value) == block.number; ++at) {
        const Entry& entry = entries[at];
        state = std::ranges::lower_bound(state, block.states.end(), entry.uid.value, {},
                                         &EntryState::uid);
        if (state == block.states.end() || state->uid != entry.uid.value) {
          return fail(Code::internal, "placing entries", "an entry without its row");
        }
        state->bits = static_cast<std::uint8_t>(entry.flags.bits);
        state->modseq = entry.modseq.value();
        state->keywords = block.set_of(entry.flags.keywords);
      }
      FUMI_CHECK(write(block));
    }
  }
  return {};
}

Status SqlBlocks::remove(const std::vector<Uid>& uids) {
  const std::vector<std::int64_t> numbers = blocks_of(uids);
  std::vector<EntryBlock> blocks;
  auto take = [&](EntryBlock& block) -> Status {
    if (std::ranges::binary_search(numbers, block.number)) blocks.push_back(std::move(block));
    return {};
  };
  auto run = [&](std::size_t from, std::size_t behind) -> Status {
    for (; from < behind; from += kBlocksAtOnce) {
      blocks.clear();
      const std::size_t end = std::min(behind, from + kBlocksAtOnce);
      FUMI_CHECK(visit(numbers[from], numbers[end - 1], take));
      for (EntryBlock& block : blocks) {
        const auto goes = [&](const EntryState& state) {
          return std::ranges::binary_search(uids, Uid{state.uid});
        };
        if (std::erase_if(block.states, goes) > 0) FUMI_CHECK(write(block));
      }
    }
    return {};
  };
  return by_steps(numbers.size(), kSkipped, [&](std::size_t i) { return numbers[i]; }, run);
}

Status SqlBlocks::drop_all() {
  FUMI_CHECK(context_.run(kDropBlocks, account_, mailbox_));
  return context_.run(kDropAllFacts, account_, mailbox_);
}

Status SqlBlocks::overlay(std::size_t count, FunctionRef<Uid(std::size_t)> uid_of, Set set) {
  const auto number_of = [&](std::size_t i) { return block_of(uid_of(i).value); };
  auto run = [&](std::size_t from, std::size_t behind) {
    std::size_t at = from;
    auto decide = [&](EntryBlock& block) -> Status {
      auto state = block.states.begin();
      const std::int64_t last = last_uid(block.number);
      for (; at < behind && std::int64_t{uid_of(at).value} <= last; ++at) {
        const std::uint32_t uid = uid_of(at).value;
        while (state != block.states.end() && state->uid < uid)
          ++state;
        if (state != block.states.end() && state->uid == uid) set(at, block, *state);
      }
      return {};
    };
    return visit(number_of(from), number_of(behind - 1), decide);
  };
  return by_steps(count, kSkipped, number_of, run);
}

Status SqlBlocks::overlay(std::vector<Entry>& entries) {
  auto set = [&](std::size_t i, const EntryBlock& block, const EntryState& state) {
    entries[i].flags.bits = state.bits;
    entries[i].flags.keywords = block.keywords(state.keywords);
    entries[i].modseq = ModSeq(state.modseq);
  };
  return overlay(entries.size(), [&](std::size_t i) { return entries[i].uid; }, set);
}

Result<std::vector<Uid>> SqlBlocks::uids_where(const Statement& statement, std::int64_t value,
                                               FunctionRef<bool(const EntryState&)> wanted) {
  std::vector<Uid> uids;
  EntryBlock block;
  auto each = [&](const Row& row) -> Status {
    FUMI_CHECK(read(row, block));
    for (const EntryState& state : block.states) {
      if (wanted(state)) uids.push_back(Uid{state.uid});
    }
    return {};
  };
  FUMI_CHECK(context_.query(statement, each, account_, mailbox_, value));
  std::ranges::sort(uids);
  return uids;
}

Result<std::vector<Uid>> SqlBlocks::changed_after(ModSeq since) {
  auto wanted = [&](const EntryState& state) { return state.modseq > since.value(); };
  return uids_where(kChanged, static_cast<std::int64_t>(since.value()), wanted);
}

Result<std::vector<Uid>> SqlBlocks::deleted() {
  auto wanted = [](const EntryState& state) { return (state.bits & Flags::deleted) != 0; };
  return uids_where(kDeleted, 0, wanted);
}

Status SqlBlocks::visit_sealed(const EntryBlock& block,
                               FunctionRef<Status(const IndexedEntry&)> visit) {
  auto facts = block.facts.begin();
  for (const EntryState& state : block.states) {
    while (facts != block.facts.end() && facts->uid < state.uid)
      ++facts;
    if (facts == block.facts.end() || facts->uid != state.uid) {
      return fail(Code::corrupt, "reading a block of entries", "an entry without its facts");
    }
    IndexedEntry entry;
    entry.uid.value = state.uid;
    entry.bits = state.bits;
    entry.modseq = ModSeq(state.modseq);
    entry.octets = facts->octets;
    entry.received = Instant(std::chrono::seconds(facts->received_s));
    entry.email = EmailId(facts->email);
    entry.keywords = &block.keywords(state.keywords);
    FUMI_CHECK(visit(entry));
  }
  return {};
}

Status SqlBlocks::visit_open(const EntryBlock& block,
                             FunctionRef<Status(const IndexedEntry&)> visit) {
  auto state = block.states.begin();
  auto each = [&](const IndexedEntry& from_row) {
    IndexedEntry entry = from_row;
    while (state != block.states.end() && state->uid < entry.uid.value)
      ++state;
    if (state == block.states.end() || state->uid != entry.uid.value) return visit(entry);
    entry.bits = state->bits;
    entry.modseq = ModSeq(state->modseq);
    entry.keywords = &block.keywords(state->keywords);
    return visit(entry);
  };
  return visit_rows(first_uid(block.number), last_uid(block.number), each);
}

Status SqlBlocks::visit_all(FunctionRef<Status(const IndexedEntry&)> visit) {
  std::int64_t next = 0;  // the block behind what has been told
  EntryBlock block;
  for (std::int64_t rows = kPageBlocks; rows == kPageBlocks;) {
    rows = 0;
    auto each = [&](const Row& row) -> Status {
      FUMI_CHECK(read(row, block));
      ++rows;
      if (block.number > next)
        FUMI_CHECK(visit_rows(first_uid(next), last_uid(block.number - 1), visit));
      next = block.number + 1;
      if (block.row != EntryBlock::Row::sealed) return visit_open(block, visit);
      FUMI_CHECK(decode_facts(block.number, row.blob(4), block.facts));
      return visit_sealed(block, visit);
    };
    FUMI_CHECK(context_.query(kWithFacts, each, account_, mailbox_, next, kPageBlocks));
  }
  return visit_rows(first_uid(next), kUidMax, visit);
}

}  // namespace fumi::store
