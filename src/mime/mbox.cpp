#include "mime/mbox.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/ascii.h"
#include "codec/date.h"

namespace fumi::mime {
namespace {

constexpr std::size_t kPieceOctets = 64 * 1024;
constexpr std::size_t kFromLineOctetsMax = 1024;
constexpr std::size_t kKeywordsMax = 64;
constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_from(std::string_view line) { return line.starts_with("From "); }

// ">>From " and "From ": what the writer quotes.
bool is_quotable(std::string_view line) {
  const std::size_t at = line.find_first_not_of('>');
  return at != std::string_view::npos && is_from(line.substr(at));
}

// The date of RFC 4155's separator: asctime, in UTC. nullopt: the line is no separator.
std::optional<Instant> date_of(std::string_view line) {
  if (!is_from(line) || line.size() > kFromLineOctetsMax) return std::nullopt;
  std::size_t begin = std::string_view::npos;
  for (const std::string_view day : kDays) {
    const std::size_t at = line.rfind(" " + std::string(day) + " ");
    if (at == std::string_view::npos) continue;
    begin = begin == std::string_view::npos ? at : std::max(begin, at);
  }
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view text = ascii::trim(line.substr(begin));
  const auto date = codec::parse_date(text);
  if (!date) return std::nullopt;
  return date->at;
}

std::string asctime_of(Instant at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(at - day));
  const unsigned weekday_index = weekday(day).iso_encoding() - 1;
  char text[64];
  std::snprintf(text, sizeof text, "%s %s %2u %02d:%02d:%02d %04d", kDays[weekday_index].data(),
                kMonths[unsigned(date.month()) - 1].data(), unsigned(date.day()),
                int(time.hours().count()), int(time.minutes().count()), int(time.seconds().count()),
                int(date.year()));
  return text;
}

// Where the header ends: at the empty line, or behind everything.
std::size_t header_end(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) return 0;
  const std::size_t at = bytes.find("\r\n\r\n");
  return at == std::string_view::npos ? bytes.size() : at + 2;
}

std::string_view value_of(std::string_view line, std::string_view name) {
  return ascii::trim(line.substr(name.size()));
}

void read_letters(FileFlags& flags, std::string_view letters) {
  for (const char letter : letters) {
    if (letter == 'R') flags.bits |= FileFlags::seen;
    if (letter == 'A') flags.bits |= FileFlags::answered;
    if (letter == 'F') flags.bits |= FileFlags::flagged;
    if (letter == 'D') flags.bits |= FileFlags::deleted;
    if (letter == 'T') flags.bits |= FileFlags::draft;
  }
}

void read_keywords(FileFlags& flags, std::string_view words) {
  for (const std::string_view word : ascii::split(words, ' '))
    if (!word.empty() && flags.keywords.size() < kKeywordsMax) flags.keywords.emplace_back(word);
}

// Takes the fields of flags from the end of the header, each at most once.
FileFlags take_flags(std::string& bytes) {
  static constexpr std::array<std::string_view, 3> kNames{"Status:", "X-Status:", "X-Keywords:"};
  FileFlags flags;
  std::array<bool, 3> seen{};
  const std::size_t end = header_end(bytes);
  std::size_t begin = end;
  while (begin >= 2) {
    const std::size_t before = begin == 2 ? std::string::npos : bytes.rfind("\r\n", begin - 3);
    const std::size_t start = before == std::string::npos ? 0 : before + 2;
    const std::string_view line = std::string_view(bytes).substr(start, begin - 2 - start);
    std::size_t which = 0;
    while (which < kNames.size() && !ascii::istarts_with(line, kNames[which]))
      ++which;
    if (which == kNames.size() || seen[which]) break;
    seen[which] = true;
    if (which == 2)
      read_keywords(flags, value_of(line, kNames[which]));
    else
      read_letters(flags, value_of(line, kNames[which]));
    begin = start;
  }
  bytes.erase(begin, end - begin);
  return flags;
}

std::string flag_fields(const FileFlags& flags) {
  std::string out = "Status: ";
  out += (flags.bits & FileFlags::seen) != 0 ? "RO\nX-Status: " : "O\nX-Status: ";
  if ((flags.bits & FileFlags::answered) != 0) out += 'A';
  if ((flags.bits & FileFlags::flagged) != 0) out += 'F';
  if ((flags.bits & FileFlags::draft) != 0) out += 'T';
  if ((flags.bits & FileFlags::deleted) != 0) out += 'D';
  out += "\nX-Keywords:";
  for (const std::string& keyword : flags.keywords)
    out += " " + keyword;
  return out + "\n";
}

void append_quoted(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\r\n");
    const std::string_view line = bytes.substr(0, end);
    if (is_quotable(line)) out += '>';
    out += line;
    out += '\n';
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 2);
  }
}

}  // namespace

void MboxReader::feed(std::string_view bytes) {
  if (where_ == Where::no_mbox) return;
  held_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = held_.find('\n'); end != std::string::npos;
       end = held_.find('\n', begin)) {
    std::string_view text = std::string_view(held_).substr(begin, end - begin);
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text);
    begin = end + 1;
  }
  held_.erase(0, begin);
  if (held_.size() <= kPieceOctets) return;
  // Without a line end yet; the last octet stays, as it may be the CR of one.
  piece(std::string_view(held_).substr(0, held_.size() - 1));
  line_ = Line::broken;
  held_.erase(0, held_.size() - 1);
}

void MboxReader::finish() {
  if (!held_.empty() || line_ == Line::broken) {
    std::string_view text = held_;
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text);
  }
  held_.clear();
  if (where_ == Where::message) complete();
  where_ = Where::start;
}

void MboxReader::line(std::string_view line) {
  if (line_ == Line::broken) {
    piece(line);
    line_ = Line::whole;
    if (current_.size == MboxMessage::Size::fits) current_.bytes += "\r\n";
    return;
  }
  if (where_ == Where::no_mbox) return;
  if (where_ == Where::start) {
    if (line.empty()) return;
    if (!is_from(line)) {
      where_ = Where::no_mbox;
      return;
    }
    where_ = Where::message;
    current_.received = date_of(line);
    return;
  }
  const bool may_separate = blanks_ > 0;
  if (may_separate) {
    if (const auto date = date_of(line)) {
      complete();
      current_.received = date;
      return;
    }
    blanks_ = 0;
    if (current_.size == MboxMessage::Size::fits) current_.bytes += "\r\n";
  }
  if (line.empty()) {
    blanks_ = 1;
    return;
  }
  piece(line.starts_with('>') && is_quotable(line) ? line.substr(1) : line);
  if (current_.size == MboxMessage::Size::fits) current_.bytes += "\r\n";
}

void MboxReader::piece(std::string_view part) {
  if (where_ == Where::start) where_ = Where::no_mbox;  // no separator is that long
  if (where_ == Where::no_mbox || current_.size == MboxMessage::Size::too_large) return;
  if (blanks_ > 0) current_.bytes += "\r\n";
  blanks_ = 0;
  if (current_.bytes.size() + part.size() + 4 > octets_max_) {
    current_.size = MboxMessage::Size::too_large;
    current_.bytes.clear();
    current_.bytes.shrink_to_fit();
    return;
  }
  current_.bytes += part;
}

void MboxReader::complete() {
  blanks_ = 0;
  if (current_.size == MboxMessage::Size::fits) current_.flags = take_flags(current_.bytes);
  ready_.push_back(std::exchange(current_, {}));
}

std::optional<MboxMessage> MboxReader::next() {
  if (ready_.empty()) return std::nullopt;
  MboxMessage message = std::move(ready_.front());
  ready_.pop_front();
  return message;
}

std::string write_mbox(const MboxMessage& message) {
  const std::string_view bytes = message.bytes;
  std::string out = "From MAILER-DAEMON " + asctime_of(message.received.value_or(Instant())) + "\n";
  out.reserve(bytes.size() + bytes.size() / 64 + 256);
  const std::size_t end = header_end(bytes);
  append_quoted(out, bytes.substr(0, end));
  out += flag_fields(message.flags);
  if (end == bytes.size()) out += '\n';
  append_quoted(out, bytes.substr(end));
  return out + "\n";
}

std::string bare_lf_to_crlf(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 32);
  char before = '\0';
  for (const char c : bytes) {
    if (c == '\n' && before != '\r') out += '\r';
    out += c;
    before = c;
  }
  return out;
}

}  // namespace fumi::mime
