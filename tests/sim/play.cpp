#include "tests/sim/play.h"

#include <algorithm>

#include "tests/sim/expect.h"

namespace fumi::sim {
namespace {

constexpr std::array<const char*, 5> kBoxes{"INBOX", "B1", "B2", "B1/C", "Trash"};
constexpr std::array<const char*, 4> kOthers{"B1", "B2", "B1/C", "B2/D"};
constexpr std::array<const char*, 6> kFlags{"\\Seen",     "\\Deleted", "\\Flagged",
                                            "\\Answered", "\\Draft",   "Work"};
constexpr std::array<std::size_t, 4> kChunks{1, 7, 1000, SIZE_MAX};

}  // namespace

Plan make_plan(std::uint64_t seed, std::size_t bursts) {
  Random random(seed);
  Plan plan(bursts);
  for (Burst& burst : plan) {
    burst.seed = random.next();
    const std::uint32_t steps = 4 + random.below(8);
    for (std::uint32_t i = 0; i < steps; ++i)
      burst.steps.push_back(random.next());
  }
  return plan;
}

Play::Play(std::shared_ptr<sql::Database> database)
    : site_(std::move(database)),
      jmap_(site_, site_.hanako, kHanako),
      taro_jmap_(site_, site_.taro, kTaro) {}

void Play::run(const Plan& plan) {
  Random random(1);
  deliver(kTaro);
  taro_view_ = taro_jmap_.view();
  auditor_ = entered("", random);
  sleeper_ = entered("sleeper", random);
  (*auditor_)("CREATE B1");
  deliver(kHanako);
  last_ = jmap_.view();
  for (const Burst& burst : plan) {
    Random choices(burst.seed);
    if (choices.once_in(20)) crash(choices);
    for (const std::uint64_t seed : burst.steps) {
      Random own(seed);
      step(own);
    }
    check(choices);
    site_.w.world.clock().advance(std::chrono::seconds(choices.below(4'000)));
  }
}

void Play::step(Random& random) {
  switch (random.below(20)) {
    case 0:
    case 1:
      return deliver(kHanako);
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return jmap_step(random);
    case 7:
    case 8:
      return pop3_step(random);
    case 9:
    case 10:
    case 11:
    case 12:
      return together(random);
    case 13:
      return cut(random);
    case 14:
      return fault(random);
    default:
      return imap_step(random);
  }
}

// --- clients

std::unique_ptr<ImapClient> Play::entered(std::string name, Random& random) {
  return std::make_unique<ImapClient>(site_, std::move(name), random.one_of(kChunks));
}

std::unique_ptr<ImapClient>& Play::one_of_clients(Random& random) {
  return clients_[random.below(kClients)];
}

// A client that has something selected: what it had, or another mailbox now and then.
ImapClient& Play::ready(std::unique_ptr<ImapClient>& client, Random& random) {
  if (client && client->is_dead()) client.reset();
  if (!client) client = entered("imap" + std::to_string(&client - clients_.data()), random);
  if (!client->is_selected() || random.once_in(12))
    if (!client->select(random.one_of(kBoxes))) client->select("INBOX");
  return *client;
}

bool Play::others_work() const {
  return std::ranges::any_of(
      clients_, [](const auto& client) { return client != nullptr && client->is_busy(); });
}

std::string Play::message(Random& random) {
  const int number = ++messages_;
  std::string text = "From: a@b.example\r\nTo: " + kHanako + "\r\nSubject: m" +
                     std::to_string(number) + "\r\nMessage-ID: <m" + std::to_string(number) +
                     "@b.example>\r\n";
  if (random.once_in(2) && number > 1)
    text += "References: <m" + std::to_string(1 + random.below(std::uint32_t(number))) +
            "@b.example>\r\n";
  return text + "\r\nbody " + std::to_string(number) + "\r\n";
}

void Play::deliver(const std::string& to) {
  Random random(std::uint64_t(messages_) + 1);
  const bool alone = auditor_ && !is_faulty_ && !others_work();
  const std::uint32_t before = alone ? audit_box(*auditor_, "INBOX").uid_next : 0;
  const bool taken = site_.deliver(to, message(random));
  expect(taken || is_faulty_, "mail is taken");
  if (alone)
    expect(audit_box(*auditor_, "INBOX").messages.contains(before),
           "what was taken is in the INBOX");
}

// --- steps

void Play::imap_step(Random& random) {
  ImapClient& client = ready(one_of_clients(random), random);
  client.start(imap_command(client, random));
  finish(client);
}

void Play::finish(ImapClient& client) {
  const std::string box = client.belief().box;
  const std::string answer = client.finish();
  if (!client.is_dead()) {
    expect(answer.starts_with("OK") || answer.starts_with("NO"), "a command is understood");
    return;
  }
  // RFC 9051 §7.1.5: BYE, since its mailbox is gone.
  if (is_faulty_) return;
  expect(!audit(*auditor_).contains(box), "a session ends when its mailbox does, and not before");
}

// All at once: whatever order the store gives them.
void Play::together(Random& random) {
  for (auto& client : clients_)
    ready(client, random);
  for (auto& client : clients_) {
    if (random.once_in(4)) {
      client->idle();
    } else {
      client->start(imap_command(*client, random));
    }
  }
  if (random.once_in(2)) jmap_step(random);
  if (random.once_in(3)) deliver(kHanako);
  for (auto& client : clients_)
    finish(*client);
}

// A connection that ends in the middle of a command, and comes back with what it knew.
void Play::cut(Random& random) {
  std::unique_ptr<ImapClient>& client = one_of_clients(random);
  ready(client, random);
  const std::string command = imap_command(*client, random);
  const Belief known = client->belief();
  client->start(command);
  if (random.once_in(2)) deliver(kHanako);
  client->hang_up();
  site_.transcript.add("imap", "!", "hangs up");
  client = entered("imap" + std::to_string(&client - clients_.data()), random);
  client->resync(known);
  let_go();
}

// The store refuses one of the operations that follow.
void Play::fault(Random& random) {
  ImapClient& client = ready(one_of_clients(random), random);
  last_ = jmap_.view();
  const std::string command = imap_command(client, random);
  is_faulty_ = true;
  site_.w.faults.arm(1 + random.below(6));
  site_.transcript.add("site", "!", "the store will fail");
  switch (random.below(4)) {
    case 0:
      deliver(kHanako);
      break;
    case 1:
      jmap_step(random);
      break;
    default:
      client.start(command);
      finish(client);
  }
  site_.w.faults.arm(0);
  is_faulty_ = false;
  site_.transcript.add("site", "!", "the store works again");
}

void Play::crash(Random& random) {
  const std::string before = text_of(audit(*auditor_));
  std::array<Belief, kClients> known;
  for (std::size_t i = 0; i < kClients; ++i)
    if (clients_[i] && clients_[i]->is_selected()) known[i] = clients_[i]->belief();
  pop3_.reset();
  auditor_.reset();
  sleeper_.reset();
  for (auto& client : clients_)
    client.reset();
  site_.crash();
  auditor_ = entered("", random);
  sleeper_ = entered("sleeper", random);
  expect_same(text_of(audit(*auditor_)), before, "a crash loses nothing and changes nothing");
  for (std::size_t i = 0; i < kClients; ++i) {
    if (known[i].box.empty()) continue;
    clients_[i] = entered("imap" + std::to_string(i), random);
    clients_[i]->resync(known[i]);
  }
}

// --- IMAP's commands

std::string Play::some_uids(const ImapClient& client, Random& random) {
  const UidFlags& known = client.belief().messages;
  if (known.empty()) return std::to_string(1 + random.below(20));
  std::string out = std::to_string(random.one_of(known).first);
  if (random.once_in(2)) out += "," + std::to_string(random.one_of(known).first);
  if (random.once_in(4)) out += ":*";
  return out;
}

std::string Play::literal(Random& random) {
  const std::string text = message(random);
  return "{" + std::to_string(text.size()) + "+}\r\n" + text;
}

std::string Play::imap_command(ImapClient& client, Random& random) {
  const std::string box = random.one_of(kBoxes);
  const std::string flag = random.one_of(kFlags);
  switch (random.below(18)) {
    case 0:
      return "APPEND " + box + " (" + flag + ") " + literal(random);
    case 1:
      return "APPEND " + box + " (" + flag + ") " + literal(random) + " " + literal(random);
    case 2:
    case 3:
      return "UID COPY " + some_uids(client, random) + " " + box;
    case 4:
    case 5:
      return "UID MOVE " + some_uids(client, random) + " " + box;
    case 6:
      return "EXPUNGE";
    case 7:
      return "UID EXPUNGE " + some_uids(client, random);
    case 8:
      return "UID REPLACE " + std::to_string(number_at(some_uids(client, random))) + " " + box +
             " (" + flag + ") " + literal(random);
    case 9:
    case 10:
      return mailbox_command(random);
    default:
      return store_command(client, random);
  }
}

std::string Play::mailbox_command(Random& random) {
  switch (random.below(6)) {
    case 0:
      return std::string("DELETE ") + random.one_of(kOthers);
    case 1:
    case 2:
      return std::string("RENAME ") + random.one_of(kOthers) + " " + random.one_of(kOthers);
    case 3:
      return random.once_in(3) ? std::string("RENAME INBOX ") + random.one_of(kOthers)
                               : std::string("NOOP");
    default:
      return std::string("CREATE ") + random.one_of(kOthers);
  }
}

std::string Play::store_command(ImapClient& client, Random& random) {
  const std::string flag = random.one_of(kFlags);
  const char kind = "+- "[random.below(3)];
  std::string command = "UID STORE " + some_uids(client, random) + " ";
  if (random.once_in(4))
    command += "(UNCHANGEDSINCE " + std::to_string(client.belief().highest) + ") ";
  command += kind == ' ' ? "FLAGS" : std::string(1, kind) + "FLAGS";
  if (random.once_in(3)) {
    command += ".SILENT";
    client.expect_silent(kind, {flag});
  }
  return command + " (" + flag + ")";
}

}  // namespace fumi::sim
