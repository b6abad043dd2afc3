#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>

#include "net/detail/rig.h"
#include "net/detail/unique_fd.h"
#include "net/resolver.h"
#include "net/scripted_dns.h"

extern char** environ;

namespace fumi::net {
namespace {

using testing::Rig;
using testing::TempFolder;

constexpr const char* kZone = R"($TTL 300
@ SOA ns.example.test. root.example.test. 1 3600 600 86400 60
@ NS ns
@ MX 20 mx2
@ MX 10 mx1
@ TXT "v=spf1 " "-all"
ns A 127.0.0.1
mx1 A 192.0.2.1
mx1 AAAA 2001:db8::1
mx2 A 192.0.2.2
alias CNAME mx1
nothing HINFO "a" "b"
null MX 0 .
_25._tcp.mx1 TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
)";

// A bound UDP socket on a free port; knot takes the port over once it is closed.
std::pair<detail::UniqueFd, int> udp_port() {
  detail::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at);
  socklen_t length = sizeof at;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &length);
  return {std::move(fd), ntohs(at.sin_port)};
}

bool accepts_tcp(int port) {
  const detail::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
}

enum class Anchor { right, spoilt };

// A real authoritative server with a plain and a signed zone.
class Knot {
 public:
  Knot() {
    port_ = udp_port().second;
    for (const char* zone : {"example.test", "signed.test"}) {
      std::ofstream(folder_ / (std::string(zone) + ".zone")) << "$ORIGIN " << zone << ".\n"
                                                             << kZone;
    }
    std::ofstream(config()) << "server:\n  rundir: " << (folder_ / "") << "\n  listen: 127.0.0.1@"
                            << port_ << "\ndatabase:\n  storage: " << (folder_ / "")
                            << "\nlog:\n  - target: " << (folder_ / "log")
                            << "\n    any: info\ntemplate:\n  - id: default\n    storage: "
                            << (folder_ / "") << "\n    file: \"%s.zone\"\n    zonefile-sync: -1\n"
                            << "    zonefile-load: difference-no-serial\n    journal-content: all\n"
                            << "zone:\n  - domain: example.test\n  - domain: signed.test\n"
                            << "    dnssec-signing: on\n";
    std::string program = "/usr/sbin/knotd";
    std::string flag = "-c";
    std::string file = config();
    char* arguments[] = {program.data(), flag.data(), file.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ) != 0) pid_ = 0;
    posix_spawn_file_actions_destroy(&actions);
    up_ = pid_ != 0 && testing::eventually([this] { return accepts_tcp(port_); });
  }
  ~Knot() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Knot(const Knot&) = delete;
  Knot& operator=(const Knot&) = delete;

  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] std::string forwarder() const { return "127.0.0.1@" + std::to_string(port_); }
  // The signed zone's DS as a trust anchor file; "" until it has keys.
  [[nodiscard]] std::string anchor(Anchor which) const {
    const std::string command = "/usr/sbin/keymgr -c " + config() + " signed.test ds 2>/dev/null";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    char line[512] = {};
    std::string text;
    while (std::fgets(line, sizeof line, pipe) != nullptr) {
      // Digest type 2 (SHA-256) is enough.
      if (std::string_view(line).find(" 13 2 ") != std::string_view::npos) text = line;
    }
    ::pclose(pipe);
    if (text.empty()) return {};
    if (which == Anchor::spoilt) {
      char& digit = text[text.size() - 3];
      digit = digit == '0' ? '1' : '0';
    }
    const std::size_t ds = text.find("DS");
    text.insert(ds, "IN ");
    const std::string file = folder_ / (which == Anchor::spoilt ? "spoilt.anchor" : "anchor");
    std::ofstream(file) << text;
    return file;
  }

 private:
  [[nodiscard]] std::string config() const { return folder_ / "knot.conf"; }
  TempFolder folder_;
  int port_ = 0;
  pid_t pid_ = 0;
  bool up_ = false;
};

std::unique_ptr<Resolver> open_resolver(Rig& rig, const std::string& forwarder,
                                        const std::string& anchor) {
  ResolverConfig config;
  config.source = ResolverConfig::Source::forwarders;
  config.forwarders = {forwarder};
  config.trust_anchor_file = anchor;
  auto resolver = Resolver::open(rig.pool.executor(1), std::move(config));
  REQUIRE_MESSAGE(resolver.has_value(), resolver.error().text());
  return std::move(*resolver);
}

TEST_CASE("answers of a real server") {
  Rig rig;
  const Knot knot;
  REQUIRE_MESSAGE(knot.up(), "knotd runs");
  const auto dns = open_resolver(rig, knot.forwarder(), "");

  const auto mx = rig.run(dns->mx("Example.Test."));
  REQUIRE(mx.has_value());
  REQUIRE(mx->status == DnsStatus::ok);
  REQUIRE(mx->records.size() == 2);
  CHECK(mx->records[0] == MxRecord{10, "mx1.example.test"});
  CHECK(mx->records[1].preference == 20);
  CHECK(mx->security == DnsSecurity::insecure);
  CHECK(mx->ttl > Duration::zero());
  CHECK(mx->ttl <= std::chrono::seconds(300));

  const auto addresses = rig.run(dns->addresses("mx1.example.test"));
  REQUIRE(addresses->records.size() == 2);
  CHECK(addresses->records[1].text() == "2001:db8::1");
  const auto four_only = rig.run(dns->addresses("mx2.example.test"));
  CHECK(four_only->status == DnsStatus::ok);
  CHECK(four_only->records.size() == 1);

  const auto alias = rig.run(dns->a("alias.example.test"));
  CHECK(alias->records.front().text() == "192.0.2.1");
  CHECK(alias->canonical == "mx1.example.test");
  CHECK(rig.run(dns->txt("example.test"))->records.front() == "v=spf1 -all");
  CHECK(rig.run(dns->mx("null.example.test"))->records.front().host == "");
  const auto tlsa = rig.run(dns->tlsa("_25._tcp.mx1.example.test"));
  REQUIRE(tlsa->records.size() == 1);
  CHECK(tlsa->records.front().usage == 3);
  CHECK(tlsa->records.front().data.size() == 32);

  CHECK(rig.run(dns->mx("missing.example.test"))->status == DnsStatus::nxdomain);
  CHECK(rig.run(dns->a("nothing.example.test"))->status == DnsStatus::nodata);
  CHECK(rig.run(dns->a("refused.invalid.example"))->status == DnsStatus::servfail);
  CHECK(rig.run(dns->a("not a name")).error().code == Code::invalid);
}

TEST_CASE("validated, and bogus under a wrong trust anchor") {
  Rig rig;
  const Knot knot;
  REQUIRE(knot.up());
  REQUIRE(testing::eventually([&] { return !knot.anchor(Anchor::right).empty(); }));
  {
    const auto dns = open_resolver(rig, knot.forwarder(), knot.anchor(Anchor::right));
    // The server may still be signing: what is not yet signed is bogus, and asked again later.
    CHECK(testing::eventually([&] {
      const auto signed_answer = rig.run(dns->mx("signed.test"));
      return signed_answer->security == DnsSecurity::secure && signed_answer->records.size() == 2;
    }));
    CHECK(rig.run(dns->mx("missing.signed.test"))->security == DnsSecurity::secure);
    CHECK(rig.run(dns->mx("missing.signed.test"))->status == DnsStatus::nxdomain);
    CHECK(rig.run(dns->mx("example.test"))->security == DnsSecurity::insecure);
  }
  const auto dns = open_resolver(rig, knot.forwarder(), knot.anchor(Anchor::spoilt));
  const auto bogus = rig.run(dns->mx("signed.test"));
  CHECK(bogus->security == DnsSecurity::bogus);
  CHECK(bogus->status == DnsStatus::servfail);
  CHECK(bogus->records.empty());
  CHECK_FALSE(bogus->why.empty());
}

Task<void> ask_mx(DnsClient& dns, std::string name, std::atomic<int>& cancelled) {
  Result<DnsRecords<MxRecord>> answer = co_await dns.mx(std::move(name));
  if (!answer && answer.error().code == Code::cancelled) ++cancelled;
}

TEST_CASE("a silent server: deadline, cancellation, limit in flight") {
  Rig rig;
  const auto [silent, port] = udp_port();
  ResolverConfig config;
  config.source = ResolverConfig::Source::forwarders;
  config.forwarders = {"127.0.0.1@" + std::to_string(port)};
  config.deadline = std::chrono::milliseconds(50);
  config.in_flight_max = 3;
  auto quick = Resolver::open(rig.pool.executor(1), config);
  REQUIRE(quick.has_value());
  CHECK(rig.run((*quick)->mx("example.test"))->status == DnsStatus::timeout);

  config.deadline = std::chrono::hours(1);
  auto patient = Resolver::open(rig.pool.executor(1), config);
  REQUIRE(patient.has_value());
  TaskScope scope;
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < 3; ++i) {
    Task<void> task = ask_mx(**patient, "n" + std::to_string(i) + ".test", cancelled);
    scope.spawn("ask", rig.pool.executor(0), std::move(task));
  }
  CHECK(testing::eventually([&] {
    const auto more = rig.run((*quick)->a("more.test"));
    return more->status == DnsStatus::timeout;  // by now the three wait
  }));
  const auto rejected = rig.run((*patient)->a("fourth.test"));
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().code == Code::unavailable);
  scope.request_stop();
  CHECK(scope.join_blocking(10'000));
  CHECK(cancelled == 3);
}

TEST_CASE("wrong settings are told") {
  Rig rig;
  ResolverConfig config;
  config.source = ResolverConfig::Source::forwarders;
  CHECK(Resolver::open(rig.pool.executor(0), config).error().code == Code::invalid);
  config.forwarders = {"nonsense"};
  CHECK(Resolver::open(rig.pool.executor(0), config).error().code == Code::invalid);
  config.forwarders = {"127.0.0.1@53"};
  config.trust_anchor_file = "/nonexistent";
  CHECK(Resolver::open(rig.pool.executor(0), config).error().code == Code::invalid);
}

TEST_CASE("scripted answers") {
  Rig rig;
  ScriptedDns dns;
  dns.add_mx("example.test", 20, "b.example.test");
  dns.add_mx("example.test", 10, "a.example.test");
  dns.add_a("a.example.test", "192.0.2.1");
  dns.add_a("a.example.test", "2001:db8::1");
  dns.add_txt("example.test", std::string(300, 'x'));
  dns.add_ptr("192.0.2.1", "a.example.test");
  dns.add_tlsa("_25._tcp.a.example.test", TlsaRecord{3, 1, 1, "hash"});
  dns.set_security("example.test", DnsType::mx, DnsSecurity::secure);
  dns.set_status("down.test", DnsType::mx, DnsStatus::servfail);
  const auto mx = rig.run(dns.mx("Example.test."));
  CHECK(mx->records.front().host == "a.example.test");
  CHECK(mx->security == DnsSecurity::secure);
  CHECK(rig.run(dns.addresses("a.example.test"))->records.size() == 2);
  CHECK(rig.run(dns.txt("example.test"))->records.front() == std::string(300, 'x'));
  CHECK(rig.run(dns.ptr(*IpAddress::parse("192.0.2.1")))->records.front() == "a.example.test");
  CHECK(rig.run(dns.tlsa("_25._tcp.a.example.test"))->records.front().data == "hash");
  CHECK(rig.run(dns.mx("down.test"))->status == DnsStatus::servfail);
  CHECK(rig.run(dns.mx("a.example.test"))->status == DnsStatus::nodata);
  CHECK(rig.run(dns.mx("nowhere.test"))->status == DnsStatus::nxdomain);
}

}  // namespace
}  // namespace fumi::net
