#include "store/blob/segment_store.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <fstream>
#include <set>

#include "store/blob/detail/crc32c.h"
#include "store/blob/detail/record.h"
#include "store/blob/testing.h"
#include "store/fault/fault_disk.h"

using namespace fumi;
using namespace fumi::store;
using namespace fumi::store::testing;
using fault::FaultDisk;
using fault::Operation;
using fault::PowerCut;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kSmallSegment = 64 * 1024;

SegmentBlobOptions options_in(const std::string& folder) {
  SegmentBlobOptions options;
  options.folder = folder + "/blobs";
  options.segment_octets = kSmallSegment;
  options.allocate_octets = 16 * 1024;
  options.workers = 2;
  return options;
}

std::unique_ptr<SegmentBlobStore> open(Bench& bench, FileSystem& files,
                                       SegmentBlobOptions options) {
  auto store = SegmentBlobStore::open(files, bench.keys, bench.clock, std::move(options));
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().text()));
  return std::move(*store);
}
std::unique_ptr<SegmentBlobStore> open(Bench& bench, FileSystem& files = posix_files()) {
  return open(bench, files, options_in(bench.folder.path()));
}

std::vector<std::string> segment_paths(const Bench& bench) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(bench.folder.path() + "/blobs")) {
    if (entry.path().extension() == ".seg") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

void flip_octet(const std::string& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(std::streamoff(offset));
  const char octet = char(file.get() ^ 1);
  file.seekp(std::streamoff(offset));
  file.put(octet);
  REQUIRE(file.good());
}

std::string path_of(const Bench& bench, const BlobRef& ref) {
  char name[16];
  std::snprintf(name, sizeof name, "%08x", detail::Place::of(ref.locator).segment);
  return bench.folder.path() + "/blobs/" + name + ".seg";
}

void damage_payload(const Bench& bench, const BlobRef& ref) {
  const auto place = detail::Place::of(ref.locator);
  flip_octet(path_of(bench, ref), place.offset + detail::kRecordHeaderOctets + 20);
}

struct Kept {
  BlobRef ref;
  std::string bytes;
};

std::vector<Kept> put_many(SegmentBlobStore& store, std::size_t count, std::uint64_t seed,
                           std::size_t octets = 4000) {
  std::vector<Kept> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string bytes = sample(octets + i, Texture::noise, seed * 1000 + i);
    const auto ref = put(store, kHanako, bytes);
    REQUIRE(ref);
    out.push_back({*ref, std::move(bytes)});
  }
  return out;
}

void check_all(SegmentBlobStore& store, const std::vector<Kept>& kept) {
  for (const Kept& blob : kept) {
    const auto got = get(store, kHanako, blob.ref);
    REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().text()));
    CHECK((*got == blob.bytes));
  }
}

constexpr auto go_on = [](std::uint64_t, std::uint64_t) { return true; };

}  // namespace

TEST_CASE("CRC-32C: RFC 3720 appendix B.4, and both ways agree") {
  CHECK(detail::crc32c("123456789") == 0xe3069283U);
  CHECK(detail::crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(detail::crc32c_portable(std::string(32, '\xff')) == 0x62a8ab43U);
  const bool agreed = rc::check([](const std::string& a, const std::string& b) {
    RC_ASSERT(detail::crc32c(a) == detail::crc32c_portable(a));
    RC_ASSERT(detail::crc32c(b, detail::crc32c(a)) == detail::crc32c(a + b));
  });
  CHECK(agreed);
}

TEST_CASE("segments pass the conformance suite, with large and with small segments") {
  for (const std::uint64_t segment_octets : {256ULL << 20U, 64ULL << 10U}) {
    Bench bench;
    auto options = options_in(bench.folder.path());
    options.segment_octets = segment_octets;
    auto store = open(bench, posix_files(), options);
    BlobConformance suite{
        .store = *store,
        .hanako = kHanako,
        .taro = kTaro,
        .nobody = kNobody,
        .corrupt = [&](TenantScope, const BlobRef& ref) { damage_payload(bench, ref); },
    };
    suite.run();
  }
}

TEST_CASE("options out of range, a second opener, and too large a blob are refused") {
  Bench bench;
  auto bad = options_in(bench.folder.path());
  bad.segment_octets = 1ULL << 32U;
  CHECK(SegmentBlobStore::open(posix_files(), bench.keys, bench.clock, bad).error().code ==
        Code::invalid);
  auto options = options_in(bench.folder.path());
  options.blob_octets_max = 100;
  const auto store = open(bench, posix_files(), options);
  CHECK(SegmentBlobStore::open(posix_files(), bench.keys, bench.clock, options).error().code ==
        Code::conflict);
  CHECK(put(*store, kHanako, std::string(101, 'x')).error().code == Code::too_large);
  CHECK(put(*store, kHanako, std::string(100, 'x')).has_value());
}

TEST_CASE("what was put is there after opening again, over many segments") {
  Bench bench;
  std::vector<Kept> kept;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    const auto store = open(bench);
    check_all(*store, kept);
    for (Kept& blob : put_many(*store, 20, round))
      kept.push_back(std::move(blob));
  }
  CHECK(segment_paths(bench).size() >= 4);
  const auto store = open(bench);
  check_all(*store, kept);
  std::uint64_t calls = 0;
  const auto report =
      store->check(CheckDepth::contents, [&](std::uint64_t done, std::uint64_t all) {
        ++calls;
        CHECK(done <= all);
        return true;
      });
  REQUIRE(report);
  CHECK(report->records == 60);
  CHECK(report->damages == 0);
  CHECK(calls == 60);
  CHECK(store->check(CheckDepth::checksums, [](auto, auto) { return false; }).error().code ==
        Code::cancelled);
}

TEST_CASE("the same bytes are written once while they are recent") {
  Bench bench;
  const auto store = open(bench);
  const std::string bytes = sample(4000, Texture::noise);
  const BlobRef first = put(*store, kHanako, bytes).value();
  bench.clock.advance(std::chrono::minutes(9));
  CHECK(put(*store, kHanako, bytes).value() == first);
  bench.clock.advance(std::chrono::minutes(2));
  const BlobRef later = put(*store, kHanako, bytes).value();
  CHECK(later.hash == first.hash);
  CHECK(later.locator != first.locator);
  CHECK(get(*store, kHanako, first).value() == bytes);
}

TEST_CASE("concurrent puts share syncs") {
  Bench bench;
  FaultDisk disk(bench.folder.path());
  const auto store = open(bench, disk);
  disk.set_sync_delay(std::chrono::milliseconds(2));
  const auto before = disk.syncs();
  boost::asio::io_context io(1);
  int done = 0;
  const auto put_one = [](BlobStore& to, std::string bytes, int& count) -> Task<void> {
    const Result<BlobRef> ref = co_await to.put(kHanako, bytes);
    if (ref) ++count;
  };
  for (int i = 0; i < 100; ++i) {
    boost::asio::co_spawn(io, put_one(*store, sample(300, Texture::noise, 50 + i), done),
                          [](std::exception_ptr) {});
  }
  io.run();
  CHECK(done == 100);
  CHECK(disk.syncs() - before <= 6);
}

TEST_CASE("groups that meet the end of a segment are released, too") {
  Bench bench;
  FaultDisk disk(bench.folder.path());
  const auto store = open(bench, disk);
  disk.set_sync_delay(std::chrono::milliseconds(1));
  boost::asio::io_context io(1);
  int done = 0;
  const auto put_some = [](BlobStore& to, std::uint64_t seed, int& count) -> Task<void> {
    for (std::uint64_t i = 0; i < 20; ++i) {
      const std::string bytes = sample(4000, Texture::noise, seed * 100 + i);
      const Result<BlobRef> ref = co_await to.put(kHanako, bytes);
      if (ref) ++count;
    }
  };
  for (std::uint64_t i = 0; i < 20; ++i)
    boost::asio::co_spawn(io, put_some(*store, i + 1, done), [](std::exception_ptr) {});
  io.run();
  CHECK(done == 400);
  CHECK(store->check(CheckDepth::checksums, go_on).value().segments >= 20);
}

TEST_CASE("after a power cut every acknowledged blob is there, whatever else was under way") {
  std::vector<Kept> acknowledged;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Bench bench;
    acknowledged.clear();
    for (std::uint64_t round = 1; round <= 3; ++round) {
      FaultDisk disk(bench.folder.path(), seed * 10 + round);
      auto store = open(bench, disk);
      check_all(*store, acknowledged);
      for (Kept& blob : put_many(*store, seed % 7 + 1, seed * 10 + round, 3000))
        acknowledged.push_back(std::move(blob));
      disk.set_sync_delay(std::chrono::milliseconds(1));
      for (std::uint64_t i = 0; i < seed % 5; ++i) {
        const std::string bytes = sample(2000, Texture::noise, seed * 100 + i);
        REQUIRE(run_task(store->begin(kHanako, bytes)));  // nobody waits for these
      }
      disk.power_cut(seed % 2 == 0 ? PowerCut::torn : PowerCut::clean);
    }
    const auto store = open(bench);
    check_all(*store, acknowledged);
    const auto report = store->check(CheckDepth::contents, go_on);
    REQUIRE(report);
    CHECK(report->damages == 0);
  }
}

TEST_CASE("any failing operation: what was acknowledged stays, the rest is refused") {
  for (std::uint64_t after = 0;; ++after) {
    CAPTURE(after);
    REQUIRE(after < 500);
    Bench bench;
    std::vector<Kept> kept;
    bool failed = false;
    {
      FaultDisk disk(bench.folder.path(), after + 1);
      disk.fail_after(Operation::any, after, FaultDisk::Failing::for_good);
      auto store =
          SegmentBlobStore::open(disk, bench.keys, bench.clock, options_in(bench.folder.path()));
      failed = !store.has_value();
      for (int i = 0; store && i < 40; ++i) {
        std::string bytes = sample(4000, Texture::noise, 7000 + std::uint64_t(i));
        const auto ref = put(**store, kHanako, bytes);
        if (ref) {
          CHECK_FALSE(failed);
          kept.push_back({*ref, std::move(bytes)});
        } else {
          failed = true;
          CHECK(ref.error().code == Code::unavailable);
        }
      }
      disk.power_cut(PowerCut::torn);
    }
    const auto store = open(bench);
    check_all(*store, kept);
    if (!failed) break;
  }
}

TEST_CASE("after one failed sync nothing is acknowledged any more, though the disk is well again") {
  Bench bench;
  std::vector<Kept> kept;
  std::vector<Error> fatal;
  {
    FaultDisk disk(bench.folder.path());
    auto options = options_in(bench.folder.path());
    options.on_fatal = [&](const Error& error) { fatal.push_back(error); };
    const auto store = open(bench, disk, options);
    kept = put_many(*store, 3, 1);
    disk.fail_after(Operation::sync, 0, FaultDisk::Failing::once);
    CHECK(put(*store, kHanako, "lost").error().code == Code::unavailable);
    CHECK(put(*store, kHanako, "more").error().code == Code::unavailable);
    CHECK(put(*store, kHanako, "lost").error().code == Code::unavailable);
    CHECK(store->failure().has_value());
    check_all(*store, kept);
    disk.power_cut(PowerCut::clean);
  }
  CHECK(fatal.size() == 1);
  const auto store = open(bench);
  CHECK_FALSE(store->failure().has_value());
  check_all(*store, kept);
}

TEST_CASE("begin's barrier reports a failed sync") {
  Bench bench;
  FaultDisk disk(bench.folder.path());
  const auto store = open(bench, disk);
  disk.set_sync_delay(std::chrono::milliseconds(5));
  disk.fail_after(Operation::sync, 0, FaultDisk::Failing::once);
  auto pending = run_task(store->begin(kHanako, "text"));
  REQUIRE(pending);
  CHECK(pending->wait_durable().error().code == Code::unavailable);
}

TEST_CASE("a full disk refuses, keeps what it has, and goes on when there is room") {
  Bench bench;
  FaultDisk disk(bench.folder.path());
  const auto store = open(bench, disk);
  std::vector<Kept> kept = put_many(*store, 2, 1);
  disk.set_space(0);
  std::size_t refused = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    std::string bytes = sample(4000, Texture::noise, 300 + i);
    const auto ref = put(*store, kHanako, bytes);
    if (ref) {
      kept.push_back({*ref, bytes});
    } else {
      ++refused;
      CHECK(ref.error().code == Code::storage_full);
    }
  }
  CHECK(refused > 10);
  disk.heal();
  for (Kept& blob : put_many(*store, 10, 2))
    kept.push_back(std::move(blob));
  check_all(*store, kept);
}

TEST_CASE("a torn tail is cut, and appending goes on there") {
  Bench bench;
  std::vector<Kept> kept;
  {
    const auto store = open(bench);
    kept = put_many(*store, 5, 1);
  }
  const auto last = segment_paths(bench).back();
  const std::string whole = sample(9000, Texture::noise);
  for (const std::size_t octets : {1UL, 50UL, 3000UL}) {
    const auto end =
        detail::Place::of(kept.back().ref.locator).offset + 88U + 29U + kept.back().bytes.size();
    std::fstream(last, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(std::streamoff(end))
        .write(whole.data(), std::streamsize(octets));
    const auto store = open(bench);
    check_all(*store, kept);
    for (Kept& blob : put_many(*store, 1, 10 + octets))
      kept.push_back(std::move(blob));
    CHECK(segment_paths(bench).size() == 1);
  }
  const auto store = open(bench);
  check_all(*store, kept);
}

TEST_CASE("damage to acknowledged blobs of the last segment is no torn tail: nothing is cut") {
  Bench bench;
  std::vector<Kept> kept;
  {
    const auto store = open(bench);
    kept = put_many(*store, 6, 1);
  }
  const Kept damaged = kept[2];
  kept.erase(kept.begin() + 2);
  damage_payload(bench, damaged.ref);
  const auto store = open(bench);
  check_all(*store, kept);
  CHECK(get(*store, kHanako, damaged.ref).error().code == Code::corrupt);
  for (Kept& blob : put_many(*store, 2, 2))
    kept.push_back(std::move(blob));
  check_all(*store, kept);
  CHECK(segment_paths(bench).size() == 2);
  const auto report = store->check(CheckDepth::checksums, go_on);
  REQUIRE(report);
  CHECK(report->damages == 1);
  REQUIRE(report->damage.size() == 1);
  CHECK(report->damage[0].offset == detail::Place::of(damaged.ref.locator).offset);
  CHECK(report->records == 7);
}

TEST_CASE("damage in an older segment hurts its blob alone, header or payload") {
  Bench bench;
  std::vector<Kept> kept;
  {
    const auto store = open(bench);
    kept = put_many(*store, 40, 1);
  }
  REQUIRE(segment_paths(bench).size() >= 2);
  const Kept header = kept[1];
  const Kept payload = kept[4];
  flip_octet(path_of(bench, header.ref), detail::Place::of(header.ref.locator).offset + 10);
  damage_payload(bench, payload.ref);
  kept.erase(kept.begin() + 4);
  kept.erase(kept.begin() + 1);
  const auto store = open(bench);
  check_all(*store, kept);
  CHECK(get(*store, kHanako, header.ref).error().code == Code::corrupt);
  CHECK(get(*store, kHanako, payload.ref).error().code == Code::corrupt);
  const auto report = store->check(CheckDepth::contents, go_on);
  REQUIRE(report);
  CHECK(report->damages == 2);
  CHECK(report->records == kept.size());
}

// The files as they are, but it is for the test to say what lies in memory.
class Cached final : public File {
 public:
  enum class Lies { in_memory, cut_short, elsewhere };
  struct Counts {
    Lies lies = Lies::in_memory;
    int at_once = 0, reads = 0;
  };
  Cached(std::unique_ptr<File> file, Counts& counts) : file_(std::move(file)), counts_(counts) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    ++counts_.reads;
    return file_->read_at(offset, into);
  }
  std::optional<std::size_t> read_at_once(std::uint64_t offset, std::span<char> into) override {
    if (counts_.lies == Lies::elsewhere) return std::nullopt;
    ++counts_.at_once;
    const auto count = file_->read_at(offset, into);
    if (!count) return std::nullopt;
    return counts_.lies == Lies::cut_short ? *count / 2 : *count;
  }
  Status write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    return file_->write_at(offset, parts);
  }
  Status sync_data() override { return file_->sync_data(); }
  Status truncate(std::uint64_t size) override { return file_->truncate(size); }
  Status allocate(std::uint64_t offset, std::uint64_t length) override {
    return file_->allocate(offset, length);
  }
  Result<std::uint64_t> size() override { return file_->size(); }
  Status lock_exclusive() override { return file_->lock_exclusive(); }

 private:
  std::unique_ptr<File> file_;
  Counts& counts_;
};

class CachedFiles final : public FileSystem {
 public:
  Cached::Counts counts;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    FUMI_TRY(auto file, posix_files().open(path, mode));
    return std::make_unique<Cached>(std::move(file), counts);
  }
  Status rename(const std::string& from, const std::string& to) override {
    return posix_files().rename(from, to);
  }
  Status remove(const std::string& path) override { return posix_files().remove(path); }
  Result<bool> exists(const std::string& path) override { return posix_files().exists(path); }
  Result<std::uint64_t> size(const std::string& path) override { return posix_files().size(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return posix_files().list(folder);
  }
  Status make_directory(const std::string& folder) override {
    return posix_files().make_directory(folder);
  }
  Status sync_directory(const std::string& folder) override {
    return posix_files().sync_directory(folder);
  }
};

TEST_CASE("small blobs that lie in memory are opened at once, all others by a worker") {
  Bench bench;
  CachedFiles files;
  const auto store = open(bench, files);
  const auto small = put_many(*store, 3, 1);
  const auto large = put_many(*store, 1, 2, 50'000);
  using Lies = Cached::Lies;
  for (const Lies lies : {Lies::in_memory, Lies::cut_short, Lies::elsewhere}) {
    CAPTURE(int(lies));
    files.counts = {lies, 0, 0};
    check_all(*store, small);
    CHECK((files.counts.at_once > 0) == (lies != Lies::elsewhere));
    CHECK((files.counts.reads > 0) == (lies != Lies::in_memory));
    check_all(*store, large);
  }
  files.counts = {};
  check_all(*store, large);
  CHECK(files.counts.at_once == 0);
  // Another tenant's, and one whose content isn't what the reference says.
  CHECK(get(*store, kTaro, small[0].ref).error().code == Code::not_found);
  BlobRef forged = small[0].ref;
  forged.hash[0] ^= 1;
  CHECK(get(*store, kHanako, forged).error().code == Code::not_found);
  damage_payload(bench, small[1].ref);
  CHECK(get(*store, kHanako, small[1].ref).error().code == Code::corrupt);
}

TEST_CASE("a key that was destroyed opens nothing that still lies in memory") {
  Bench bench;
  CachedFiles files;
  const auto store = open(bench, files);
  const auto kept = put_many(*store, 2, 1);
  check_all(*store, kept);
  REQUIRE(bench.keys.destroy(crypto::TenantNumber(kHanako.tenant.value())));
  files.counts = {};
  for (const Kept& blob : kept)
    CHECK(get(*store, kHanako, blob.ref).error().code == Code::not_found);
  CHECK(files.counts.at_once == 0);
}

TEST_CASE("references that lead nowhere are not found") {
  Bench bench;
  const auto store = open(bench);
  const BlobRef ref = put(*store, kHanako, "text").value();
  for (const std::uint64_t locator :
       {std::uint64_t{0}, std::uint64_t{77} << 32U, ~std::uint64_t{0}}) {
    BlobRef wrong = ref;
    wrong.locator = locator;
    CHECK(get(*store, kHanako, wrong).error().code == Code::not_found);
  }
  BlobRef beside = ref;
  beside.locator += 1;
  CHECK(get(*store, kHanako, beside).error().code == Code::corrupt);
}

TEST_CASE("destroying a tenant's key makes its blobs unreadable, and the check counts them") {
  Bench bench;
  const auto store = open(bench);
  const BlobRef hers = put(*store, kHanako, "hers").value();
  const BlobRef his = put(*store, kTaro, "his").value();
  REQUIRE(bench.keys.destroy(crypto::TenantNumber(1)));
  CHECK(get(*store, kHanako, hers).error().code == Code::not_found);
  CHECK(get(*store, kTaro, his).value() == "his");
  const auto report = store->check(CheckDepth::contents, go_on);
  REQUIRE(report);
  CHECK(report->erased == 1);
  CHECK(report->damages == 0);
}

TEST_CASE("nothing of the plaintext reaches the disk") {
  Bench bench;
  {
    const auto store = open(bench);
    REQUIRE(put(*store, kHanako, "a very recognisable short text"));
    REQUIRE(put(*store, kHanako, sample(5000, Texture::text)));
  }
  for (const std::string& path : segment_paths(bench)) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    CHECK(bytes.find("recognisable") == std::string::npos);
    CHECK(bytes.find("Subject") == std::string::npos);
  }
}

TEST_CASE("beyond the budget of compression bodies are kept as they are, and read alike") {
  Bench bench;
  const std::string bytes = sample(40'000, Texture::text, 7);
  auto options = options_in(bench.folder.path());
  const auto stored = [&](double cores) {
    options.compression_cores = cores;
    options.recent_max = 1;
    options.folder = bench.folder.path() + "/cores" + std::to_string(cores);
    auto store = open(bench, posix_files(), options);
    const auto ref = put(*store, kHanako, bytes);
    REQUIRE(ref);
    const auto got = get(*store, kHanako, *ref);
    REQUIRE(got);
    CHECK((*got == bytes));
    const auto report = store->check(CheckDepth::contents, go_on);
    REQUIRE(report);
    CHECK(report->damages == 0);
    return report->octets;
  };
  const auto raw = stored(0);
  CHECK(raw >= bytes.size());
  CHECK(stored(-1) < raw / 2);
  CHECK(stored(1) < raw / 2);  // a second's worth is more than one body needs
}
