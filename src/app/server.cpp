#include "app/server.h"

#include <systemd/sd-daemon.h>

#include <csignal>
#include <thread>

#include "api/admin/admin_routes.h"
#include "api/cmc/send_api.h"
#include "api/jmap/jmap_api.h"
#include "api/jmap/push_sender.h"
#include "api/public/client_setup.h"
#include "app/dns_resolver.h"
#include "app/maintenance.h"
#include "app/net_runtime.h"
#include "app/own_facts.h"
#include "app/text_extractor.h"
#include "base/ascii.h"
#include "base/log.h"
#include "net/io_pool.h"
#include "net/listener.h"
#include "net/rate_limiter.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "obs/metrics.h"
#include "server/http/http_server.h"
#include "server/imap/session.h"
#include "server/pop3/session.h"
#include "server/smtp/inbound.h"
#include "server/smtp/outbound.h"
#include "service/control/roles.h"
#include "service/control/sessions.h"
#include "service/deliver/delivery.h"
#include "service/intake/intake.h"
#include "service/mailbox/mailboxes.h"
#include "service/search/file_reader.h"
#include "service/search/indexer.h"
#include "service/search/search.h"
#include "service/tenancy/tenancy.h"
#include "service/vacation/responder.h"

namespace fumi::app {
namespace {

constexpr Duration kFarewell = std::chrono::seconds(2);
constexpr std::size_t kPoolQueue = 10'000;
constexpr const char* kOperatorHttp = "operator http";
constexpr std::size_t kRateKeys = 100'000;

// Ends the process at once: after a failed sync nothing may be acknowledged, and a restart
// recovers.
void die_of(const Error& error) {
  log::error("store", "fatal storage failure, ending the process", {{"why", error.text()}});
  std::_Exit(70);
}

sigset_t server_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&signals, number);
  return signals;
}

}  // namespace

void block_signals() {
  const sigset_t signals = server_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

struct Server::Parts {
  Settings settings;
  obs::Registry registry;
  std::unique_ptr<Storage> storage;
  std::unique_ptr<net::IoPool> io;
  std::unique_ptr<net::BlockingPool> cpu;
  std::unique_ptr<net::BlockingPool> background;
  std::unique_ptr<NetRuntime> runtime;
  std::unique_ptr<net::TlsServerContext> tls;
  std::unique_ptr<net::TlsClientContext> tls_out;
  std::unique_ptr<net::Resolver> dns;
  std::unique_ptr<DnsResolver> mail_dns;
  std::unique_ptr<DnsTextReader> dns_reader;
  std::unique_ptr<service::Routing> routing;
  std::unique_ptr<service::Access> access;
  std::unique_ptr<service::LiveSessions> live;
  std::unique_ptr<service::AccessPolicy> access_policy;
  std::unique_ptr<service::Tenancy> tenancy;
  std::unique_ptr<service::Signer> signer;
  std::unique_ptr<service::Spool> spool;
  std::unique_ptr<service::Bouncer> bouncer;
  std::unique_ptr<service::Intake> intake;
  std::unique_ptr<service::Mailboxes> mailboxes;
  std::unique_ptr<service::Search> search;
  std::unique_ptr<service::SearchIndexer> search_indexer;
  std::unique_ptr<service::VacationResponder> vacation;
  std::unique_ptr<PooledExtractor> extractor;
  std::unique_ptr<service::FileReader> file_reader;
  std::unique_ptr<service::Destinations> destinations;
  std::unique_ptr<server::SmtpOutbound> outbound;
  std::unique_ptr<service::Delivery> delivery;
  std::unique_ptr<server::TrustedNetworks> trusted;
  std::unique_ptr<net::RateLimiter> rates;
  std::unique_ptr<server::LoginHost> login;
  std::vector<std::unique_ptr<server::InboundHost>> doors;
  std::unique_ptr<server::ImapHost> imap;
  server::MaildropLocks maildrops;
  std::unique_ptr<server::Pop3Host> pop3;
  std::unique_ptr<service::Sending> sending;
  std::unique_ptr<cmc::SendApi> send_api;
  std::unique_ptr<http::Poster> push_poster;
  std::unique_ptr<jmap::PushSender> push;
  std::unique_ptr<jmap::JmapHost> jmap_host;
  std::unique_ptr<jmap::JmapApi> jmap;
  std::unique_ptr<service::QueueAdmin> queue_admin;
  std::unique_ptr<service::RecordReader> record_reader;
  std::unique_ptr<service::Transfers> transfers;
  std::unique_ptr<service::DomainCheck> domain_check;
  std::unique_ptr<api::ClientSetup> client_setup;
  std::unique_ptr<service::Limits> limits;
  std::unique_ptr<service::OwnerNotices> owner_notices;
  std::unique_ptr<service::Roles> roles;
  std::unique_ptr<service::Sessions> sessions;
  std::unique_ptr<api::admin::AdminHost> admin;
  http::Router public_routes;
  http::Router operator_routes;
  std::unique_ptr<http::HttpMetrics> http_metrics;
  std::unique_ptr<http::HttpHost> public_http;
  std::unique_ptr<http::HttpHost> operator_http;
  std::unique_ptr<Maintenance> maintenance;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  bool running = false;

  [[nodiscard]] bool offers_plus() const { return settings.tls.scram_plus == ScramPlus::offer; }
  Status build(StorageBase base);
  Status build_delivery();
  Status open_smtp();
  Status open_imap();
  Status open_pop3();
  Status open_http();
  void open_admin();
  void open_jmap();
  Status listen(const std::string& name, const std::string& address, std::uint16_t port,
                net::Listener::Handler handler);
  std::unique_ptr<server::InboundHost> make_door(service::Door door);
  void publish_metrics();
  void start();
  void drain_listeners();
  void stop();
};

Result<std::unique_ptr<Server>> Server::open(Settings settings, StorageBase base) {
  auto parts = std::make_unique<Parts>();
  parts->settings = std::move(settings);
  const Status built = parts->build(std::move(base));
  if (!built) {
    // Doors that are open already can only be closed by running threads.
    if (parts->io) parts->start();
    parts->stop();
    return std::unexpected(built.error());
  }
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Status Server::Parts::build(StorageBase base) {
  FUMI_TRY(storage, Storage::open(settings, Create::no, std::move(base), die_of));
  FUMI_CHECK(storage->listen());
  io = std::make_unique<net::IoPool>(settings.server.io_threads);
  cpu = std::make_unique<net::BlockingPool>(settings.server.cpu_threads, kPoolQueue);
  background =
      std::make_unique<net::BlockingPool>(1, kPoolQueue, net::BlockingPool::Urgency::background);
  runtime = std::make_unique<NetRuntime>(io->executor(0), *cpu, *background);
  FUMI_TRY(net::TlsServerConfig certificates, tls_config(settings));
  FUMI_TRY(tls, net::TlsServerContext::open(std::move(certificates)));
  const Clock& clock = system_clock();
  store::SqlStore& store = storage->store();
  routing = std::make_unique<service::Routing>(store, clock);
  access = std::make_unique<service::Access>(store, store, *runtime, clock, settings.access);
  live = std::make_unique<service::LiveSessions>(store, clock);
  access_policy = std::make_unique<service::AccessPolicy>(store, clock);
  tenancy = std::make_unique<service::Tenancy>(store, store, storage->keys(), *routing, *runtime,
                                               storage->ids(), clock);
  signer = std::make_unique<service::Signer>(store, *runtime, clock);
  bouncer = std::make_unique<service::Bouncer>(storage->blobs(), *routing, storage->ids(), clock,
                                               settings.server.hostname);
  FUMI_TRY(service::RetrySchedule retry, service::RetrySchedule::parse(settings.spool.retry_waits));
  spool = std::make_unique<service::Spool>(store, store, storage->blobs(), *runtime, *routing,
                                           storage->ids(), clock, settings.spool, std::move(retry));
  service::IntakeOptions intake_options;
  intake_options.hostname = settings.server.hostname;
  intake_options.hold_max = settings.smtp.hold_max;
  intake = std::make_unique<service::Intake>(store, store, storage->blobs(), *access, *routing,
                                             *spool, *bouncer, *signer, storage->ids(), clock,
                                             std::move(intake_options));
  search_indexer = std::make_unique<service::SearchIndexer>(store, store, storage->blobs(),
                                                            *runtime, clock, settings.search);
  vacation = std::make_unique<service::VacationResponder>(store, store, storage->blobs(), *runtime,
                                                          *signer, *spool, storage->ids(), clock,
                                                          settings.vacation);
  extractor = std::make_unique<PooledExtractor>(settings.extract);
  file_reader = std::make_unique<service::FileReader>(store, store, storage->blobs(), *runtime,
                                                      *extractor, clock, settings.search);
  mailboxes = std::make_unique<service::Mailboxes>(store, storage->blobs(), storage->bus(), clock,
                                                   settings.mailbox_index);
  search = std::make_unique<service::Search>(store, *mailboxes, storage->blobs(), *runtime);
  rates = std::make_unique<net::RateLimiter>(kRateKeys);
  login = std::make_unique<server::LoginHost>(*access, *live, fake_salt_key(settings));
  if (offers_plus()) login->plus = server::LoginHost::Plus::offer;
  trusted = std::make_unique<server::TrustedNetworks>(*tenancy);
  for (const std::string& entry : settings.smtp.relay_trusted)
    FUMI_CHECK(trusted->add(entry));
  maintenance = std::make_unique<Maintenance>(*storage, *runtime, *live, settings.records);
  obs::register_process_metrics(registry);
  publish_metrics();
  FUMI_CHECK(build_delivery());
  FUMI_CHECK(open_smtp());
  FUMI_CHECK(open_imap());
  FUMI_CHECK(open_pop3());
  return open_http();
}

Status Server::Parts::build_delivery() {
  net::ResolverConfig config;
  config.deadline = settings.dns.deadline;
  config.trust_anchor_file = settings.dns.trust_anchor.string();
  if (!settings.dns.forwarders.empty()) {
    config.source = net::ResolverConfig::Source::forwarders;
    config.forwarders = settings.dns.forwarders;
  }
  FUMI_TRY(dns, net::Resolver::open(io->executor(0), std::move(config)));
  mail_dns = std::make_unique<DnsResolver>(*dns);
  dns_reader = std::make_unique<DnsTextReader>(*dns);
  FUMI_TRY(tls_out, net::TlsClientContext::open({}));
  std::vector<service::StaticRoute> routes;
  for (const std::string& text : settings.deliver.routes) {
    FUMI_TRY(service::StaticRoute route, service::StaticRoute::parse(text));
    routes.push_back(std::move(route));
  }
  destinations =
      std::make_unique<service::Destinations>(*mail_dns, std::move(routes), settings.deliver.port);
  outbound =
      std::make_unique<server::SmtpOutbound>(*tls_out, settings.smtp, settings.server.hostname);
  delivery = std::make_unique<service::Delivery>(*spool, storage->blobs(), *runtime, *routing,
                                                 *destinations, *outbound, system_clock(),
                                                 settings.deliver);

  return {};
}

Status Server::Parts::listen(const std::string& name, const std::string& address,
                             std::uint16_t port, net::Listener::Handler handler) {
  if (port == 0) return {};
  net::ListenerConfig config;
  config.name = name;
  config.address = address;
  config.port = port;
  config.connections_max = settings.listen.connections_max;
  config.connections_per_ip_max = settings.listen.connections_per_ip_max;
  // The operator's port is on the management network, where no load balancer stands in front.
  if (!settings.listen.proxy_from.empty() && name != kOperatorHttp) {
    config.proxy = net::ProxyProtocol::required;
    for (const std::string& text : settings.listen.proxy_from) {
      const auto network = IpNetwork::parse(text);
      if (!network) {
        return fail(Code::invalid, "reading listen.proxy_from", "\"" + text + "\" is no network");
      }
      config.proxies.push_back(*network);
    }
  }
  FUMI_TRY(auto listener, net::Listener::open(*io, std::move(config), std::move(handler)));
  log::info("server", "listening", {{"port", listener->port()}, {"for", name}});
  listeners.push_back(std::move(listener));
  return {};
}

std::unique_ptr<server::InboundHost> Server::Parts::make_door(service::Door door) {
  auto options = std::make_shared<smtp::ServerOptions>();
  options->hostname = settings.server.hostname;
  options->size_max = settings.smtp.size_max.octets;
  options->recipients_max = settings.smtp.recipients_max;
  options->transactions_max = settings.smtp.transactions_max;
  options->errors_max = settings.smtp.errors_max;
  options->tls = smtp::TlsPolicy::offered;
  options->extensions.add(smtp::Extension::requiretls);
  if (door == service::Door::submission && settings.smtp.hold_max > Duration::zero()) {
    options->extensions.add(smtp::Extension::futurerelease);
    options->hold_max_s = std::uint32_t(
        std::chrono::duration_cast<std::chrono::seconds>(settings.smtp.hold_max).count());
  }
  if (door != service::Door::mx) {
    options->role = door == service::Door::relay ? smtp::Role::relay : smtp::Role::submission;
    options->mechanisms = "SCRAM-SHA-256 PLAIN LOGIN";
    if (offers_plus()) options->mechanisms_tls = "SCRAM-SHA-256-PLUS";
    // C-03: programs on a trusted network speak plain AUTH to the relay port.
    if (door == service::Door::relay) options->clear_auth = smtp::ClearAuth::allowed;
  }
  auto host = std::unique_ptr<server::InboundHost>(new server::InboundHost{door,
                                                                           std::move(options),
                                                                           settings.smtp,
                                                                           *intake,
                                                                           *login,
                                                                           *tls,
                                                                           *rates,
                                                                           system_clock(),
                                                                           *trusted,
                                                                           {}});
  return host;
}

Status Server::Parts::open_smtp() {
  struct Port {
    service::Door door;
    std::string name;
    std::uint16_t port;
    smtp::TlsState tls;
  };
  const std::array<Port, 4> ports{
      Port{service::Door::mx, "smtp", settings.listen.smtp, smtp::TlsState::plain},
      Port{service::Door::submission, "submission", settings.listen.submission,
           smtp::TlsState::plain},
      Port{service::Door::submission, "submissions", settings.listen.submissions,
           smtp::TlsState::active},
      Port{service::Door::relay, "relay", settings.listen.relay, smtp::TlsState::plain}};
  auto connections = registry.counters("fumi_smtp_connections_total", "SMTP connections", {"door"});
  auto accepted = registry.counters("fumi_smtp_accepted_total", "Messages accepted", {"door"});
  auto recipients =
      registry.counters("fumi_smtp_recipients_refused_total", "Recipients refused", {"door"});
  auto refused = registry.counters("fumi_smtp_refused_total", "Messages refused", {"door"});
  auto octets = registry.counters("fumi_smtp_accepted_bytes_total", "Octets accepted", {"door"});
  auto seconds =
      registry.histograms("fumi_smtp_commit_seconds", "From the end of DATA to the durable answer",
                          {"door"}, obs::latency_buckets());
  for (const Port& port : ports) {
    doors.push_back(make_door(port.door));
    server::InboundHost& host = *doors.back();
    host.metrics = {connections.with({port.name}), accepted.with({port.name}),
                    recipients.with({port.name}),  refused.with({port.name}),
                    octets.with({port.name}),      seconds.with({port.name})};
    const auto serve = [&host, tls_state = port.tls](std::unique_ptr<net::Stream> stream) {
      return server::serve_smtp(host, std::move(stream), tls_state);
    };
    FUMI_CHECK(listen(port.name, settings.listen.address, port.port, serve));
  }
  return {};
}

Status Server::Parts::open_imap() {
  auto options = std::make_shared<imap::Options>();
  options->plaintext = settings.imap.plaintext == server::ImapPlaintext::allow
                           ? imap::Plaintext::allow
                           : imap::Plaintext::refuse;
  options->greeting = settings.server.hostname + " Fumi ready";
  options->mechanisms = {"SCRAM-SHA-256", "PLAIN", "LOGIN"};
  if (offers_plus()) {
    options->mechanisms.insert(options->mechanisms.begin(), "SCRAM-SHA-256-PLUS");
  }
  options->limits.append_octets = settings.imap.append_max.octets;
  options->jmap_url = settings.imap.jmap_url;
  options->limits.messages = settings.imap.message_limit;
  options->limits.saved_messages = settings.imap.save_limit;
  imap = std::unique_ptr<server::ImapHost>(new server::ImapHost{
      std::move(options), settings.imap, *mailboxes, *login, *tls, {}, *search});
  imap->metrics = {registry.counter("fumi_imap_connections_total", "IMAP connections"),
                   registry.counter("fumi_imap_logins_total", "IMAP logins"),
                   registry.counter("fumi_imap_commands_total", "IMAP commands")};
  const auto clear = [this](std::unique_ptr<net::Stream> stream) {
    return server::serve_imap(*imap, std::move(stream), imap::Channel::clear);
  };
  const auto secured = [this](std::unique_ptr<net::Stream> stream) {
    return server::serve_imap(*imap, std::move(stream), imap::Channel::tls);
  };
  FUMI_CHECK(listen("imap", settings.listen.address, settings.listen.imap, clear));
  return listen("imaps", settings.listen.address, settings.listen.imaps, secured);
}

Status Server::Parts::open_pop3() {
  auto options = std::make_shared<pop3::Options>(server::engine_options(settings.pop3));
  options->greeting = settings.server.hostname + " Fumi ready";
  options->mechanisms = {"SCRAM-SHA-256", "PLAIN", "LOGIN"};
  if (offers_plus()) {
    options->mechanisms.insert(options->mechanisms.begin(), "SCRAM-SHA-256-PLUS");
  }
  pop3 = std::unique_ptr<server::Pop3Host>(new server::Pop3Host{
      std::move(options), settings.pop3, *mailboxes, *login, *tls, maildrops, system_clock(), {}});
  pop3->metrics = {registry.counter("fumi_pop3_connections_total", "POP3 connections"),
                   registry.counter("fumi_pop3_logins_total", "POP3 logins"),
                   registry.counter("fumi_pop3_retrieved_total", "Messages sent by RETR"),
                   registry.counter("fumi_pop3_removed_total", "Messages removed by QUIT")};
  const auto clear = [this](std::unique_ptr<net::Stream> stream) {
    return server::serve_pop3(*pop3, std::move(stream), pop3::Channel::clear);
  };
  const auto secured = [this](std::unique_ptr<net::Stream> stream) {
    return server::serve_pop3(*pop3, std::move(stream), pop3::Channel::tls);
  };
  FUMI_CHECK(listen("pop3", settings.listen.address, settings.listen.pop3, clear));
  return listen("pop3s", settings.listen.address, settings.listen.pop3s, secured);
}

void Server::Parts::open_admin() {
  store::SqlStore& store = storage->store();
  domain_check = std::make_unique<service::DomainCheck>(store, *routing, *dns_reader,
                                                        system_clock(), mail_host_facts(settings));
  limits = std::make_unique<service::Limits>(store, system_clock());
  client_setup = std::make_unique<api::ClientSetup>(*routing, domain_check->host());
  client_setup->add_routes(public_routes);
  queue_admin =
      std::make_unique<service::QueueAdmin>(store, system_clock(), [this] { spool->wake(); });
  record_reader = std::make_unique<service::RecordReader>(store, store, *runtime, system_clock());
  transfers = std::make_unique<service::Transfers>(store, *mailboxes, *runtime, system_clock(),
                                                   storage->ids());
  owner_notices = std::make_unique<service::OwnerNotices>(store, storage->blobs(), storage->ids(),
                                                          system_clock(), settings.server.hostname);
  roles = std::make_unique<service::Roles>(store, storage->ids(), system_clock(), *owner_notices);
  sessions = std::make_unique<service::Sessions>(store, store, *access, storage->ids(),
                                                 system_clock(), settings.sessions);
  admin = std::unique_ptr<api::admin::AdminHost>(new api::admin::AdminHost{
      *tenancy, store, *queue_admin, *record_reader, *runtime, system_clock(),
      settings.server.hostname, *search_indexer, *transfers, *mailboxes, *access_policy, *live,
      *domain_check, *limits, *roles, *sessions, store});
  api::admin::add_admin_routes(operator_routes, *admin, api::admin::Part::server);
  if (settings.listen.tenant_admin == app::TenantAdmin::on)
    api::admin::add_admin_routes(public_routes, *admin, api::admin::Part::tenants);
  api::admin::add_health_routes(operator_routes, store);
  api::admin::add_health_routes(public_routes, store);
  api::admin::add_metrics_route(operator_routes, registry);
}

void Server::Parts::open_jmap() {
  http::PosterOptions posts;
  posts.targets = settings.jmap.push_targets;
  push_poster = http::make_poster(*dns, *tls_out, posts);
  store::SqlStore& store = storage->store();
  push = std::make_unique<jmap::PushSender>(store, store, storage->bus(), *runtime, *push_poster,
                                            system_clock(), settings.jmap);
  jmap_host = std::unique_ptr<jmap::JmapHost>(new jmap::JmapHost{
      *access, *intake, *search, storage->store(), storage->blobs(), storage->bus(), storage->ids(),
      system_clock(), settings.jmap, push.get()});
  jmap = std::make_unique<jmap::JmapApi>(*jmap_host);
  jmap->add_routes(public_routes);
}

// Two listeners: customers' HTTP, and the operator's on the management network (T-06).
Status Server::Parts::open_http() {
  sending = std::make_unique<service::Sending>(*intake, *signer, system_clock(),
                                               settings.server.hostname);
  cmc::SendApiOptions send_options;
  send_options.body_octets_max = settings.smtp.size_max.octets * 2;  // base64 and form overhead
  send_api = std::make_unique<cmc::SendApi>(*access, *sending, send_options);
  send_api->add_routes(public_routes);
  open_jmap();
  open_admin();
  http_metrics = std::make_unique<http::HttpMetrics>(registry);
  public_http = std::make_unique<http::HttpHost>("http", public_routes, settings.http,
                                                 system_clock(), *http_metrics);
  operator_http = std::make_unique<http::HttpHost>("operator", operator_routes, settings.http,
                                                   system_clock(), *http_metrics);
  const auto serve_public = [this](std::unique_ptr<net::Stream> stream) {
    return http::serve(*public_http, std::move(stream), http::RequestContext::Transport::clear);
  };
  const auto serve_operator = [this](std::unique_ptr<net::Stream> stream) {
    return http::serve(*operator_http, std::move(stream), http::RequestContext::Transport::clear);
  };
  FUMI_CHECK(listen("http", settings.listen.address, settings.listen.http, serve_public));
  return listen(kOperatorHttp, settings.listen.operator_address, settings.listen.operator_http,
                serve_operator);
}

void Server::Parts::publish_metrics() {
  const obs::Gauge queued = registry.gauge("fumi_spool_messages", "Messages in delivery now");
  const obs::Gauge writes = registry.gauge("fumi_store_writes", "Transactions committed");
  const obs::Gauge groups = registry.gauge("fumi_store_commits", "Group commits, hence syncs");
  const obs::Gauge waiting = registry.gauge("fumi_store_writes_waiting", "Transactions waiting");
  const obs::Gauge hearing = registry.gauge(
      "fumi_store_hears_nodes", "1 while other nodes' changes are heard, or where there are none");
  const obs::Gauge indexed = registry.gauge("fumi_search_indexed_mails", "Mails indexed");
  const obs::Gauge behind =
      registry.gauge("fumi_search_accounts_waiting", "Accounts with mail to index");
  const obs::Gauge read =
      registry.gauge("fumi_search_mails_read", "Mails that searches had to read");
  auto files = registry.gauges("fumi_search_files", "Attached files read, by what became of them",
                               {"outcome"});
  using Outcome = ExtractedText::Outcome;
  for (const Outcome outcome : {Outcome::whole, Outcome::unsupported, Outcome::encrypted,
                                Outcome::damaged, Outcome::over_limit}) {
    const obs::Gauge count = files.with({std::string(to_string(outcome))});
    registry.on_expose([this, count, outcome] { count.set(double(file_reader->files(outcome))); });
  }
  const obs::Gauge unread =
      registry.gauge("fumi_search_files_accounts_waiting", "Accounts with attached files to read");
  const obs::Gauge lag = registry.gauge("fumi_search_files_lag_seconds",
                                        "For how long the oldest attached file has been waiting");
  registry.on_expose([this, unread, lag] {
    unread.set(double(file_reader->accounts_waiting()));
    lag.set(std::chrono::duration<double>(file_reader->lag()).count());
  });
  registry.on_expose([this, queued, writes, groups, waiting, hearing, indexed, behind, read] {
    hearing.set(storage->hears_others() ? 1 : 0);
    indexed.set(double(search_indexer->mails_indexed()));
    behind.set(double(search_indexer->accounts_waiting()));
    read.set(double(search->mails_read()));
    const sql::Metrics metrics = storage->database().metrics();
    queued.set(double(spool ? spool->messages() : 0));
    writes.set(double(metrics.writes));
    groups.set(double(metrics.groups));
    waiting.set(double(metrics.writes_waiting));
  });
}

void Server::Parts::start() {
  io->start();
  running = true;
}

// All at the same time: the patience is for the whole server, and a busy SMTP session must not keep
// IMAP sessions from their BYE.
void Server::Parts::drain_listeners() {
  std::vector<std::jthread> waiting;
  waiting.reserve(listeners.size());
  for (const auto& listener : listeners) {
    waiting.emplace_back(
        [this, &listener] { listener->drain_blocking(settings.server.drain, kFarewell); });
  }
}

void Server::Parts::stop() {
  if (jmap) jmap->stop_push();
  if (running) drain_listeners();
  if (runtime) {
    runtime->scope().request_stop();
    if (extractor) extractor->stop();
    static_cast<void>(runtime->scope().join_blocking(30'000));
  }
  listeners.clear();
  if (storage) storage->database().close();
  if (cpu) cpu->stop();
  if (background) background->stop();
  dns.reset();
  if (io) {
    io->stop();
    io->join();
  }
}

namespace {

Task<void> start_spool(service::Spool& spool, service::Delivery& delivery) {
  const Status started = co_await spool.start(delivery);
  if (!started) log::error("spool", "cannot start", {{"why", started.error().text()}});
}

}  // namespace

int Server::run() {
  Parts& parts = *parts_;
  const sigset_t signals = server_signals();
  parts.start();
  parts.runtime->spawn("spool start", start_spool(*parts.spool, *parts.delivery));
  parts.search_indexer->start();
  parts.vacation->start();
  parts.push->start();
  parts.file_reader->start(parts.settings.extract.processes);
  parts.maintenance->start();
  log::info("server", "ready", {{"host", parts.settings.server.hostname}});
  sd_notify(0, "READY=1");
  for (;;) {
    int number = 0;
    sigwait(&signals, &number);
    if (number != SIGHUP) break;
    Result<net::TlsServerConfig> certificates = tls_config(parts.settings);
    const Status reloaded = certificates ? parts.tls->reload(std::move(*certificates))
                                         : Status(std::unexpected(certificates.error()));
    if (reloaded) {
      log::info("tls", "certificates read again");
    } else {
      log::error("tls", "certificates not read, the old ones stay",
                 {{"why", reloaded.error().text()}});
    }
  }
  sd_notify(0, "STOPPING=1");
  log::info("server", "draining");
  parts.maintenance->stop();
  parts.stop();
  log::info("server", "stopped");
  return 0;
}

}  // namespace fumi::app
