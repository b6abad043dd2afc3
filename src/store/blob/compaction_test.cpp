#include <doctest/doctest.h>

#include <set>

#include "store/blob/detail/record.h"
#include "store/blob/segment_store.h"
#include "store/blob/testing.h"
#include "store/fault/fault_disk.h"

using namespace fumi;
using namespace fumi::store;
using namespace fumi::store::testing;
namespace fs = std::filesystem;

namespace {

// Rows that name blobs, as the SQL store would have them.
class Rows {
 public:
  void add(const BlobRef& ref, std::string bytes) { rows_[ref.locator] = {ref, std::move(bytes)}; }
  // Keeps every n-th row.
  void thin(std::size_t n) {
    std::size_t i = 0;
    std::erase_if(rows_, [&](const auto&) { return i++ % n != 0; });
  }
  void clear() { rows_.clear(); }
  [[nodiscard]] LiveBlobs live() const {
    return [this](std::uint32_t segment, FunctionRef<void(std::uint64_t)> visit) -> Status {
      for (const auto& [locator, row] : rows_) {
        if (locator >> 32U == segment) visit(locator);
      }
      return {};
    };
  }
  void check(SegmentBlobStore& store) const {
    for (const auto& [locator, row] : rows_) {
      const auto got = get(store, kHanako, row.ref);
      REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().text()));
      CHECK((*got == row.bytes));
    }
  }
  [[nodiscard]] std::size_t count() const { return rows_.size(); }

 private:
  struct Row {
    BlobRef ref;
    std::string bytes;
  };
  std::map<std::uint64_t, Row> rows_;
};

SegmentBlobOptions options_in(const std::string& folder) {
  SegmentBlobOptions options;
  options.folder = folder + "/blobs";
  options.segment_octets = 32 * 1024;
  options.allocate_octets = 16 * 1024;
  options.workers = 1;
  return options;
}

std::unique_ptr<SegmentBlobStore> open(Bench& bench, FileSystem& files = posix_files()) {
  auto store =
      SegmentBlobStore::open(files, bench.keys, bench.clock, options_in(bench.folder.path()));
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().text()));
  return std::move(*store);
}

void fill(SegmentBlobStore& store, Rows& rows, std::size_t count, std::uint64_t seed) {
  for (std::size_t i = 0; i < count; ++i) {
    std::string bytes = sample(2000 + i, Texture::noise, seed * 1000 + i);
    const auto ref = put(store, kHanako, bytes);
    REQUIRE(ref);
    rows.add(*ref, std::move(bytes));
  }
}

std::uint64_t files_with(const Bench& bench, const std::string& extension) {
  std::uint64_t count = 0;
  for (const auto& entry : fs::directory_iterator(bench.folder.path() + "/blobs"))
    count += entry.path().extension() == extension ? 1 : 0;
  return count;
}

constexpr auto kLong = std::chrono::hours(3);

}  // namespace

TEST_CASE("compaction frees garbage, and old references stay good") {
  Bench bench;
  Rows rows;
  auto store = open(bench);
  fill(*store, rows, 100, 1);
  CHECK(store->compact(rows.live(), {}).value().compacted == 0);  // all live
  rows.thin(4);
  CHECK(store->compact(rows.live(), {}).value().compacted == 0);  // all young
  bench.clock.advance(kLong);
  const auto before = files_with(bench, ".seg");
  const auto report = store->compact(rows.live(), {});
  REQUIRE(report);
  CHECK(report->compacted == before - 1);
  CHECK(report->damaged == 0);
  CHECK(report->octets_freed > 2 * report->octets_moved);
  CHECK(files_with(bench, ".seg") < before);
  CHECK(files_with(bench, ".fwd") == report->compacted);
  rows.check(*store);
  store.reset();
  store = open(bench);
  rows.check(*store);
  CHECK(store->check(CheckDepth::contents, [](auto, auto) { return true; }).value().damages == 0);
}

TEST_CASE("compacting again and again follows what was moved, and in the end nothing is left") {
  Bench bench;
  Rows rows;
  auto store = open(bench);
  for (std::uint64_t round = 1; round <= 6; ++round) {
    CAPTURE(round);
    fill(*store, rows, 60, round);
    rows.thin(2);
    bench.clock.advance(kLong);
    REQUIRE(store->compact(rows.live(), {.live_ratio_min = 0.9}));
    rows.check(*store);
    if (round % 2 == 0) {
      store.reset();
      store = open(bench);
      rows.check(*store);
    }
  }
  REQUIRE(rows.count() > 50);
  rows.clear();
  fill(*store, rows, 20, 99);
  bench.clock.advance(kLong);
  REQUIRE(store->compact(rows.live(), {}));
  REQUIRE(store->compact(rows.live(), {}));
  CHECK(files_with(bench, ".fwd") <= 2);
  CHECK(files_with(bench, ".seg") <= 3);
  rows.check(*store);
}

TEST_CASE("a failure at any operation of a compaction loses nothing") {
  for (std::uint64_t after = 0;; ++after) {
    CAPTURE(after);
    REQUIRE(after < 1000);
    Bench bench;
    Rows rows;
    bool done = false;
    {
      fault::FaultDisk disk(bench.folder.path(), after + 1);
      const auto store = open(bench, disk);
      fill(*store, rows, 30, 1);
      rows.thin(3);
      bench.clock.advance(kLong);
      REQUIRE(store->compact(rows.live(), {}));
      fill(*store, rows, 30, 2);
      rows.thin(3);
      bench.clock.advance(kLong);
      disk.fail_after(fault::Operation::any, after, fault::FaultDisk::Failing::for_good);
      done = store->compact(rows.live(), {}).has_value();
      disk.power_cut(fault::PowerCut::torn);
    }
    const auto store = open(bench);
    rows.check(*store);
    REQUIRE(store->compact(rows.live(), {}));
    rows.check(*store);
    if (done) break;
  }
}

TEST_CASE("reading, writing and compacting at once") {
  Bench bench;
  Rows old_rows;
  const auto store = open(bench);
  fill(*store, old_rows, 120, 1);
  old_rows.thin(3);
  bench.clock.advance(kLong);
  std::atomic<bool> stop{false};
  std::thread compactor([&] {
    while (!stop) {
      const auto report = store->compact(old_rows.live(), {.live_ratio_min = 0.99});
      if (!report) break;
    }
  });
  Rows new_rows;
  for (std::uint64_t round = 1; round <= 5; ++round) {
    old_rows.check(*store);
    fill(*store, new_rows, 20, 10 + round);
    new_rows.check(*store);
  }
  stop = true;
  compactor.join();
  old_rows.check(*store);
  new_rows.check(*store);
}

TEST_CASE("damaged segments and failing live sets are left alone") {
  Bench bench;
  Rows rows;
  const auto store = open(bench);
  std::string bytes = sample(2000, Texture::noise, 5);
  const BlobRef victim = put(*store, kHanako, bytes).value();
  fill(*store, rows, 40, 1);
  bench.clock.advance(kLong);
  {
    const auto file = posix_files()
                          .open(bench.folder.path() + "/blobs/00000001.seg", OpenMode::read_write)
                          .value();
    const auto at = detail::Place::of(victim.locator).offset + detail::kRecordHeaderOctets;
    REQUIRE(file->write_at(at, "damage"));
  }
  Rows none;
  const auto report = store->compact(none.live(), {});
  REQUIRE(report);
  CHECK(report->damaged == 1);
  CHECK(fs::exists(bench.folder.path() + "/blobs/00000001.seg"));
  const LiveBlobs broken = [](std::uint32_t, FunctionRef<void(std::uint64_t)>) -> Status {
    return fail(Code::unavailable, "reading rows");
  };
  CHECK(store->compact(broken, {}).error().code == Code::unavailable);
  CHECK(store->compact(none.live(), {.stop = [] { return true; }}).error().code == Code::cancelled);
  CHECK(store->compact(none.live(), {.grace = std::chrono::minutes(1)}).error().code ==
        Code::invalid);
}

TEST_CASE("a forwarding map that is damaged is reported, and hurts its own blobs alone") {
  Bench bench;
  Rows rows;
  {
    const auto store = open(bench);
    fill(*store, rows, 40, 1);
    rows.thin(4);
    bench.clock.advance(kLong);
    REQUIRE(store->compact(rows.live(), {}));
  }
  {
    const auto file = posix_files()
                          .open(bench.folder.path() + "/blobs/00000001.fwd", OpenMode::read_write)
                          .value();
    REQUIRE(file->write_at(20, "x"));
  }
  const auto store = open(bench);
  BlobRef ref;
  ref.locator = (1ULL << 32U) + detail::kSegmentHeaderOctets;
  CHECK(get(*store, kHanako, ref).error().code == Code::corrupt);
  CHECK(store->check(CheckDepth::checksums, [](auto, auto) { return true; }).value().damages == 1);
}
