#include "app/dns_resolver.h"

#include "base/ascii.h"

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

namespace {

std::optional<std::string> text_of(DnsKind kind, std::string_view wire) {
  namespace rdata = net::rdata;
  switch (kind) {
    case DnsKind::a:
    case DnsKind::aaaa: {
      const auto address = kind == DnsKind::a ? rdata::a(wire) : rdata::aaaa(wire);
      return address ? std::optional(address->text()) : std::nullopt;
    }
    case DnsKind::mx: {
      const auto record = rdata::mx(wire);
      if (!record) return std::nullopt;
      return std::to_string(record->preference) + " " + record->host;
    }
    case DnsKind::txt:
      return rdata::txt(wire);
    case DnsKind::cname:
      return rdata::name(wire);
    case DnsKind::srv: {
      const auto record = rdata::srv(wire);
      if (!record) return std::nullopt;
      return std::to_string(record->priority) + " " + std::to_string(record->weight) + " " +
             std::to_string(record->port) + " " + record->target;
    }
    case DnsKind::tlsa: {
      const auto record = rdata::tlsa(wire);
      if (!record) return std::nullopt;
      return std::to_string(record->usage) + " " + std::to_string(record->selector) + " " +
             std::to_string(record->matching) + " " + ascii::to_hex(record->data);
    }
  }
  return std::nullopt;
}

net::DnsType type_of(DnsKind kind) {
  using net::DnsType;
  constexpr DnsType kTypes[] = {DnsType::a,     DnsType::aaaa, DnsType::mx,  DnsType::txt,
                                DnsType::cname, DnsType::srv,  DnsType::tlsa};
  return kTypes[static_cast<int>(kind)];
}

}  // namespace

Task<Result<DnsValues>> DnsTextReader::read(std::string name, DnsKind kind) {
  Result<net::DnsAnswer> answer = co_await dns_.query(std::move(name), type_of(kind));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (auto error = temporary(*answer, "reading DNS")) co_return std::unexpected(std::move(*error));
  DnsValues out;
  out.secure = answer->security == net::DnsSecurity::secure;
  for (const std::string& wire : answer->records) {
    if (auto text = text_of(kind, wire)) out.values.push_back(std::move(*text));
  }
  co_return out;
}

}  // namespace fumi::app
