#include "server/http/poster.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "net/connector.h"
#include "net/dns.h"
#include "net/stream.h"

namespace fumi::http {
namespace {

constexpr auto kDoing = "posting to a push address";
constexpr std::size_t kAnswerOctetsMax = 16 * 1024;
constexpr std::size_t kReadOctets = 2 * 1024;
constexpr std::size_t kAddressesMax = 3;  // tried in one request
constexpr std::uint16_t kFreePort = 1024;

// RFC 6890 and its registries; what translates to IPv4 (RFC 6052, RFC 3056, RFC 4380) could lead
// anywhere.
constexpr std::array kSpecial{
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
    "::/96",         "64:ff9b::/96",    "64:ff9b:1::/48", "100::/64",       "2001::/23",
    "2001:db8::/32", "2002::/16",       "3fff::/20",      "5f00::/16",      "fc00::/7",
    "fe80::/10",     "fec0::/10",       "ff00::/8"};

const std::vector<IpNetwork>& special_networks() {
  static const std::vector<IpNetwork> networks = [] {
    std::vector<IpNetwork> made;
    for (const char* text : kSpecial)
      made.push_back(IpNetwork::parse(text).value());
    return made;
  }();
  return networks;
}

template <class Number>
std::optional<Number> number(std::string_view digits) {
  Number value{};
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || bad != std::errc() || end != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

bool is_url_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && !std::string_view("\"<>\\^`{|}#").contains(c);
  });
}

// "name", "name:port", "[v6]:port"; false: none of them.
bool read_authority(std::string_view text, PostTarget& target) {
  if (text.contains('@') || text.empty()) return false;
  target.authority = std::string(text);
  std::string_view port;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    target.host = std::string(text.substr(1, end - 1));
    port = text.substr(end + 1);
    const auto address = IpAddress::parse(target.host);
    if (!address || (!port.empty() && port.front() != ':')) return false;
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    target.host = ascii::to_lower(text.substr(0, colon));
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    if (colon != std::string_view::npos && port.empty()) return false;
    const bool good = std::ranges::all_of(
        target.host, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.'; });
    if (target.host.empty() || !good || !net::is_dns_name(target.host)) return false;
    // "127.1" and "2130706433" are addresses to some resolvers, and names to nobody.
    const std::size_t dot = target.host.find_last_of('.', target.host.size() - 2);
    const std::string_view last = std::string_view(target.host).substr(dot + 1);
    if (ascii::is_digit(last.front()) && !IpAddress::parse(target.host)) return false;
  }
  if (port.empty()) return true;
  const auto value = number<std::uint16_t>(port);
  if (!value || *value == 0) return false;
  target.port = *value;
  return true;
}

class NetPoster final : public Poster {
 public:
  NetPoster(net::DnsClient& dns, net::TlsClientContext& tls, PosterOptions options)
      : dns_(dns), tls_(tls), options_(options) {}

  Task<Result<PostAnswer>> post(PostRequest request) override {
    const auto target = parse_post_url(request.url, options_.targets);
    if (!target) co_return fail(Code::invalid, kDoing, "the URL is not one to be reached");
    Result<std::vector<IpAddress>> addresses = co_await resolve(*target);
    if (!addresses) co_return std::unexpected(std::move(addresses).error());
    Error last{Code::denied, kDoing, "no address of it is to be reached"};
    std::size_t tried = 0;
    for (const IpAddress& address : *addresses) {
      if (!may_connect(address, *target, options_.targets) || tried++ == kAddressesMax) continue;
      net::ConnectOptions options;
      options.timeout = options_.deadline;
      const Endpoint to = Endpoint::of(address, target->port);
      auto stream = co_await net::connect(to, std::move(options));
      if (stream) co_return co_await talk(std::move(*stream), *target, std::move(request));
      last = std::move(stream).error();
      if (last.code == Code::cancelled) break;
    }
    co_return std::unexpected(std::move(last));
  }

 private:
  Task<Result<std::vector<IpAddress>>> resolve(const PostTarget& target) {
    if (const auto literal = IpAddress::parse(target.host))
      co_return std::vector<IpAddress>{*literal};
    auto found = co_await dns_.addresses(target.host);
    if (!found) co_return std::unexpected(std::move(found).error());
    if (found->status != net::DnsStatus::ok)
      co_return fail(Code::unavailable, kDoing, "the name has no address");
    co_return std::move(found->records);
  }

  Task<Result<PostAnswer>> talk(std::unique_ptr<net::Stream> stream, PostTarget target,
                                PostRequest request) {
    stream->set_deadline(options_.deadline);
    if (target.scheme == PostTarget::Scheme::https) {
      net::TlsClientOptions options;
      options.server_name = target.host;
      options.verify = net::TlsVerify::pkix;
      const Status shaken = co_await stream->start_tls_client(tls_, std::move(options));
      if (!shaken) co_return std::unexpected(shaken.error());
    }
    std::string head =
        "POST " + target.path + " HTTP/1.1\r\nHost: " + target.authority +
        "\r\nConnection: close\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    for (const auto& [name, value] : request.headers)
      head += name + ": " + value + "\r\n";
    head += "\r\n";
    const Status sent = co_await stream->write_all(head, request.body);
    if (!sent) co_return std::unexpected(sent.error());
    std::string seen;
    std::string room(kReadOctets, '\0');
    for (;;) {
      const std::span<char> into(room);
      const Result<std::size_t> got = co_await stream->read_some(into);
      if (!got) co_return std::unexpected(got.error());
      if (*got == 0) co_return fail(Code::peer_gone, kDoing, "no answer");
      seen.append(room, 0, *got);
      Result<std::optional<PostAnswer>> answer = read_post_answer(seen);
      if (!answer) co_return std::unexpected(std::move(answer).error());
      if (*answer) co_return **answer;
      if (seen.size() > kAnswerOctetsMax) co_return fail(Code::too_large, kDoing, "its header");
    }
  }

  net::DnsClient& dns_;
  net::TlsClientContext& tls_;
  PosterOptions options_;
};

}  // namespace

std::optional<PostTarget> parse_post_url(std::string_view url, Targets targets) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  if (url.size() > kPostUrlOctetsMax || !is_url_text(url)) return std::nullopt;
  PostTarget target;
  if (ascii::istarts_with(url, kHttps)) {
    url.remove_prefix(kHttps.size());
  } else if (ascii::istarts_with(url, kHttp) && targets == Targets::loopback_http) {
    url.remove_prefix(kHttp.size());
    target.scheme = PostTarget::Scheme::http;
    target.port = 80;
  } else {
    return std::nullopt;
  }
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  if (!read_authority(url.substr(0, end), target)) return std::nullopt;
  target.path = std::string(url.substr(end));
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  if (targets == Targets::public_only && target.port != 443 && target.port < kFreePort)
    return std::nullopt;
  if (const auto literal = IpAddress::parse(target.host))
    if (!may_connect(*literal, target, targets)) return std::nullopt;
  return target;
}

bool is_public(const IpAddress& address) {
  return std::ranges::none_of(special_networks(),
                              [&](const IpNetwork& network) { return network.contains(address); });
}

bool may_connect(const IpAddress& address, const PostTarget& target, Targets targets) {
  if (target.scheme == PostTarget::Scheme::http && !address.is_loopback()) return false;
  return targets != Targets::public_only || is_public(address);
}

Result<std::optional<PostAnswer>> read_post_answer(std::string_view bytes) {
  for (;;) {
    constexpr std::string_view kVersion = "HTTP/1.";
    const std::string_view begin = bytes.substr(0, kVersion.size());
    if (!kVersion.starts_with(begin)) return fail(Code::invalid, kDoing, "no HTTP answer");
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view head = bytes.substr(0, end);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const auto status =
        line.size() >= 12 && line[8] == ' ' ? number<int>(line.substr(9, 3)) : std::nullopt;
    const bool whole = status && *status >= 100 && (line.size() == 12 || line[12] == ' ');
    if (!whole) return fail(Code::invalid, kDoing, "no status");
    if (*status < 200) {
      bytes.remove_prefix(end + 4);
      continue;
    }
    PostAnswer answer;
    answer.status = *status;
    for (const std::string_view field : ascii::split(head.substr(line.size()), '\n')) {
      constexpr std::string_view kName = "retry-after:";
      if (!ascii::istarts_with(field, kName)) continue;
      const auto seconds = number<std::uint32_t>(ascii::trim(field.substr(kName.size())));
      if (seconds) answer.retry_after = std::chrono::seconds(*seconds);
    }
    return answer;
  }
}

std::unique_ptr<Poster> make_poster(net::DnsClient& dns, net::TlsClientContext& tls,
                                    PosterOptions options) {
  return std::make_unique<NetPoster>(dns, tls, options);
}

}  // namespace fumi::http
