// Storage: the store, the blobs and the keys, opened as the settings say. What init, serve and
// store check have in common.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/settings.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "crypto/root_key.h"
#include "domain/change_bus.h"
#include "domain/ids.h"
#include "domain/ports/blob_store.h"
#include "store/blob/segment_store.h"
#include "store/keys/file_key_store.h"
#include "store/mail/store.h"
#include "store/postgres/listener.h"
#include "store/sql/database.h"

namespace fumi::app {

// What lies under the stores; tests put a failing disk here.
struct StorageBase {
  FileSystem& files = posix_files();
  std::string sqlite_vfs;  // "": the machine's own
};

enum class Create { no, yes };

class Storage {
 public:
  // Create::yes makes the data folder and the root key; conflict if there is a root key already.
  [[nodiscard]] static Result<std::unique_ptr<Storage>> open(
      const Settings& settings, Create create, StorageBase base,
      std::function<void(const Error&)> on_fatal);
  ~Storage();

  [[nodiscard]] store::SqlStore& store() { return *store_; }
  [[nodiscard]] BlobStore& blobs() { return *blobs_; }
  [[nodiscard]] store::SegmentBlobStore* segments() { return segments_; }  // null with S3
  [[nodiscard]] crypto::KeyRing& keys() { return *keys_; }
  [[nodiscard]] IdGenerator& ids() { return ids_; }
  [[nodiscard]] ChangeBus& bus() { return bus_; }
  [[nodiscard]] sql::Database& database() { return *database_; }

  // Hears the changes of other nodes from now on; nothing to do on SQLite, which has no others.
  [[nodiscard]] Status listen();
  [[nodiscard]] bool hears_others() const { return !listener_ || listener_->is_listening(); }

 private:
  explicit Storage(std::uint8_t node) : ids_(system_clock(), node) {}
  Status open_keys(const Settings& settings, Create create, FileSystem& files);
  Status open_database(const Settings& settings, const StorageBase& base,
                       const std::function<void(const Error&)>& on_fatal);
  Status open_blobs(const Settings& settings, FileSystem& files,
                    std::function<void(const Error&)> on_fatal);

  IdGenerator ids_;
  ChangeBus bus_;
  std::unique_ptr<store::FileKeyStore> key_store_;
  std::unique_ptr<crypto::KeyRing> keys_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<BlobStore> blobs_;
  store::SegmentBlobStore* segments_ = nullptr;
  std::unique_ptr<store::SqlStore> store_;
  Secret connection_;                                // PostgreSQL's
  std::unique_ptr<sql::PostgresListener> listener_;  // last: its thread calls the store
};

}  // namespace fumi::app
