// Destinations: from a recipient's domain to the hosts that take its mail (RFC 5321 §5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "domain/ports/outbound.h"
#include "domain/ports/resolver.h"

namespace fumi::service {

// "*=127.0.0.1:2525", "example.net=mx.example.org", "example.net=[192.0.2.1]:26": mail for a domain
// ("*": every domain that no other route names) goes to that host instead of its MX.
struct StaticRoute {
  std::string domain;
  std::string host;  // name or IP
  std::uint16_t port = 25;

  [[nodiscard]] static Result<StaticRoute> parse(const std::string& text);
};

// Why a domain can't be delivered to, as an SMTP answer of our own making.
struct Unroutable {
  std::string answer;  // "550 5.1.2 ..." for good, "451 4.4.3 ..." for now
};

struct Destination {
  std::string site;             // domains with the same set of MX hosts share a site
  std::vector<MailHost> hosts;  // by preference; equal ones shuffled at each attempt
  std::uint16_t port = 25;
  std::optional<std::string> literal;  // an IP: no look-up needed
};

class Destinations {
 public:
  Destinations(MailResolver& resolver, std::vector<StaticRoute> routes, std::uint16_t port)
      : resolver_(resolver), routes_(std::move(routes)), port_(port) {}

  // `domain`: lower-case, or an address-literal "[192.0.2.1]" / "[IPv6:…]".
  Task<std::expected<Destination, Unroutable>> find(std::string domain);
  // The addresses of one of its hosts; empty: it has none.
  Task<Result<std::vector<OutboundHost>>> addresses(const Destination& destination, MailHost host);

 private:
  [[nodiscard]] const StaticRoute* route_of(const std::string& domain) const;

  MailResolver& resolver_;
  std::vector<StaticRoute> routes_;
  std::uint16_t port_;
};

}  // namespace fumi::service
