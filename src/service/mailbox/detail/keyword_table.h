// KeywordTable: sets of keywords by number, so that a message names its set in four octets.
//
// Sets are only ever added. One thread at a time adds (under the index's lock); any thread reads
// sets whose numbers it has from a snapshot, which was published after them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/mailbox.h"

namespace fumi::service {

class KeywordTable {
 public:
  // 0: no keywords. nullopt: the table is full.
  [[nodiscard]] std::optional<std::uint32_t> number_of(const std::vector<std::string>& keywords) {
    if (keywords.empty()) return 0;
    std::string text = keywords_text(keywords);
    const auto known = numbers_.find(text);
    if (known != numbers_.end()) return known->second;
    if (count_ == kSetsMax || octets() > kOctetsMax) return std::nullopt;
    const Place place = place_of(count_);
    std::unique_ptr<Set[]>& block = blocks_[place.block];
    if (!block) block = std::make_unique<Set[]>(kFirst << place.block);
    block[place.offset] = keywords;
    const std::scoped_lock lock(mutex_);
    octets_ += 2 * text.size() + 160;
    numbers_.emplace(std::move(text), ++count_);
    names_.insert(keywords.begin(), keywords.end());
    return count_;
  }
  [[nodiscard]] const std::vector<std::string>& at(std::uint32_t number) const {
    static const std::vector<std::string> kNone;
    if (number == 0) return kNone;
    const Place place = place_of(number - 1);
    return blocks_[place.block][place.offset];
  }
  [[nodiscard]] std::vector<std::string> names() const {
    const std::scoped_lock lock(mutex_);
    return {names_.begin(), names_.end()};
  }
  [[nodiscard]] std::size_t octets() const {
    const std::scoped_lock lock(mutex_);
    return octets_;
  }

 private:
  using Set = std::vector<std::string>;
  // Each block has twice the sets of the one before it, and none ever moves: reading needs no lock.
  static constexpr std::size_t kBlocks = 13;
  static constexpr std::uint32_t kFirst = 8;
  static constexpr std::uint32_t kSetsMax = kFirst * ((1U << kBlocks) - 1);
  static constexpr std::size_t kOctetsMax = 32UL * 1024 * 1024;
  struct Place {
    std::size_t block;
    std::uint32_t offset;
  };
  static Place place_of(std::uint32_t index) {
    const auto block = std::size_t(std::bit_width(index / kFirst + 1)) - 1;
    return {block, index - kFirst * ((1U << block) - 1)};
  }

  std::array<std::unique_ptr<Set[]>, kBlocks> blocks_;
  std::uint32_t count_ = 0;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  mutable std::mutex mutex_;  // of what follows
  std::set<std::string> names_;
  std::size_t octets_ = sizeof(*this);
};

}  // namespace fumi::service
