// mbox files, sans-I/O: many messages in one file, each behind a "From " line (RFC 4155).
//
//   MboxReader reader;                       std::string out = write_mbox({raw, received, flags});
//   reader.feed(piece); … reader.finish();
//   while (auto message = reader.next()) …
//
// Written is mboxrd: each line of ">" and "From " gets one more ">", so that any message comes back
// with its octets (lines end in LF in the file, in CRLF in messages). Flags stand in three fields
// at the end of the header, Status, X-Status and X-Keywords, always all three: they are taken away
// again when read, and one that the message had itself stays.
//
// Read are mboxrd, mboxo and mboxcl: a "From " line counts behind an empty line and with a date at
// its end. Content-Length is not believed; files that were edited lie there.
// Limits: octets a message (over it `Message::too_large`, without bytes), 64 keywords.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fumi::mime {

// The flags that files of mail can tell: RFC 9051 §2.3.2 without its backslashes.
struct FileFlags {
  enum Bit : std::uint32_t { seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16 };
  std::uint32_t bits = 0;
  std::vector<std::string> keywords;
  bool operator==(const FileFlags&) const = default;
};

struct MboxMessage {
  std::string bytes;  // with CRLF
  std::optional<Instant> received;
  FileFlags flags;
  enum class Size { fits, too_large } size = Size::fits;
};

class MboxReader {
 public:
  static constexpr std::size_t kOctetsMax = 64U << 20U;
  explicit MboxReader(std::size_t octets_max = kOctetsMax) : octets_max_(octets_max) {}

  void feed(std::string_view bytes);
  void finish();  // no more bytes: the last message is complete
  // The next complete message; nullopt: none yet.
  [[nodiscard]] std::optional<MboxMessage> next();
  // The file doesn't begin with a "From " line: it is no mbox, and gives no messages.
  [[nodiscard]] bool is_no_mbox() const { return where_ == Where::no_mbox; }

 private:
  void line(std::string_view line);  // without its line end
  void piece(std::string_view part);
  void complete();

  enum class Where { start, message, no_mbox } where_ = Where::start;
  enum class Line { whole, broken } line_ = Line::whole;  // broken: a long line, taken in pieces
  std::size_t octets_max_;
  std::string held_;
  std::size_t blanks_ = 0;  // empty lines that may belong to the separator: 0 or 1
  MboxMessage current_;
  std::deque<MboxMessage> ready_;
};

// One message as it stands in a file, with the empty line behind it. Without `received` 1970.
[[nodiscard]] std::string write_mbox(const MboxMessage& message);

// Bare LFs become CRLF, as mail in files has LF and mail in mailboxes has CRLF (RFC 5322 §2.3);
// bare CRs stay.
[[nodiscard]] std::string bare_lf_to_crlf(std::string_view bytes);

}  // namespace fumi::mime
