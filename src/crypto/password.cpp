#include "crypto/password.h"

#include <argon2.h>

#include <array>
#include <charconv>
#include <optional>

#include "crypto/random.h"

namespace fumi::crypto {
namespace {

constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kHashOctets = 32;
constexpr std::size_t kEncodedOctetsMax = 256;
constexpr PasswordCost kCostMax{.passes = 64, .memory_kib = 1U << 20U, .lanes = 16};

// Eats `name`, a decimal number and `end` from the front of `text`.
std::optional<std::uint32_t> number(std::string_view& text, std::string_view name, char end) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop == text.data() + text.size() || *stop != end) {
    return std::nullopt;
  }
  text.remove_prefix(std::size_t(stop - text.data()) + 1);
  return value;
}

std::optional<PasswordCost> cost_of(std::string_view hash) {
  constexpr std::string_view kPrefix = "$argon2id$v=19$";
  if (hash.size() > kEncodedOctetsMax || !hash.starts_with(kPrefix)) return std::nullopt;
  hash.remove_prefix(kPrefix.size());
  const auto memory_kib = number(hash, "m=", ',');
  const auto passes = memory_kib ? number(hash, "t=", ',') : std::nullopt;
  const auto lanes = passes ? number(hash, "p=", '$') : std::nullopt;
  if (!lanes) return std::nullopt;
  return PasswordCost{.passes = *passes, .memory_kib = *memory_kib, .lanes = *lanes};
}

}  // namespace

Result<std::string> hash_password(const Secret& password, PasswordCost cost) {
  constexpr auto kDoing = "hashing a password";
  const std::string_view text = password.reveal();
  if (text.size() > kPasswordOctetsMax) return fail(Code::too_large, kDoing);
  std::array<unsigned char, kSaltOctets> salt;
  random_fill(salt.data(), salt.size());
  std::array<char, kEncodedOctetsMax> encoded{};
  const int error =
      argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, text.data(), text.size(),
                            salt.data(), salt.size(), kHashOctets, encoded.data(), encoded.size());
  if (error == ARGON2_MEMORY_ALLOCATION_ERROR) return fail(Code::unavailable, kDoing, "no memory");
  if (error != ARGON2_OK) return fail(Code::invalid, kDoing, argon2_error_message(error));
  return std::string(encoded.data());
}

Result<PasswordMatch> check_password(const Secret& password, std::string_view hash) {
  constexpr auto kDoing = "checking a password";
  const auto cost = cost_of(hash);
  if (!cost || cost->passes > kCostMax.passes || cost->memory_kib > kCostMax.memory_kib ||
      cost->lanes > kCostMax.lanes) {
    return fail(Code::corrupt, kDoing, "not an Argon2id hash within limits");
  }
  const std::string_view text = password.reveal();
  if (text.size() > kPasswordOctetsMax) return PasswordMatch::wrong;
  const std::string terminated(hash);
  switch (const int error = argon2id_verify(terminated.c_str(), text.data(), text.size())) {
    case ARGON2_OK:
      return PasswordMatch::right;
    case ARGON2_VERIFY_MISMATCH:
      return PasswordMatch::wrong;
    case ARGON2_MEMORY_ALLOCATION_ERROR:
      return fail(Code::unavailable, kDoing, "no memory");
    default:
      return fail(Code::corrupt, kDoing, argon2_error_message(error));
  }
}

void check_password_of_nobody(const Secret& password) {
  static const Result<std::string> nobody = hash_password(Secret(random_bytes(32)));
  if (nobody) [[maybe_unused]]
    const auto ignored = check_password(password, *nobody);
}

HashAge hash_age(std::string_view hash, PasswordCost cost) {
  const auto made_with = cost_of(hash);
  const bool same = made_with && made_with->passes == cost.passes &&
                    made_with->memory_kib == cost.memory_kib && made_with->lanes == cost.lanes;
  return same ? HashAge::current : HashAge::outdated;
}

}  // namespace fumi::crypto
