#include "app/options.h"

#include "api/jmap/options.h"
#include "config/catalogue.h"
#include "config/schema.h"
#include "extract/helpers.h"
#include "server/http/options.h"
#include "server/imap/options.h"
#include "server/pop3/options.h"
#include "server/smtp/options.h"
#include "service/access/access.h"
#include "service/control/sessions.h"
#include "service/deliver/delivery.h"
#include "service/mailbox/mailbox_index.h"
#include "service/search/indexer.h"
#include "service/spool/spool.h"
#include "service/vacation/responder.h"

namespace fumi::app {

using std::chrono::minutes;
using std::chrono::seconds;

void describe(config::Schema<ServerOptions>& s) {
  s.option(&ServerOptions::data, "server.data", "")
      .doc("The folder that holds everything: store, blobs, keys. --data sets it too.");
  s.option(&ServerOptions::hostname, "server.hostname", "")
      .doc("This host's name in greetings, Received fields and Message-IDs. Empty: the machine's.");
  s.option(&ServerOptions::node, "server.node", 0)
      .range(0, 255)
      .doc("A number that no other node on the same store has.");
  s.option(&ServerOptions::io_threads, "server.io_threads", 2)
      .range(1, 64)
      .doc("Threads that serve connections.");
  s.option(&ServerOptions::cpu_threads, "server.cpu_threads", 2)
      .range(1, 64)
      .doc("Threads for password hashes and signatures.");
  s.option(&ServerOptions::drain, "server.drain", seconds(20))
      .range(seconds(0), minutes(10))
      .doc("On SIGTERM sessions may finish their work for this long.");
  s.choice(&ServerOptions::log_level, "log.level", log::Level::info,
           {{"debug", log::Level::debug},
            {"info", log::Level::info},
            {"warning", log::Level::warning},
            {"error", log::Level::error}})
      .doc("The least severe lines that are written.");
  s.choice(&ServerOptions::log_format, "log.format", log::Format::text,
           {{"text", log::Format::text}, {"json", log::Format::json}})
      .doc("Log lines on standard error; never with message content.");
}

void describe(config::Schema<StoreOptions>& s) {
  s.choice(&StoreOptions::engine, "store.engine", StoreEngine::sqlite,
           {{"sqlite", StoreEngine::sqlite}, {"postgres", StoreEngine::postgres}})
      .doc("sqlite: embedded, in the data folder. postgres: for more than one node.");
  s.option(&StoreOptions::postgres, "store.postgres", {})
      .doc("A file with the libpq connection string of PostgreSQL.");
  s.option(&StoreOptions::connections, "store.connections", 8)
      .range(1, 256)
      .doc("PostgreSQL connections for writing, and as many for reading.");
  s.option(&StoreOptions::readers, "store.readers", 4).range(1, 64).doc("SQLite reader threads.");
  s.choice(&StoreOptions::blobs, "store.blobs", BlobEngine::segments,
           {{"segments", BlobEngine::segments}, {"s3", BlobEngine::s3}})
      .doc("segments: files in the data folder. s3: any S3-compatible object store.");
  s.option(&StoreOptions::compression_percent, "store.compression_percent", 10)
      .range(0, 100)
      .doc(
          "CPU time of the machine that compressing bodies for segments may take, in percent; in a "
          "burst, bodies beyond it are stored as they are. 100: always compress.");
  s.option(&StoreOptions::s3_endpoint, "store.s3.endpoint", "")
      .doc("\"https://s3.example.net\", or http:// on a trusted network.");
  s.option(&StoreOptions::s3_bucket, "store.s3.bucket", "").doc("The bucket; it must exist.");
  s.option(&StoreOptions::s3_region, "store.s3.region", "us-east-1").doc("For signatures.");
  s.option(&StoreOptions::s3_prefix, "store.s3.prefix", "fumi").doc("Put before each object key.");
  s.option(&StoreOptions::s3_access_key, "store.s3.access_key", "").doc("The access key's id.");
  s.option(&StoreOptions::s3_secret_key, "store.s3.secret_key", {})
      .doc("A file with the secret access key.");
  s.option(&StoreOptions::root_key, "store.root_key", {})
      .doc("The root key that wraps the tenants' keys. Empty: root.key in the data folder.");
}

void describe(config::Schema<ListenOptions>& s) {
  s.option(&ListenOptions::address, "listen.address", "127.0.0.1")
      .doc("The address that mail and HTTP ports are opened on; \"::\" is all of them.");
  s.option(&ListenOptions::operator_address, "listen.operator_address", "127.0.0.1")
      .doc("The address of the operator's HTTP port: the management network.");
  s.option(&ListenOptions::ports_base, "listen.ports_base", 0)
      .range(0, 64'000)
      .doc(
          "N > 0: ports are N+25, N+587, N+465, N+10 (relay), N+143, N+993, N+110, N+995, N+80 "
          "(HTTP) and N+81 (operator HTTP), whatever else is set.");
  s.option(&ListenOptions::smtp, "listen.smtp", 2525).doc("Mail from other hosts (MX). 0: off.");
  s.option(&ListenOptions::submission, "listen.submission", 2587).doc("Submission, STARTTLS.");
  s.option(&ListenOptions::submissions, "listen.submissions", 2465).doc("Submission, TLS at once.");
  s.option(&ListenOptions::relay, "listen.relay", 10'025).doc("SMTP relay for programs.");
  s.option(&ListenOptions::imap, "listen.imap", 2143).doc("IMAP, STARTTLS.");
  s.option(&ListenOptions::imaps, "listen.imaps", 2993).doc("IMAP, TLS at once.");
  s.option(&ListenOptions::pop3, "listen.pop3", 2110).doc("POP3, STLS.");
  s.option(&ListenOptions::pop3s, "listen.pop3s", 2995).doc("POP3, TLS at once.");
  s.option(&ListenOptions::http, "listen.http", 8080)
      .doc("HTTP: sending API, JMAP, tenants' admin API.");
  s.option(&ListenOptions::operator_http, "listen.operator_http", 8081)
      .doc("HTTP: admin API, metrics.");
  s.choice(&ListenOptions::tenant_admin, "listen.tenant_admin", TenantAdmin::on,
           {{"off", TenantAdmin::off}, {"on", TenantAdmin::on}})
      .doc(
          "Whether the HTTP port serves the tenants' part of the admin API, to their own "
          "administrators. Operators call the operator's HTTP port.");
  s.option(&ListenOptions::connections_max, "listen.connections_max", 10'000)
      .range(1, 1'000'000)
      .doc("Connections at a time on each port.");
  s.option(&ListenOptions::connections_per_ip_max, "listen.connections_per_ip_max", 100)
      .range(1, 1'000'000)
      .doc("Connections at a time from one address (IPv6: from one /64) on each port.");
  s.option(&ListenOptions::proxy_from, "listen.proxy_from", {})
      .doc(
          "Networks of load balancers: set, every connection must come from them and begin with a "
          "PROXY header (v1 or v2); those of the operator's HTTP port apart.");
}

void describe(config::Schema<TlsOptions>& s) {
  s.option(&TlsOptions::certificates, "tls.certificates", {})
      .doc(
          "\"chain.pem:key.pem\" for each certificate, chosen by server name; the first is the "
          "default. Read again on SIGHUP. Empty: a self-signed one is made in the data folder.");
  s.choice(&TlsOptions::scram_plus, "tls.scram_plus", ScramPlus::off,
           {{"off", ScramPlus::off}, {"offer", ScramPlus::offer}})
      .doc(
          "SCRAM-SHA-256-PLUS, the login bound to its TLS channel. off: not offered, because mutt "
          "with GNU SASL chooses it where it is offered and then can't do it.");
}

void describe(config::Schema<DnsOptions>& s) {
  s.option(&DnsOptions::forwarders, "dns.forwarders", {})
      .doc("Name servers: \"192.0.2.53\" or \"127.0.0.1@5353\". Empty: those of resolv.conf.");
  s.option(&DnsOptions::trust_anchor, "dns.trust_anchor", "")
      .doc("A file with DNSSEC trust anchors; without it no answer counts as secure.");
  s.option(&DnsOptions::deadline, "dns.deadline", seconds(20))
      .range(seconds(1), minutes(2))
      .doc("How long an answer is waited for.");
}

void describe(config::Schema<RecordOptions>& s) {
  using std::chrono::days;
  s.option(&RecordOptions::mail_retention, "records.mail_retention", days(40))
      .range(days(1), days(3660))
      .doc("How long the mail log is kept. It goes by whole days (UTC).");
  s.option(&RecordOptions::audit_retention, "records.audit_retention", days(1827))
      .range(days(30), days(18'300))
      .doc("How long login and operation records are kept; five years by default.");
}

config::Catalogue make_catalogue() {
  config::Catalogue catalogue;
  catalogue.add<ServerOptions>();
  catalogue.add<StoreOptions>();
  catalogue.add<ListenOptions>();
  catalogue.add<TlsOptions>();
  catalogue.add<DnsOptions>();
  catalogue.add<RecordOptions>();
  catalogue.add<service::AccessOptions>();
  catalogue.add<service::SessionOptions>();
  catalogue.add<service::SpoolOptions>();
  catalogue.add<service::DeliveryOptions>();
  catalogue.add<service::SearchIndexOptions>();
  catalogue.add<service::VacationOptions>();
  catalogue.add<extract::ExtractOptions>();
  catalogue.add<server::SmtpOptions>();
  catalogue.add<service::MailboxIndexOptions>();
  catalogue.add<server::ImapOptions>();
  catalogue.add<server::Pop3Options>();
  catalogue.add<http::HttpOptions>();
  catalogue.add<jmap::JmapOptions>();
  return catalogue;
}

ListenOptions with_base(ListenOptions options) {
  if (options.ports_base == 0) return options;
  const std::uint16_t base = options.ports_base;
  options.smtp = base + 25;
  options.submission = base + 587;
  options.submissions = base + 465;
  options.relay = base + 10;
  options.imap = base + 143;
  options.imaps = base + 993;
  options.pop3 = base + 110;
  options.pop3s = base + 995;
  options.http = base + 80;
  options.operator_http = base + 81;
  return options;
}

}  // namespace fumi::app
