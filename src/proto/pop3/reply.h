// What the server says: texts in English and Japanese (LANG, RFC 6856 §3) and response codes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fumi::pop3 {

enum class Language : std::uint8_t { english, japanese };

struct LanguageName {
  Language language;
  std::string_view tag;   // "ja"
  std::string_view name;  // in itself
};
[[nodiscard]] std::span<const LanguageName> languages();

enum class ResponseCode : std::uint8_t {
  none,
  in_use,       // RFC 2449 §8.1.2: authenticated, but the maildrop is locked
  login_delay,  // RFC 2449 §8.1.1
  sys_temp,     // RFC 3206 §4: try again later
  sys_perm,     // RFC 3206 §4: a person must look
  auth,         // RFC 3206 §5: the credentials are wrong
  utf8,         // RFC 6856 §5: only with the UTF8 command
};
[[nodiscard]] std::string_view to_string(ResponseCode code);  // "[IN-USE] ", empty for none

enum class Text : std::uint8_t {
  bye,
  unknown_command,
  wrong_state,
  syntax,
  line_too_long,
  too_many_errors,
  capabilities,
  send_password,
  user_first,
  tls_first,
  maildrop,  // 1: messages, 2: octets
  wrong_password,
  not_allowed_here,
  too_many_failures,
  cancelled,
  not_base64,
  unknown_mechanism,
  mechanisms,
  begin_tls,
  no_tls,
  tls_after_utf8,
  no_such_message,
  deleted_already,  // 1: number
  deleted,          // 1: number
  undeleted,
  noop,
  octets,  // 1: octets
  top,
  utf8_on,
  languages,
  language_set,
  unknown_language,
  in_use,
  login_delay,
  gone,
  needs_utf8,
  temporary,
  damaged,
  not_removed,
};

// The text with its numbers in place. ASCII in English, UTF-8 otherwise; no line ends.
[[nodiscard]] std::string render(Language language, Text text, std::uint64_t first = 0,
                                 std::uint64_t second = 0);

// Why a step is refused.
struct Refusal {
  ResponseCode code = ResponseCode::none;
  Text text = Text::temporary;
};

}  // namespace fumi::pop3
