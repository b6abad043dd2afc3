#include "app/storage.h"

#include <algorithm>
#include <thread>

#include "store/blob/s3_store.h"
#include "store/postgres/postgres.h"
#include "store/sqlite/sqlite.h"

namespace fumi::app {

Result<std::unique_ptr<Storage>> Storage::open(const Settings& settings, Create create,
                                               StorageBase base,
                                               std::function<void(const Error&)> on_fatal) {
  std::unique_ptr<Storage> storage(new Storage(std::uint8_t(settings.server.node)));
  FUMI_CHECK(storage->open_keys(settings, create, base.files));
  FUMI_CHECK(storage->open_database(settings, base, on_fatal));
  FUMI_CHECK(storage->open_blobs(settings, base.files, std::move(on_fatal)));
  const store::SqlStoreParts parts{*storage->database_, *storage->keys_, storage->ids_,
                                   system_clock(), storage->bus_};
  store::SqlStoreOptions options;
  options.node = std::uint8_t(settings.server.node);
  FUMI_TRY(storage->store_, store::SqlStore::open(parts, options));
  return storage;
}

Storage::~Storage() {
  listener_.reset();
  if (database_) database_->close();
}

Status Storage::listen() {
  if (connection_.reveal().empty()) return {};
  sql::PostgresListenerOptions options;
  options.connection = connection_.reveal();
  options.channel = store::SqlStore::kChannel;
  sql::PostgresListenerEvents events;
  events.on_payload = [this](std::string_view payload) { store_->on_notification(payload); };
  events.on_gap = [this] { bus_.publish_gap(); };
  FUMI_TRY(listener_, sql::PostgresListener::start(std::move(options), std::move(events)));
  return {};
}

Status Storage::open_keys(const Settings& settings, Create create, FileSystem& files) {
  const std::string root_file = settings.root_key_file();
  std::shared_ptr<const crypto::RootKey> root;
  if (create == Create::yes) {
    FUMI_CHECK(files.make_directory(settings.server.data.string()));
    FUMI_TRY(root, crypto::RootKey::create(root_file));
  } else {
    auto loaded = crypto::RootKey::load(root_file);
    if (!loaded && loaded.error().code == Code::not_found) {
      return fail(Code::not_found, "opening " + settings.server.data.string(),
                  "there is no root key " + root_file + "; run `fumi init --data " +
                      settings.server.data.string() + "` first");
    }
    FUMI_TRY(root, std::move(loaded));
  }
  FUMI_TRY(key_store_, store::FileKeyStore::open(files, settings.data("keys")));
  keys_ = std::make_unique<crypto::KeyRing>(*key_store_, std::move(root), nullptr, system_clock());
  return {};
}

Status Storage::open_database(const Settings& settings, const StorageBase& base,
                              const std::function<void(const Error&)>& on_fatal) {
  if (settings.store.engine == StoreEngine::postgres) {
    FUMI_TRY(connection_, settings.store.postgres.read());
    sql::PostgresOptions options;
    options.connection = connection_.reveal();
    options.writers = int(settings.store.connections);
    options.readers = int(settings.store.connections);
    FUMI_TRY(database_, sql::open_postgres(std::move(options)));
    return {};
  }
  sql::SqliteOptions options;
  options.path = settings.data("fumi.db");
  options.vfs = base.sqlite_vfs;
  options.files = &base.files;
  options.readers = int(settings.store.readers);
  options.on_fatal = on_fatal;
  FUMI_TRY(database_, sql::open_sqlite(std::move(options)));
  return {};
}

Status Storage::open_blobs(const Settings& settings, FileSystem& files,
                           std::function<void(const Error&)> on_fatal) {
  if (settings.store.blobs == BlobEngine::s3) {
    const StoreOptions& from = settings.store;
    store::S3BlobOptions options;
    options.endpoint = from.s3_endpoint;
    options.region = from.s3_region;
    options.bucket = from.s3_bucket;
    options.prefix = from.s3_prefix;
    options.access_key = from.s3_access_key;
    FUMI_TRY(options.secret_key, from.s3_secret_key.read());
    FUMI_TRY(blobs_, store::S3BlobStore::open(*keys_, system_clock(), std::move(options)));
    return {};
  }
  store::SegmentBlobOptions options;
  options.folder = settings.data("blobs");
  options.on_fatal = std::move(on_fatal);
  if (settings.store.compression_percent < 100) {
    options.compression_cores = settings.store.compression_percent / 100.0 *
                                std::max(1U, std::thread::hardware_concurrency());
  }
  FUMI_TRY(auto segments,
           store::SegmentBlobStore::open(files, *keys_, system_clock(), std::move(options)));
  segments_ = segments.get();
  blobs_ = std::move(segments);
  return {};
}

}  // namespace fumi::app
