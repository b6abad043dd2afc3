#include "service/records/verify.h"

#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "crypto/hash.h"

namespace fumi {
namespace {

constexpr std::string_view kHeaderStart = "{\"format\":\"fumi-audit-1\",\"tenant\":\"";
constexpr std::string_view kTrailerStart = "{\"count\":";
constexpr std::string_view kRecordStart = "{\"n\":";
constexpr std::string_view kHashField = ",\"hash\":\"";
constexpr std::size_t kHex = 64;
constexpr std::size_t kGapsMax = 10'000;

std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

// The value behind `,"name":` in a line that we wrote ourselves, up to `,`, `"` or `}`.
std::string field(std::string_view text, std::string_view name) {
  const std::string mark = ",\"" + std::string(name) + "\":";
  auto at = text.rfind(mark);
  if (at == std::string_view::npos) return {};
  at += mark.size();
  if (at < text.size() && text[at] == '"') ++at;
  return std::string(text.substr(at, text.find_first_of(",\"}", at) - at));
}

bool is_hash(std::string_view text) {
  const auto bytes = ascii::from_hex(text);
  return text.size() == kHex && bytes && ascii::to_hex(*bytes) == text;
}

std::string hash_of(std::string_view previous_hex, std::string_view body) {
  const auto previous = ascii::from_hex(previous_hex);
  if (!previous) return {};
  return ascii::to_hex(crypto::view(crypto::sha256({*previous, body})));
}

std::string range(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "record " + std::to_string(first) + " is missing";
  return "records " + std::to_string(first) + " to " + std::to_string(last) + " are missing";
}

}  // namespace

void AuditVerifier::find(std::uint64_t line, std::uint64_t record, std::string what) {
  if (report_.findings.size() < kAuditFindingsMax) {
    report_.findings.push_back({line, record, std::move(what)});
  }
}

void AuditVerifier::line(std::string_view text) {
  ++lines_;
  if (text.size() > kAuditLineOctetsMax) {
    find(lines_, 0, "the line is too long");
  } else if (lines_ == 1) {
    header(text);
  } else if (ended_) {
    find(lines_, 0, "a line behind the trailer");
  } else if (text.starts_with(kTrailerStart)) {
    trailer(text);
  } else {
    record(text);
  }
}

void AuditVerifier::header(std::string_view text) {
  report_.header = text;
  const auto first = leading_number(field(text, "first"));
  previous_ = field(text, "previous");
  if (!text.starts_with(kHeaderStart) || !text.ends_with("\"}") || !first || !is_hash(previous_)) {
    find(lines_, 0, "the header isn't one of this format");
    previous_.clear();
  }
  next_ = first.value_or(0);
  report_.last = previous_;
}

void AuditVerifier::record(std::string_view text) {
  const std::size_t tail = kHashField.size() + kHex + 2;
  const auto number = text.starts_with(kRecordStart)
                          ? leading_number(text.substr(kRecordStart.size()))
                          : std::nullopt;
  Line line{lines_, number.value_or(0), {}, {}};
  bool good = line.number != 0 && text.size() > tail && text.ends_with("\"}");
  if (good) {
    const std::string_view rest = text.substr(text.size() - tail);
    line.hash = rest.substr(kHashField.size(), kHex);
    good = rest.starts_with(kHashField) && is_hash(line.hash);
  }
  if (!good) {
    find(lines_, line.number, "the line isn't a record, or was changed");
    return;
  }
  line.body.assign(text.substr(0, text.size() - tail)) += '}';
  ++report_.records;
  if (next_ == 0 || line.number >= next_) {
    in_order(std::move(line));
  } else {
    out_of_order(std::move(line));
  }
}

std::string AuditVerifier::check(const Line& line, const std::string& previous,
                                 const std::string& computed) {
  if (previous.empty()) return line.hash;  // nothing to check against
  const std::string by_stated = hash_of(previous, line.body);
  if (by_stated == line.hash) return by_stated;
  if (!computed.empty() && hash_of(computed, line.body) == line.hash) return line.hash;
  find(line.at, line.number,
       "record " + std::to_string(line.number) + " was changed: its hash doesn't fit");
  return by_stated;
}

void AuditVerifier::in_order(Line line) {
  if (next_ != 0 && line.number > next_) {
    if (gaps_.size() >= kGapsMax) {
      find(line.at, line.number, range(next_, line.number - 1));
    } else {
      gaps_.emplace(next_, Gap{line.number - 1, previous_, computed_, line});
    }
    computed_.clear();
  } else {
    const std::string real = check(line, previous_, computed_);
    computed_ = real == line.hash ? std::string() : real;
  }
  next_ = line.number + 1;
  previous_ = line.hash;
  report_.last = line.hash;
}

void AuditVerifier::out_of_order(Line line) {
  auto at = gaps_.upper_bound(line.number);
  if (at == gaps_.begin() || std::prev(at)->second.last < line.number) {
    find(line.at, line.number, "record " + std::to_string(line.number) + " stands twice");
    return;
  }
  --at;
  find(line.at, line.number,
       "record " + std::to_string(line.number) +
           " stands behind a later one: the order was changed");
  const std::uint64_t first = at->first;
  Gap gap = std::move(at->second);
  gaps_.erase(at);
  std::string computed;
  if (line.number == first) {
    const std::string real = check(line, gap.previous, gap.computed_previous);
    if (real != line.hash) computed = real;
  } else {
    gaps_.emplace(first, Gap{line.number - 1, gap.previous, gap.computed_previous, line});
  }
  if (line.number == gap.last) {
    check(gap.follower, line.hash, computed);
  } else {
    gaps_.emplace(line.number + 1, Gap{gap.last, line.hash, computed, std::move(gap.follower)});
  }
}

// The trailer is made anew and compared as a whole, so that no octet of it can differ.
void AuditVerifier::trailer(std::string_view text) {
  ended_ = true;
  const auto count = leading_number(text.substr(kTrailerStart.size()));
  const std::string header = ascii::to_hex(crypto::view(crypto::sha256(report_.header)));
  if (count != report_.records) {
    find(lines_, 0,
         "the trailer counts " + std::to_string(count.value_or(0)) + " records, " +
             std::to_string(report_.records) + " are here");
  }
  if (field(text, "last") != report_.last) {
    find(lines_, 0, "the trailer names another last record");
  }
  if (field(text, "header") != header) find(lines_, 0, "the header was changed");
  const std::string expected = std::string(kTrailerStart) + std::to_string(count.value_or(0)) +
                               ",\"last\":\"" + field(text, "last") + "\",\"header\":\"" +
                               field(text, "header") + "\"}";
  if (text != expected) find(lines_, 0, "the trailer isn't one of this format");
}

AuditReport AuditVerifier::finish() {
  if (lines_ == 0) find(0, 0, "the export is empty");
  for (const auto& [first, gap] : gaps_)
    find(gap.follower.at, first, range(first, gap.last));
  if (lines_ > 0 && !ended_) find(lines_, 0, "the trailer is missing: the export was cut off");
  return std::move(report_);
}

AuditReport verify_audit(const std::vector<std::string>& lines) {
  AuditVerifier verifier;
  for (const std::string& line : lines)
    verifier.line(line);
  return verifier.finish();
}

}  // namespace fumi
