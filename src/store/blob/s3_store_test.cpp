#include "store/blob/s3_store.h"

#include <curl/curl.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/source_dir.h"
#include "store/blob/detail/s3_client.h"
#include "store/blob/detail/sigv4.h"
#include "store/blob/testing.h"

using namespace fumi;
using namespace fumi::store;
using namespace fumi::store::testing;
namespace fs = std::filesystem;

namespace {

const std::string kServerFolder = fumi::testing::source_dir() / "tools/s3";

// tools/s3/server.js on a free loopback port, stopped at the end.
class LiveServer {
 public:
  explicit LiveServer(const std::string& folder) {
    int input[2];
    int output[2];
    REQUIRE(::pipe(input) == 0);
    REQUIRE(::pipe(output) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(input[0], 0);
      ::dup2(output[1], 1);
      for (const int fd : {input[0], input[1], output[0], output[1]})
        ::close(fd);
      ::execlp("node", "node", (kServerFolder + "/server.js").c_str(), folder.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    stdin_ = input[1];
    std::string line;
    char c = 0;
    while (::read(output[0], &c, 1) == 1 && c != '\n')
      line += c;
    ::close(output[0]);
    if (line.starts_with("port ")) endpoint_ = "http://127.0.0.1:" + line.substr(5);
  }
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;
  ~LiveServer() { stop(); }
  void stop() {
    if (pid_ <= 0) return;
    ::close(stdin_);
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  void fault(int status, int count) const {
    const std::string body =
        R"({"status":)" + std::to_string(status) + R"(,"count":)" + std::to_string(count) + "}";
    CURL* const curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, (endpoint_ + "/-/fault").c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    CHECK(curl_easy_perform(curl) == CURLE_OK);
    curl_easy_cleanup(curl);
  }

 private:
  pid_t pid_ = 0;
  int stdin_ = -1;
  std::string endpoint_;
};

bool can_run_live() {
  const bool can =
      fs::exists(kServerFolder + "/node_modules/s3rver") && std::system("node -v >/dev/null") == 0;
  if (!can) MESSAGE("SKIPPED: no node, or no tools/s3/node_modules (npm ci there)");
  return can;
}

S3BlobOptions options_for(const std::string& endpoint) {
  S3BlobOptions options;
  options.endpoint = endpoint;
  options.region = "ap-northeast-1";
  options.bucket = "mail";
  options.access_key = "S3RVER";
  options.secret_key = Secret("S3RVER");
  options.workers = 4;
  options.backoff = std::chrono::milliseconds(1);
  return options;
}

// Requests are signed with the real time, which the server checks.
struct LiveBench : Bench {
  LiveServer server{folder.path()};
  std::unique_ptr<S3BlobStore> store =
      S3BlobStore::open(keys, system_clock(), options_for(server.endpoint())).value();
};

// The examples of "Authenticating Requests: Using the Authorization Header (AWS Signature Version
// 4)" in the Amazon S3 API Reference.
const detail::SigningKey kExampleKey{
    "AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1"};
const Instant kExampleTime = from_micros(1'369'353'600'000'000);

}  // namespace

TEST_CASE("SigV4 signs Amazon's own examples as Amazon does") {
  struct Row {
    detail::RequestToSign request;
    const char* body;
    const char* signature;
  };
  const std::pair<std::string, std::string> host{"host", "examplebucket.s3.amazonaws.com"};
  const std::pair<std::string, std::string> date{"x-amz-date", "20130524T000000Z"};
  Row rows[] = {
      {{"GET", "/test.txt", {}, {host, date, {"range", "bytes=0-9"}}},
       "",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {{"PUT",
        "/test$file.text",
        {},
        {host,
         date,
         {"date", "Fri, 24 May 2013 00:00:00 GMT"},
         {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
       "Welcome to Amazon S3.",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {{"GET", "/", {{"lifecycle", ""}}, {host, date}},
       "",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {{"GET", "/", {{"max-keys", "2"}, {"prefix", "J"}}, {host, date}},
       "",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  CHECK(detail::amz_date(kExampleTime) == "20130524T000000Z");
  for (Row& row : rows) {
    CAPTURE(row.request.path);
    row.request.payload_hash = crypto::sha256(row.body);
    row.request.headers.emplace_back("x-amz-content-sha256",
                                     ascii::to_hex(crypto::view(row.request.payload_hash)));
    const std::string value = detail::authorization(kExampleKey, row.request, kExampleTime);
    CHECK(value.ends_with(std::string("Signature=") + row.signature));
  }
}

TEST_CASE("what is signed is encoded as S3 wants it") {
  CHECK(detail::uri_encode("/a b/*'(~)é", detail::Slash::keep) == "/a%20b/%2A%27%28~%29%C3%A9");
  CHECK(detail::uri_encode("/", detail::Slash::encode) == "%2F");
  CHECK(detail::canonical_query({{"b", ""}, {"a", "x y"}, {"a", "*"}}) == "a=%2A&a=x%20y&b=");
}

TEST_CASE("lists are read, and what is cut off or odd does no harm") {
  const auto page = detail::parse_list(
      "<ListBucketResult><Contents><Key>a&amp;b</Key><Size>12</Size></Contents>"
      "<Contents><Key>c</Key><Size>x</Size></Contents>"
      "<NextContinuationToken>t&lt;</NextContinuationToken></ListBucketResult>");
  REQUIRE(page.objects.size() == 2);
  CHECK(page.objects[0].key == "a&b");
  CHECK(page.objects[0].octets == 12);
  CHECK(page.objects[1].octets == 0);
  CHECK(page.next == "t<");
  CHECK(detail::parse_list("<Contents><Key>a").objects.empty());
  CHECK(detail::parse_list("").next.empty());
}

TEST_CASE("options that can't work are refused") {
  Bench bench;
  const auto refused = [&](auto change) {
    S3BlobOptions options = options_for("http://127.0.0.1:1");
    change(options);
    const auto opened = S3BlobStore::open(bench.keys, bench.clock, options);
    return !opened && opened.error().code == Code::invalid;
  };
  CHECK_FALSE(refused([](S3BlobOptions&) {}));
  CHECK_FALSE(refused([](S3BlobOptions& o) { o.endpoint = "https://host/"; }));
  CHECK(refused([](S3BlobOptions& o) { o.endpoint = ""; }));
  CHECK(refused([](S3BlobOptions& o) { o.endpoint = "ftp://host"; }));
  CHECK(refused([](S3BlobOptions& o) { o.endpoint = "http://"; }));
  CHECK(refused([](S3BlobOptions& o) { o.endpoint = "http://host/path"; }));
  CHECK(refused([](S3BlobOptions& o) { o.endpoint = "http://user@host"; }));
  CHECK(refused([](S3BlobOptions& o) { o.bucket = ""; }));
  CHECK(refused([](S3BlobOptions& o) { o.prefix = "a/"; }));
  CHECK(refused([](S3BlobOptions& o) { o.workers = 0; }));
  CHECK(refused([](S3BlobOptions& o) { o.secret_key = Secret(); }));
}

TEST_CASE("an object store that is away is unavailable, not an exception") {
  Bench bench;
  auto options = options_for("http://127.0.0.1:1");
  options.attempts_max = 2;
  const auto store = S3BlobStore::open(bench.keys, bench.clock, options).value();
  CHECK(put(*store, kHanako, "x").error().code == Code::unavailable);
  CHECK(get(*store, kHanako, BlobRef{.hash = {1}, .octets = 1, .locator = 1}).error().code ==
        Code::unavailable);
  CHECK(put(*store, kNobody, "x").error().code == Code::not_found);
  CHECK(store->probe().error().code == Code::unavailable);
  options.blob_octets_max = 10;
  const auto small = S3BlobStore::open(bench.keys, bench.clock, options).value();
  CHECK(put(*small, kHanako, "eleven octets").error().code == Code::too_large);
}

TEST_CASE("live: S3 passes the conformance suite") {
  if (!can_run_live()) return;
  LiveBench bench;
  REQUIRE(bench.store->probe());
  auto options = options_for(bench.server.endpoint());
  detail::S3Client client(options, system_clock());
  BlobConformance suite{
      .store = *bench.store,
      .hanako = kHanako,
      .taro = kTaro,
      .nobody = kNobody,
      .corrupt =
          [&](TenantScope scope, const BlobRef& ref) {
            const std::string key = bench.store->object_key(scope.tenant, ref);
            std::string object = client.get(key, 1U << 24U).value();
            object[object.size() / 2] ^= 1;
            REQUIRE(client.put(key, object));
          },
  };
  suite.run();
}

TEST_CASE("live: keys with odd characters are signed right; put, head, get, list, remove") {
  if (!can_run_live()) return;
  LiveBench bench;
  const auto options = options_for(bench.server.endpoint());
  detail::S3Client client(options, system_clock());
  for (const std::string key : {"plain", "a b", "a+b=c&d", "star*(1)!'", "日本/語", "~.-_"}) {
    CAPTURE(key);
    CHECK(client.put("odd/" + key, key));
    CHECK(client.head("odd/" + key));
    CHECK(client.get("odd/" + key, 100).value() == key);
    CHECK(client.get("odd/" + key, 1).error().code == Code::too_large);
  }
  std::string token;
  std::size_t count = 0;
  do {
    const auto page = client.list("odd/", token, 2);
    REQUIRE(page);
    count += page->objects.size();
    token = page->next;
  } while (!token.empty());
  CHECK(count == 6);
  CHECK(client.remove("odd/a b"));
  CHECK(client.remove("odd/a b"));
  CHECK(client.get("odd/a b", 100).error().code == Code::not_found);
  CHECK(client.head("odd/a b").error().code == Code::not_found);
}

TEST_CASE("live: a wrong secret, region, bucket or clock is refused as unavailable") {
  if (!can_run_live()) return;
  LiveBench bench;
  const auto code = [&](const Clock& clock, auto change) {
    auto options = options_for(bench.server.endpoint());
    change(options);
    const auto store = S3BlobStore::open(bench.keys, clock, options).value();
    const auto written = put(*store, kHanako, "x");
    return written ? std::string("written") : std::string(to_string(written.error().code));
  };
  CHECK(code(system_clock(), [](S3BlobOptions&) {}) == "written");
  CHECK(code(system_clock(), [](S3BlobOptions& o) { o.secret_key = Secret("no"); }) ==
        "unavailable");
  CHECK(code(system_clock(), [](S3BlobOptions& o) { o.access_key = "no"; }) == "unavailable");
  CHECK(code(system_clock(), [](S3BlobOptions& o) { o.region = "us-east-1"; }) == "unavailable");
  CHECK(code(system_clock(), [](S3BlobOptions& o) { o.bucket = "none"; }) == "unavailable");
  const FakeClock wrong(system_clock().now() - std::chrono::hours(1));
  CHECK(code(wrong, [](S3BlobOptions&) {}) == "unavailable");
}

TEST_CASE("live: passing failures are retried, lasting ones are reported in time") {
  if (!can_run_live()) return;
  LiveBench bench;
  bench.server.fault(503, 2);
  const auto ref = put(*bench.store, kHanako, "after two 503");
  REQUIRE(ref);
  bench.server.fault(0, 2);
  CHECK(get(*bench.store, kHanako, *ref).value() == "after two 503");
  bench.server.fault(429, 1);
  CHECK(put(*bench.store, kHanako, "after 429").has_value());
  bench.server.fault(500, 1000);
  CHECK(put(*bench.store, kHanako, "never").error().code == Code::unavailable);
  bench.server.fault(507, 1);
  CHECK(put(*bench.store, kHanako, "full").error().code == Code::storage_full);
  bench.server.fault(200, 0);
  CHECK(put(*bench.store, kHanako, "never").has_value());

  auto options = options_for(bench.server.endpoint());
  options.request_timeout = std::chrono::milliseconds(50);
  options.attempts_max = 2;
  const auto hasty = S3BlobStore::open(bench.keys, system_clock(), options).value();
  bench.server.fault(-1, 1);
  CHECK(get(*hasty, kHanako, *ref).value() == "after two 503");
  bench.server.fault(-1, 2);
  CHECK(get(*hasty, kHanako, *ref).error().code == Code::unavailable);
}

TEST_CASE("live: a sweep deletes old objects without rows, and nothing else") {
  if (!can_run_live()) return;
  LiveBench bench;
  const auto client_options = options_for(bench.server.endpoint());
  detail::S3Client client(client_options, system_clock());
  const auto day = std::chrono::floor<std::chrono::days>(system_clock().now());
  const auto today = std::uint64_t(day.time_since_epoch().count());
  std::map<std::string, BlobRef> refs;
  for (const char* name : {"dead", "live", "young"}) {
    BlobRef ref;
    ref.hash = crypto::sha256(name);
    ref.locator = std::string_view(name) == "young" ? today - 1 : today - 5;
    REQUIRE(client.put(bench.store->object_key(TenantId(1), ref), name));
    refs[name] = ref;
  }
  BlobRef other = refs["dead"];
  REQUIRE(client.put(bench.store->object_key(TenantId(2), other), "another tenant"));
  REQUIRE(client.put("fumi/1/00000000-readme", "not a blob"));
  const auto is_live = [&](const BlobRef& ref) -> Result<bool> {
    return ref.hash == refs["live"].hash;
  };
  CHECK(bench.store->sweep(TenantId(1), 1, is_live).error().code == Code::invalid);
  const auto report = bench.store->sweep(TenantId(1), 2, is_live);
  REQUIRE(report);
  CHECK(report->objects == 2);
  CHECK(report->deleted == 1);
  CHECK(client.head(bench.store->object_key(TenantId(1), refs["dead"])).error().code ==
        Code::not_found);
  CHECK(client.head(bench.store->object_key(TenantId(1), refs["live"])));
  CHECK(client.head(bench.store->object_key(TenantId(1), refs["young"])));
  CHECK(client.head(bench.store->object_key(TenantId(2), other)));
  CHECK(client.head("fumi/1/00000000-readme"));
}
