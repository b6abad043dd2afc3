#include "crypto/root_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/assert.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace fumi::crypto {
namespace {

constexpr std::string_view kFilePrefix = "fumi-root-key-1 ";
constexpr std::size_t kFileOctets = kFilePrefix.size() + 64 + 1;
constexpr char kWrapVersion = 1;
constexpr std::size_t kIdOctets = 8;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string wrap_aad(TenantNumber tenant) {
  std::string aad = "fumi tenant key ";
  aad += kWrapVersion;
  for (int shift = 56; shift >= 0; shift -= 8)
    aad += char(tenant.value() >> unsigned(shift));
  return aad;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_folder_of(const std::string& path) {
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
    return fail(Code::unavailable, "syncing the root key's folder", std::strerror(errno));
  }
  return {};
}

}  // namespace

RootKey::RootKey(const Secret& key)
    : id_(hkdf_sha256(key.reveal(), {}, "fumi/root/id", kIdOctets)),
      wrapping_(Secret(hkdf_sha256(key.reveal(), {}, "fumi/root/wrap", kAeadKeyOctets)).reveal()) {
  FUMI_ASSERT(key.reveal().size() == 32);
}

Result<std::unique_ptr<const RootKey>> RootKey::create(const std::string& path) {
  constexpr auto kDoing = "creating the root key";
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    const int error = errno;
    return fail(error == EEXIST ? Code::conflict : Code::unavailable, kDoing,
                path + ": " + std::strerror(error));
  }
  const Secret key(random_bytes(32));
  const Secret hex(ascii::to_hex(key.reveal()));
  std::string line;
  line.reserve(kFileOctets);  // one buffer, so that wiping it at the end leaves no copy
  line.append(kFilePrefix).append(hex.reveal()).append("\n");
  const Secret text(std::move(line));
  const auto written = ::write(file.get(), text.reveal().data(), text.reveal().size());
  if (written != ssize_t(text.reveal().size()) || ::fchmod(file.get(), 0600) != 0 ||
      ::fsync(file.get()) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return fail(error == ENOSPC ? Code::storage_full : Code::unavailable, kDoing,
                path + ": " + std::strerror(error));
  }
  FUMI_CHECK(sync_folder_of(path));
  return std::make_unique<const RootKey>(key);
}

Result<std::unique_ptr<const RootKey>> RootKey::load(const std::string& path) {
  constexpr auto kDoing = "loading the root key";
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0) {
    const int error = errno;
    return fail(error == ENOENT ? Code::not_found : Code::denied, kDoing,
                path + ": " + std::strerror(error));
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Code::invalid, kDoing, path + ": not a regular file");
  }
  if ((info.st_mode & 0077U) != 0) {
    return fail(Code::denied, kDoing, path + ": others may read it; its mode must be 0600");
  }
  std::string line(kFileOctets + 1, '\0');
  const auto count = ::read(file.get(), line.data(), line.size());
  line.resize(count < 0 ? 0 : std::size_t(count));
  const Secret text(std::move(line));
  std::string_view rest = text.reveal();
  if (!rest.starts_with(kFilePrefix)) return fail(Code::corrupt, kDoing, path + ": not a root key");
  rest.remove_prefix(kFilePrefix.size());
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  auto key = ascii::from_hex(rest);
  if (!key || key->size() != 32) return fail(Code::corrupt, kDoing, path + ": not a root key");
  return std::make_unique<const RootKey>(Secret(std::move(*key)));
}

std::string RootKey::wrap(TenantNumber tenant, const Secret& tenant_key) const {
  FUMI_ASSERT(tenant && tenant_key.reveal().size() == kTenantKeyOctets);
  std::string out(1, kWrapVersion);
  out += id_;
  wrapping_.seal_to(out, tenant_key.reveal(), wrap_aad(tenant));
  return out;
}

std::optional<std::string_view> RootKey::root_id_of(std::string_view wrapped) {
  if (wrapped.size() != 1 + kIdOctets + kAeadOverheadOctets + kTenantKeyOctets ||
      wrapped[0] != kWrapVersion) {
    return std::nullopt;
  }
  return wrapped.substr(1, kIdOctets);
}

Result<Secret> RootKey::unwrap(TenantNumber tenant, std::string_view wrapped) const {
  constexpr auto kDoing = "unwrapping a tenant's key";
  const auto root = root_id_of(wrapped);
  if (!root) return fail(Code::corrupt, kDoing, "tenant " + tenant.text() + ": not a wrapped key");
  if (*root != id_) {
    return fail(Code::unauthenticated, kDoing,
                "tenant " + tenant.text() + ": another root key wrapped it");
  }
  auto key = wrapping_.open(wrapped.substr(1 + kIdOctets), wrap_aad(tenant));
  if (!key) return fail(Code::corrupt, kDoing, "tenant " + tenant.text());
  return Secret(std::move(*key));
}

Result<std::size_t> rewrap_all(KeyStore& store, const RootKey& from, const RootKey& to) {
  FUMI_TRY(const auto tenants, store.list());
  std::size_t rewrapped = 0;
  for (const TenantNumber tenant : tenants) {
    auto wrapped = store.load(tenant);
    if (!wrapped && wrapped.error().code == Code::not_found) continue;  // destroyed meanwhile
    if (!wrapped) return fail(std::move(wrapped));
    if (RootKey::root_id_of(*wrapped) == to.id()) continue;
    FUMI_TRY(const Secret key, from.unwrap(tenant, *wrapped));
    auto replaced = store.replace(tenant, to.wrap(tenant, key));
    if (!replaced && replaced.error().code == Code::not_found) continue;
    if (!replaced) return fail(std::move(replaced));
    ++rewrapped;
  }
  return rewrapped;
}

}  // namespace fumi::crypto
