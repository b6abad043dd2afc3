// The JSON of the admin API, as structs. describe() in resources.cpp documents each field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/schema.h"

namespace fumi::api::admin {

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;  // for `after`; nothing: this is the last page
};

struct PageQuery {
  std::optional<std::string> after;
  std::uint32_t limit = 100;
};

struct NewTenant {
  std::string name;
};
struct TenantView {
  std::string name, id, status;
  Instant created;
};
struct TenantPatch {
  std::string status;
};

struct NewDomain {
  std::string name;
  std::optional<std::string> verification;
};
struct DomainView {
  std::string name, tenant;
  Instant created;
  std::string state;
  std::optional<std::string> challenge;  // while it is not verified
  std::optional<Instant> checked;
};
struct DnsRecord {
  std::string type, name, value, purpose, need;
};
struct DomainDns {
  std::string domain;
  std::vector<DnsRecord> records;
};

struct NewAccountBody {
  std::string address;
  Secret password;
  std::string name, kind = "person";
  std::uint64_t quota_octets = 0;
};
struct AccountView {
  std::string address, id, tenant, name, status, kind;
  std::uint64_t quota_octets = 0, used_octets = 0;
  Instant created;
  std::optional<std::vector<std::string>> aliases;  // of one account, not in lists
};
struct AccountPatch {
  std::optional<std::string> name, status;
  std::optional<std::uint64_t> quota_octets;
  std::optional<Secret> password;
};
struct NewAlias {
  std::string address;
};

struct NewAppPasswordBody {
  std::string name;
};
struct AppPasswordView {
  std::string id, name;
  Instant created;
  std::optional<Secret> key;  // in the answer to POST only
};

struct NewApiUserBody {
  std::string name;
};
struct ApiUserView {
  std::string name, id, tenant, status;
  bool smtp_access = true, http_access = true;
  Instant created;
  std::optional<Secret> key;  // in the answer to POST only
};

struct QueueRecipientView {
  std::string address, state;
  std::uint32_t attempts = 0;
  std::optional<Instant> due, last_attempt;
  std::string answer, host;
};
struct QueueMessageView {
  std::string id, tenant, from, header_from, subject, message_id;
  std::uint64_t octets = 0;
  Instant created, expires;
  std::vector<QueueRecipientView> recipients;
};
struct SearchIndexView {
  std::string address;
  std::uint64_t mails = 0, indexed = 0, segments = 0, octets = 0;
  std::uint64_t files_waiting = 0, files_unread = 0;
};
struct AclQuery {
  std::optional<std::string> mailbox;
};
struct AclEntryView {
  std::string mailbox, identifier, rights, denied;
};
struct AclChange {
  std::optional<std::string> mailbox;
  std::string identifier, rights, denied;
};
struct NewImport {
  std::string source;
};
struct ImportView {
  std::string id, source, state, failure;
  std::uint64_t imported = 0, skipped = 0, updated = 0, octets = 0;
  Instant started, touched;
};
struct KnownQuery {
  std::string folder;
};
struct KnownView {
  std::uint32_t uid_validity = 0;
  std::string uids;
};
struct ExportQuery {
  std::optional<std::string> folder;
};
struct QueueListQuery {
  std::optional<std::string> after, tenant, domain;
  std::uint32_t limit = 100;
};

struct LogQuery {
  std::optional<std::string> tenant, message, from, to, status, stream, after;
  std::optional<Instant> since, until;
  std::uint32_t limit = 100;
  std::uint32_t wait = 0;
};
struct RecordView {
  std::string id, tenant;
  Instant at;
  std::string status;
  std::optional<std::string> message;
  std::string actor, from, to, header_from, subject, message_id, answer, protocol, client_ip, host,
      api_data;
  std::optional<Json> detail;
  std::uint64_t octets = 0;
};
struct LogPage {
  std::vector<RecordView> items;
  std::string next;  // always there: the place to go on from
};

struct AuditQuery {
  std::string stream = "operation";
  std::optional<Instant> since, until;
};

void describe(Schema<PageQuery>& s);
void describe(Schema<NewTenant>& s);
void describe(Schema<TenantView>& s);
void describe(Schema<TenantPatch>& s);
void describe(Schema<NewDomain>& s);
void describe(Schema<DomainView>& s);
void describe(Schema<DnsRecord>& s);
void describe(Schema<DomainDns>& s);
void describe(Schema<NewAccountBody>& s);
void describe(Schema<AccountView>& s);
void describe(Schema<AccountPatch>& s);
void describe(Schema<NewAlias>& s);
void describe(Schema<NewAppPasswordBody>& s);
void describe(Schema<AppPasswordView>& s);
void describe(Schema<NewApiUserBody>& s);
void describe(Schema<ApiUserView>& s);
void describe(Schema<QueueRecipientView>& s);
void describe(Schema<QueueMessageView>& s);
void describe(Schema<SearchIndexView>& s);
void describe(Schema<AclQuery>& s);
void describe(Schema<AclEntryView>& s);
void describe(Schema<AclChange>& s);
void describe(Schema<NewImport>& s);
void describe(Schema<ImportView>& s);
void describe(Schema<KnownQuery>& s);
void describe(Schema<KnownView>& s);
void describe(Schema<ExportQuery>& s);
void describe(Schema<QueueListQuery>& s);
void describe(Schema<LogQuery>& s);
void describe(Schema<RecordView>& s);
void describe(Schema<LogPage>& s);
void describe(Schema<AuditQuery>& s);

template <class T>
void describe(Schema<Page<T>>& s) {
  s.named(info_of<T>().name + "Page", "One page of a list.");
  s.field(&Page<T>::items, "items", "In the order of their ids.");
  s.field(&Page<T>::next, "next", "Ask again with this as `after`; missing on the last page.");
}

}  // namespace fumi::api::admin
