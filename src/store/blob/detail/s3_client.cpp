#include "store/blob/detail/s3_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/log.h"
#include "crypto/random.h"

namespace fumi::store::detail {
namespace {

constexpr std::uint64_t kErrorOctetsMax = 64 * 1024;
constexpr std::uint64_t kListOctetsMax = 8ULL << 20U;
constexpr long kNotFound = 404;
constexpr long kInsufficientStorage = 507;

bool success(long status) { return status >= 200 && status < 300; }
bool worth_retrying(long status) {
  return (status >= 500 && status != kInsufficientStorage) || status == 429 || status == 408;
}

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  FUMI_ASSERT(started == CURLE_OK);
}

struct HeadersFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, HeadersFree>;

void add(Headers& headers, const std::string& line) {
  curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
  FUMI_ASSERT(longer != nullptr);
  (void)headers.release();
  headers.reset(longer);
}

std::string without_entities(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  while (!text.empty()) {
    const auto* entity = std::ranges::find_if(
        kEntities, [&](const auto& candidate) { return text.starts_with(candidate.first); });
    out += entity != std::end(kEntities) ? entity->second : text.front();
    text.remove_prefix(entity != std::end(kEntities) ? entity->first.size() : 1);
  }
  return out;
}

}  // namespace

struct S3Client::Request {
  std::string method;
  std::string key;  // empty: the bucket
  std::vector<std::pair<std::string, std::string>> query{};
  std::string_view body{};
  std::uint64_t answer_octets_max = kErrorOctetsMax;
};

struct S3Client::Answer {
  long status = 0;
  std::string body;
  std::uint64_t octets_max = 0;
  bool too_long = false;

  static std::size_t write(char* bytes, std::size_t size, std::size_t count, void* to) {
    auto& answer = *static_cast<Answer*>(to);
    if (answer.body.size() + size * count > std::max(answer.octets_max, kErrorOctetsMax)) {
      answer.too_long = true;
      return 0;
    }
    answer.body.append(bytes, size * count);
    return size * count;
  }
};

struct S3Client::Connection {
  Connection() : handle(curl_easy_init()) { FUMI_ASSERT(handle != nullptr); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { curl_easy_cleanup(handle); }
  CURL* handle;
};

S3Client::S3Client(const S3BlobOptions& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      key_{options.access_key, options.secret_key, options.region} {
  start_curl();
  const auto authority = options.endpoint.find("://") + 3;
  scheme_ = options.endpoint.substr(0, authority);
  host_ = ascii::to_lower(options.endpoint.substr(authority));
  while (host_.ends_with('/'))
    host_.pop_back();
  if (options.addressing == S3Addressing::virtual_host) {
    host_ = options.bucket + "." + host_;
  } else {
    path_front_ = "/" + options.bucket;
  }
}

S3Client::~S3Client() = default;

void S3Client::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
}

std::unique_ptr<S3Client::Connection> S3Client::take_connection() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Connection>();
  auto out = std::move(idle_.back());
  idle_.pop_back();
  return out;
}

void S3Client::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < options_.workers) idle_.push_back(std::move(connection));
}

// Waits before the next attempt. false: there is no time for one.
bool S3Client::pause(int attempt, std::chrono::steady_clock::time_point deadline) {
  std::uint32_t random = 0;
  crypto::random_fill_buffered(&random, sizeof random);
  const Duration most = options_.backoff * (1 << std::min(attempt, 10));
  const Duration wait = most / 2 + most / 2 * (random % 1024) / 1024;
  const auto until = std::chrono::steady_clock::now() + wait;
  if (until >= deadline) return false;
  std::unique_lock lock(mutex_);
  return !stopped_.wait_until(lock, until, [this] { return stopping_; });
}

Result<S3Client::Answer> S3Client::attempt(Connection& connection, const Request& request,
                                           Duration timeout) {
  const Instant now = clock_.now();
  RequestToSign to_sign{.method = request.method,
                        .path = path_front_ + "/" + request.key,
                        .query = request.query,
                        .headers = {},
                        .payload_hash = crypto::sha256(request.body)};
  to_sign.headers = {{"host", host_},
                     {"x-amz-content-sha256", ascii::to_hex(crypto::view(to_sign.payload_hash))},
                     {"x-amz-date", amz_date(now)}};
  Headers headers;
  for (const auto& [name, value] : to_sign.headers)
    add(headers, name + ": " + value);
  add(headers, "authorization: " + authorization(key_, to_sign, now));
  add(headers, "expect:");        // no waiting for 100 Continue
  add(headers, "content-type:");  // none: it would have to be signed
  std::string url = scheme_ + host_ + uri_encode(to_sign.path, Slash::keep);
  if (!request.query.empty()) url += "?" + canonical_query(request.query);

  CURL* const curl = connection.handle;
  Answer answer;
  answer.octets_max = request.answer_octets_max;
  curl_easy_reset(curl);  // options alone: the connection stays
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, options_.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  const auto milliseconds = [](Duration d) { return std::max(1L, long(d.count() / 1000)); };
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options_.connect_timeout));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds(timeout));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Answer::write);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (request.method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  const CURLcode code = curl_easy_perform(curl);
  if (answer.too_long) return fail(Code::too_large, "reading an answer of the object store");
  if (code != CURLE_OK) {
    return fail(Code::unavailable, "asking the object store", curl_easy_strerror(code));
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

Result<S3Client::Answer> S3Client::perform(const Request& request) {
  const std::string doing = request.method + " of an object";
  const auto deadline = std::chrono::steady_clock::now() + options_.deadline;
  auto connection = take_connection();
  Error last{Code::unavailable, doing, ""};
  for (int number = 0; number < std::max(options_.attempts_max, 1); ++number) {
    if (number > 0 && !pause(number - 1, deadline)) break;
    const auto left =
        std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    auto answer = attempt(*connection, request, std::min(options_.request_timeout, left));
    if (!answer) {
      last = answer.error();
      if (last.code == Code::too_large) break;
      continue;
    }
    if (success(answer->status)) {
      give_back(std::move(connection));
      return answer;
    }
    const auto code = xml_text(answer->body, "Code", 0, nullptr).value_or("");
    last.code = Code::unavailable;
    last.doing = doing;
    last.detail = std::to_string(answer->status) + " " + ascii::printable(code, 100);
    if (answer->status == kNotFound && code != "NoSuchBucket") last.code = Code::not_found;
    if (answer->status == kInsufficientStorage) last.code = Code::storage_full;
    if (!worth_retrying(answer->status)) break;
  }
  give_back(std::move(connection));
  if (last.code != Code::not_found) {
    log::warning("s3", "request failed", {{"method", request.method}, {"detail", last.detail}});
  }
  return std::unexpected(std::move(last));
}

Status S3Client::put(const std::string& key, std::string_view bytes) {
  FUMI_TRY([[maybe_unused]] const auto answer,
           perform({.method = "PUT", .key = key, .body = bytes}));
  return {};
}

Result<std::string> S3Client::get(const std::string& key, std::uint64_t octets_max) {
  FUMI_TRY(auto answer, perform({.method = "GET", .key = key, .answer_octets_max = octets_max}));
  if (answer.body.size() > octets_max) return fail(Code::too_large, "reading an object");
  return std::move(answer.body);
}

Status S3Client::head(const std::string& key) {
  FUMI_TRY([[maybe_unused]] const auto answer, perform({.method = "HEAD", .key = key}));
  return {};
}

Status S3Client::remove(const std::string& key) {
  auto answer = perform({.method = "DELETE", .key = key});
  if (!answer && answer.error().code != Code::not_found) return fail(std::move(answer));
  return {};
}

Result<S3Page> S3Client::list(const std::string& prefix, const std::string& continuation,
                              int count_max) {
  Request request{.method = "GET", .key = "", .answer_octets_max = kListOctetsMax};
  request.query = {{"list-type", "2"}, {"max-keys", std::to_string(count_max)}, {"prefix", prefix}};
  if (!continuation.empty()) request.query.emplace_back("continuation-token", continuation);
  FUMI_TRY(const auto answer, perform(request));
  return parse_list(answer.body);
}

std::optional<std::string> xml_text(std::string_view xml, std::string_view name, std::size_t from,
                                    std::size_t* end) {
  const std::string open = "<" + std::string(name) + ">";
  const std::string close = "</" + std::string(name) + ">";
  const auto start = xml.find(open, from);
  if (start == std::string_view::npos) return std::nullopt;
  const auto stop = xml.find(close, start);
  if (stop == std::string_view::npos) return std::nullopt;
  if (end != nullptr) *end = stop + close.size();
  return without_entities(xml.substr(start + open.size(), stop - start - open.size()));
}

S3Page parse_list(std::string_view xml) {
  S3Page page;
  std::size_t at = 0;
  for (;;) {
    const auto contents = xml.find("<Contents>", at);
    if (contents == std::string_view::npos) break;
    const auto stop = xml.find("</Contents>", contents);
    if (stop == std::string_view::npos) break;
    const std::string_view entry = xml.substr(contents, stop - contents);
    S3Object object;
    object.key = xml_text(entry, "Key", 0, nullptr).value_or("");
    const std::string size = xml_text(entry, "Size", 0, nullptr).value_or("");
    std::from_chars(size.data(), size.data() + size.size(), object.octets);
    if (!object.key.empty()) page.objects.push_back(std::move(object));
    at = stop;
  }
  page.next = xml_text(xml, "NextContinuationToken", 0, nullptr).value_or("");
  return page;
}

}  // namespace fumi::store::detail
