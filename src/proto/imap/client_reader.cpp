#include "proto/imap/client_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"

namespace fumi::imap {
namespace {

constexpr const char* kDoing = "reading what the IMAP server says";
constexpr char kLiteral = '\0';
constexpr std::size_t kCompactOctets = 1U << 20U;

// RFC 9051 §7.1: what follows these is for people.
bool is_status(std::string_view name) {
  return name == "OK" || name == "NO" || name == "BAD" || name == "BYE" || name == "PREAUTH";
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

bool is_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), ascii::is_digit);
}

// "* OK", "A1 NO", "+ …": whose line has no literal at its end, whatever it looks like.
bool is_for_people(std::string_view line) {
  if (line.starts_with('+')) return true;
  take_word(line);
  return is_status(ascii::to_upper(take_word(line)));
}

}  // namespace

// The data of one response (RFC 9051 §9): atoms, strings, NIL, numbers and lists of them.
class ClientReader::Parser {
 public:
  Parser(std::string_view text, std::vector<Literal>& literals, int depth_max)
      : rest_(text), literals_(literals), depth_max_(depth_max) {}

  Result<std::vector<ClientValue>> values() { return list(0, '\0'); }

 private:
  // Up to `end`, or to the end of the text. Servers put more spaces, or none, between values.
  Result<std::vector<ClientValue>> list(int depth, char end) {
    std::vector<ClientValue> out;
    if (depth > depth_max_) return fail(Code::too_large, kDoing, "lists are nested too deeply");
    for (;;) {
      while (rest_.starts_with(' '))
        rest_.remove_prefix(1);
      if (rest_.empty()) {
        if (end != '\0') return fail(Code::invalid, kDoing, "a list has no end");
        return out;
      }
      if (end != '\0' && rest_.front() == end) {
        rest_.remove_prefix(1);
        return out;
      }
      FUMI_TRY(ClientValue one, value(depth));
      out.push_back(std::move(one));
    }
  }
  Result<ClientValue> value(int depth) {
    ClientValue out;
    const char c = rest_.front();
    if (c == '(') {
      rest_.remove_prefix(1);
      out.kind = ClientValue::Kind::list;
      FUMI_TRY(out.items, list(depth + 1, ')'));
      return out;
    }
    if (c == '"') return quoted();
    if (c == kLiteral) return literal();
    if (c == ')') return fail(Code::invalid, kDoing, "a list ends that has not begun");
    return atom();
  }
  Result<ClientValue> quoted() {
    ClientValue out;
    out.kind = ClientValue::Kind::text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      if (rest_[i] == kLiteral) break;
      out.text += rest_[i];
    }
    return fail(Code::invalid, kDoing, "a quoted string has no end");
  }
  Result<ClientValue> literal() {
    rest_.remove_prefix(1);
    Literal& from = literals_[literal_at_++];
    ClientValue out;
    out.kind = from.skipped ? ClientValue::Kind::skipped : ClientValue::Kind::text;
    out.octets = from.size;
    out.text = std::move(from.octets);
    return out;
  }
  // With a section, "BODY[HEADER.FIELDS (TO "]")]<0>", in one piece.
  Result<ClientValue> atom() {
    std::size_t end = 0;
    int brackets = 0;
    bool quoted = false;
    for (; end < rest_.size() && rest_[end] != kLiteral; ++end) {
      const char c = rest_[end];
      const bool escaped = quoted && c == '\\' && end + 1 < rest_.size();
      if (escaped && rest_[end + 1] != kLiteral) ++end;
      if (brackets > 0 && c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == '[') ++brackets;
      if (c == ']' && brackets > 0) --brackets;
      if (brackets == 0 && (c == ' ' || c == '(' || c == ')' || c == '"')) break;
    }
    if (end == 0) return fail(Code::invalid, kDoing, "a value is missing");
    ClientValue out;
    out.text = rest_.substr(0, end);
    out.kind = ascii::iequals(out.text, "NIL") ? ClientValue::Kind::nil : ClientValue::Kind::atom;
    rest_.remove_prefix(end);
    return out;
  }

  std::string_view rest_;
  std::vector<Literal>& literals_;
  int depth_max_;
  std::size_t literal_at_ = 0;
};

namespace {

// RFC 9051 §7.1: [CODE rest] text.
void read_text(std::string_view rest, ServerResponse& out) {
  const std::size_t end = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  if (end != std::string_view::npos) {
    std::string_view inside = rest.substr(1, end - 1);
    out.code = ascii::to_upper(take_word(inside));
    out.code_text = inside;
    rest.remove_prefix(end + 1);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  out.text = rest;
}

}  // namespace

void ClientReader::feed(std::string_view bytes) {
  if (at_ == held_.size() || at_ > kCompactOctets) {
    held_.erase(0, at_);
    scanned_ -= std::min(scanned_, at_);
    at_ = 0;
  }
  held_ += bytes;
}

Result<std::optional<ServerResponse>> ClientReader::broken(Code code, std::string why) {
  error_ = Error{code, kDoing, std::move(why)};
  return std::unexpected(*error_);
}

// RFC 9051 §4.3, RFC 3516 §4.2: "{12}" or "~{12}" at the end of a line.
std::optional<std::uint64_t> ClientReader::announced(std::string_view line) const {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

// false: more bytes are needed.
bool ClientReader::take_literal() {
  const auto take = std::size_t(std::min<std::uint64_t>(literal_left_, held_.size() - at_));
  Literal& literal = literals_.back();
  if (!literal.skipped) literal.octets.append(held_, at_, take);
  at_ += take;
  scanned_ = at_;
  literal_left_ -= take;
  return literal_left_ == 0;
}

Result<std::optional<ServerResponse>> ClientReader::next() {
  if (error_) return std::unexpected(*error_);
  for (;;) {
    if (literal_left_ > 0 && !take_literal()) return std::optional<ServerResponse>();
    const std::size_t end = held_.find("\r\n", std::max(scanned_, at_));
    const std::size_t stop = end == std::string::npos ? held_.size() : end;
    if (frame_.size() + (stop - at_) > limits_.line_octets)
      return broken(Code::too_large, "a response is too long");
    if (end == std::string::npos) {
      scanned_ = std::max(at_, held_.size() - std::min<std::size_t>(held_.size(), 1));
      return std::optional<ServerResponse>();
    }
    std::string line = held_.substr(at_, end - at_);
    at_ = scanned_ = end + 2;
    std::erase(line, kLiteral);
    const auto size =
        is_for_people(frame_.empty() ? line : frame_) ? std::nullopt : announced(line);
    if (!size) {
      frame_ += line;
      break;
    }
    line.resize(line.rfind('{'));
    if (line.ends_with('~')) line.pop_back();
    frame_ += line + kLiteral;
    Literal& literal = literals_.emplace_back();
    literal.size = *size;
    literal.skipped = *size > limits_.literal_octets - literal_held_;
    if (!literal.skipped) literal_held_ += std::size_t(*size);
    literal_left_ = *size;
  }
  const std::string frame = std::exchange(frame_, {});
  std::vector<Literal> literals = std::exchange(literals_, {});
  literal_held_ = 0;
  std::string_view rest = frame;
  ServerResponse out;
  if (rest.starts_with('+')) {
    out.kind = ServerResponse::Kind::continuation;
    rest.remove_prefix(1);
    out.text = rest.starts_with(' ') ? rest.substr(1) : rest;
    return std::optional<ServerResponse>(std::move(out));
  }
  out.tag = take_word(rest);
  out.kind = out.tag == "*" ? ServerResponse::Kind::untagged : ServerResponse::Kind::tagged;
  std::string_view word = take_word(rest);
  if (out.kind == ServerResponse::Kind::untagged && is_number(word)) {
    const auto read = std::from_chars(word.data(), word.data() + word.size(), out.number);
    if (read.ec != std::errc()) return broken(Code::invalid, "a number is too large");
    word = take_word(rest);
  }
  out.name = ascii::to_upper(word);
  if (out.tag.empty() || out.name.empty()) return broken(Code::invalid, "a line is no response");
  if (is_status(out.name)) {
    read_text(rest, out);
    return std::optional<ServerResponse>(std::move(out));
  }
  if (out.kind == ServerResponse::Kind::tagged)
    return broken(Code::invalid, "a command is answered by neither OK, NO nor BAD");
  auto values = Parser(rest, literals, limits_.depth).values();
  if (!values) return broken(values.error().code, values.error().detail);
  out.values = std::move(*values);
  return std::optional<ServerResponse>(std::move(out));
}

}  // namespace fumi::imap
