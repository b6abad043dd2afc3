// A set of sequence numbers or UIDs as ranges (RFC 9051 §9 sequence-set). Costs memory by range,
// never by number: 1:4294967295 is one range.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fumi::imap {

class SeqSet {
 public:
  static constexpr std::uint32_t kStar = 0;  // stands for "*" in a range that is not resolved yet

  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;  // inclusive
    friend bool operator==(const Range&, const Range&) = default;
  };

  SeqSet() = default;

  // The text of a sequence-set, "$" (RFC 5182) included; nullopt if it is none, or has more parts
  // than `ranges_max`. Ranges stay as written until resolve().
  [[nodiscard]] static std::optional<SeqSet> parse(std::string_view text, std::size_t ranges_max);

  // "$": the result of the last SEARCH that was told to SAVE. Its ranges are empty.
  [[nodiscard]] bool is_saved_result() const { return saved_; }
  [[nodiscard]] bool has_star() const;
  // The greatest number named, "*" apart.
  [[nodiscard]] std::uint32_t greatest() const;

  // With "*" replaced by `star`, ends in order, sorted, and merged where they touch.
  [[nodiscard]] SeqSet resolve(std::uint32_t star) const;

  // Adds numbers (not 0) and keeps the set sorted and merged; cheap in ascending order.
  void add(std::uint32_t number) { add(number, number); }
  void add(std::uint32_t first, std::uint32_t last);

  // For resolved sets.
  [[nodiscard]] bool contains(std::uint32_t number) const;
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] bool empty() const { return ranges_.empty() && !saved_; }
  [[nodiscard]] std::span<const Range> ranges() const { return ranges_; }
  void clear() { *this = SeqSet(); }

  // "1:3,5,9:*"; "$" for the saved result; "" for the empty set, which the grammar can't express.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const SeqSet&, const SeqSet&) = default;

 private:
  std::vector<Range> ranges_;
  bool saved_ = false;
};

// The numbers of a resolved set that another resolved one doesn't have.
[[nodiscard]] SeqSet without(const SeqSet& from, const SeqSet& taken);

}  // namespace fumi::imap
