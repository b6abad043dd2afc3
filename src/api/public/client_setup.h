// Documents by which mail programs set themselves up, and by which senders know that we speak TLS.
//
//   GET  /.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=hanako@acme.example
//   GET  /mail/config-v1.1.xml            the same, as asked of autoconfig.<domain>
//   POST /autodiscover/autodiscover.xml   Outlook: the address stands in the body
//   GET  /.well-known/mta-sts.txt         of Host: mta-sts.<domain> (RFC 8461 §3.3)
//
// Nobody logs in for these: answers depend on the domain alone. 404: not a verified domain of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http/router.h"
#include "service/tenancy/dns_records.h"
#include "service/tenancy/routing.h"

namespace fumi::api {

class ClientSetup {
 public:
  ClientSetup(service::Routing& routing, service::MailHostFacts host)
      : routing_(routing), host_(std::move(host)) {}

  // The object must outlive the router.
  void add_routes(http::Router& router);

 private:
  Task<http::Reply> autoconfig(http::RequestContext& context);
  Task<http::Reply> autodiscover(http::RequestContext& context);
  Task<http::Reply> mta_sts(http::RequestContext& context);
  Task<Result<bool>> is_ours(std::string domain);

  service::Routing& routing_;
  service::MailHostFacts host_;
};

// The text of the first <EMailAddress> element, if it is an address. `xml` is a stranger's: this
// looks for one element and builds nothing from the rest. Linear.
[[nodiscard]] std::optional<std::string> autodiscover_address(std::string_view xml);

}  // namespace fumi::api
