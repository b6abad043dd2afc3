#include "service/tenancy/domain_check.h"

#include <algorithm>

#include "base/ascii.h"
#include "crypto/random.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr int kUnknownMax = 2;
constexpr std::size_t kNoteOctetsMax = 500;

Result<MailDomain> require_domain(Tx& tx, const std::string& name) {
  const auto normal = normalize_domain(name);
  if (!normal) return fail(Code::invalid, "looking up a domain", "that is no domain name");
  FUMI_TRY(auto domain, tx.directory().domain_by_name(*normal));
  if (!domain) return fail(Code::not_found, "looking up a domain", "there is no domain " + name);
  return std::move(*domain);
}

bool is_note(std::string_view text) {
  if (text.empty() || text.size() > kNoteOctetsMax) return false;
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

struct DomainCheck::Known {
  MailDomain domain;
  std::vector<DkimKey> keys;
};

std::string make_challenge() {
  return "fumi-verification=" + ascii::to_hex(crypto::random_bytes(16));
}

const char* to_string(DomainState state) {
  constexpr const char* kNames[] = {"pending", "verified", "failed"};
  return kNames[static_cast<int>(state)];
}

Task<Result<DomainCheck::Known>> DomainCheck::known(TenantScope scope, std::string domain) {
  auto work = [&](Tx& tx) -> Result<Known> {
    Known known;
    FUMI_TRY(known.domain, require_domain(tx, domain));
    FUMI_TRY(known.keys, tx.directory().dkim_keys(known.domain.id));
    return known;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<std::vector<WantedRecord>>> DomainCheck::wanted(TenantScope scope, std::string domain) {
  Result<Known> found = co_await known(scope, std::move(domain));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return wanted_records(found->domain, found->keys, host_);
}

Task<Result<DomainReport>> DomainCheck::check(TenantScope scope, std::string domain) {
  Result<Known> found = co_await known(scope, std::move(domain));
  if (!found) co_return std::unexpected(std::move(found).error());
  DomainReport report;
  report.domain = found->domain;
  int unknown = 0;
  for (WantedRecord& record : wanted_records(found->domain, found->keys, host_)) {
    if (unknown >= kUnknownMax) {
      report.findings.push_back(unread_record(std::move(record)));
      continue;
    }
    std::string name = record.name;
    Result<DnsValues> values = co_await dns_.read(std::move(name), record.kind);
    if (values) {
      report.findings.push_back(judge_record(std::move(record), *values));
      continue;
    }
    if (values.error().code == Code::cancelled) co_return std::unexpected(values.error());
    ++unknown;
    report.findings.push_back(unread_record(std::move(record)));
  }
  co_return report;
}

Task<Result<MailDomain>> DomainCheck::verify(TenantScope scope, std::string domain) {
  Result<Known> found = co_await known(scope, std::move(domain));
  if (!found) co_return std::unexpected(std::move(found).error());
  MailDomain before = std::move(found->domain);
  if (before.state == DomainState::verified || before.challenge.empty()) co_return before;
  std::string name = kChallengeLabel + before.name;
  Result<DnsValues> values = co_await dns_.read(std::move(name), DnsKind::txt);
  if (!values) co_return std::unexpected(std::move(values).error());
  const bool proven = std::ranges::find(values->values, before.challenge) != values->values.end();
  const DomainState state = proven ? DomainState::verified : DomainState::failed;
  co_return co_await decide(scope, std::move(before), state, "");
}

Task<Result<MailDomain>> DomainCheck::vouch(TenantScope scope, std::string domain,
                                            std::string note) {
  if (!is_note(note)) {
    co_return fail(Code::invalid, "vouching for a domain",
                   "give a note of 1 to 500 octets that says why");
  }
  Result<Known> found = co_await known(scope, std::move(domain));
  if (!found) co_return std::unexpected(std::move(found).error());
  MailDomain before = std::move(found->domain);
  co_return co_await decide(scope, std::move(before), DomainState::verified, std::move(note));
}

// Writes what was found out about `before`, unless it has become another since.
Task<Result<MailDomain>> DomainCheck::decide(TenantScope scope, MailDomain before,
                                             DomainState state, std::string note) {
  auto work = [&](Tx& tx) -> Result<MailDomain> {
    FUMI_TRY(MailDomain now, require_domain(tx, before.name));
    if (now.id != before.id || now.challenge != before.challenge || now.state != before.state) {
      return fail(Code::conflict, "verifying a domain", "it was changed meanwhile; try again");
    }
    now.state = state;
    now.checked = clock_.now();
    FUMI_CHECK(tx.directory().set_domain_state(now));
    FUMI_CHECK(tx.records().append(operation(
        scope.actor, now.checked, note.empty() ? "domain.verify" : "domain.vouch", now.name,
        {{"before", to_string(before.state)}, {"after", to_string(now.state)}, {"note", note}})));
    return now;
  };
  Result<MailDomain> done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

}  // namespace fumi::service
