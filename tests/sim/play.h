// Play: random operations by IMAP, POP3, JMAP and deliveries on one account at once. The protocols
// are each other's model: after every burst all of them must tell of the same mail, every client
// that slept must be able to catch up, and the store's own check must find nothing.
#pragma once

#include <array>

#include "tests/sim/audit.h"
#include "tests/sim/jmap_client.h"
#include "tests/sim/pop3_client.h"

namespace fumi::sim {

// One burst and, behind it, what must be true. Each step has a seed of its own, so that a plan from
// which others were taken still does what it did.
struct Burst {
  std::uint64_t seed = 0;
  std::vector<std::uint64_t> steps;
};
using Plan = std::vector<Burst>;
[[nodiscard]] Plan make_plan(std::uint64_t seed, std::size_t bursts);

class Play {
 public:
  explicit Play(std::shared_ptr<sql::Database> database);

  // Throws Failure.
  void run(const Plan& plan);
  [[nodiscard]] std::string transcript() const { return site_.transcript.text(); }

 private:
  // --- steps: play.cpp
  void step(Random& random);
  void fault(Random& random);
  void together(Random& random);
  void cut(Random& random);
  void crash(Random& random);
  void deliver(const std::string& to);
  std::string message(Random& random);
  ImapClient& ready(std::unique_ptr<ImapClient>& client, Random& random);
  std::unique_ptr<ImapClient> entered(std::string name, Random& random);
  std::unique_ptr<ImapClient>& one_of_clients(Random& random);
  void imap_step(Random& random);
  void finish(ImapClient& client);
  std::string imap_command(ImapClient& client, Random& random);
  std::string mailbox_command(Random& random);
  std::string store_command(ImapClient& client, Random& random);
  static std::string some_uids(const ImapClient& client, Random& random);
  std::string literal(Random& random);
  [[nodiscard]] bool others_work() const;

  // --- steps: play_jmap.cpp
  void jmap_step(Random& random);
  void mailbox_set(Random& random);
  void email_set(Random& random, const std::string& property, const Json& value);
  void email_import(Random& random);
  Json some_mailboxes(Random& random);

  // --- steps: play_pop3.cpp
  void pop3_step(Random& random);
  void pop3_retrieve(std::uint32_t number);
  void pop3_quit(Random& random);

  // --- what must be true: checks.cpp
  void check(Random& random);
  void let_go();
  void check_clients(const Audit& truth);
  void check_resync(const Audit& truth, Random& random);
  static void check_jmap(const Audit& truth, const JmapView& view);
  static void check_names(const Audit& truth, const JmapView& view);
  static void check_counts(const Audit& truth, const JmapView& view);
  void check_changes(const JmapView& now);
  void check_isolation();
  void check_store();

  static constexpr std::size_t kClients = 3;
  Site site_;
  int messages_ = 0;
  JmapClient jmap_, taro_jmap_;
  std::unique_ptr<ImapClient> auditor_, sleeper_;
  std::array<std::unique_ptr<ImapClient>, kClients> clients_;
  std::unique_ptr<Pop3Client> pop3_;
  bool is_faulty_ = false;  // the store fails for a moment: commands may be refused
  JmapView last_, taro_view_;
  History history_;
  std::vector<Audit> slept_;  // what IMAP clients knew when they left
  std::vector<JmapView> slept_jmap_;
};

}  // namespace fumi::sim
