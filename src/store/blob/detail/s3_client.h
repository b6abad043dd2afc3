// A blocking client of the S3 protocol: signs, sends, retries. libcurl behind it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/blob/detail/sigv4.h"
#include "store/blob/s3_store.h"

namespace fumi::store::detail {

struct S3Object {
  std::string key;
  std::uint64_t octets = 0;
};

struct S3Page {
  std::vector<S3Object> objects;
  std::string next;  // continuation token; empty at the end
};

// Thread-safe; each call blocks its thread, and takes a kept-alive connection while it runs.
// Code::not_found: no such object. Code::too_large: the answer is longer than allowed. Everything
// else that isn't success is unavailable or storage_full.
class S3Client {
 public:
  S3Client(const S3BlobOptions& options, const Clock& clock);
  S3Client(const S3Client&) = delete;
  S3Client& operator=(const S3Client&) = delete;
  ~S3Client();

  [[nodiscard]] Status put(const std::string& key, std::string_view bytes);
  [[nodiscard]] Result<std::string> get(const std::string& key, std::uint64_t octets_max);
  [[nodiscard]] Status head(const std::string& key);
  [[nodiscard]] Status remove(const std::string& key);  // success if it isn't there, too
  // Up to 1000 objects whose keys begin with `prefix`, ascending.
  [[nodiscard]] Result<S3Page> list(const std::string& prefix, const std::string& continuation,
                                    int count_max = 1000);
  // Ends waiting between attempts; calls under way end after their attempt.
  void stop();

 private:
  struct Request;
  struct Answer;
  struct Connection;

  [[nodiscard]] Result<Answer> perform(const Request& request);
  [[nodiscard]] Result<Answer> attempt(Connection& connection, const Request& request,
                                       Duration timeout);
  [[nodiscard]] bool pause(int attempt, std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] std::unique_ptr<Connection> take_connection();
  void give_back(std::unique_ptr<Connection> connection);

  const S3BlobOptions& options_;
  const Clock& clock_;
  const SigningKey key_;
  std::string scheme_;      // "https://"
  std::string host_;        // authority, as signed and sent
  std::string path_front_;  // "/bucket" or empty

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Connection>> idle_;
};

// What the adapter reads of the protocol's XML: the text of the first <name> in `xml` from `from`
// on, without entities; `end` becomes the offset behind it. Exposed for tests.
[[nodiscard]] std::optional<std::string> xml_text(std::string_view xml, std::string_view name,
                                                  std::size_t from, std::size_t* end);
[[nodiscard]] S3Page parse_list(std::string_view xml);

}  // namespace fumi::store::detail
