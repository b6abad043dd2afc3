// HttpClient: calls of the admin API, over libcurl (in the .cpp only). Blocks; one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace fumi::app {

struct HttpCall {
  std::string method;                     // "GET"
  std::string path;                       // with its query, percent-encoded
  std::string body;                       // "" for none
  std::string type = "application/json";  // of the body
  Duration most = std::chrono::seconds(60);
  // Takes the body of a 200 answer as it comes, instead of HttpAnswer::body.
  std::function<Status(std::string_view)> sink;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  static constexpr std::size_t kAnswerOctetsMax = 64U << 20U;

  HttpClient(std::string base_url, Secret token)
      : base_url_(std::move(base_url)), token_(std::move(token)) {}

  // Any HTTP status is an answer. unavailable: no connection; timeout; too_large; peer_gone: the
  // answer broke off; or what the sink answered.
  [[nodiscard]] Result<HttpAnswer> send(const HttpCall& call) const;

 private:
  std::string base_url_;
  Secret token_;
};

}  // namespace fumi::app
