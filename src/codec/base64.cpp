#include "codec/base64.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/ascii.h"

namespace fumi::codec {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kBad = 0x0100'0000;
constexpr std::uint8_t kNone = 0xff;

// Twelve bits to two letters at once: half the look-ups of the obvious table, 8 KB.
constexpr auto kPairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (unsigned i = 0; i < 4096; ++i)
    table[i] = {kAlphabet[i >> 6U], kAlphabet[i & 63U]};
  return table;
}();

constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNone);
  for (std::uint8_t i = 0; i < 64; ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = i;
  return table;
}();

// The value of a letter, shifted to its place in a group of four; kBad where it is no letter.
constexpr auto kShifted = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (unsigned place = 0; place < 4; ++place) {
    for (unsigned c = 0; c < 256; ++c) {
      table[place][c] = kValues[c] == kNone ? kBad : std::uint32_t(kValues[c]) << (18 - 6 * place);
    }
  }
  return table;
}();

using Octet = const unsigned char*;

Octet octets(std::string_view text) { return reinterpret_cast<Octet>(text.data()); }

char* put_triple(char* out, std::uint32_t group) {
  out[0] = char(group >> 16U);
  out[1] = char(group >> 8U);
  out[2] = char(group);
  return out + 3;
}

char* encode_into(char* out, Octet in, std::size_t size) {
  const Octet end = in + size / 3 * 3;
  for (; in != end; in += 3, out += 4) {
    const std::uint32_t group = std::uint32_t(in[0]) << 16U | std::uint32_t(in[1]) << 8U | in[2];
    std::memcpy(out, kPairs[group >> 12U].data(), 2);
    std::memcpy(out + 2, kPairs[group & 0xfffU].data(), 2);
  }
  if (size % 3 == 1) {
    std::memcpy(out, kPairs[std::uint32_t(in[0]) << 4U].data(), 2);
    out[2] = out[3] = '=';
    out += 4;
  } else if (size % 3 == 2) {
    const std::uint32_t group = std::uint32_t(in[0]) << 8U | in[1];
    std::memcpy(out, kPairs[group >> 4U].data(), 2);
    out[2] = kAlphabet[(group & 15U) << 2U];
    out[3] = '=';
    out += 4;
  }
  return out;
}

// Decodes whole groups of four letters up to the first that isn't one; moves both pointers.
void decode_groups(Octet& in, Octet end, char*& out) {
  while (end - in >= 4) {
    const std::uint32_t group =
        kShifted[0][in[0]] | kShifted[1][in[1]] | kShifted[2][in[2]] | kShifted[3][in[3]];
    if (group >= kBad) return;
    out = put_triple(out, group);
    in += 4;
  }
}

// Flushes a group cut short after `count` letters; fewer than two carry no octet.
char* put_rest(char* out, std::uint32_t group, int count) {
  if (count >= 2) *out++ = char(group >> (count == 2 ? 4U : 10U));
  if (count == 3) *out++ = char(group >> 2U);
  return out;
}

// Behind padding: does what follows (the rest of this line, or the next) look like base64 again?
// Looks at a bounded number of octets, so that many paddings cost no more than linear time.
bool continues(Octet in, Octet end) {
  constexpr std::ptrdiff_t kLineMax = 1000;
  while (in != end && (*in == '=' || ascii::is_space(char(*in))))
    ++in;
  std::ptrdiff_t length = 0;
  for (; in != end && *in != '\r' && *in != '\n'; ++in, ++length) {
    if ((kValues[*in] == kNone && *in != '=') || length == kLineMax) return false;
  }
  return length != 0 && length % 4 == 0;
}

char* decode_lenient_into(char* out, Octet in, Octet end) {
  std::uint32_t group = 0;
  int count = 0;
  while (in != end) {
    if (count == 0) {
      decode_groups(in, end, out);
      if (in == end) break;
    }
    const unsigned char c = *in++;
    if (kValues[c] != kNone) {
      group = group << 6U | kValues[c];
      if (++count == 4) {
        out = put_triple(out, group);
        group = 0;
        count = 0;
      }
    } else if (c == '=') {
      const bool ends = count >= 2;
      out = put_rest(out, group, count);
      group = 0;
      count = 0;
      if (ends && !continues(in, end)) break;
      while (in != end && *in == '=')
        ++in;
    }
  }
  return put_rest(out, group, count);
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.resize_and_overwrite((bytes.size() + 2) / 3 * 4, [&](char* to, std::size_t) {
    return std::size_t(encode_into(to, octets(bytes), bytes.size()) - to);
  });
  return out;
}

std::string base64_encode_lines(std::string_view bytes, std::size_t line_octets) {
  const std::size_t step = std::max<std::size_t>(line_octets / 4, 1) * 3;
  const std::size_t lines = (bytes.size() + step - 1) / step;
  std::string out;
  out.resize_and_overwrite((bytes.size() + 2) / 3 * 4 + lines * 2, [&](char* to, std::size_t) {
    char* at = to;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      const std::string_view chunk = bytes.substr(i, step);
      at = encode_into(at, octets(chunk), chunk.size());
      *at++ = '\r';
      *at++ = '\n';
    }
    return std::size_t(at - to);
  });
  return out;
}

std::string base64url_encode(std::string_view bytes) {
  std::string out = base64_encode(bytes);
  while (!out.empty() && out.back() == '=')
    out.pop_back();
  for (char& c : out)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  std::optional<std::string> out(std::in_place);
  bool good = true;
  out->resize_and_overwrite(text.size() / 4 * 3, [&](char* to, std::size_t) {
    char* at = to;
    Octet in = octets(text);
    const Octet end = in + text.size() - (padding != 0 ? 4 : 0);
    decode_groups(in, end, at);
    good = in == end;
    if (good && padding != 0) {
      const std::uint32_t group =
          kShifted[0][in[0]] | kShifted[1][in[1]] | (padding == 1 ? kShifted[2][in[2]] : 0U);
      good = group < kBad && (group & (padding == 1 ? 0xffU : 0xffffU)) == 0;
      *at++ = char(group >> 16U);
      if (padding == 1) *at++ = char(group >> 8U);
    }
    return std::size_t(at - to);
  });
  if (!good) return std::nullopt;
  return out;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return base64_decode(plain);
}

std::string base64_decode_lenient(std::string_view text) {
  std::string out;
  out.resize_and_overwrite(text.size() / 4 * 3 + 3, [&](char* to, std::size_t) {
    const Octet in = octets(text);
    return std::size_t(decode_lenient_into(to, in, in + text.size()) - to);
  });
  return out;
}

}  // namespace fumi::codec
