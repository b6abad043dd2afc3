// A reply: code, enhanced status code, text (RFC 5321 §4.2, RFC 2034, RFC 3463).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fumi::smtp {

// RFC 3463 §2: class.subject.detail; class 0 means that there is none.
struct Enhanced {
  std::uint16_t klass = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
  friend bool operator==(const Enhanced&, const Enhanced&) = default;
};
[[nodiscard]] std::string to_text(Enhanced code);  // "5.1.1"; "" for none
// status-code off the front of `text`, with the space behind it; none unless the class is `klass`.
[[nodiscard]] Enhanced take_enhanced(std::string_view& text, int klass);

struct Reply {
  int code = 0;
  Enhanced enhanced;
  std::string text;  // lines separated by "\n", without codes; ASCII unless UTF-8 was agreed

  [[nodiscard]] bool is_positive() const { return code / 100 == 2; }
  [[nodiscard]] bool is_intermediate() const { return code / 100 == 3; }
  [[nodiscard]] bool is_temporary() const { return code / 100 == 4; }
  [[nodiscard]] bool is_permanent() const { return code / 100 == 5; }
  friend bool operator==(const Reply&, const Reply&) = default;
};
[[nodiscard]] std::string to_text(
    const Reply& reply);  // one line, for records: "550 5.1.1 No such user"

// Appends the wire form. Octets outside printable ASCII become "?"; lines over the 512 octets of
// RFC 5321 §4.5.3.1.5 are cut in several.
void append_reply(std::string& out, int code, Enhanced enhanced, std::string_view text);

// Puts a server's reply together from its lines (RFC 5321 §4.2.1), without trust in the server.
class ReplyParser {
 public:
  static constexpr std::size_t kLinesMax = 200;
  static constexpr std::size_t kTextOctetsMax = 64 * 1024;

  enum class Progress : std::uint8_t { more, done, broken };
  // `line` comes without CRLF. After `done`, reply() holds until the next line. `broken` is final.
  // CLIENT: some servers change the code within a reply, or end it with the code alone; the last
  // line's code counts.
  [[nodiscard]] Progress line(std::string_view line);
  [[nodiscard]] const Reply& reply() const { return reply_; }

 private:
  Reply reply_;
  std::size_t lines_ = 0;
  bool complete_ = true;
};

}  // namespace fumi::smtp
