#include "app/cli/http_client.h"

#include <curl/curl.h>

#include <memory>

namespace fumi::app {
namespace {

struct Receiving {
  CURL* curl = nullptr;
  const HttpCall* call = nullptr;
  HttpAnswer answer;
  Status sunk;
  bool too_large = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t count, void* target) {
  auto& receiving = *static_cast<Receiving*>(target);
  const std::string_view bytes(data, count);
  long status = 0;
  curl_easy_getinfo(receiving.curl, CURLINFO_RESPONSE_CODE, &status);
  if (receiving.call->sink && status == 200) {
    receiving.sunk = receiving.call->sink(bytes);
    return receiving.sunk ? count : 0;
  }
  if (receiving.answer.body.size() + count > HttpClient::kAnswerOctetsMax) {
    receiving.too_large = true;
    return 0;
  }
  receiving.answer.body += bytes;
  return count;
}

Code code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Code::timeout;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return Code::peer_gone;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Code::invalid;
    default:
      return Code::unavailable;
  }
}

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

void add_header(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

}  // namespace

Result<HttpAnswer> HttpClient::send(const HttpCall& call) const {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, FreeCurl> curl(ready == CURLE_OK ? curl_easy_init() : nullptr);
  if (!curl) return fail(Code::internal, "calling the server", "libcurl could not start");
  Headers headers;
  add_header(headers, "Authorization: Bearer " + std::string(token_.reveal()));
  add_header(headers, "Accept: application/json");
  add_header(headers, "Expect:");
  if (!call.body.empty()) add_header(headers, "Content-Type: " + call.type);
  Receiving receiving;
  receiving.curl = curl.get();
  receiving.call = &call;
  char reason[CURL_ERROR_SIZE] = "";
  const std::string url = base_url_ + call.path;
  CURL* const c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_USERAGENT, "fumi");
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &receiving);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 10L);
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(call.most).count();
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, long(call.sink ? 0 : most));
  if (!call.body.empty() || call.method == "POST") {
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(call.body.size()));
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, call.body.c_str());
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  const CURLcode done = curl_easy_perform(c);
  if (!receiving.sunk) return std::unexpected(receiving.sunk.error());
  if (receiving.too_large)
    return fail(Code::too_large, "calling the server", "its answer is too large");
  if (done != CURLE_OK) {
    const std::string why = reason[0] != '\0' ? reason : curl_easy_strerror(done);
    return fail(code_of(done), "calling " + base_url_, why);
  }
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  receiving.answer.status = int(status);
  return std::move(receiving.answer);
}

}  // namespace fumi::app
