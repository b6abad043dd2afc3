// Poster: POST requests to addresses that strangers gave us (RFC 8620 §7.2): safely, and never
// anything but an answer's status.
//
// A request goes to https and to public addresses only, unless its Targets say otherwise: the name
// is resolved, every address is judged, and the connection goes to the address that was judged, so
// that a name can't point elsewhere a moment later. Redirections are not followed. What the other
// side may send is bounded, in octets and in time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace fumi::net {
class DnsClient;
class TlsClientContext;
}  // namespace fumi::net

namespace fumi::http {

// Where requests may go.
enum class Targets : std::uint8_t {
  public_only,    // https, public addresses, port 443 or from 1024 on
  private_too,    // https, to any address and port: push services inside a company
  loopback_http,  // as private_too, and http to loopback addresses: tests
};

struct PostTarget {
  enum class Scheme : std::uint8_t { https, http } scheme = Scheme::https;
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 443;
  std::string authority;  // for Host
  std::string path;       // with the query
};
inline constexpr std::size_t kPostUrlOctetsMax = 2'048;
// "https://host[:port]/path?query" (RFC 3986 §3, in ASCII). nullopt: another scheme, user
// information, a fragment, or what these targets exclude by the URL alone.
[[nodiscard]] std::optional<PostTarget> parse_post_url(std::string_view url, Targets targets);

// Whether an address is one of the public Internet's: none of RFC 6890's special ones, nor one that
// holds an IPv4 address inside.
[[nodiscard]] bool is_public(const IpAddress& address);
[[nodiscard]] bool may_connect(const IpAddress& address, const PostTarget& target, Targets targets);

struct PostRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // beside Host, Content-Length
  std::string body;
};
struct PostAnswer {
  int status = 0;
  std::optional<Duration> retry_after;  // in seconds; dates are not read
};

// The final status line and Retry-After of an answer as far as it has come; interim answers (1xx)
// are passed over. nullopt: more is needed; invalid: it is no HTTP answer.
[[nodiscard]] Result<std::optional<PostAnswer>> read_post_answer(std::string_view bytes);

class Poster {
 public:
  virtual ~Poster() = default;
  // Errors: invalid (the URL), denied (an address that is not to be reached, or a certificate),
  // unavailable, timeout, peer_gone, cancelled.
  virtual Task<Result<PostAnswer>> post(PostRequest request) = 0;
};

struct PosterOptions {
  Targets targets = Targets::public_only;
  Duration deadline = std::chrono::seconds(20);  // of a whole request
};

// One connection a request. Runs on the caller's executor; `dns` and `tls` must outlive it.
[[nodiscard]] std::unique_ptr<Poster> make_poster(net::DnsClient& dns, net::TlsClientContext& tls,
                                                  PosterOptions options);

}  // namespace fumi::http
