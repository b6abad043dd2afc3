// Random commands by several sessions against a model of the mailbox: what each client believes
// after the responses it was sent must be the mailbox as it is; UIDs ascend; MODSEQ never goes
// back; and QRESYNC after any disconnect brings a client to where a full resynchronisation does.
#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/ascii.h"
#include "server/imap/session.h"
#include "server/testing/peer.h"
#include "store/mail/engines_for_test.h"

namespace fumi::server {
namespace {

using testing::Peer;
using testing::SessionWorld;
using FlagSet = std::set<std::string>;

std::uint64_t number_at(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// What stands behind `name` in a response: "UID 5" -> 5, "MODSEQ (7)" -> 7.
std::optional<std::uint64_t> value_of(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at(line.substr(at + name.size()));
}

std::vector<std::uint32_t> uids_of(std::string_view set) {
  std::vector<std::uint32_t> out;
  for (const std::string_view part : ascii::split(set, ',')) {
    const auto first = std::uint32_t(number_at(part));
    const std::size_t colon = part.find(':');
    const auto last =
        colon == std::string_view::npos ? first : std::uint32_t(number_at(part.substr(colon + 1)));
    for (std::uint32_t uid = first; uid <= last && uid != 0; ++uid)
      out.push_back(uid);
  }
  return out;
}

// A mailbox as it ought to be.
struct Truth {
  std::map<std::uint32_t, FlagSet> messages;
  std::uint32_t last_uid = 0;
};

struct Known {
  std::uint32_t uid = 0;  // 0: not fetched yet
  FlagSet flags;
  std::uint64_t modseq = 0;
};

// A client that believes what it is told, and nothing else.
class Believer {
 public:
  Believer(service::testing::FakeRuntime& runtime, std::unique_ptr<net::Stream> stream)
      : peer_(runtime, std::move(stream)) {
    peer_.until("* OK");
  }

  std::string operator()(const std::string& command) {
    const std::string tag = "t" + std::to_string(++count_);
    peer_.say(tag + " " + command + "\r\n");
    const std::string answer = peer_.until(tag + " ");
    heard += command + "\n" + answer;
    if (heard.size() > 4'000) heard.erase(0, heard.size() - 4'000);
    for (std::size_t at = 0; at < answer.size();) {
      const std::size_t end = answer.find("\r\n", at);
      REQUIRE(end != std::string::npos);
      hear(std::string_view(answer).substr(at, end - at));
      at = end + 2;
    }
    return answer.substr(answer.rfind(tag + " ") + tag.size() + 1);
  }
  // Learns what it has only heard of.
  void look() {
    for (;;) {
      const auto unknown = std::ranges::find(messages, 0U, &Known::uid);
      if (unknown == messages.end()) return;
      const auto first = unknown - messages.begin() + 1;
      const std::string answer = (*this)("FETCH " + std::to_string(first) + ":" +
                                         std::to_string(messages.size()) + " (UID FLAGS MODSEQ)");
      // Gone already: a FETCH may not say so (RFC 9051 §7.5.1).
      if (answer.contains("EXPUNGEISSUED")) (*this)("NOOP");
    }
  }
  void hang_up() { peer_.hang_up(); }
  // RFC 7162 §3.2.5: what another connection knew, less what vanished, and what is fetched.
  void resync(Believer before) {
    std::map<std::uint32_t, Known> cache;
    for (const Known& known : before.messages)
      cache[known.uid] = known;
    highest = before.highest;
    cache_ = &cache;
    const std::string since = std::to_string(before.validity) + " " +
                              std::to_string(std::max<std::uint64_t>(before.highest, 1));
    REQUIRE((*this)("SELECT INBOX (QRESYNC (" + since + "))").starts_with("OK"));
    cache_ = nullptr;
    REQUIRE(cache.size() == exists_);
    for (const auto& [uid, known] : cache)
      messages.push_back(known);
  }

  std::string heard;  // the last of it, for whoever has to find out
  std::vector<Known> messages;
  std::uint64_t highest = 0;  // what it may resynchronise from
  std::uint32_t validity = 0;

 private:
  void hear(std::string_view line) {
    if (const auto modseq = value_of(line, "[HIGHESTMODSEQ ")) {
      REQUIRE(*modseq >= highest);
      highest = *modseq;
    }
    if (const auto value = value_of(line, "[UIDVALIDITY ")) validity = std::uint32_t(*value);
    if (!line.starts_with("* ")) return;
    if (line.starts_with("* VANISHED ")) return vanish(line.substr(line.rfind(' ') + 1));
    const auto number = std::size_t(number_at(line.substr(2)));
    if (cache_ != nullptr) {
      if (line.ends_with(" EXISTS")) exists_ = number;
      if (line.contains(" FETCH (")) fetch((*cache_)[*value_of(line, "UID ")], line);
      return;
    }
    if (line.ends_with(" EXISTS")) {
      REQUIRE(number >= messages.size());
      messages.resize(number);
    } else if (line.ends_with(" EXPUNGE")) {
      REQUIRE(number >= 1);
      REQUIRE(number <= messages.size());
      messages.erase(messages.begin() + std::ptrdiff_t(number) - 1);
    } else if (line.contains(" FETCH (")) {
      REQUIRE(number >= 1);
      REQUIRE(number <= messages.size());
      fetch(messages[number - 1], line);
    }
  }
  void fetch(Known& known, std::string_view line) {
    if (const auto uid = value_of(line, "UID ")) {
      REQUIRE((known.uid == 0 || known.uid == *uid));
      known.uid = std::uint32_t(*uid);
    }
    if (const auto modseq = value_of(line, "MODSEQ (")) {
      REQUIRE(*modseq >= known.modseq);
      known.modseq = *modseq;
    }
    const std::size_t at = line.find("FLAGS (");
    if (at == std::string_view::npos) return;
    const std::string_view list = line.substr(at + 7, line.find(')', at) - at - 7);
    known.flags.clear();
    for (const std::string_view flag : ascii::split(list, ' '))
      if (!flag.empty()) known.flags.emplace(flag);
  }
  void vanish(std::string_view set) {
    const std::vector<std::uint32_t> gone = uids_of(set);
    if (cache_ != nullptr) {
      for (const std::uint32_t uid : gone)
        cache_->erase(uid);
      return;
    }
    for (const std::uint32_t uid : gone) {
      auto found = std::ranges::find(messages, uid, &Known::uid);
      // One of those that it has not looked at yet: any of them.
      if (found == messages.end()) found = std::ranges::find(messages, 0U, &Known::uid);
      REQUIRE(found != messages.end());
      messages.erase(found);
    }
  }

  Peer peer_;
  int count_ = 0;
  std::map<std::uint32_t, Known>* cache_ = nullptr;  // while it resynchronises
  std::size_t exists_ = 0;
};

class Play : SessionWorld {
 public:
  Play(service::testing::ServiceOptions options, std::uint32_t seed)
      : SessionWorld(std::move(options)), seed_(seed) {
    auto engine = std::make_shared<imap::Options>();
    engine->plaintext = imap::Plaintext::allow;
    host_ = std::unique_ptr<ImapHost>(
        new ImapHost{std::move(engine), {}, w->mailboxes, login, *tls.server, {}, w->search});
    for (std::size_t i = 0; i < kClients; ++i)
      clients_.push_back(connected(i));
  }
  ~Play() { w->runtime.stop(); }

  void step() {
    const std::size_t who = random(kClients);
    Believer& client = *clients_[who];
    switch (random(11)) {
      case 0:
      case 1:
        return append(client, random(4) == 0 ? "Other" : "INBOX");
      case 2:
      case 3:
      case 4:
        return store(client);
      case 5:
        return expunge(client);
      case 6:
        return transfer(client, random(2) == 0);
      case 7:
        return reconnect(who);
      case 8:
        return deliver();
      default:
        return settle(client);
    }
  }
  void settle_all() {
    for (const auto& client : clients_)
      settle(*client);
    // What a client without any memory is told.
    believes(*connected(kClients - 1));
  }

 private:
  static constexpr std::size_t kClients = 3;

  std::uint32_t random(std::uint32_t below) {
    seed_ = seed_ * 1'664'525U + 1'013'904'223U;
    return (seed_ >> 8U) % below;
  }
  // Only the last knows no QRESYNC: it is told by EXPUNGE.
  [[nodiscard]] static bool resyncs(std::size_t who) { return who + 1 < kClients; }

  std::unique_ptr<Believer> connected(std::size_t who) {
    auto client = entered(who);
    REQUIRE((*client)("SELECT INBOX").starts_with("OK"));
    client->look();
    return client;
  }
  std::unique_ptr<Believer> entered(std::size_t who) {
    auto [ours, theirs] = net::make_pipe(w->runtime.executor(), {});
    w->runtime.spawn("session", serve_imap(*host_, std::move(theirs), imap::Channel::clear));
    auto client = std::make_unique<Believer>(w->runtime, std::move(ours));
    REQUIRE((*client)("LOGIN hanako@acme.example \"" + std::string(kPassword) + "\"")
                .starts_with("OK"));
    if (who == 0) (*client)("CREATE Other");
    REQUIRE((*client)(resyncs(who) ? "ENABLE QRESYNC" : "ENABLE CONDSTORE").starts_with("OK"));
    return client;
  }

  void arrived(Truth& box, std::uint32_t uid, FlagSet flags) {
    REQUIRE(uid > box.last_uid);
    box.last_uid = uid;
    box.messages[uid] = std::move(flags);
  }
  std::string flag() {
    static constexpr std::array<const char*, 6> kFlags{"\\Seen",     "\\Deleted", "\\Flagged",
                                                       "\\Answered", "$Work",     "$Fun"};
    return kFlags[random(kFlags.size())];
  }
  void append(Believer& client, const std::string& to) {
    const FlagSet flags{flag()};
    const std::string text = service::testing::mail("a@b.example", "appended");
    const std::string answer = client("APPEND " + to + " (" + *flags.begin() + ") {" +
                                      std::to_string(text.size()) + "+}\r\n" + text);
    const auto words = ascii::split(answer, ' ');
    REQUIRE(words.size() > 3);
    REQUIRE(words[1] == "[APPENDUID");
    arrived(to == "INBOX" ? inbox_ : other_, std::uint32_t(number_at(words[3])), flags);
  }
  void deliver() {
    REQUIRE(w.accept(service::testing::ServiceWorld::mx(), "a@b.example", {"hanako@acme.example"},
                     service::testing::mail("a@b.example", "delivered"))
                .has_value());
    arrived(inbox_, inbox_.last_uid + 1, {});
  }
  // Some of what the client sees: by number, and the UIDs that are meant.
  std::pair<std::string, std::vector<std::uint32_t>> some(Believer& client) {
    client.look();
    const auto size = std::uint32_t(client.messages.size());
    if (size == 0) return {};
    const std::uint32_t first = random(size);
    const std::uint32_t last = std::min(size - 1, first + random(4));
    std::vector<std::uint32_t> uids;
    for (std::uint32_t i = first; i <= last; ++i)
      uids.push_back(client.messages[i].uid);
    return {std::to_string(first + 1) + ":" + std::to_string(last + 1), uids};
  }
  void store(Believer& client) {
    const auto [set, uids] = some(client);
    if (uids.empty()) return;
    const std::string name = flag();
    const char kind = "+- "[random(3)];
    const std::string verb = std::string(kind == ' ' ? "" : std::string(1, kind)) + "FLAGS" +
                             (random(3) == 0 ? ".SILENT" : "");
    REQUIRE(client("STORE " + set + " " + verb + " (" + name + ")").starts_with("OK"));
    for (const std::uint32_t uid : uids) {
      const auto found = inbox_.messages.find(uid);
      if (found == inbox_.messages.end()) continue;
      if (kind == ' ') found->second = {name};
      if (kind == '+') found->second.insert(name);
      if (kind == '-') found->second.erase(name);
      // A silent change is not told; the client knows it.
      const auto known = std::ranges::find(client.messages, uid, &Known::uid);
      if (known != client.messages.end() && verb.ends_with("SILENT")) known->flags = found->second;
    }
  }
  void expunge(Believer& client) {
    client.look();
    std::vector<std::uint32_t> sees;
    for (const Known& known : client.messages)
      sees.push_back(known.uid);
    REQUIRE(client("EXPUNGE").starts_with("OK"));
    for (const std::uint32_t uid : sees) {
      const auto found = inbox_.messages.find(uid);
      if (found != inbox_.messages.end() && found->second.contains("\\Deleted"))
        inbox_.messages.erase(found);
    }
    believes(client);
  }
  void transfer(Believer& client, bool moves) {
    auto [set, uids] = some(client);
    std::erase_if(uids, [&](std::uint32_t uid) { return !inbox_.messages.contains(uid); });
    if (uids.empty()) return;
    const bool within = random(4) == 0;
    Truth& to = within ? inbox_ : other_;
    const std::string answer =
        client((moves ? "MOVE " : "COPY ") + set + (within ? " INBOX" : " Other"));
    REQUIRE(answer.starts_with("OK"));
    for (const std::uint32_t uid : uids) {
      arrived(to, to.last_uid + 1, inbox_.messages[uid]);
      if (moves) inbox_.messages.erase(uid);
    }
  }
  // Leaves without a word, and comes back with what it knows.
  void reconnect(std::size_t who) {
    std::unique_ptr<Believer> before = std::move(clients_[who]);
    before->look();
    before->hang_up();
    if (!resyncs(who)) {
      clients_[who] = connected(who);
      return believes(*clients_[who]);
    }
    clients_[who] = entered(who);
    clients_[who]->resync(std::move(*before));
    believes(*clients_[who]);
  }
  void settle(Believer& client) {
    REQUIRE(client("NOOP").starts_with("OK"));
    client.look();
    believes(client);
  }
  void believes(Believer& client) {
    client.look();
    CAPTURE(client.heard);
    REQUIRE(client.messages.size() == inbox_.messages.size());
    auto truth = inbox_.messages.begin();
    for (const Known& known : client.messages) {
      REQUIRE(known.uid == truth->first);
      CAPTURE(known.uid);
      CAPTURE(keywords_text({truth->second.begin(), truth->second.end()}));
      REQUIRE(known.flags == truth->second);
      ++truth;
    }
  }

  std::uint32_t seed_;
  std::unique_ptr<ImapHost> host_;
  std::vector<std::unique_ptr<Believer>> clients_;
  Truth inbox_, other_;
};

void play(const std::function<service::testing::ServiceOptions()>& options, std::uint32_t seeds,
          int steps) {
  for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Play game(options(), seed * 7'919);
    for (int i = 0; i < steps; ++i) {
      CAPTURE(i);
      game.step();
    }
    game.settle_all();
  }
}

TEST_CASE("several clients of one mailbox believe what is true (SQLite)") {
  play([] { return service::testing::ServiceOptions(); }, 12, 80);
}

TEST_CASE("several clients of one mailbox believe what is true (PostgreSQL)") {
  if (sql::TestCluster::shared() == nullptr) return;
  play(
      [] {
        service::testing::ServiceOptions options;
        options.database = store::testing::fresh_postgres();
        return options;
      },
      2, 60);
}

}  // namespace
}  // namespace fumi::server
