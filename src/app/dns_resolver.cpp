#include "app/dns_resolver.h"

namespace fumi::app {
namespace {

// SERVFAIL, a bogus answer and a timeout all mean: ask again later (RFC 5321 §5.1).
template <class T>
std::optional<Error> temporary(const net::DnsRecords<T>& answer, const char* doing) {
  if (answer.status == net::DnsStatus::timeout) {
    return Error{Code::timeout, doing, "the name servers did not answer in time"};
  }
  if (answer.status == net::DnsStatus::servfail) {
    return Error{Code::unavailable, doing, answer.why.empty() ? "server failure" : answer.why};
  }
  return std::nullopt;
}

}  // namespace

Task<Result<MxAnswer>> DnsResolver::mx(std::string domain) {
  Result<net::DnsRecords<net::MxRecord>> answer = co_await dns_.mx(domain);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (auto error = temporary(*answer, "looking up MX"))
    co_return std::unexpected(std::move(*error));
  MxAnswer result;
  result.no_such_domain = answer->status == net::DnsStatus::nxdomain;
  result.secure = answer->security == net::DnsSecurity::secure;
  result.null_mx = answer->records.size() == 1 && answer->records.front().host.empty();
  if (!result.null_mx) {
    for (net::MxRecord& record : answer->records) {
      if (!record.host.empty()) result.hosts.push_back({record.preference, std::move(record.host)});
    }
  }
  co_return result;
}

Task<Result<AddressAnswer>> DnsResolver::addresses(std::string host) {
  Result<net::DnsRecords<IpAddress>> answer = co_await dns_.addresses(host);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (auto error = temporary(*answer, "looking up addresses")) {
    co_return std::unexpected(std::move(*error));
  }
  AddressAnswer result;
  result.no_such_domain = answer->status == net::DnsStatus::nxdomain;
  result.secure = answer->security == net::DnsSecurity::secure;
  for (const IpAddress& address : answer->records)
    result.addresses.push_back(address.text());
  co_return result;
}

}  // namespace fumi::app
