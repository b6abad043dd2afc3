// An IMAP client (RFC 9051, with QRESYNC of RFC 7162) that believes what it is told and nothing
// else.
#pragma once

#include <optional>
#include <utility>

#include "tests/sim/site.h"
#include "tests/sim/text.h"

namespace fumi::sim {

// What a client takes along when its connection ends.
struct Belief {
  std::string name, box;  // how it selected the mailbox; its MAILBOXID
  std::uint32_t validity = 0;
  std::uint64_t highest = 0;  // the last HIGHESTMODSEQ up to which all of it is known
  UidFlags messages;
};

class ImapClient {
 public:
  // Logs in and enables QRESYNC. `name` is for the transcript.
  ImapClient(Site& site, std::string name, std::size_t chunk);

  // The tagged answer without its tag; "" when the server has closed.
  std::string operator()(const std::string& command);
  // In two steps, so that others may work in between.
  void start(const std::string& command);
  std::string finish();
  void idle();  // until the next finish()

  enum class Access : std::uint8_t { select, examine };
  bool select(const std::string& mailbox, Access access = Access::select);
  // RFC 7162 §3.2.5: from what was known to the present. False: there is no such mailbox now.
  bool resync(const Belief& known, Access access = Access::select, const std::string& more = {});
  void unselect();
  // Learns what came, and nothing that is known already.
  void look();
  // Flags that a silent STORE sets: true once a MODSEQ is answered (RFC 7162 §3.1.3).
  void expect_silent(char kind, Words flags) { silent_ = {kind, std::move(flags)}; }
  void hang_up() { peer_->hang_up(); }

  [[nodiscard]] bool is_dead() const { return dead_; }  // the server said BYE
  [[nodiscard]] bool is_selected() const { return selected_ && !dead_; }
  [[nodiscard]] bool is_busy() const { return busy_; }  // between start() and finish()
  [[nodiscard]] const Belief& belief() const { return belief_; }
  [[nodiscard]] std::uint64_t exists() const { return exists_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  bool enter(const std::string& command, Belief known);
  void hear(const std::string& line);
  void fetch(std::string_view line);
  void vanish(std::string_view line);

  Site& site_;
  std::string name_;
  std::unique_ptr<Peer> peer_;
  int count_ = 0;
  std::string tag_;
  std::vector<std::string> lines_;  // of the last answer
  bool dead_ = false, selected_ = false, busy_ = false, idles_ = false;
  Belief belief_;
  std::uint64_t exists_ = 0;
  std::uint64_t told_highest_ = 0;
  std::uint32_t looked_ = 0;  // up to this UID nothing is unknown
  std::optional<std::pair<char, Words>> silent_;
};

}  // namespace fumi::sim
