#include "store/fault/fault_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <thread>

namespace fumi::fault {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kSector = 512;
constexpr const char* kUnnamed = "/.unnamed";

struct Page {
  std::array<char, kPage> bytes = {};
  std::uint8_t written = 0;  // a bit a sector: unsynced
  bool dropped = false;  // a sync of it failed: seen by reads, never written unless changed again
};

// A file, whatever it is called at the moment.
struct Node {
  int descriptor = -1;    // of the real file
  std::string real_path;  // where the durable state is; empty once it has no name any more
  std::uint64_t real_size = 0;
  std::uint64_t size = 0;
  std::map<std::uint64_t, Page> pages;  // what isn't durable yet
  bool locked = false;
  std::uint64_t failed_syncs = 0;  // each handle is told of a failure once, as on Linux

  ~Node() {
    if (descriptor >= 0) ::close(descriptor);
  }
};
using NodePtr = std::shared_ptr<Node>;  // owned by the names that show it and by open handles

void pread_all(const Node& node, std::uint64_t offset, char* into, std::uint64_t count) {
  std::uint64_t done = 0;
  while (done < count) {
    const ssize_t n =
        ::pread(node.descriptor, into + done, count - done, static_cast<off_t>(offset + done));
    if (n <= 0) break;
    done += static_cast<std::uint64_t>(n);
  }
  std::memset(into + done, 0, count - done);
}

// What the page shows: zeros behind the durable end, then what was written over it.
Page& page_of(Node& node, std::uint64_t number) {
  const auto [at, is_new] = node.pages.try_emplace(number);
  if (is_new) {
    const std::uint64_t start = number * kPage;
    if (start < node.real_size) {
      const std::uint64_t count = std::min(kPage, node.real_size - start);
      pread_all(node, start, at->second.bytes.data(), count);
    }
  }
  return at->second;
}

bool pwrite_all(const Node& node, std::uint64_t offset, const char* from, std::uint64_t count) {
  std::uint64_t done = 0;
  while (done < count) {
    const ssize_t n =
        ::pwrite(node.descriptor, from + done, count - done, static_cast<off_t>(offset + done));
    if (n <= 0) return false;
    done += static_cast<std::uint64_t>(n);
  }
  return true;
}

std::string parent_of(const std::string& path) { return fs::path(path).parent_path().string(); }

}  // namespace

struct FaultDisk::State {
  mutable std::mutex mutex;
  std::string root;
  std::mt19937_64 random;
  std::map<std::string, NodePtr> names;    // what programs see
  std::map<std::string, NodePtr> durable;  // what a power cut leaves
  std::uint64_t next_unnamed = 0;
  std::uint64_t space = UINT64_MAX;
  struct Plan {
    unsigned kinds = 0;
    std::uint64_t after = 0;
    Failing failing = Failing::once;
  } plan;
  Duration sync_delay{0};
  std::uint64_t sync_count = 0;
  std::uint64_t operation_count = 0;
  std::uint64_t process = 0;  // handles of an earlier one are dead
  bool dead = false;
  bool lying = false;

  // Counts an operation, and fails it if that is the plan. The lock is held.
  Status enter(Operation kind) {
    if (dead) return fail(Code::unavailable, "using the disk", "power was cut");
    if (kind != Operation::read) ++operation_count;
    if (kind == Operation::sync) ++sync_count;
    if ((plan.kinds & static_cast<unsigned>(kind)) == 0) return {};
    if (plan.after > 0) {
      --plan.after;
      return {};
    }
    if (plan.failing == Failing::once) plan.kinds = 0;
    return std::unexpected(file_error(EIO, "using the disk (injected)"));
  }

  Status grow(const Node& node, std::uint64_t end) {
    const std::uint64_t more = end > node.size ? end - node.size : 0;
    if (more > space) return std::unexpected(file_error(ENOSPC, "using the disk (injected)"));
    if (space != UINT64_MAX) space -= more;
    return {};
  }

  std::string unnamed_path() { return root + kUnnamed + "/" + std::to_string(next_unnamed++); }

  void write(Node& node, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t within = offset % kPage;
      const std::uint64_t count = std::min<std::uint64_t>(kPage - within, bytes.size());
      Page& page = page_of(node, offset / kPage);
      std::memcpy(page.bytes.data() + within, bytes.data(), count);
      for (auto s = within / kSector; s <= (within + count - 1) / kSector; ++s) {
        page.written = static_cast<std::uint8_t>(page.written | 1U << s);
      }
      offset += count;
      bytes.remove_prefix(count);
    }
    node.size = std::max(node.size, offset);
  }

  Status sync(Node& node) {
    if (node.size < node.real_size) {
      if (::ftruncate(node.descriptor, static_cast<off_t>(node.size)) != 0) {
        return std::unexpected(file_error(errno, "syncing " + node.real_path));
      }
    }
    for (const auto& [number, page] : node.pages) {
      const std::uint64_t start = number * kPage;
      if (start >= node.size || (page.dropped && page.written == 0)) continue;
      if (!pwrite_all(node, start, page.bytes.data(), std::min(kPage, node.size - start))) {
        return std::unexpected(file_error(errno, "syncing " + node.real_path));
      }
    }
    if (::ftruncate(node.descriptor, static_cast<off_t>(node.size)) != 0) {
      return std::unexpected(file_error(errno, "syncing " + node.real_path));
    }
    node.real_size = node.size;
    std::erase_if(node.pages, [](const auto& entry) {
      return !entry.second.dropped || entry.second.written != 0;
    });
    return {};
  }

  // Writes the unsynced sectors that survive a torn power cut.
  void tear(Node& node) {
    for (const auto& [number, page] : node.pages) {
      for (std::uint64_t s = 0; s < kPage / kSector; ++s) {
        const std::uint64_t start = number * kPage + s * kSector;
        if ((page.written >> s & 1U) == 0 || start >= node.size || random() % 2 == 0) continue;
        (void)pwrite_all(node, start, page.bytes.data() + s * kSector,
                         std::min(kSector, node.size - start));
      }
    }
  }

  void sync_names(const std::string& directory);
};

// Makes the real names in the folder those that programs see. A replaced file that is still in use
// keeps its bytes under a link in the folder of the unnamed; each name changes atomically.
void FaultDisk::State::sync_names(const std::string& directory) {
  for (const auto& [path, node] : names) {
    if (parent_of(path) != directory || node->real_path == path) continue;
    const auto old = durable.find(path);
    if (old != durable.end()) {
      old->second->real_path = unnamed_path();
      (void)::link(path.c_str(), old->second->real_path.c_str());
    }
    const std::string from = node->real_path;
    (void)::rename(from.c_str(), path.c_str());
    const auto left = durable.find(from);
    if (left != durable.end() && left->second == node) durable.erase(left);
    node->real_path = path;
    durable[path] = node;
  }
  for (auto at = durable.begin(); at != durable.end();) {
    const auto seen = names.find(at->first);
    const bool gone =
        parent_of(at->first) == directory && (seen == names.end() || seen->second != at->second);
    if (!gone) {
      ++at;
      continue;
    }
    at->second->real_path = unnamed_path();
    (void)::rename(at->first.c_str(), at->second->real_path.c_str());
    at = durable.erase(at);
  }
}

class FaultDisk::Handle final : public File {
 public:
  Handle(std::shared_ptr<State> state, NodePtr node)
      : state_(std::move(state)),
        node_(std::move(node)),
        process_(state_->process),
        told_(node_->failed_syncs) {}
  ~Handle() override {
    const std::lock_guard lock(state_->mutex);
    if (locked_here_ && process_ == state_->process) node_->locked = false;
    node_.reset();
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const std::lock_guard lock(state_->mutex);
    FUMI_CHECK(enter(Operation::read));
    if (offset >= node_->size) return 0;
    const std::uint64_t count = std::min<std::uint64_t>(into.size(), node_->size - offset);
    std::uint64_t done = 0;
    while (done < count) {
      const std::uint64_t at = offset + done;
      const std::uint64_t within = at % kPage;
      const std::uint64_t part = std::min(kPage - within, count - done);
      const auto page = node_->pages.find(at / kPage);
      if (page != node_->pages.end()) {
        std::memcpy(into.data() + done, page->second.bytes.data() + within, part);
      } else if (at < node_->real_size) {
        pread_all(*node_, at, into.data() + done, part);
      } else {
        std::memset(into.data() + done, 0, part);
      }
      done += part;
    }
    return static_cast<std::size_t>(count);
  }

  Status write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    const std::lock_guard lock(state_->mutex);
    FUMI_CHECK(enter(Operation::write));
    std::uint64_t end = offset;
    for (const auto part : parts)
      end += part.size();
    FUMI_CHECK(state_->grow(*node_, end));
    for (const auto part : parts) {
      state_->write(*node_, offset, part);
      offset += part.size();
    }
    return {};
  }

  Status sync_data() override {
    std::unique_lock lock(state_->mutex);
    if (process_ != state_->process) return enter(Operation::sync);
    if (Status status = enter(Operation::sync); !status) {
      // As Linux does: the pages count as clean, so that the next sync "succeeds" without them.
      for (auto& [number, page] : node_->pages) {
        page.dropped = true;
        page.written = 0;
      }
      told_ = ++node_->failed_syncs;
      return status;
    }
    // Another handle's sync has failed since: this one's writes may have been among the lost.
    if (told_ != node_->failed_syncs) {
      told_ = node_->failed_syncs;
      return std::unexpected(file_error(EIO, "syncing a file whose sync has failed elsewhere"));
    }
    const Duration delay = state_->sync_delay;
    if (!state_->lying) FUMI_CHECK(state_->sync(*node_));
    lock.unlock();
    if (delay > Duration(0)) std::this_thread::sleep_for(delay);
    return {};
  }

  Status truncate(std::uint64_t size) override {
    const std::lock_guard lock(state_->mutex);
    FUMI_CHECK(enter(Operation::write));
    FUMI_CHECK(state_->grow(*node_, size));
    if (size < node_->size) {
      // Pages behind the end are kept as zeros: the real file still holds its old bytes there.
      const std::uint64_t old_end = std::max(node_->size, node_->real_size);
      for (std::uint64_t p = size / kPage; p * kPage < old_end; ++p) {
        Page& page = page_of(*node_, p);
        const std::uint64_t from = p * kPage < size ? size - p * kPage : 0;
        std::memset(page.bytes.data() + from, 0, kPage - from);
      }
    }
    node_->size = size;
    return {};
  }

  Status allocate(std::uint64_t offset, std::uint64_t length) override {
    const std::lock_guard lock(state_->mutex);
    FUMI_CHECK(enter(Operation::write));
    FUMI_CHECK(state_->grow(*node_, offset + length));
    node_->size = std::max(node_->size, offset + length);
    return {};
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(state_->mutex);
    FUMI_CHECK(enter(Operation::read));
    return node_->size;
  }

  Status lock_exclusive() override {
    const std::lock_guard lock(state_->mutex);
    FUMI_CHECK(enter(Operation::read));
    if (node_->locked && !locked_here_) {
      return fail(Code::conflict, "locking a file", "another handle holds it");
    }
    node_->locked = locked_here_ = true;
    return {};
  }

 private:
  // The lock is held.
  Status enter(Operation kind) {
    if (process_ == state_->process) return state_->enter(kind);
    return fail(Code::unavailable, "using the disk", "the process was killed");
  }

  std::shared_ptr<State> state_;
  NodePtr node_;
  const std::uint64_t process_;
  std::uint64_t told_;  // of node_->failed_syncs
  bool locked_here_ = false;
};

FaultDisk::FaultDisk(std::string root, std::uint64_t seed) : state_(std::make_shared<State>()) {
  state_->root = std::move(root);
  state_->random.seed(seed);
  std::error_code ignored;
  fs::remove_all(state_->root + kUnnamed, ignored);
  fs::create_directories(state_->root + kUnnamed, ignored);
  for (const auto& entry : fs::recursive_directory_iterator(state_->root, ignored)) {
    if (!entry.is_regular_file()) continue;
    auto node = std::make_shared<Node>();
    node->real_path = entry.path().string();
    node->descriptor = ::open(node->real_path.c_str(), O_RDWR | O_CLOEXEC);
    node->size = node->real_size = entry.file_size();
    state_->names[node->real_path] = node;
    state_->durable[node->real_path] = node;
  }
}

FaultDisk::~FaultDisk() { power_cut(PowerCut::clean); }

void FaultDisk::fail_after(Operation kind, std::uint64_t after, Failing failing) {
  const std::lock_guard lock(state_->mutex);
  state_->plan = {static_cast<unsigned>(kind), after, failing};
}

void FaultDisk::set_space(std::uint64_t octets) {
  const std::lock_guard lock(state_->mutex);
  state_->space = octets;
}

void FaultDisk::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->plan = {};
  state_->space = UINT64_MAX;
}

void FaultDisk::set_sync_delay(Duration delay) {
  const std::lock_guard lock(state_->mutex);
  state_->sync_delay = delay;
}

void FaultDisk::ignore_syncs() {
  const std::lock_guard lock(state_->mutex);
  state_->lying = true;
}

void FaultDisk::power_cut(PowerCut how) {
  const std::lock_guard lock(state_->mutex);
  if (state_->dead) return;
  state_->dead = true;
  if (how == PowerCut::torn) {
    for (const auto& [path, node] : state_->durable)
      state_->tear(*node);
  }
  state_->names.clear();
  state_->durable.clear();
}

void FaultDisk::kill_process() {
  const std::lock_guard lock(state_->mutex);
  ++state_->process;
  for (const auto& [path, node] : state_->names)
    node->locked = false;
}

std::uint64_t FaultDisk::syncs() const {
  const std::lock_guard lock(state_->mutex);
  return state_->sync_count;
}

std::uint64_t FaultDisk::operations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->operation_count;
}

Result<std::unique_ptr<File>> FaultDisk::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(path);
  const bool creates = mode == OpenMode::create || mode == OpenMode::create_new;
  FUMI_CHECK(
      state_->enter(found == state_->names.end() && creates ? Operation::name : Operation::read));
  if (found != state_->names.end()) {
    if (mode == OpenMode::create_new) {
      return std::unexpected(file_error(EEXIST, "opening " + path));
    }
    return std::make_unique<Handle>(state_, found->second);
  }
  if (!creates || !fs::is_directory(parent_of(path))) {
    return std::unexpected(file_error(ENOENT, "opening " + path));
  }
  auto node = std::make_shared<Node>();
  node->real_path = state_->unnamed_path();
  node->descriptor = ::open(node->real_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (node->descriptor < 0) return std::unexpected(file_error(errno, "opening " + path));
  state_->names[path] = node;
  return std::make_unique<Handle>(state_, node);
}

Status FaultDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::name));
  const auto found = state_->names.find(from);
  if (found == state_->names.end()) return std::unexpected(file_error(ENOENT, "renaming " + from));
  if (from == to) return {};
  state_->names[to] = found->second;
  state_->names.erase(from);
  return {};
}

Status FaultDisk::remove(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::name));
  if (state_->names.erase(path) == 0)
    return std::unexpected(file_error(ENOENT, "removing " + path));
  return {};
}

Result<bool> FaultDisk::exists(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::read));
  return state_->names.contains(path) || fs::is_directory(path);
}

Result<std::uint64_t> FaultDisk::size(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::read));
  const auto found = state_->names.find(path);
  if (found == state_->names.end()) return std::unexpected(file_error(ENOENT, "measuring " + path));
  return found->second->size;
}

Result<std::vector<std::string>> FaultDisk::list(const std::string& directory) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::read));
  if (!fs::is_directory(directory)) {
    return std::unexpected(file_error(ENOENT, "listing " + directory));
  }
  std::vector<std::string> out;
  for (const auto& [path, node] : state_->names) {
    if (parent_of(path) == directory) out.push_back(fs::path(path).filename().string());
  }
  return out;  // the map is sorted by path
}

Status FaultDisk::make_directory(const std::string& directory) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::name));
  return posix_files().make_directory(directory);
}

Status FaultDisk::sync_directory(const std::string& directory) {
  const std::lock_guard lock(state_->mutex);
  FUMI_CHECK(state_->enter(Operation::sync));
  if (!fs::is_directory(directory)) {
    return std::unexpected(file_error(ENOENT, "syncing " + directory));
  }
  state_->sync_names(directory);
  return {};
}

}  // namespace fumi::fault
