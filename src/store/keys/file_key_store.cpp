#include "store/keys/file_key_store.h"

#include <algorithm>

namespace fumi::store {
namespace {

using crypto::TenantNumber;

constexpr std::string_view kKeySuffix = ".key";
constexpr std::string_view kNewSuffix = ".key.new";
constexpr std::string_view kGoneSuffix = ".gone";
constexpr std::size_t kWrappedOctetsMax = 4096;

std::optional<TenantNumber> tenant_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  return TenantNumber::parse(name.substr(0, name.size() - suffix.size()));
}

}  // namespace

std::string FileKeyStore::key_path(TenantNumber tenant) const {
  return path(tenant.text().append(kKeySuffix));
}

std::string FileKeyStore::gone_path(TenantNumber tenant) const {
  return path(tenant.text().append(kGoneSuffix));
}

Result<std::unique_ptr<FileKeyStore>> FileKeyStore::open(FileSystem& files, std::string folder) {
  FUMI_CHECK(files.make_directory(folder));
  std::unique_ptr<FileKeyStore> store(new FileKeyStore(files, std::move(folder)));
  FUMI_CHECK(store->tidy());
  return store;
}

Result<std::unique_ptr<File>> FileKeyStore::lock() {
  FUMI_TRY(auto file, files_.open(path("lock"), OpenMode::create));
  auto locked = file->lock_exclusive();
  if (!locked && locked.error().code == Code::conflict) {
    return fail(Code::unavailable, "changing the keystore", "another process is changing it");
  }
  if (!locked) return fail(std::move(locked));
  return file;
}

Status FileKeyStore::tidy() {
  const std::lock_guard guard(changing_);
  FUMI_TRY(const auto held, lock());
  FUMI_TRY(const auto names, files_.list(folder_));
  bool changed = false;
  for (const std::string& name : names) {
    const auto unfinished = tenant_of(name, kNewSuffix);
    const auto key = tenant_of(name, kKeySuffix);
    bool gone = unfinished.has_value();
    if (key) {
      FUMI_TRY(gone, files_.exists(gone_path(*key)));
    }
    if (!gone) continue;
    FUMI_CHECK(erase(path(name)));
    changed = true;
  }
  if (changed) FUMI_CHECK(files_.sync_directory(folder_));
  return {};
}

Status FileKeyStore::erase(const std::string& file_path) {
  {
    FUMI_TRY(auto file, files_.open(file_path, OpenMode::read_write));
    FUMI_TRY(const auto size, file->size());
    FUMI_CHECK(file->write_at(0, std::string(std::min<std::uint64_t>(size, kWrappedOctetsMax), 0)));
    FUMI_CHECK(file->sync_data());
  }
  return files_.remove(file_path);
}

Status FileKeyStore::write(TenantNumber tenant, const std::string& wrapped) {
  const std::string final_path = key_path(tenant);
  const std::string new_path = path(tenant.text().append(kNewSuffix));
  {
    FUMI_TRY(auto file, files_.open(new_path, OpenMode::create));
    FUMI_CHECK(file->truncate(0));
    FUMI_CHECK(file->write_at(0, wrapped));
    FUMI_CHECK(file->sync_data());
  }
  FUMI_CHECK(files_.rename(new_path, final_path));
  return files_.sync_directory(folder_);
}

Status FileKeyStore::create(TenantNumber tenant, std::string wrapped) {
  constexpr auto kDoing = "creating a tenant's key";
  if (!tenant || wrapped.empty() || wrapped.size() > kWrappedOctetsMax) {
    return fail(Code::invalid, kDoing);
  }
  const std::lock_guard guard(changing_);
  FUMI_TRY(const auto held, lock());
  FUMI_TRY(const bool gone, files_.exists(gone_path(tenant)));
  if (gone) return fail(Code::conflict, kDoing, "the tenant's key was destroyed");
  FUMI_TRY(const bool exists, files_.exists(key_path(tenant)));
  if (exists) return fail(Code::conflict, kDoing, "the tenant has a key");
  return write(tenant, wrapped);
}

Result<std::string> FileKeyStore::load(TenantNumber tenant) {
  constexpr auto kDoing = "loading a tenant's key";
  FUMI_TRY(const bool gone, files_.exists(gone_path(tenant)));
  if (gone) return fail(Code::not_found, kDoing, "it was destroyed");
  FUMI_TRY(auto file, files_.open(key_path(tenant), OpenMode::read));
  std::string wrapped(kWrappedOctetsMax, '\0');
  FUMI_TRY(const auto count, file->read_at(0, wrapped));
  wrapped.resize(count);
  return wrapped;
}

Status FileKeyStore::replace(TenantNumber tenant, std::string wrapped) {
  constexpr auto kDoing = "replacing a tenant's key";
  if (wrapped.empty() || wrapped.size() > kWrappedOctetsMax) return fail(Code::invalid, kDoing);
  const std::lock_guard guard(changing_);
  FUMI_TRY(const auto held, lock());
  FUMI_TRY(const bool gone, files_.exists(gone_path(tenant)));
  FUMI_TRY(const bool exists, files_.exists(key_path(tenant)));
  if (gone || !exists) return fail(Code::not_found, kDoing);
  return write(tenant, wrapped);
}

// The tombstone first: from then on the key is gone, whatever a crash leaves to tidy().
Status FileKeyStore::destroy(TenantNumber tenant) {
  const std::lock_guard guard(changing_);
  FUMI_TRY(const auto held, lock());
  FUMI_TRY(const bool exists, files_.exists(key_path(tenant)));
  FUMI_TRY(const bool gone, files_.exists(gone_path(tenant)));
  if (!exists && !gone) return fail(Code::not_found, "destroying a tenant's key");
  {
    FUMI_TRY(auto tombstone, files_.open(gone_path(tenant), OpenMode::create));
    FUMI_CHECK(tombstone->sync_data());
  }
  FUMI_CHECK(files_.sync_directory(folder_));
  if (!exists) return {};
  FUMI_CHECK(erase(key_path(tenant)));
  return files_.sync_directory(folder_);
}

Result<std::vector<TenantNumber>> FileKeyStore::list() {
  FUMI_TRY(const auto names, files_.list(folder_));
  std::vector<TenantNumber> out;
  std::vector<TenantNumber> gone;
  for (const std::string& name : names) {
    if (const auto tenant = tenant_of(name, kKeySuffix)) out.push_back(*tenant);
    if (const auto tenant = tenant_of(name, kGoneSuffix)) gone.push_back(*tenant);
  }
  std::erase_if(out, [&](TenantNumber t) { return std::ranges::find(gone, t) != gone.end(); });
  std::ranges::sort(out);
  return out;
}

}  // namespace fumi::store
