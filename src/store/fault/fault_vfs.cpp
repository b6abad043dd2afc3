#include "store/fault/fault_vfs.h"

#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <new>

namespace fumi::fault {
namespace {

constexpr std::size_t kShmLocks = SQLITE_SHM_NLOCK;

// What the connections to one file share: its locks and the index of its write-ahead log.
struct Shared {
  int readers = 0;                 // SHARED and above
  const void* reserved = nullptr;  // who holds RESERVED
  const void* pending = nullptr;   // who holds PENDING or EXCLUSIVE
  int shm_users = 0;
  std::vector<std::unique_ptr<char[]>> regions;
  std::array<int, kShmLocks> shm_locks = {};  // number of sharers, or -1
};

struct Core {
  FaultDisk& disk;
  std::string name;
  sqlite3_vfs vfs = {};
  std::mutex mutex = {};
  std::map<std::string, Shared> shared = {};  // kept until the end: a few entries a test
  std::uint64_t next_temporary = 0;
};

struct Open {
  std::unique_ptr<File> file;
  Core& core;
  Shared& shared;
  std::string path;
  int level = SQLITE_LOCK_NONE;
  bool name_unsynced = false;
  bool remove_on_close = false;
  bool shm = false;
  std::array<int, kShmLocks> held = {};  // 0, 1 shared, -1 exclusive
};

struct VfsFile {  // what SQLite allocates
  sqlite3_file base;
  Open* open;
};

Open& self(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file)->open; }

std::string parent_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

int result_of(const Error& error, int io_error) {
  return error.code == Code::storage_full ? SQLITE_FULL : io_error;
}

int on_read(sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
  auto* bytes = static_cast<char*>(into);
  const auto wanted = static_cast<std::size_t>(count);
  const auto got = self(f).file->read_at(static_cast<std::uint64_t>(offset), {bytes, wanted});
  if (!got) return SQLITE_IOERR_READ;
  if (*got == wanted) return SQLITE_OK;
  std::memset(bytes + *got, 0, wanted - *got);
  return SQLITE_IOERR_SHORT_READ;
}

int on_write(sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
  const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(count));
  const Status status = self(f).file->write_at(static_cast<std::uint64_t>(offset), bytes);
  return status ? SQLITE_OK : result_of(status.error(), SQLITE_IOERR_WRITE);
}

int on_truncate(sqlite3_file* f, sqlite3_int64 size) {
  const Status status = self(f).file->truncate(static_cast<std::uint64_t>(size));
  return status ? SQLITE_OK : result_of(status.error(), SQLITE_IOERR_TRUNCATE);
}

// As SQLite's own layer does, the first sync of a journal or log by each connection makes its name
// durable; that of the database file it leaves to the program.
int on_sync(sqlite3_file* f, int /*flags*/) {
  Open& open = self(f);
  if (!open.file->sync_data()) return SQLITE_IOERR_FSYNC;
  if (!open.name_unsynced) return SQLITE_OK;
  if (!open.core.disk.sync_directory(parent_of(open.path))) return SQLITE_IOERR_DIR_FSYNC;
  open.name_unsynced = false;
  return SQLITE_OK;
}

int on_size(sqlite3_file* f, sqlite3_int64* size) {
  const auto got = self(f).file->size();
  if (!got) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(*got);
  return SQLITE_OK;
}

void drop_to(Open& open, int level) {
  if (open.level >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED) --open.shared.readers;
  if (open.shared.reserved == &open && level < SQLITE_LOCK_RESERVED) open.shared.reserved = nullptr;
  if (open.shared.pending == &open && level < SQLITE_LOCK_PENDING) open.shared.pending = nullptr;
  open.level = std::min(open.level, level);
}

int on_lock(sqlite3_file* f, int level) {
  Open& open = self(f);
  Shared& shared = open.shared;
  const std::lock_guard lock(open.core.mutex);
  if (open.level >= level) return SQLITE_OK;
  if (shared.pending != nullptr && shared.pending != &open) return SQLITE_BUSY;
  if (open.level < SQLITE_LOCK_SHARED) {
    ++shared.readers;
    open.level = SQLITE_LOCK_SHARED;
  }
  if (level >= SQLITE_LOCK_RESERVED) {
    if (shared.reserved != nullptr && shared.reserved != &open) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) shared.reserved = &open;
  }
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    shared.pending = &open;
    open.level = std::max(open.level, SQLITE_LOCK_PENDING);
    if (shared.readers > 1) return SQLITE_BUSY;
  }
  open.level = level;
  return SQLITE_OK;
}

int on_unlock(sqlite3_file* f, int level) {
  Open& open = self(f);
  const std::lock_guard lock(open.core.mutex);
  drop_to(open, level);
  return SQLITE_OK;
}

int on_check_reserved(sqlite3_file* f, int* out) {
  Open& open = self(f);
  const std::lock_guard lock(open.core.mutex);
  *out = open.shared.reserved != nullptr || open.shared.pending != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int on_shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
  Open& open = self(f);
  const std::lock_guard lock(open.core.mutex);
  if (!open.shm) ++open.shared.shm_users;
  open.shm = true;
  auto& regions = open.shared.regions;
  const auto wanted = static_cast<std::size_t>(region);
  *out = nullptr;
  if (regions.size() <= wanted && extend == 0) return SQLITE_OK;
  while (regions.size() <= wanted) {
    regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *out = regions[wanted].get();
  return SQLITE_OK;
}

int on_shm_lock(sqlite3_file* f, int offset, int count, int flags) {
  Open& open = self(f);
  const std::lock_guard lock(open.core.mutex);
  const auto first = static_cast<std::size_t>(offset);
  const auto end = first + static_cast<std::size_t>(count);
  auto& locks = open.shared.shm_locks;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    for (auto i = first; i < end; ++i) {
      if (open.held[i] == 1) --locks[i];
      if (open.held[i] == -1) locks[i] = 0;
      open.held[i] = 0;
    }
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (auto i = first; i < end; ++i) {
    const int others = open.held[i] == 0 ? locks[i] : 0;
    if (exclusive ? others != 0 : others < 0) return SQLITE_BUSY;
  }
  for (auto i = first; i < end; ++i) {
    if (open.held[i] != 0) continue;
    locks[i] = exclusive ? -1 : locks[i] + 1;
    open.held[i] = exclusive ? -1 : 1;
  }
  return SQLITE_OK;
}

void on_shm_barrier(sqlite3_file* f) { const std::lock_guard lock(self(f).core.mutex); }

int on_shm_unmap(sqlite3_file* f, int /*remove*/) {
  on_shm_lock(f, 0, static_cast<int>(kShmLocks), SQLITE_SHM_UNLOCK);
  Open& open = self(f);
  const std::lock_guard lock(open.core.mutex);
  if (!open.shm) return SQLITE_OK;
  open.shm = false;
  if (--open.shared.shm_users == 0) open.shared.regions.clear();
  return SQLITE_OK;
}

int on_close(sqlite3_file* f) {
  on_shm_unmap(f, 0);
  on_unlock(f, SQLITE_LOCK_NONE);
  const std::unique_ptr<Open> open(&self(f));
  if (open->remove_on_close) (void)open->core.disk.remove(open->path).has_value();
  return SQLITE_OK;
}

int on_control(sqlite3_file* /*f*/, int /*operation*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}
int on_sector_size(sqlite3_file* /*f*/) { return 512; }
// As SQLite's own layer says, and as FaultDisk keeps it: a torn write changes nothing beside it.
int on_traits(sqlite3_file* /*f*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

constexpr sqlite3_io_methods kMethods = {
    2,         on_close,   on_read,     on_write,          on_truncate,  on_sync,
    on_size,   on_lock,    on_unlock,   on_check_reserved, on_control,   on_sector_size,
    on_traits, on_shm_map, on_shm_lock, on_shm_barrier,    on_shm_unmap, nullptr,
    nullptr};

int on_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  f->pMethods = nullptr;
  Core& core = *static_cast<Core*>(vfs->pAppData);
  std::string path;
  Shared* shared = nullptr;
  {
    const std::lock_guard lock(core.mutex);
    path =
        name != nullptr ? name : std::string(".temporary-") + std::to_string(core.next_temporary++);
    shared = &core.shared[path];
  }
  const bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
  auto file = core.disk.open(path, creates ? OpenMode::create : OpenMode::read_write);
  if (!file) return SQLITE_CANTOPEN;
  auto open = std::make_unique<Open>(std::move(*file), core, *shared, path);
  constexpr int kLogs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  open->name_unsynced = creates && (flags & kLogs) != 0;
  open->remove_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  reinterpret_cast<VfsFile*>(f)->open = open.release();
  f->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int on_delete(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  FaultDisk& disk = static_cast<Core*>(vfs->pAppData)->disk;
  if (const Status status = disk.remove(name); !status) {
    return status.error().code == Code::not_found ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  }
  if (sync_folder == 0 || disk.sync_directory(parent_of(name))) return SQLITE_OK;
  return SQLITE_IOERR_DIR_FSYNC;
}

int on_access(sqlite3_vfs* vfs, const char* name, int /*flags*/, int* out) {
  FaultDisk& disk = static_cast<Core*>(vfs->pAppData)->disk;
  const auto there = disk.exists(name);
  if (!there) return SQLITE_IOERR_ACCESS;
  const auto size = *there ? disk.size(name) : Result<std::uint64_t>(0);
  *out = size && *size > 0 ? 1 : 0;  // an empty journal counts as none, as in SQLite's own layer
  return SQLITE_OK;
}

int on_full_path(sqlite3_vfs* /*vfs*/, const char* name, int count, char* out) {
  if (std::strlen(name) >= static_cast<std::size_t>(count)) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

int on_last_error(sqlite3_vfs* /*vfs*/, int /*count*/, char* /*out*/) { return 0; }

}  // namespace

struct FaultVfs::State : Core {};

FaultVfs::FaultVfs(FaultDisk& disk, std::string name)
    : state_(new State{{.disk = disk, .name = std::move(name)}}) {
  sqlite3_vfs* const machine = sqlite3_vfs_find(nullptr);
  sqlite3_vfs& vfs = state_->vfs;
  vfs = *machine;  // randomness, sleeping and the time stay the machine's
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(VfsFile);
  vfs.pNext = nullptr;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = static_cast<Core*>(state_.get());
  vfs.xOpen = on_open;
  vfs.xDelete = on_delete;
  vfs.xAccess = on_access;
  vfs.xFullPathname = on_full_path;
  vfs.xGetLastError = on_last_error;
  sqlite3_vfs_register(&vfs, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&state_->vfs); }

}  // namespace fumi::fault
