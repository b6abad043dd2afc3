// The form in which mail goes through the admin API: application/vnd.fumi.mail, sans-I/O.
//
//   {"folder":"INBOX","role":"inbox","flags":["\\Seen","work"],"received":"2026-…Z","octets":123}\n
//   (123 octets)\n
//   {"folder":"空"}\n                      a mailbox without a message
//   {…,"origin":{"folder":"空","uid_validity":1,"uid":7}}\n     where it lies at its source
//   {"end":2}\n                            what was there: a body without it broke off
//
// Flags are RFC 9051 §2.3.2's, keywords among them. Unknown members are refused. Same bytes in any
// chunking give the same items. Limits: octets a line and a message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/json.h"
#include "base/result.h"
#include "domain/mail_item.h"

namespace fumi::api {

inline constexpr const char* kMailStreamType = "application/vnd.fumi.mail";
inline constexpr std::size_t kMailLineOctetsMax = 16 * 1024;
inline constexpr std::size_t kMailOctetsMax = 64U << 20U;

class MailStreamReader {
 public:
  void feed(std::string_view bytes) { held_ += bytes; }
  // The next item; nullopt: more bytes are needed, or this was the end. invalid, too_large: the
  // stream is wrong, and stays so.
  [[nodiscard]] Result<std::optional<MailItem>> next();
  [[nodiscard]] bool is_complete() const { return where_ == Where::end; }

 private:
  Result<std::optional<MailItem>> broken(Code code, std::string why);
  Result<std::optional<MailItem>> take_bytes();
  Status read_line(std::string_view line);

  enum class Where { line, bytes, item, end, broken } where_ = Where::line;
  std::string held_;
  std::size_t at_ = 0;  // in held_: what is before has been taken
  std::size_t octets_ = 0;
  std::int64_t count_ = 0;
  MailItem item_;
  std::optional<Error> error_;
};

[[nodiscard]] std::string write_mail_item(const MailItem& item);
// `mails`: how many items with bytes the stream had.
[[nodiscard]] std::string write_mail_end(std::uint64_t mails);

// The members of such a line that tell of an item, for other forms that hold mail.
[[nodiscard]] Json describe_mail(const MailItem& item);
enum class MailMember { taken, unknown, wrong };
[[nodiscard]] MailMember read_mail_member(std::string_view name, const Json& value, MailItem& into);

}  // namespace fumi::api
