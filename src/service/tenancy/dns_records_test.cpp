// What is to be published, and what is said of what is.
#include "service/tenancy/dns_records.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace fumi::service {
namespace {

MailDomain domain() {
  MailDomain one{DomainId(1), TenantId(1), "acme.example", from_micros(0)};
  one.state = DomainState::pending;
  one.challenge = "fumi-verification=00ff";
  return one;
}

std::vector<WantedRecord> all_wanted() {
  DkimKey key;
  key.selector = "rsa1";
  key.dns_record = "v=DKIM1; k=rsa; p=AAAABBBB";
  return wanted_records(domain(), {key}, {"mx.fumi.example", 993, 465, 0, {"3 1 1 ab"}});
}

WantedRecord wanted(const std::string& purpose) {
  for (const WantedRecord& record : all_wanted())
    if (record.purpose == purpose) return record;
  FAIL(purpose);
  return {};
}

TEST_CASE("dns records: everything a domain needs, under the right names") {
  std::vector<std::string> lines;
  for (const WantedRecord& record : all_wanted())
    lines.push_back(record.name + " " + to_string(record.kind) + " " + record.value);
  CHECK(lines[0] == "_fumi-challenge.acme.example TXT fumi-verification=00ff");
  CHECK(lines[1] == "acme.example MX 10 mx.fumi.example");
  CHECK(lines[2] == "acme.example TXT v=spf1 mx -all");
  CHECK(lines[3] == "rsa1._domainkey.acme.example TXT v=DKIM1; k=rsa; p=AAAABBBB");
  const auto has = [&](const std::string& line) {
    return std::ranges::find(lines, line) != lines.end();
  };
  CHECK(has("_dmarc.acme.example TXT v=DMARC1; p=none; rua=mailto:postmaster@acme.example"));
  CHECK(has("mta-sts.acme.example CNAME mx.fumi.example"));
  CHECK(has("_smtp._tls.acme.example TXT v=TLSRPTv1; rua=mailto:postmaster@acme.example"));
  CHECK(has("_25._tcp.mx.fumi.example TLSA 3 1 1 ab"));
  CHECK(has("autoconfig.acme.example CNAME mx.fumi.example"));
  CHECK(has("_autodiscover._tcp.acme.example SRV 0 0 443 mx.fumi.example"));
  CHECK(has("_imaps._tcp.acme.example SRV 0 1 993 mx.fumi.example"));
  CHECK(has("_submissions._tcp.acme.example SRV 0 1 465 mx.fumi.example"));
  // A port that is not open is not announced; a verified domain has nothing to prove.
  for (const std::string& line : lines)
    CHECK_FALSE(line.starts_with("_submission._tcp."));
  MailDomain verified = domain();
  verified.state = DomainState::verified;
  CHECK(wanted_records(verified, {}, {"mx.fumi.example", 0, 0, 0, {}})[0].purpose == "mx");
}

struct Case {
  const char* purpose;
  std::vector<std::string> published;
  RecordState state;
};

TEST_CASE("dns records: good, missing, wrong, or to be looked at") {
  using enum RecordState;
  const std::string id = wanted("mta-sts").value;
  const std::vector<Case> cases{
      {"ownership", {}, missing},
      {"ownership", {"something else"}, wrong},
      {"ownership", {"something else", "fumi-verification=00ff"}, good},
      {"mx", {}, missing},
      {"mx", {"10 mx.fumi.example"}, good},
      {"mx", {"20 MX.fumi.example", "30 backup.example"}, good},
      {"mx", {"20 mx.fumi.example", "10 old.example"}, differs},
      {"mx", {"10 old.example"}, wrong},
      {"mx", {"0 "}, wrong},  // the null MX (RFC 7505)
      {"mx", {"nonsense"}, wrong},
      {"spf", {"google-site-verification=x"}, missing},
      {"spf", {"v=spf1 mx -all"}, good},
      {"spf", {"V=SPF1 include:other.example MX ~all", "other text"}, good},
      {"spf", {"v=spf1 ip4:192.0.2.1 -all"}, differs},
      {"spf", {"v=spf1 mx -all", "v=spf1 -all"}, wrong},
      {"spf", {"v=spf1 mx +all"}, wrong},
      {"spf", {"v=spf1 mx all"}, wrong},
      {"spf", {"v=spf10 mx -all"}, missing},
      {"dkim", {"v=DKIM1; k=rsa; p=AAAA BBBB"}, good},
      {"dkim", {"v=DKIM1; k=rsa; p=CCCC"}, wrong},
      {"dkim", {"v=DKIM1; k=rsa; p="}, wrong},
      {"dmarc", {"v=DMARC1; p=reject"}, good},
      {"dmarc", {"v=DMARC1; p=none"}, good},
      {"dmarc", {"v=DMARC1; rua=mailto:x@acme.example"}, wrong},
      {"dmarc", {"v=DMARC1; p=none", "v=DMARC1; p=reject"}, wrong},
      {"dmarc", {"text"}, missing},
      {"mta-sts", {id}, good},
      {"mta-sts", {"v=STSv1; id=2026"}, good},
      {"mta-sts", {"v=STSv1"}, wrong},
      {"mta-sts-host", {"mx.fumi.example"}, good},
      {"mta-sts-host", {"elsewhere.example"}, wrong},
      {"tls-rpt", {"v=TLSRPTv1; rua=mailto:x@acme.example"}, good},
      {"tls-rpt", {"v=TLSRPTv1"}, wrong},
      {"autodiscover", {"5 5 443 mx.fumi.example"}, good},
      {"autodiscover", {"0 0 8443 mx.fumi.example"}, wrong},
      {"autodiscover", {"nonsense"}, wrong},
      {"srv", {"0 1 993 mx.fumi.example"}, good},
      {"srv", {"0 0 0 "}, wrong},
  };
  for (const Case& one : cases) {
    CAPTURE(one.purpose);
    CAPTURE(one.published.empty() ? std::string() : one.published[0]);
    const RecordFinding finding = judge_record(wanted(one.purpose), {one.published, false});
    CHECK(to_string(finding.state) == std::string(to_string(one.state)));
    CHECK(finding.published == one.published);
    CHECK_FALSE(finding.english.empty());
    CHECK_FALSE(finding.japanese.empty());
  }
}

TEST_CASE("dns records: DANE counts in a signed zone only") {
  const WantedRecord tlsa = wanted("tlsa");
  CHECK(judge_record(tlsa, {{"3 1 1 ab"}, true}).state == RecordState::good);
  CHECK(judge_record(tlsa, {{"3 1 1 ab"}, false}).state == RecordState::differs);
  CHECK(judge_record(tlsa, {{"3 1 1 cd"}, true}).state == RecordState::wrong);
  CHECK(judge_record(tlsa, {{}, true}).state == RecordState::missing);
  CHECK(unread_record(tlsa).state == RecordState::unknown);
}

TEST_CASE("dns records: what a stranger publishes is told within limits") {
  const std::vector<std::string> many(5000, "x");
  CHECK(judge_record(wanted("spf"), {many, false}).published.size() == 20);
}

}  // namespace
}  // namespace fumi::service
