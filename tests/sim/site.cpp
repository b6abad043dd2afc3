#include "tests/sim/site.h"

#include "tests/sim/expect.h"

namespace fumi::sim {
namespace {

constexpr std::size_t kLinesKept = 600;

std::shared_ptr<const imap::Options> imap_engine() {
  auto options = std::make_shared<imap::Options>();
  options->plaintext = imap::Plaintext::allow;
  return options;
}

server::Pop3Options pop3_options() {
  server::Pop3Options options;
  options.plaintext = server::Pop3Plaintext::allow;
  return options;
}

service::testing::ServiceOptions on(std::shared_ptr<sql::Database> database) {
  service::testing::ServiceOptions options;
  options.database = std::move(database);
  return options;
}

net::PipeOptions in_chunks(std::size_t chunk) {
  net::PipeOptions options;
  options.chunk_max = chunk;
  return options;
}

}  // namespace

void Transcript::add(std::string_view who, std::string_view direction, std::string_view text) {
  if (who.empty()) return;  // the auditor's
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    lines_.push_back(std::string(who) + " " + std::string(direction) + " " +
                     std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 2, text.size()));
    if (lines_.size() > kLinesKept) lines_.pop_front();
  }
}

std::string Transcript::text() const {
  std::string out;
  for (const std::string& line : lines_)
    out += line + "\n";
  return out;
}

Site::Front::Front(Site& site)
    : login{site.w->access, site.w->live, Secret(std::string(32, 'k')),
            server::LoginHost::Plus::off},
      imap{imap_engine(), {}, site.w->mailboxes, login, *site.tls_.server, {}, site.w->search},
      pop3{std::make_shared<pop3::Options>(server::engine_options(pop3_options())),
           pop3_options(),
           site.w->mailboxes,
           login,
           *site.tls_.server,
           locks,
           site.w.world.clock(),
           {}},
      jmap{site.w->access,     site.w->intake,       site.w->search,
           site.w.store,       site.w.blobs,         site.w.world.bus(),
           site.w.world.ids(), site.w.world.clock(), {}},
      api(jmap) {}

Site::Site(std::shared_ptr<sql::Database> database)
    : w(on(std::move(database))), acme(w.tenant("acme.example")) {
  hanako = person(kHanako);
  taro = person(kTaro);
  front_ = std::make_unique<Front>(*this);
}

Site::~Site() { w->runtime.stop(); }

AccountId Site::person(const std::string& address) {
  service::NewAccount account{address, "", Secret(kPassword), 0};
  auto made = w.call(w->tenancy.create_account(acme, std::move(account)));
  expect(made.has_value(), "an account is made");
  return made->id;
}

std::unique_ptr<Peer> Site::imap(std::size_t chunk) {
  auto [ours, theirs] = net::make_pipe(w->runtime.executor(), in_chunks(chunk));
  w->runtime.spawn("imap",
                   server::serve_imap(front_->imap, std::move(theirs), imap::Channel::clear));
  return std::make_unique<Peer>(w->runtime, std::move(ours));
}

std::unique_ptr<Peer> Site::pop3(std::size_t chunk) {
  auto [ours, theirs] = net::make_pipe(w->runtime.executor(), in_chunks(chunk));
  w->runtime.spawn("pop3",
                   server::serve_pop3(front_->pop3, std::move(theirs), pop3::Channel::clear));
  return std::make_unique<Peer>(w->runtime, std::move(ours));
}

bool Site::deliver(const std::string& to, const std::string& message) {
  const auto taken = w.accept(service::testing::ServiceWorld::mx(), "a@b.example", {to}, message);
  transcript.add("mx", ">", "to " + to + (taken.has_value() ? ": 250" : ": refused"));
  return taken.has_value();
}

void Site::crash() {
  transcript.add("site", "!", "crash and restart");
  w->runtime.stop();
  front_.reset();
  w.restart();
  front_ = std::make_unique<Front>(*this);
}

std::size_t Site::sessions() {
  constexpr std::size_t kMany = 100;
  return w->live.of_tenant(acme.tenant, kMany).size();
}

bool Site::maildrop_is_free() {
  return front_->locks.hold(hanako, w.world.clock().now(), {}).has_value();
}

}  // namespace fumi::sim
