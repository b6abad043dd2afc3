// ClientReader: what an IMAP server says, response by response (RFC 9051 §7, RFC 3501 §7), for
// those who fetch mail from other servers. Sans-I/O; same bytes in any chunking give the same
// responses. Not thread-safe.
//
// The server is hostile: a response has a limit of octets beside its literals, and of depth. A
// literal over its limit is not held: its octets are counted and thrown away, and the response says
// so (Kind::skipped). What can't be understood is Code::invalid, and the reader stays so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fumi::imap {

struct ClientValue {
  enum class Kind : std::uint8_t { nil, atom, text, list, skipped };
  Kind kind = Kind::nil;
  std::string text;          // of an atom, or of a quoted string or literal
  std::uint64_t octets = 0;  // of a literal that was skipped
  std::vector<ClientValue> items;
};

struct ServerResponse {
  enum class Kind : std::uint8_t { continuation, untagged, tagged };
  Kind kind = Kind::untagged;
  std::string tag;
  std::uint32_t number = 0;  // of "* 12 FETCH"
  std::string name;          // upper case: "FETCH", "OK"; "" of a continuation
  // OK, NO, BAD, BYE, PREAUTH and continuations:
  std::string code;       // upper case: "UIDVALIDITY"
  std::string code_text;  // what follows it inside the brackets
  std::string text;
  // All others:
  std::vector<ClientValue> values;
};

struct ClientLimits {
  std::size_t line_octets = 1U << 20U;      // a response without its literals
  std::size_t literal_octets = 64U << 20U;  // the literals of a response together
  int depth = 20;
};

class ClientReader {
 public:
  explicit ClientReader(ClientLimits limits = {}) : limits_(limits) {}

  void feed(std::string_view bytes);
  // nullopt: more bytes are needed.
  [[nodiscard]] Result<std::optional<ServerResponse>> next();
  [[nodiscard]] bool holds_input() const { return at_ < held_.size(); }  // before STARTTLS

 private:
  struct Literal {
    std::string octets;
    std::uint64_t size = 0;
    bool skipped = false;
  };
  class Parser;

  [[nodiscard]] bool take_literal();
  Result<std::optional<ServerResponse>> broken(Code code, std::string why);
  [[nodiscard]] std::optional<std::uint64_t> announced(std::string_view line) const;

  ClientLimits limits_;
  std::string held_;
  std::size_t at_ = 0, scanned_ = 0;  // in held_
  std::string frame_;                 // the response's text; NUL where a literal stands
  std::vector<Literal> literals_;
  std::uint64_t literal_left_ = 0;
  std::size_t literal_held_ = 0;
  std::optional<Error> error_;
};

}  // namespace fumi::imap
