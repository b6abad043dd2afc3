// Changes of flags: a block at a time, in memory, so that what they cost goes by blocks.
#include <algorithm>
#include <optional>
#include <unordered_map>

#include "store/mail/detail/blocks.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {
namespace {

constexpr std::size_t kBlocksAtOnce = 256;

// What a change makes of the entries of one block after the other.
class Changer {
 public:
  Changer(const StoreFlags& change, const Flags& flags, StoredFlags& stored)
      : change_(change), flags_(flags), stored_(stored) {
    indexes_.emplace(std::string(), 0);
  }

  // Whether anything of the block is to be changed; what must be left alone goes to `modified`.
  Result<bool> begin(EntryBlock& block, std::span<const Uid> uids) {
    block_ = &block;
    sets_.assign(block.sets.size() + 1, std::nullopt);
    todo_.clear();
    auto state = block.states.begin();
    for (const Uid uid : uids) {
      while (state != block.states.end() && state->uid < uid.value)
        ++state;
      if (state == block.states.end()) break;
      if (state->uid != uid.value) continue;
      if (change_.unchanged_since && state->modseq > change_.unchanged_since->value()) {
        stored_.modified.push_back(uid);
        continue;
      }
      FUMI_TRY(const Set set, set_of(state->keywords));
      if (bits_of(state->bits) != state->bits || set.number != state->keywords)
        todo_.push_back(std::size_t(state - block.states.begin()));
    }
    return !todo_.empty();
  }

  // Changes it; `changed(before, after)` is told the bits of each entry.
  template <class Changed>
  Status finish(Changed changed) {
    for (const std::size_t i : todo_) {
      EntryState& state = block_->states[i];
      FUMI_TRY(const Set set, set_of(state.keywords));
      const std::uint8_t bits = bits_of(state.bits);
      changed(state.bits, bits);
      state.bits = bits;
      state.keywords = set.number;
      state.modseq = stored_.modseq.value();
      stored_.changed.push_back({Uid{state.uid}, bits, set.index, stored_.modseq});
    }
    return {};
  }

 private:
  struct Set {
    std::uint16_t number = 0;  // of the block
    std::uint32_t index = 0;   // of the answer
  };

  [[nodiscard]] std::uint8_t bits_of(std::uint8_t bits) const {
    const auto wanted = static_cast<std::uint8_t>(flags_.bits);
    switch (change_.operation) {
      case FlagsOperation::replace:
        return wanted;
      case FlagsOperation::add:
        return bits | wanted;
      case FlagsOperation::remove:
        return bits & static_cast<std::uint8_t>(~wanted);
    }
    return bits;
  }

  // What becomes of a set of keywords of the block.
  Result<Set> set_of(std::uint16_t number) {
    if (sets_[number]) return *sets_[number];
    Flags before;
    before.keywords = block_->keywords(number);
    Flags after = apply(before, change_.operation, flags_);
    Set set{number, 0};
    if (after.keywords != before.keywords) {
      if (!flags_.keywords.empty()) {  // only keywords can make it too much
        FUMI_TRY(after, checked_flags(after));
      }
      set.number = block_->set_of(after.keywords);
    }
    const auto index = static_cast<std::uint32_t>(stored_.keywords.size());
    const auto [known, fresh] = indexes_.emplace(keywords_text(after.keywords), index);
    if (fresh) stored_.keywords.push_back(std::move(after.keywords));
    set.index = known->second;
    sets_[number] = set;
    return set;
  }

  const StoreFlags& change_;
  const Flags& flags_;
  StoredFlags& stored_;
  EntryBlock* block_ = nullptr;
  std::vector<std::optional<Set>> sets_;
  std::vector<std::size_t> todo_;
  std::unordered_map<std::string, std::uint32_t> indexes_;
};

}  // namespace

// The change is made with its first entry, so that one that changes nothing isn't one.
Result<StoredFlags> SqlMailboxes::store_flags(AccountId account, MailboxId mailbox,
                                              const StoreFlags& change) {
  FUMI_TRY(const Flags flags, checked_flags(change.flags));
  FUMI_TRY(const Uid uid_next, require(account, mailbox));
  std::vector<Uid> uids = change.uids;
  if (!std::ranges::is_sorted(uids)) std::ranges::sort(uids);
  const auto same = std::ranges::unique(uids);
  uids.erase(same.begin(), same.end());
  uids.erase(std::ranges::lower_bound(uids, uid_next), uids.end());
  StoredFlags stored;
  Delta delta;
  auto count_in = [&](std::uint8_t before, std::uint8_t after) {
    delta.add_flags(before, -1);
    delta.add_flags(after, 1);
  };
  Changer changer(change, flags, stored);
  SqlBlocks blocks(context_, account, mailbox);
  const std::vector<std::int64_t> numbers = blocks_of(uids);
  for (std::size_t at = 0; at < numbers.size(); at += kBlocksAtOnce) {
    const std::size_t end = std::min(numbers.size(), at + kBlocksAtOnce);
    const std::vector<std::int64_t> some(numbers.begin() + std::ptrdiff_t(at),
                                         numbers.begin() + std::ptrdiff_t(end));
    FUMI_TRY(auto taken, blocks.complete(some, uid_next));
    for (EntryBlock& block : taken) {
      const auto number_of = [](Uid uid) { return block_of(uid.value); };
      FUMI_TRY(const bool changes,
               changer.begin(block, std::ranges::equal_range(uids, block.number, {}, number_of)));
      if (!changes) continue;
      if (!stored.modseq) {
        FUMI_TRY(stored.modseq, raise(account));
      }
      FUMI_CHECK(changer.finish(count_in));
      FUMI_CHECK(blocks.write(block));
    }
  }
  if (stored.changed.empty()) return stored;
  FUMI_CHECK(count(account, mailbox, stored.modseq, delta));
  context_.changed(account, mailbox);
  return stored;
}

}  // namespace fumi::store
