#include "api/admin/resources.h"

namespace fumi::api::admin {
namespace {

constexpr std::int64_t kAddressOctetsMax = 320;
constexpr std::int64_t kPasswordOctetsMax = 1024;
constexpr std::int64_t kNameOctetsMax = 255;
constexpr const char* kShownOnce = "The key itself; in the answer to POST only.";

template <class T>
void paging(Schema<T>& s) {
  s.field(&T::after, "after", "The `next` of the page before.").length(1, 64);
  s.field(&T::limit, "limit", "Items on a page.").range(1, 1000).optional();
}

}  // namespace

void describe(Schema<PageQuery>& s) {
  s.named("PageQuery", "Paging.");
  paging(s);
}

void describe(Schema<NewTenant>& s) {
  s.named("NewTenant", "A customer to open.");
  s.field(&NewTenant::name, "name",
          "2 to 40 lower-case letters, digits and hyphens, a letter first.")
      .length(2, 40)
      .example("acme");
}

void describe(Schema<TenantView>& s) {
  s.named("Tenant", "A customer.");
  s.field(&TenantView::name, "name", "Its handle.").example("acme");
  s.field(&TenantView::id, "id", "Its id.");
  s.field(&TenantView::status, "status", "Whether it is served.")
      .choices({"active", "suspended", "terminated"});
  s.field(&TenantView::created, "created", "When it was opened.");
}

void describe(Schema<TenantPatch>& s) {
  s.named("TenantPatch", "What to change.");
  s.field(&TenantPatch::status, "status", "suspended: nobody logs in, no mail is taken.")
      .choices({"active", "suspended"});
}

void describe(Schema<NewDomain>& s) {
  s.named("NewDomain", "A domain to host; DKIM keys are made with it.");
  s.field(&NewDomain::name, "name", "The domain.")
      .length(1, kNameOctetsMax)
      .example("acme.example");
  s.field(
       &NewDomain::verification, "verification",
       "operator: on your word, for operators alone, who need not say so. dns: the tenant proves "
       "it by a TXT record first; until then nothing is sent or received for it.")
      .choices({"operator", "dns"});
}

void describe(Schema<DomainView>& s) {
  s.named("Domain", "A hosted domain.");
  s.field(&DomainView::name, "name", "The domain.");
  s.field(&DomainView::tenant, "tenant", "Whose it is.");
  s.field(&DomainView::created, "created", "When it was added.");
  s.field(&DomainView::state, "state",
          "Only a verified domain sends and receives. failed: the challenge was not found.")
      .choices({"pending", "verified", "failed"});
  s.field(&DomainView::challenge, "challenge",
          "What to publish as TXT under _fumi-challenge.<domain>; while it is not verified.");
  s.field(&DomainView::checked, "checked", "When that was last looked for, or decided.");
}

void describe(Schema<DnsRecord>& s) {
  s.named("DnsRecord", "A record to publish in DNS.");
  s.field(&DnsRecord::type, "type", "Its type.").choices({"MX", "TXT", "CNAME", "SRV", "TLSA"});
  s.field(&DnsRecord::name, "name", "Its owner name, without the last dot.");
  s.field(&DnsRecord::value, "value",
          "Its value. A TXT value over 255 octets is split into several strings in a zone file.");
  s.field(&DnsRecord::purpose, "purpose", "What it is for.")
      .choices({"ownership", "mx", "spf", "dkim", "dmarc", "mta-sts", "mta-sts-host", "tls-rpt",
                "tlsa", "autoconfig", "autodiscover", "srv"});
  s.field(
       &DnsRecord::need, "need",
       "required: mail suffers without it. recommended: it protects mail on its way. convenient: "
       "mail programs set themselves up.")
      .choices({"required", "recommended", "convenient"});
}

void describe(Schema<DomainDns>& s) {
  s.named("DomainDns", "What to publish so that a domain's mail arrives and is believed.");
  s.field(&DomainDns::domain, "domain", "The domain.");
  s.field(&DomainDns::records, "records", "The records.");
}

void describe(Schema<NewAccountBody>& s) {
  s.named("NewAccount", "A person's account, or a shared one.");
  s.field(&NewAccountBody::address, "address", "In a domain of the tenant.")
      .length(3, kAddressOctetsMax)
      .format("email")
      .example("hanako@acme.example");
  s.field(&NewAccountBody::password, "password", "At least 8 octets; none for a shared account.")
      .length(8, kPasswordOctetsMax)
      .optional();
  s.field(&NewAccountBody::kind, "kind",
          "shared: a mailbox of nobody's own, used by those who are granted rights on it.")
      .choices({"person", "shared"})
      .optional();
  s.field(&NewAccountBody::name, "name", "The display name.").length(0, kNameOctetsMax).optional();
  s.field(&NewAccountBody::quota_octets, "quota_octets", "Room for mail; 0: no limit.").optional();
}

void describe(Schema<AccountView>& s) {
  s.named("Account", "A person's account, or a shared one.");
  s.field(&AccountView::address, "address", "The primary address.");
  s.field(&AccountView::id, "id", "Its id.");
  s.field(&AccountView::tenant, "tenant", "Whose it is.");
  s.field(&AccountView::name, "name", "The display name.");
  s.field(&AccountView::status, "status", "Whether it may log in and takes mail.")
      .choices({"active", "disabled", "deleted"});
  s.field(&AccountView::kind, "kind", "Whether somebody logs in to it.")
      .choices({"person", "shared"});
  s.field(&AccountView::quota_octets, "quota_octets", "Room for mail; 0: no limit.");
  s.field(&AccountView::used_octets, "used_octets", "Of it, used.");
  s.field(&AccountView::created, "created", "When it was made.");
  s.field(&AccountView::aliases, "aliases", "Its other addresses; not in lists.");
}

void describe(Schema<AccountPatch>& s) {
  s.named("AccountPatch", "What to change; missing members stay as they are.");
  s.field(&AccountPatch::name, "name", "The display name.").length(0, kNameOctetsMax);
  s.field(&AccountPatch::status, "status", "disabled: no login, no mail taken.")
      .choices({"active", "disabled"});
  s.field(&AccountPatch::quota_octets, "quota_octets", "Room for mail; 0: no limit.");
  s.field(&AccountPatch::password, "password", "At least 8 octets.").length(8, kPasswordOctetsMax);
}

void describe(Schema<NewAlias>& s) {
  s.named("NewAlias", "A further address of an account.");
  s.field(&NewAlias::address, "address", "In a domain of the tenant.")
      .length(3, kAddressOctetsMax)
      .format("email");
}

void describe(Schema<NewAppPasswordBody>& s) {
  s.named("NewAppPassword", "A key for one mail client.");
  s.field(&NewAppPasswordBody::name, "name", "Where it will be used.").length(1, kNameOctetsMax);
}

void describe(Schema<AppPasswordView>& s) {
  s.named("AppPassword", "A key for one mail client: it opens mail protocols only.");
  s.field(&AppPasswordView::id, "id", "Its id.");
  s.field(&AppPasswordView::name, "name", "Where it is used.");
  s.field(&AppPasswordView::created, "created", "When it was made.");
  s.field(&AppPasswordView::key, "key", kShownOnce);
}

void describe(Schema<NewApiUserBody>& s) {
  s.named("NewApiUser", "A program that sends.");
  s.field(&NewApiUserBody::name, "name", "In e-mail form, in a domain of the tenant.")
      .length(3, kAddressOctetsMax)
      .format("email")
      .example("app@acme.example");
}

void describe(Schema<ApiUserView>& s) {
  s.named("ApiUser", "A program that sends. Its key is its api_key and its SMTP password.");
  s.field(&ApiUserView::name, "name", "Its name.");
  s.field(&ApiUserView::id, "id", "Its id.");
  s.field(&ApiUserView::tenant, "tenant", "Whose it is.");
  s.field(&ApiUserView::status, "status", "Whether it may send.")
      .choices({"active", "disabled", "deleted"});
  s.field(&ApiUserView::smtp_access, "smtp_access", "Whether it may use SMTP.");
  s.field(&ApiUserView::http_access, "http_access", "Whether it may use the HTTP API.");
  s.field(&ApiUserView::created, "created", "When it was made.");
  s.field(&ApiUserView::key, "key", kShownOnce);
}

void describe(Schema<QueueRecipientView>& s) {
  s.named("QueueRecipient", "A recipient of a queued message.");
  s.field(&QueueRecipientView::address, "address", "Whom it is for.");
  s.field(&QueueRecipientView::state, "state", "How far it is.")
      .choices({"waiting", "delivered", "bounced", "cancelled"});
  s.field(&QueueRecipientView::attempts, "attempts", "How often it was tried.");
  s.field(&QueueRecipientView::due, "due", "The next attempt, while it waits.");
  s.field(&QueueRecipientView::last_attempt, "last_attempt", "The last attempt.");
  s.field(&QueueRecipientView::answer, "answer", "What the last attempt was answered.");
  s.field(&QueueRecipientView::host, "host", "By which host.");
}

void describe(Schema<QueueMessageView>& s) {
  s.named("QueueMessage", "A message that is not done.");
  s.field(&QueueMessageView::id, "id", "Its id, as SMTP answers and records show it.");
  s.field(&QueueMessageView::tenant, "tenant", "Who answers for it.");
  s.field(&QueueMessageView::from, "from", "The reverse-path; empty for notifications.");
  s.field(&QueueMessageView::header_from, "header_from", "The author's address.");
  s.field(&QueueMessageView::subject, "subject", "Decoded.");
  s.field(&QueueMessageView::message_id, "message_id", "Its Message-ID.");
  s.field(&QueueMessageView::octets, "octets", "Its size.");
  s.field(&QueueMessageView::created, "created", "When it was taken.");
  s.field(&QueueMessageView::expires, "expires", "When it will be given up.");
  s.field(&QueueMessageView::recipients, "recipients", "Done ones included.");
}

void describe(Schema<SearchIndexView>& s) {
  s.named("SearchIndex", "How far an account's search index is. Answers don't depend on it.");
  s.field(&SearchIndexView::address, "address", "The account.");
  s.field(&SearchIndexView::mails, "mails", "Mails in the account.");
  s.field(&SearchIndexView::indexed, "indexed", "Of them in the index.");
  s.field(&SearchIndexView::segments, "segments", "Pieces that the index is in.");
  s.field(&SearchIndexView::octets, "octets", "Size of the index.");
  s.field(&SearchIndexView::files_waiting, "files_waiting",
          "Mails whose attached files' words aren't found yet.");
  s.field(&SearchIndexView::files_unread, "files_unread",
          "Attached files that couldn't be read wholly: locked, damaged, too large.");
}

void describe(Schema<AclQuery>& s) {
  s.named("AclQuery", "Which mailboxes.");
  s.field(&AclQuery::mailbox, "mailbox", "This one; without it all of the account.")
      .length(1, 1000);
}

void describe(Schema<AclEntryView>& s) {
  s.named("AclEntry", "What somebody may do with a mailbox that isn't theirs (RFC 4314).");
  s.field(&AclEntryView::mailbox, "mailbox", "The mailbox.");
  s.field(&AclEntryView::identifier, "identifier", "An account of the tenant, or anyone in it.");
  s.field(&AclEntryView::rights, "rights", "Granted: letters of lrswipkxtea.").example("lrswit");
  s.field(&AclEntryView::denied, "denied", "Denied, also where anyone is granted them.");
}

void describe(Schema<AclChange>& s) {
  s.named("AclChange", "Rights to give in place of those that somebody has.");
  s.field(&AclChange::mailbox, "mailbox", "On this mailbox; without it on all of the account.")
      .length(1, 1000);
  s.field(&AclChange::identifier, "identifier", "An account of the tenant, or anyone.")
      .length(1, kAddressOctetsMax)
      .example("taro@acme.example");
  s.field(
       &AclChange::rights, "rights",
       "l look up, r read, s mark seen, w other flags, i insert, p post, k make mailboxes below, "
       "x delete the mailbox, t mark deleted, e expunge, a administer. Empty: none.")
      .length(0, 20)
      .optional()
      .example("lrswit");
  s.field(&AclChange::denied, "denied", "Rights to deny; empty: none.").length(0, 20).optional();
}

void describe(Schema<NewImport>& s) {
  s.named("NewImport", "Mail from elsewhere that is to come into an account.");
  s.field(&NewImport::source, "source", "Where it comes from, for people and for the records.")
      .length(1, 200)
      .example("mbox inbox.mbox");
}

void describe(Schema<ImportView>& s) {
  s.named("Import", "How far an import is. What is counted is durable.");
  s.field(&ImportView::id, "id", "Forgotten at a restart; begin again then.");
  s.field(&ImportView::source, "source", "Where it comes from.");
  s.field(&ImportView::state, "state", "What became of it.")
      .choices({"running", "done", "failed", "cancelled"});
  s.field(&ImportView::failure, "failure", "Why it failed.");
  s.field(&ImportView::imported, "imported", "Messages that came in.");
  s.field(&ImportView::skipped, "skipped", "Messages that were there already.");
  s.field(&ImportView::updated, "updated", "Messages whose flags had changed at their source.");
  s.field(&ImportView::octets, "octets", "Size of what came in.");
  s.field(&ImportView::started, "started", "When it began.");
  s.field(&ImportView::touched, "touched", "When something last came in.");
}

void describe(Schema<KnownQuery>& s) {
  s.named("KnownQuery", "Of which folder.");
  s.field(&KnownQuery::folder, "folder", "As the source names it.").length(1, 1000);
}

void describe(Schema<KnownView>& s) {
  s.named("Known", "What has come from a folder of the import's source, ever.");
  s.field(&KnownView::uid_validity, "uid_validity", "The newest one that it had; 0 for none.");
  s.field(&KnownView::uids, "uids", "The UIDs under it: \"1:5,9\".");
}

void describe(Schema<ExportQuery>& s) {
  s.named("ExportQuery", "What to export.");
  s.field(&ExportQuery::folder, "folder", "One mailbox; all when missing.");
}

void describe(Schema<QueueListQuery>& s) {
  s.named("QueueListQuery", "Which messages.");
  paging(s);
  s.field(&QueueListQuery::tenant, "tenant", "Of this tenant only.").length(1, 40);
  s.field(&QueueListQuery::domain, "domain", "With a recipient in this domain.")
      .length(1, kNameOctetsMax);
}

void describe(Schema<LogQuery>& s) {
  s.named("LogQuery", "Which records.");
  paging(s);
  s.field(&LogQuery::tenant, "tenant", "Of this tenant only.").length(1, 40);
  s.field(&LogQuery::message, "message", "Of this message: its id, or its Message-ID with <>.")
      .length(1, 1000);
  s.field(&LogQuery::from, "from", "Exactly this sender.").length(1, kAddressOctetsMax);
  s.field(&LogQuery::to, "to", "Exactly this recipient.").length(1, kAddressOctetsMax);
  s.field(&LogQuery::status, "status",
          "Only these, with commas: accepted, queued, delivered, deferred, bounced, rejected, "
          "cancelled, login, login_failed, operation.")
      .length(1, 200);
  s.field(&LogQuery::stream, "stream", "Only this stream.").choices({"mail", "login", "operation"});
  s.field(&LogQuery::since, "since", "From this moment on.");
  s.field(&LogQuery::until, "until", "Before this moment.");
  s.field(&LogQuery::wait, "wait", "Seconds to wait for a first record: for following.")
      .range(0, 60)
      .optional();
}

void describe(Schema<RecordView>& s) {
  s.named("Record", "One event: a step of a message, a login, or an administrator's act.");
  s.field(&RecordView::id, "id", "Ascends with time.");
  s.field(&RecordView::tenant, "tenant", "Whose event it is.");
  s.field(&RecordView::at, "at", "When it happened.");
  s.field(&RecordView::status, "status", "What happened.")
      .choices({"accepted", "queued", "delivered", "deferred", "bounced", "rejected", "cancelled",
                "login", "login_failed", "operation", "unknown"});
  s.field(&RecordView::message, "message", "The message's id.");
  s.field(&RecordView::actor, "actor", "Who acted: kind, and id where there is one.")
      .example("operator:4fzyo82mvyr");
  s.field(&RecordView::from, "from", "Sender, login name, or the operation's verb.");
  s.field(&RecordView::to, "to", "Recipient, or the object of an operation.");
  s.field(&RecordView::header_from, "header_from", "The author's address.");
  s.field(&RecordView::subject, "subject", "Decoded.");
  s.field(&RecordView::message_id, "message_id", "The message's Message-ID.");
  s.field(&RecordView::answer, "answer", "The SMTP answer, or the reason.");
  s.field(&RecordView::protocol, "protocol", "By which door it came.");
  s.field(&RecordView::client_ip, "client_ip", "Who gave it to us.");
  s.field(&RecordView::host, "host", "Who took it.");
  s.field(&RecordView::api_data, "api_data", "X-Api-Data.");
  s.field(&RecordView::detail, "detail", "More, by kind.");
  s.field(&RecordView::octets, "octets", "The message's size.");
}

void describe(Schema<LogPage>& s) {
  s.named("LogPage", "Records in the order of their ids.");
  s.field(&LogPage::items, "items", "The records.");
  s.field(&LogPage::next, "next", "Ask again with this as `after`, now or later.");
}

void describe(Schema<AuditQuery>& s) {
  s.named("AuditQuery", "What to export.");
  s.field(&AuditQuery::stream, "stream", "Which stream.")
      .choices({"mail", "login", "operation"})
      .optional();
  s.field(&AuditQuery::since, "since", "From this moment on; all when missing.");
  s.field(&AuditQuery::until, "until", "Before this moment; now when missing.");
}

}  // namespace fumi::api::admin
