#include "service/tenancy/dns_records.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.h"

namespace fumi::service {
namespace {

constexpr std::size_t kPublishedMax = 20;  // of one name, told to people

struct Words {
  const char* english;
  const char* japanese;
};

constexpr Words kGood{"as it should be", "正しく設定されています"};
constexpr Words kMissing{"not published: add this record",
                         "公開されていません。このレコードを追加してください"};
constexpr Words kUnread{"DNS did not answer; try again later",
                        "DNS が応答しません。しばらくしてから再度確認してください"};
constexpr Words kOtherMx{"mail for this domain goes to other hosts",
                         "このドメイン宛のメールは別のホストに配送されます"};
constexpr Words kPreferredMx{"another host is tried first", "別のホストが優先されています"};
constexpr Words kNoProof{"the name has other values: add this one beside them",
                         "別の値が公開されています。この値を追加してください"};
constexpr Words kSeveral{"there are several of these records; receivers then ignore all: keep one",
                         "同種のレコードが複数あり、すべて無効になります。1 つだけにしてください"};
constexpr Words kAnybody{"it lets anybody send in this domain's name: end it with -all or ~all",
                         "誰でもこのドメインを名乗って送信できます。末尾を -all か ~all "
                         "にしてください"};
constexpr Words kOtherSpf{
    "it does not say mx: make sure that it admits this installation's hosts",
    "mx が含まれていません。本システムのホストが許可されているか確認してください"};
constexpr Words kOtherKey{"another key is published: signatures will not verify",
                          "別の鍵が公開されています。署名の検証に失敗します"};
constexpr Words kRevokedKey{"the key is published as revoked (empty p=)",
                            "鍵が失効済み(p= が空)として公開されています"};
constexpr Words kNoPolicy{"it names no policy (p=)", "ポリシー(p=)が指定されていません"};
constexpr Words kReportsOnly{
    "p=none only collects reports; tighten it once they show nothing amiss",
    "p=none はレポート収集のみです。問題がなければ強化してください"};
constexpr Words kIncomplete{"a part of the record is missing", "レコードの項目が不足しています"};
constexpr Words kElsewhere{"it leads to another host", "別のホストを指しています"};
constexpr Words kOtherCertificate{
    "it names another certificate: senders that check DANE will not deliver",
    "別の証明書を指しています。DANE を検証する送信元からメールが届きません"};
constexpr Words kUnsigned{"the zone is not signed (DNSSEC), so nobody may use it",
                          "ゾーンが DNSSEC で署名されていないため利用されません"};

// A tag of "k=v; k=v" (RFC 6376 §3.2); nullopt: not there.
std::optional<std::string> tag(std::string_view record, std::string_view name) {
  for (const std::string_view part : ascii::split(record, ';')) {
    const std::size_t at = part.find('=');
    if (at == std::string_view::npos || ascii::trim(part.substr(0, at)) != name) continue;
    std::string value;
    for (const char c : part.substr(at + 1)) {
      if (!ascii::is_space(c)) value += c;
    }
    return value;
  }
  return std::nullopt;
}

// Those of the values that are of a version: TXT names are shared by many uses.
std::vector<std::string> of_version(const std::vector<std::string>& values,
                                    std::string_view version) {
  std::vector<std::string> out;
  for (const std::string& value : values) {
    if (!ascii::istarts_with(value, version)) continue;
    const char next = value.size() > version.size() ? value[version.size()] : ' ';
    if (next == ' ' || next == ';') out.push_back(value);
  }
  return out;
}

using Judgement = std::pair<RecordState, Words>;

Judgement exact(const WantedRecord& wanted, const std::vector<std::string>& values,
                const Words& otherwise) {
  const bool there = std::ranges::find(values, wanted.value) != values.end();
  if (there) return {RecordState::good, kGood};
  return {RecordState::wrong, otherwise};
}

Judgement judge_mx(const WantedRecord& wanted, const std::vector<std::string>& values) {
  const std::string host = wanted.value.substr(wanted.value.find(' ') + 1);
  std::uint32_t best = 65'536;
  std::uint32_t ours = 65'536;
  for (const std::string& value : values) {
    std::uint32_t preference = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), preference);
    if (read.ec != std::errc() || read.ptr == value.data() + value.size()) continue;
    best = std::min(best, preference);
    const std::string_view target(read.ptr + 1, value.data() + value.size());
    if (ascii::iequals(target, host)) ours = std::min(ours, preference);
  }
  if (ours > 65'535) return {RecordState::wrong, kOtherMx};
  if (best < ours) return {RecordState::differs, kPreferredMx};
  return {RecordState::good, kGood};
}

// RFC 7208 §4.5: several records are a permanent error.
Judgement judge_spf(const std::vector<std::string>& values) {
  const auto records = of_version(values, "v=spf1");
  if (records.empty()) return {RecordState::missing, kMissing};
  if (records.size() > 1) return {RecordState::wrong, kSeveral};
  bool names_mx = false;
  for (const std::string_view term : ascii::split(records[0], ' ')) {
    if (ascii::iequals(term, "+all") || ascii::iequals(term, "all")) {
      return {RecordState::wrong, kAnybody};
    }
    names_mx = names_mx || ascii::iequals(term, "mx") || ascii::iequals(term, "+mx");
  }
  if (!names_mx) return {RecordState::differs, kOtherSpf};
  return {RecordState::good, kGood};
}

Judgement judge_dkim(const WantedRecord& wanted, const std::vector<std::string>& values) {
  const auto ours = tag(wanted.value, "p");
  bool revoked = false;
  for (const std::string& value : values) {
    const auto key = tag(value, "p");
    if (key && key == ours) return {RecordState::good, kGood};
    revoked = revoked || (key && key->empty());
  }
  return {RecordState::wrong, revoked ? kRevokedKey : kOtherKey};
}

// RFC 7489 §6.6.3: several records count as none.
Judgement judge_dmarc(const std::vector<std::string>& values) {
  const auto records = of_version(values, "v=DMARC1");
  if (records.empty()) return {RecordState::missing, kMissing};
  if (records.size() > 1) return {RecordState::wrong, kSeveral};
  const auto policy = tag(records[0], "p");
  if (!policy || policy->empty()) return {RecordState::wrong, kNoPolicy};
  if (ascii::iequals(*policy, "none")) return {RecordState::good, kReportsOnly};
  return {RecordState::good, kGood};
}

// RFC 8461 §3.1, RFC 8460 §3: one record, with its one mandatory tag.
Judgement judge_tagged(const std::vector<std::string>& values, std::string_view version,
                       std::string_view mandatory) {
  const auto records = of_version(values, version);
  if (records.empty()) return {RecordState::missing, kMissing};
  if (records.size() > 1) return {RecordState::wrong, kSeveral};
  const auto value = tag(records[0], mandatory);
  if (!value || value->empty()) return {RecordState::wrong, kIncomplete};
  return {RecordState::good, kGood};
}

Judgement judge_srv(const WantedRecord& wanted, const std::vector<std::string>& values) {
  // "priority weight port target": the first two are the owner's choice.
  const auto end_of = [](const std::string& value) {
    const std::size_t first = value.find(' ');
    const std::size_t second = value.find(' ', first + 1);
    return second == std::string::npos ? std::string() : value.substr(second + 1);
  };
  for (const std::string& value : values) {
    if (ascii::iequals(end_of(value), end_of(wanted.value))) return {RecordState::good, kGood};
  }
  return {RecordState::wrong, kElsewhere};
}

Judgement judge_tlsa(const WantedRecord& wanted, const DnsValues& published) {
  const Judgement match = exact(wanted, published.values, kOtherCertificate);
  if (!published.secure) return {RecordState::differs, kUnsigned};
  return match;
}

Judgement judge(const WantedRecord& wanted, const DnsValues& published) {
  if (published.values.empty()) return {RecordState::missing, kMissing};
  const std::string& purpose = wanted.purpose;
  if (purpose == "mx") return judge_mx(wanted, published.values);
  if (purpose == "spf") return judge_spf(published.values);
  if (purpose == "dkim") return judge_dkim(wanted, published.values);
  if (purpose == "dmarc") return judge_dmarc(published.values);
  if (purpose == "mta-sts") return judge_tagged(published.values, "v=STSv1", "id");
  if (purpose == "tls-rpt") return judge_tagged(published.values, "v=TLSRPTv1", "rua");
  if (purpose == "tlsa") return judge_tlsa(wanted, published);
  if (purpose == "ownership") return exact(wanted, published.values, kNoProof);
  if (wanted.kind == DnsKind::srv) return judge_srv(wanted, published.values);
  return exact(wanted, published.values, kElsewhere);
}

RecordFinding finding_of(WantedRecord wanted, const Judgement& judgement,
                         std::vector<std::string> published) {
  if (published.size() > kPublishedMax) published.resize(kPublishedMax);
  return {std::move(wanted), judgement.first, std::move(published), judgement.second.english,
          judgement.second.japanese};
}

// RFC 8461 §3.1: 1 to 32 letters and digits that change with the policy. Ours changes with the
// host that it names.
std::string policy_id(std::string_view hostname) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : hostname)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return "f" + std::to_string(hash);
}

}  // namespace

std::vector<WantedRecord> wanted_records(const MailDomain& domain, const std::vector<DkimKey>& keys,
                                         const MailHostFacts& host) {
  using enum RecordNeed;
  const std::string& name = domain.name;
  std::vector<WantedRecord> out;
  if (domain.state != DomainState::verified && !domain.challenge.empty()) {
    out.push_back({DnsKind::txt, kChallengeLabel + name, domain.challenge, "ownership", required});
  }
  out.push_back({DnsKind::mx, name, "10 " + host.hostname, "mx", required});
  out.push_back({DnsKind::txt, name, "v=spf1 mx -all", "spf", required});
  for (const DkimKey& key : keys) {
    out.push_back(
        {DnsKind::txt, key.selector + "._domainkey." + name, key.dns_record, "dkim", required});
  }
  // Begin with reports only: RFC 7489 §6.7 advises to tighten the policy by what they show.
  out.push_back({DnsKind::txt, "_dmarc." + name, "v=DMARC1; p=none; rua=mailto:postmaster@" + name,
                 "dmarc", required});
  out.push_back({DnsKind::txt, "_mta-sts." + name, "v=STSv1; id=" + policy_id(host.hostname),
                 "mta-sts", recommended});
  out.push_back({DnsKind::cname, "mta-sts." + name, host.hostname, "mta-sts-host", recommended});
  out.push_back({DnsKind::txt, "_smtp._tls." + name, "v=TLSRPTv1; rua=mailto:postmaster@" + name,
                 "tls-rpt", recommended});
  for (const std::string& value : host.tlsa) {
    out.push_back({DnsKind::tlsa, "_25._tcp." + host.hostname, value, "tlsa", recommended});
  }
  out.push_back({DnsKind::cname, "autoconfig." + name, host.hostname, "autoconfig", convenient});
  out.push_back({DnsKind::srv, "_autodiscover._tcp." + name, "0 0 443 " + host.hostname,
                 "autodiscover", convenient});
  // RFC 6186 §3, RFC 8314 §5.1.
  const auto service = [&](const char* label, std::uint16_t port) {
    if (port == 0) return;
    out.push_back({DnsKind::srv, label + name, "0 1 " + std::to_string(port) + " " + host.hostname,
                   "srv", convenient});
  };
  service("_imaps._tcp.", host.imaps);
  service("_submissions._tcp.", host.submissions);
  service("_submission._tcp.", host.submission);
  return out;
}

RecordFinding judge_record(WantedRecord wanted, const DnsValues& published) {
  const Judgement judgement = judge(wanted, published);
  return finding_of(std::move(wanted), judgement, published.values);
}

RecordFinding unread_record(WantedRecord wanted) {
  return finding_of(std::move(wanted), {RecordState::unknown, kUnread}, {});
}

const char* to_string(RecordNeed need) {
  constexpr const char* kNames[] = {"required", "recommended", "convenient"};
  return kNames[static_cast<int>(need)];
}

const char* to_string(RecordState state) {
  constexpr const char* kNames[] = {"good", "missing", "wrong", "differs", "unknown"};
  return kNames[static_cast<int>(state)];
}

}  // namespace fumi::service
