#include "api/public/client_setup.h"

#include <doctest/doctest.h>

#include "base/ascii.h"
#include "service/testing/service_world.h"

namespace fumi::api {
namespace {

using http::Method;
using service::testing::ServiceWorld;

struct Asked {
  Method method = Method::get;
  std::string path;
  std::string host = "mx.fumi.example";
  std::string address;  // as a query, or in the body of a POST
};

struct Rig {
  Rig() {
    acme = w.tenant("acme.example");
    REQUIRE(w.call(w->tenancy.create_domain(acme, "claimed.example", service::Ownership::prove))
                .has_value());
    setup.add_routes(router);
  }
  http::Response ask(const Asked& asked) {
    http::RequestContext context;
    context.request.method = asked.method;
    context.request.path = asked.path;
    for (const std::string_view part : ascii::split(asked.path, '/'))
      if (!part.empty()) context.request.segments.emplace_back(part);
    context.request.headers.add("Host", asked.host);
    if (asked.method == Method::post) {
      context.request.body = asked.address;
    } else if (!asked.address.empty()) {
      context.request.query.push_back({"emailaddress", asked.address});
    }
    const http::RouteMatch match = router.find(asked.method, context.request.segments);
    REQUIRE(match.route != nullptr);
    return w.call(match.route->handler(context)).response;
  }
  ServiceWorld w;
  ClientSetup setup{w->routing, {"mx.fumi.example", 993, 465, 587, {}}};
  http::Router router;
  TenantScope acme;
};

const std::string kConfig = "/.well-known/autoconfig/mail/config-v1.1.xml";
const std::string kDiscover = "/autodiscover/autodiscover.xml";
const std::string kPolicy = "/.well-known/mta-sts.txt";

std::string outlook(const std::string& address) {
  return "<?xml version=\"1.0\"?><Autodiscover><Request><EMailAddress>" + address +
         "</EMailAddress></Request></Autodiscover>";
}

TEST_CASE("client setup: the same for every name of a domain, nothing for other domains") {
  Rig r;
  const http::Response known = r.ask({Method::get, kConfig, "mx.fumi.example", "a@acme.example"});
  CHECK(known.status == 200);
  CHECK(known.headers.value("Content-Type") == "application/xml; charset=utf-8");
  CHECK(known.body.contains("<emailProvider id=\"acme.example\">"));
  CHECK(known.body.contains("<hostname>mx.fumi.example</hostname>\n      <port>993</port>"));
  CHECK(known.body.contains("<hostname>mx.fumi.example</hostname>\n      <port>465</port>"));
  CHECK(known.body.contains("<username>%EMAILADDRESS%</username>"));
  CHECK(r.ask({Method::get, kConfig, "mx.fumi.example", "b@ACME.example"}).body == known.body);
  CHECK(r.ask({Method::get, "/mail/config-v1.1.xml", "autoconfig.acme.example:8080", ""}).body ==
        known.body);
  for (const Asked& asked : std::vector<Asked>{
           {Method::get, kConfig, "mx.fumi.example", "a@elsewhere.example"},
           {Method::get, kConfig, "mx.fumi.example", "a@claimed.example"},
           {Method::get, kConfig, "mx.fumi.example", "nonsense"},
           {Method::get, kConfig, "mx.fumi.example", ""},
           {Method::get, kConfig, "autoconfig.claimed.example", ""},
           {Method::get, kConfig, "autoconfig.", ""},
           {Method::post, kDiscover, "mx.fumi.example", outlook("a@claimed.example")},
           {Method::get, kPolicy, "mta-sts.claimed.example", ""},
           {Method::get, kPolicy, "acme.example", ""},
           {Method::get, kPolicy, "", ""}}) {
    CAPTURE(asked.path);
    CAPTURE(asked.host);
    CAPTURE(asked.address);
    CHECK(r.ask(asked).status == 404);
  }
  REQUIRE(r.w.call(r.w->tenancy.set_tenant_status({}, r.acme.tenant, TenantStatus::suspended))
              .has_value());
  CHECK(r.ask({Method::get, kConfig, "mx.fumi.example", "a@acme.example"}).status == 404);
}

TEST_CASE("client setup: Outlook's question, and what is none") {
  Rig r;
  const http::Response answer =
      r.ask({Method::post, kDiscover, "mx.fumi.example", outlook(" hanako@acme.example\n")});
  CHECK(answer.status == 200);
  CHECK(answer.body.contains("<Type>IMAP</Type>\n        <Server>mx.fumi.example</Server>"));
  CHECK(answer.body.contains("<LoginName>hanako@acme.example</LoginName>"));
  for (const std::string& body : {std::string(), std::string("<EMailAddress>"), outlook("nobody"),
                                  outlook("a&amp;b@acme.example"), outlook("<b>a</b>@acme.example"),
                                  outlook("a\r\n<x>@acme.example")}) {
    CAPTURE(body);
    CHECK(r.ask({Method::post, kDiscover, "mx.fumi.example", body}).status == 400);
  }
  // What may stand in an address can't leave its element.
  const auto quoted = autodiscover_address("<EMailAddress>\"a b\"@acme.example</EMailAddress>");
  REQUIRE(quoted.has_value());
  CHECK(r.ask({Method::post, kDiscover, "mx.fumi.example",
               "<EMailAddress>\"a b\"@acme.example</EMailAddress>"})
            .body.contains("<LoginName>&quot;a b&quot;@acme.example</LoginName>"));
}

TEST_CASE("client setup: the MTA-STS policy of a hosted domain (RFC 8461 §3.2)") {
  Rig r;
  const http::Response answer = r.ask({Method::get, kPolicy, "MTA-STS.acme.example", ""});
  CHECK(answer.status == 200);
  CHECK(answer.headers.value("Content-Type").starts_with("text/plain"));
  CHECK(answer.body ==
        "version: STSv1\r\nmode: enforce\r\nmx: mx.fumi.example\r\nmax_age: 604800\r\n");
}

TEST_CASE("client setup: a store that is away is no answer about a domain") {
  Rig r;
  r.w.faults.dead = true;
  CHECK(r.ask({Method::get, kConfig, "mx.fumi.example", "a@acme.example"}).status == 503);
  CHECK(r.ask({Method::post, kDiscover, "mx.fumi.example", outlook("a@acme.example")}).status ==
        503);
  CHECK(r.ask({Method::get, kPolicy, "mta-sts.acme.example", ""}).status == 503);
}

}  // namespace
}  // namespace fumi::api
