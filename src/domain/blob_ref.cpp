#include "domain/blob_ref.h"

#include <cstring>

namespace fumi {
namespace {

constexpr std::size_t kEncodedOctets = 48;

void put_u64(char* at, std::uint64_t value) {
  for (int i = 0; i < 8; ++i)
    at[i] = char(value >> (56 - 8 * i));
}

std::uint64_t get_u64(const char* at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = value << 8U | static_cast<unsigned char>(at[i]);
  return value;
}

}  // namespace

std::string BlobRef::encode() const {
  std::string out(kEncodedOctets, '\0');
  std::memcpy(out.data(), hash.data(), hash.size());
  put_u64(out.data() + 32, octets);
  put_u64(out.data() + 40, locator);
  return out;
}

std::optional<BlobRef> BlobRef::decode(std::string_view bytes) {
  if (bytes.size() != kEncodedOctets) return std::nullopt;
  BlobRef ref;
  std::memcpy(ref.hash.data(), bytes.data(), ref.hash.size());
  ref.octets = get_u64(bytes.data() + 32);
  ref.locator = get_u64(bytes.data() + 40);
  return ref;
}

}  // namespace fumi
