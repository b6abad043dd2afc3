#include "server/http/options.h"

#include "config/schema.h"

namespace fumi::http {

void describe(config::Schema<HttpOptions>& s) {
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&HttpOptions::idle_timeout, "http.idle_timeout", seconds(75))
      .range(seconds(1), minutes(60))
      .doc("How long a connection may wait between two requests.");
  s.option(&HttpOptions::header_timeout, "http.header_timeout", seconds(20))
      .range(seconds(1), minutes(10))
      .doc("From a request's first octet to the end of its header.");
  s.option(&HttpOptions::body_timeout, "http.body_timeout", minutes(2))
      .range(seconds(1), minutes(60))
      .doc("From the end of a request's header to the end of its body.");
  s.option(&HttpOptions::write_timeout, "http.write_timeout", minutes(2))
      .range(seconds(1), minutes(60))
      .doc("How long a client may take a response, or one piece of a streamed one.");
  s.option(&HttpOptions::requests_per_connection_max, "http.requests_per_connection_max", 10'000)
      .range(1, 1'000'000)
      .doc("After so many requests a connection is closed, so that load balancers can spread.");
  s.choice(&HttpOptions::access_log, "http.access_log", AccessLog::on,
           {{"off", AccessLog::off}, {"on", AccessLog::on}})
      .doc("One log line for each request: method, path, status, time; never queries or bodies.");
}

}  // namespace fumi::http
