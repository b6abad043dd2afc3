#include "service/deliver/routes.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/ip.h"

namespace fumi::service {
namespace {

bool is_ip(const std::string& text) { return IpAddress::parse(text).has_value(); }

}  // namespace

Result<StaticRoute> StaticRoute::parse(const std::string& text) {
  const std::size_t equals = text.find('=');
  const auto wrong = [&text](const char* why) {
    return fail(Code::invalid, "reading the route \"" + text + "\"", why);
  };
  if (equals == std::string::npos || equals == 0)
    return wrong("it takes the form domain=host:port");
  StaticRoute route;
  route.domain = ascii::to_lower(text.substr(0, equals));
  std::string_view rest = std::string_view(text).substr(equals + 1);
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return wrong("the bracket is not closed");
    route.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return wrong("after ] only :port may follow");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const std::size_t colon = rest.rfind(':');
    route.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (route.host.empty()) return wrong("the host is missing");
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), route.port);
    if (error != std::errc{} || end != port.data() + port.size() || route.port == 0) {
      return wrong("the port is a number from 1 to 65535");
    }
  }
  return route;
}

const StaticRoute* Destinations::route_of(const std::string& domain) const {
  const StaticRoute* any = nullptr;
  for (const StaticRoute& route : routes_) {
    if (route.domain == domain) return &route;
    if (route.domain == "*") any = &route;
  }
  return any;
}

Task<std::expected<Destination, Unroutable>> Destinations::find(std::string domain) {
  Destination destination;
  destination.port = port_;
  if (const StaticRoute* route = route_of(domain)) {
    destination.site = route->host + ":" + std::to_string(route->port);
    destination.hosts = {MailHost{0, route->host}};
    destination.port = route->port;
    if (is_ip(route->host)) destination.literal = route->host;
    co_return destination;
  }
  if (domain.starts_with('[') && domain.ends_with(']')) {
    std::string ip = domain.substr(1, domain.size() - 2);
    if (ascii::istarts_with(ip, "ipv6:")) ip.erase(0, 5);
    if (!is_ip(ip)) {
      co_return std::unexpected(Unroutable{"550 5.1.3 The address literal is no IP address"});
    }
    destination.site = domain;
    destination.hosts = {MailHost{0, ip}};
    destination.literal = std::move(ip);
    co_return destination;
  }
  Result<MxAnswer> mx = co_await resolver_.mx(domain);
  if (!mx) {
    co_return std::unexpected(Unroutable{"451 4.4.3 The name servers of " + domain +
                                         " gave no usable answer (" + mx.error().detail + ")"});
  }
  if (mx->null_mx) {
    co_return std::unexpected(Unroutable{"556 5.1.10 " + domain + " takes no mail (null MX)"});
  }
  if (mx->no_such_domain) {
    co_return std::unexpected(Unroutable{"550 5.1.2 The domain " + domain + " does not exist"});
  }
  destination.hosts = std::move(mx->hosts);
  if (destination.hosts.empty()) {
    // RFC 5321 §5.1: without MX records the domain itself is its mail host.
    destination.hosts = {MailHost{0, domain}};
  }
  std::vector<std::string> names;
  for (MailHost& host : destination.hosts) {
    host.name = ascii::to_lower(host.name);
    if (host.name.ends_with('.')) host.name.pop_back();
    names.push_back(host.name);
  }
  std::ranges::sort(names);
  for (const std::string& name : names)
    destination.site += name + ",";
  std::ranges::sort(destination.hosts, {}, &MailHost::preference);
  co_return destination;
}

Task<Result<std::vector<OutboundHost>>> Destinations::addresses(const Destination& destination,
                                                                MailHost host) {
  std::vector<OutboundHost> found;
  if (destination.literal) {
    found.push_back({"[" + *destination.literal + "]", *destination.literal, destination.port});
    co_return found;
  }
  Result<AddressAnswer> answer = co_await resolver_.addresses(host.name);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  for (std::string& address : answer->addresses) {
    found.push_back({host.name, std::move(address), destination.port});
  }
  co_return found;
}

}  // namespace fumi::service
