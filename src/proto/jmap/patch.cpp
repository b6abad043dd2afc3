#include "proto/jmap/patch.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kTokensMax = 32;

std::vector<std::string> tokens_of(std::string_view path) {
  std::vector<std::string> tokens;
  for (const std::string_view token : ascii::split(path, '/'))
    tokens.push_back(unescape_pointer(token));
  return tokens;
}

std::optional<Json> follow(const Json& value, const std::vector<std::string>& tokens,
                           std::size_t at, std::size_t& room) {
  if (at == tokens.size()) return value;
  const std::string& token = tokens[at];
  if (const JsonArray* array = value.array()) {
    if (token == "*") {
      JsonArray out;
      for (const Json& item : *array) {
        auto found = follow(item, tokens, at + 1, room);
        if (!found) return std::nullopt;
        // RFC 8620 §3.7: arrays found below are joined into one.
        JsonArray* const inner = found->array();
        const std::size_t count = inner != nullptr ? inner->size() : 1;
        if (count > room) return std::nullopt;
        room -= count;
        if (inner == nullptr) {
          out.push_back(std::move(*found));
        } else {
          for (Json& each : *inner)
            out.push_back(std::move(each));
        }
      }
      return out;
    }
    std::size_t index = 0;
    const auto [end, bad] = std::from_chars(token.data(), token.data() + token.size(), index);
    const bool leading_zero = token.size() > 1 && token.front() == '0';
    if (bad != std::errc() || end != token.data() + token.size() || leading_zero ||
        index >= array->size()) {
      return std::nullopt;
    }
    return follow((*array)[index], tokens, at + 1, room);
  }
  const Json* member = value.find(token);
  if (member == nullptr) return std::nullopt;
  return follow(*member, tokens, at + 1, room);
}

std::unexpected<SetError> bad_patch(const std::string& path) {
  return refuse_object("invalidPatch", "the path \"" + ascii::printable(path) + "\" can't be used");
}

}  // namespace

std::string unescape_pointer(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else {
      out += token[i];
    }
  }
  return out;
}

std::string escape_pointer(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::optional<Json> evaluate_pointer(const Json& value, std::string_view pointer,
                                     std::size_t most) {
  if (pointer.empty()) return value;
  if (pointer.front() != '/') return std::nullopt;
  const auto tokens = tokens_of(pointer.substr(1));
  if (tokens.size() > kTokensMax) return std::nullopt;
  std::size_t room = most;
  return follow(value, tokens, 0, room);
}

std::expected<Json, SetError> apply_patch(Json object, const Json& patch) {
  if (patch.object() == nullptr) return bad_patch("");
  std::vector<std::vector<std::string>> seen;
  for (const JsonMember& member : *patch.object()) {
    auto tokens = tokens_of(member.name);
    if (tokens.size() > kTokensMax) return bad_patch(member.name);
    for (const auto& other : seen) {
      const std::size_t common = std::min(other.size(), tokens.size());
      if (std::equal(tokens.begin(), tokens.begin() + std::ptrdiff_t(common), other.begin()))
        return bad_patch(member.name);
    }
    Json* at = &object;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      at = at->object() != nullptr ? at->find(tokens[i]) : nullptr;
      if (at == nullptr) return bad_patch(member.name);
    }
    if (at->object() == nullptr) return bad_patch(member.name);
    // null at the top sets a property to its default: the caller knows what that is.
    if (member.value.is_null() && tokens.size() > 1)
      at->erase(tokens.back());
    else
      at->set(tokens.back(), member.value);
    seen.push_back(std::move(tokens));
  }
  return object;
}

}  // namespace fumi::jmap
