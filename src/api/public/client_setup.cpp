#include "api/public/client_setup.h"

#include "base/ascii.h"
#include "domain/address.h"

namespace fumi::api {
namespace {

constexpr const char* kXml = "application/xml; charset=utf-8";
constexpr std::uint64_t kAutodiscoverOctetsMax = 16U * 1024;
constexpr std::string_view kAutoconfigHost = "autoconfig.";
constexpr std::string_view kMtaStsHost = "mta-sts.";

http::Response nothing() { return http::plain_problem(404, "no such domain here"); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// The host that was asked, without its port.
std::string host_of(const http::Request& request) {
  const std::string_view host = request.headers.value("Host");
  return ascii::to_lower(host.substr(0, host.find(':')));
}

// "autoconfig.acme.example" asks for acme.example.
std::optional<std::string> domain_below(const std::string& host, std::string_view label) {
  if (!host.starts_with(label)) return std::nullopt;
  return normalize_domain(std::string_view(host).substr(label.size()));
}

std::string server_xml(const char* direction, const char* type, const std::string& host,
                       std::uint16_t port) {
  return std::string("    <") + direction + " type=\"" + type + "\">\n      <hostname>" + host +
         "</hostname>\n      <port>" + std::to_string(port) +
         "</port>\n      <socketType>SSL</socketType>\n"
         "      <authentication>password-cleartext</authentication>\n"
         "      <username>%EMAILADDRESS%</username>\n    </" +
         direction + ">\n";
}

std::string autoconfig_xml(const std::string& domain, const service::MailHostFacts& facts) {
  const std::string host = escaped(facts.hostname);
  const std::string name = escaped(domain);
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n"
      "  <emailProvider id=\"" +
      name + "\">\n    <domain>" + name + "</domain>\n    <displayName>" + name +
      "</displayName>\n    <displayShortName>" + name + "</displayShortName>\n";
  if (facts.imaps != 0) out += server_xml("incomingServer", "imap", host, facts.imaps);
  if (facts.submissions != 0) out += server_xml("outgoingServer", "smtp", host, facts.submissions);
  return out + "  </emailProvider>\n</clientConfig>\n";
}

std::string protocol_xml(const char* type, const std::string& host, std::uint16_t port,
                         const std::string& address) {
  return std::string("      <Protocol>\n        <Type>") + type + "</Type>\n        <Server>" +
         host + "</Server>\n        <Port>" + std::to_string(port) +
         "</Port>\n        <LoginName>" + address +
         "</LoginName>\n        <DomainRequired>off</DomainRequired>\n        <SPA>off</SPA>\n"
         "        <SSL>on</SSL>\n        <AuthRequired>on</AuthRequired>\n      </Protocol>\n";
}

std::string autodiscover_xml(const std::string& address, const service::MailHostFacts& facts) {
  const std::string host = escaped(facts.hostname);
  const std::string login = escaped(address);
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/"
      "responseschema/2006\">\n"
      "  <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
      "responseschema/2006a\">\n    <Account>\n      <AccountType>email</AccountType>\n"
      "      <Action>settings</Action>\n";
  if (facts.imaps != 0) out += protocol_xml("IMAP", host, facts.imaps, login);
  if (facts.submissions != 0) out += protocol_xml("SMTP", host, facts.submissions, login);
  return out + "    </Account>\n  </Response>\n</Autodiscover>\n";
}

}  // namespace

std::optional<std::string> autodiscover_address(std::string_view xml) {
  constexpr std::string_view kOpen = "<EMailAddress>";
  const std::size_t at = xml.find(kOpen);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = xml.substr(at + kOpen.size());
  const std::string_view text = ascii::trim(rest.substr(0, rest.find('<')));
  // An entity would have to be resolved first: no address of ours needs one.
  if (text.find('&') != std::string_view::npos) return std::nullopt;
  const auto address = EmailAddress::parse(text);
  return address ? std::optional(address->text()) : std::nullopt;
}

void ClientSetup::add_routes(http::Router& router) {
  using http::Method;
  const auto config = [this](http::RequestContext& context) { return autoconfig(context); };
  router.add(Method::get, "/.well-known/autoconfig/mail/config-v1.1.xml", config);
  router.add(Method::get, "/mail/config-v1.1.xml", config);
  http::RouteOptions options;
  options.body_octets_max = kAutodiscoverOctetsMax;
  const auto discover = [this](http::RequestContext& context) { return autodiscover(context); };
  router.add(Method::post, "/autodiscover/autodiscover.xml", discover, options);
  router.add(Method::post, "/Autodiscover/Autodiscover.xml", discover, options);
  router.add(Method::get, "/.well-known/mta-sts.txt",
             [this](http::RequestContext& context) { return mta_sts(context); });
}

Task<Result<bool>> ClientSetup::is_ours(std::string domain) {
  auto owner = co_await routing_.owner(std::move(domain));
  if (!owner) co_return std::unexpected(std::move(owner).error());
  co_return *owner && (*owner)->state == DomainState::verified &&
      (*owner)->status == TenantStatus::active;
}

Task<http::Reply> ClientSetup::autoconfig(http::RequestContext& context) {
  const auto address = context.request.parameter("emailaddress");
  std::optional<std::string> domain;
  if (address) {
    const auto parsed = EmailAddress::parse(*address);
    if (parsed) domain = normalize_domain(parsed->domain);
  } else {
    domain = domain_below(host_of(context.request), kAutoconfigHost);
  }
  if (!domain) co_return nothing();
  Result<bool> ours = co_await is_ours(*domain);
  if (!ours) co_return http::plain_problem(503, "the store does not answer");
  if (!*ours) co_return nothing();
  co_return http::text_response(200, autoconfig_xml(*domain, host_), kXml);
}

Task<http::Reply> ClientSetup::autodiscover(http::RequestContext& context) {
  const auto address = autodiscover_address(context.request.body);
  if (!address) co_return http::plain_problem(400, "the body names no EMailAddress");
  const auto domain = normalize_domain(std::string_view(*address).substr(address->rfind('@') + 1));
  if (!domain) co_return nothing();
  Result<bool> ours = co_await is_ours(*domain);
  if (!ours) co_return http::plain_problem(503, "the store does not answer");
  if (!*ours) co_return nothing();
  co_return http::text_response(200, autodiscover_xml(*address, host_), kXml);
}

// RFC 8461 §3.2. Enforced at once: who publishes _mta-sts has been told to by `fumi domain check`,
// and a policy that only tests protects nobody.
Task<http::Reply> ClientSetup::mta_sts(http::RequestContext& context) {
  const auto domain = domain_below(host_of(context.request), kMtaStsHost);
  if (!domain) co_return nothing();
  Result<bool> ours = co_await is_ours(*domain);
  if (!ours) co_return http::plain_problem(503, "the store does not answer");
  if (!*ours) co_return nothing();
  const std::string policy =
      "version: STSv1\r\nmode: enforce\r\nmx: " + host_.hostname + "\r\nmax_age: 604800\r\n";
  co_return http::text_response(200, policy, "text/plain; charset=utf-8");
}

}  // namespace fumi::api
