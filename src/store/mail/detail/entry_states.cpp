#include "store/mail/detail/entry_states.h"

#include <algorithm>

namespace fumi::store {
namespace {

constexpr std::uint8_t kVersion = 1;
// The head of a run: flag bits below, and what follows it.
constexpr std::uint8_t kBits = 0x1f;
constexpr std::uint8_t kKeywords = 0x20;
constexpr std::uint8_t kMany = 0x40;
constexpr std::uint8_t kGap = 0x80;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

void put(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7fU) | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

class Reader {
 public:
  explicit Reader(std::string_view octets) : at_(octets.data()), end_(at_ + octets.size()) {}
  [[nodiscard]] bool more() const { return at_ != end_; }
  [[nodiscard]] bool failed() const { return failed_; }
  std::uint8_t head() {
    if (at_ != end_) return static_cast<std::uint8_t>(*at_++);
    failed_ = true;
    return 0;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto octet = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t(octet & 0x7fU) << shift;
      if (octet < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }

 private:
  const char* at_;
  const char* end_;
  bool failed_ = false;
};

std::unexpected<Error> corrupt() {
  return fail(Code::corrupt, "reading a block of entries", "its octets are not a block's");
}

}  // namespace

std::string encode_states(std::int64_t block, std::span<const EntryState> states) {
  std::string out;
  out.reserve(16 + states.size() * 3);
  out += static_cast<char>(kVersion);
  std::int64_t expected = first_uid(block);
  std::uint64_t modseq = 0;
  for (std::size_t at = 0; at < states.size();) {
    const EntryState& first = states[at];
    std::size_t end = at + 1;
    while (end < states.size() && states[end].uid == states[end - 1].uid + 1 &&
           states[end].bits == first.bits && states[end].keywords == first.keywords &&
           states[end].modseq == first.modseq) {
      ++end;
    }
    const std::size_t count = end - at;
    const std::int64_t gap = std::int64_t{first.uid} - expected;
    out += static_cast<char>((first.bits & kBits) | (first.keywords != 0 ? kKeywords : 0) |
                             (count > 1 ? kMany : 0) | (gap != 0 ? kGap : 0));
    if (gap != 0) put(out, static_cast<std::uint64_t>(gap));
    if (count > 1) put(out, count);
    if (first.keywords != 0) put(out, first.keywords);
    put(out, zigzag(static_cast<std::int64_t>(first.modseq - modseq)));
    modseq = first.modseq;
    expected = std::int64_t{first.uid} + std::int64_t(count);
    at = end;
  }
  return out;
}

Status decode_states(std::int64_t block, std::string_view octets, std::vector<EntryState>& into) {
  into.clear();
  Reader in(octets);
  if (in.head() != kVersion) return corrupt();
  std::uint64_t uid = static_cast<std::uint64_t>(first_uid(block));
  const auto last = static_cast<std::uint64_t>(last_uid(block));
  std::uint64_t modseq = 0;
  while (in.more()) {
    const std::uint8_t head = in.head();
    const std::uint64_t gap = (head & kGap) != 0 ? in.number() : 0;
    const std::uint64_t count = (head & kMany) != 0 ? in.number() : 1;
    const std::uint64_t keywords = (head & kKeywords) != 0 ? in.number() : 0;
    modseq += static_cast<std::uint64_t>(unzigzag(in.number()));
    if (in.failed() || gap > kBlockUids || count == 0 || count > kBlockUids ||
        keywords > kBlockUids || uid + gap + count - 1 > last) {
      return corrupt();
    }
    uid += gap;
    EntryState state;
    state.bits = head & kBits;
    state.keywords = static_cast<std::uint16_t>(keywords);
    state.modseq = modseq;
    for (std::uint64_t i = 0; i < count; ++i) {
      state.uid = static_cast<std::uint32_t>(uid++);
      into.push_back(state);
    }
  }
  return {};
}

std::string encode_facts(std::int64_t block, std::span<const EntryFacts> facts) {
  std::string out;
  out.reserve(16 + facts.size() * 12);
  out += static_cast<char>(kVersion);
  std::int64_t expected = first_uid(block);
  std::int64_t received = 0;
  std::uint64_t email = 0;
  for (const EntryFacts& entry : facts) {
    put(out, static_cast<std::uint64_t>(std::int64_t{entry.uid} - expected));
    put(out, entry.octets);
    put(out, zigzag(entry.received_s - received));
    put(out, zigzag(static_cast<std::int64_t>(entry.email - email)));
    email = entry.email;
    received = entry.received_s;
    expected = std::int64_t{entry.uid} + 1;
  }
  return out;
}

Status decode_facts(std::int64_t block, std::string_view octets, std::vector<EntryFacts>& into) {
  into.clear();
  Reader in(octets);
  if (in.head() != kVersion) return corrupt();
  std::uint64_t uid = static_cast<std::uint64_t>(first_uid(block));
  const auto last = static_cast<std::uint64_t>(last_uid(block));
  std::uint64_t received = 0;
  std::uint64_t email = 0;
  while (in.more()) {
    const std::uint64_t gap = in.number();
    EntryFacts entry;
    entry.octets = in.number();
    received += static_cast<std::uint64_t>(unzigzag(in.number()));
    email += static_cast<std::uint64_t>(unzigzag(in.number()));
    if (in.failed() || gap > kBlockUids || uid + gap > last) return corrupt();
    entry.uid = static_cast<std::uint32_t>(uid + gap);
    entry.received_s = static_cast<std::int64_t>(received);
    entry.email = email;
    uid += gap + 1;
    into.push_back(entry);
  }
  return {};
}

}  // namespace fumi::store
