#include "store/sqlite/detail/log_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <new>

#include "base/assert.h"

namespace fumi::sql {

struct LogVfs::State {
  std::string name;
  sqlite3_vfs* base = nullptr;
  sqlite3_vfs vfs = {};
};

namespace {

// A group larger than this goes on in pieces. SQLite's own layer writes at most 128 KiB less one
// octet at a time and takes a larger write for a full disk.
constexpr std::size_t kGatherOctets = std::size_t{96} << 10;
static_assert(kGatherOctets < 0x1ffff);

// What is written but not handed on: `bytes` belong at `offset`.
struct Gathered {
  std::string bytes;
  sqlite3_int64 offset = 0;
};

// What SQLite allocates; the base VFS's own file lies behind it.
struct LogFile {
  sqlite3_file base;
  Gathered* gathered;
};
constexpr std::size_t kLogFileOctets = (sizeof(LogFile) + 15) / 16 * 16;

Gathered& gathered(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file)->gathered; }
sqlite3_file* under(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kLogFileOctets);
}

// After a failure what was gathered is gone: its transaction is rolled back by SQLite, which then
// writes the same places anew.
int hand_on(sqlite3_file* file) {
  Gathered& own = gathered(file);
  if (own.bytes.empty()) return SQLITE_OK;
  sqlite3_file* const to = under(file);
  const int result =
      to->pMethods->xWrite(to, own.bytes.data(), static_cast<int>(own.bytes.size()), own.offset);
  own.bytes.clear();
  return result;
}

int on_write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  Gathered& own = gathered(file);
  const auto size = static_cast<std::size_t>(count);
  const auto end = own.offset + static_cast<sqlite3_int64>(own.bytes.size());
  if (size > kGatherOctets) {  // a page is 64 KiB at most
    if (const int result = hand_on(file); result != SQLITE_OK) return result;
    return under(file)->pMethods->xWrite(under(file), from, count, offset);
  }
  if (!own.bytes.empty() && (offset != end || own.bytes.size() + size > kGatherOctets)) {
    if (const int result = hand_on(file); result != SQLITE_OK) return result;
  }
  if (own.bytes.empty()) own.offset = offset;
  own.bytes.append(static_cast<const char*>(from), size);
  return SQLITE_OK;
}

int on_read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) {
  if (const int result = hand_on(file); result != SQLITE_OK) return result;
  return under(file)->pMethods->xRead(under(file), into, count, offset);
}
int on_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int result = hand_on(file); result != SQLITE_OK) return result;
  return under(file)->pMethods->xTruncate(under(file), size);
}
int on_sync(sqlite3_file* file, int flags) {
  if (const int result = hand_on(file); result != SQLITE_OK) return result;
  return under(file)->pMethods->xSync(under(file), flags);
}
int on_file_size(sqlite3_file* file, sqlite3_int64* size) {
  if (const int result = hand_on(file); result != SQLITE_OK) return result;
  return under(file)->pMethods->xFileSize(under(file), size);
}
// What is still gathered belongs to no committed transaction: a commit syncs.
int on_close(sqlite3_file* file) {
  delete reinterpret_cast<LogFile*>(file)->gathered;
  return under(file)->pMethods->xClose(under(file));
}
int on_lock(sqlite3_file* file, int level) {
  return under(file)->pMethods->xLock(under(file), level);
}
int on_unlock(sqlite3_file* file, int level) {
  return under(file)->pMethods->xUnlock(under(file), level);
}
int on_check_reserved(sqlite3_file* file, int* out) {
  return under(file)->pMethods->xCheckReservedLock(under(file), out);
}
int on_control(sqlite3_file* file, int operation, void* argument) {
  return under(file)->pMethods->xFileControl(under(file), operation, argument);
}
int on_sector_size(sqlite3_file* file) { return under(file)->pMethods->xSectorSize(under(file)); }
int on_characteristics(sqlite3_file* file) {
  return under(file)->pMethods->xDeviceCharacteristics(under(file));
}

const sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_file_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
    // A log has neither shared memory nor mappings.
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int on_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* const base = static_cast<LogVfs::State*>(vfs->pAppData)->base;
  if ((flags & SQLITE_OPEN_WAL) == 0) return base->xOpen(base, path, file, flags, out_flags);
  auto* const own = reinterpret_cast<LogFile*>(file);
  own->base.pMethods = nullptr;  // xClose is not called
  own->gathered = new (std::nothrow) Gathered;
  if (own->gathered == nullptr) return SQLITE_NOMEM;
  const int result = base->xOpen(base, path, under(file), flags, out_flags);
  if (result == SQLITE_OK) {
    own->base.pMethods = &kMethods;
    return result;
  }
  if (under(file)->pMethods != nullptr) under(file)->pMethods->xClose(under(file));
  delete own->gathered;
  return result;
}

// The base's functions take their own sqlite3_vfs.
sqlite3_vfs* base_of(sqlite3_vfs* vfs) { return static_cast<LogVfs::State*>(vfs->pAppData)->base; }
int on_delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  return base_of(vfs)->xDelete(base_of(vfs), path, sync_folder);
}
int on_access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return base_of(vfs)->xAccess(base_of(vfs), path, flags, out);
}
int on_full_path(sqlite3_vfs* vfs, const char* path, int size, char* out) {
  return base_of(vfs)->xFullPathname(base_of(vfs), path, size, out);
}
int on_randomness(sqlite3_vfs* vfs, int size, char* out) {
  return base_of(vfs)->xRandomness(base_of(vfs), size, out);
}
int on_sleep(sqlite3_vfs* vfs, int micros) { return base_of(vfs)->xSleep(base_of(vfs), micros); }
int on_time(sqlite3_vfs* vfs, double* out) { return base_of(vfs)->xCurrentTime(base_of(vfs), out); }
int on_time64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return base_of(vfs)->xCurrentTimeInt64(base_of(vfs), out);
}
int on_last_error(sqlite3_vfs* vfs, int size, char* out) {
  return base_of(vfs)->xGetLastError(base_of(vfs), size, out);
}

}  // namespace

LogVfs::LogVfs(std::unique_ptr<State> state) : state_(std::move(state)) {}

bool LogVfs::can_serve(sqlite3* connection) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) {
    return false;
  }
  if (file == nullptr || file->pMethods == nullptr) return false;
  const int traits = file->pMethods->xDeviceCharacteristics(file);
  return (traits & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
}

std::unique_ptr<LogVfs> LogVfs::make(const std::string& base) {
  static std::atomic<unsigned> made = 0;
  sqlite3_initialize();
  auto state = std::make_unique<State>();
  state->base = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  if (state->base == nullptr) return nullptr;
  state->name = "fumi-log-" + std::to_string(made.fetch_add(1));
  sqlite3_vfs& vfs = state->vfs;
  // Later functions of a base's own version (system calls) are for its own tests; we have none.
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(kLogFileOctets) + state->base->szOsFile;
  vfs.mxPathname = state->base->mxPathname;
  vfs.zName = state->name.c_str();
  vfs.pAppData = state.get();
  vfs.xOpen = on_open;
  vfs.xDelete = on_delete;
  vfs.xAccess = on_access;
  vfs.xFullPathname = on_full_path;
  vfs.xRandomness = on_randomness;
  vfs.xSleep = on_sleep;
  vfs.xCurrentTime = on_time;
  vfs.xGetLastError = on_last_error;
  vfs.xCurrentTimeInt64 = state->base->iVersion >= 2 ? on_time64 : nullptr;
  if (vfs.xCurrentTimeInt64 == nullptr) vfs.iVersion = 1;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) return nullptr;
  return std::unique_ptr<LogVfs>(new LogVfs(std::move(state)));
}

LogVfs::~LogVfs() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& LogVfs::name() const { return state_->name; }

}  // namespace fumi::sql
