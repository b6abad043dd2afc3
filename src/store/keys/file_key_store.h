// FileKeyStore: wrapped tenant keys in a folder of small files (README.md).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "crypto/key_store.h"

namespace fumi::store {

// Any thread; calls block. Several processes may share one folder: changes take a lock file, and
// who finds it held gets Code::unavailable.
class FileKeyStore final : public crypto::KeyStore {
 public:
  // Makes the folder if it is missing, and ends destructions that a crash has interrupted. `files`
  // must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<FileKeyStore>> open(FileSystem& files,
                                                                  std::string folder);

  [[nodiscard]] Status create(crypto::TenantNumber tenant, std::string wrapped) override;
  [[nodiscard]] Result<std::string> load(crypto::TenantNumber tenant) override;
  [[nodiscard]] Status replace(crypto::TenantNumber tenant, std::string wrapped) override;
  [[nodiscard]] Status destroy(crypto::TenantNumber tenant) override;
  [[nodiscard]] Result<std::vector<crypto::TenantNumber>> list() override;

 private:
  FileKeyStore(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string key_path(crypto::TenantNumber tenant) const;
  [[nodiscard]] std::string gone_path(crypto::TenantNumber tenant) const;
  [[nodiscard]] Result<std::unique_ptr<File>> lock();
  [[nodiscard]] Status write(crypto::TenantNumber tenant, const std::string& wrapped);
  [[nodiscard]] Status erase(const std::string& file);
  [[nodiscard]] Status tidy();

  FileSystem& files_;
  std::string folder_;
  std::mutex changing_;
};

}  // namespace fumi::store
