// Durable 4 KB puts and reads a second on the segment store.
//
//   blob_bench FOLDER [seconds]      prints one line of JSON a case
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/key_ring.h"
#include "crypto/random.h"
#include "store/blob/segment_store.h"

namespace {

using namespace fumi;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kOctets = 4096;
const TenantScope kScope{TenantId(1), {}};

class OneKey final : public crypto::KeyStore {
 public:
  Status create(crypto::TenantNumber, std::string wrapped) override {
    wrapped_ = std::move(wrapped);
    return {};
  }
  Result<std::string> load(crypto::TenantNumber) override { return wrapped_; }
  Status replace(crypto::TenantNumber, std::string) override { return {}; }
  Status destroy(crypto::TenantNumber) override { return {}; }
  Result<std::vector<crypto::TenantNumber>> list() override {
    return std::vector<crypto::TenantNumber>{};
  }

 private:
  std::string wrapped_;
};

struct Run {
  BlobStore& store;
  SteadyClock::time_point end;
  std::vector<BlobRef> refs{};
  std::vector<double> micros{};
};

Task<void> put_until_end(Run& run) {
  // Half text, half noise: compresses about as well as mail with an attachment.
  std::string bytes = std::string(kOctets / 2, 'x') + crypto::random_bytes(kOctets / 2);
  while (SteadyClock::now() < run.end) {
    crypto::random_fill_buffered(bytes.data() + kOctets / 2, 16);
    const auto start = SteadyClock::now();
    const Result<BlobRef> ref = co_await run.store.put(kScope, bytes);
    if (!ref) std::abort();
    run.micros.push_back(
        std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count());
    run.refs.push_back(*ref);
  }
}

Task<void> get_until_end(Run& run, const std::vector<BlobRef>& refs) {
  std::size_t at = 0;
  while (SteadyClock::now() < run.end) {
    const auto start = SteadyClock::now();
    at = (at + 7919) % refs.size();
    const Result<std::string> bytes = co_await run.store.get(kScope, refs[at]);
    if (!bytes) std::abort();
    run.micros.push_back(
        std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count());
  }
}

void report(const char* name, int concurrent, double seconds, Run& run) {
  std::ranges::sort(run.micros);
  const auto at = [&](double part) {
    return run.micros[std::size_t(part * double(run.micros.size() - 1))];
  };
  std::printf(R"({"case":"%s","concurrent":%d,"per_second":%.0f,"p50_us":%.0f,"p99_us":%.0f})"
              "\n",
              name, concurrent, double(run.micros.size()) / seconds, at(0.5), at(0.99));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3.0;
  const auto length =
      std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
  OneKey key_store;
  crypto::KeyRing keys(key_store,
                       std::make_shared<const crypto::RootKey>(Secret(std::string(32, 'r'))),
                       nullptr, system_clock());
  if (!keys.create(crypto::TenantNumber(1))) return 1;
  store::SegmentBlobOptions options;
  options.folder = argv[1];
  auto store = store::SegmentBlobStore::open(posix_files(), keys, system_clock(), options);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().text().c_str());
    return 1;
  }
  std::vector<BlobRef> refs;
  for (const int concurrent : {1, 10, 50, 200}) {
    boost::asio::io_context io(1);
    Run run{**store, SteadyClock::now() + length};
    for (int i = 0; i < concurrent; ++i)
      boost::asio::co_spawn(io, put_until_end(run), [](std::exception_ptr) {});
    io.run();
    report("put 4 KB durable", concurrent, seconds, run);
    refs.insert(refs.end(), run.refs.begin(), run.refs.end());
  }
  for (const int concurrent : {1, 50}) {
    boost::asio::io_context io(1);
    Run run{**store, SteadyClock::now() + length};
    for (int i = 0; i < concurrent; ++i)
      boost::asio::co_spawn(io, get_until_end(run, refs), [](std::exception_ptr) {});
    io.run();
    report("get 4 KB", concurrent, seconds, run);
  }
}
