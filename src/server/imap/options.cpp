#include "server/imap/options.h"

#include "config/schema.h"

namespace fumi::server {

void describe(config::Schema<ImapOptions>& s) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.choice(&ImapOptions::plaintext, "imap.plaintext", ImapPlaintext::refuse,
           {{"refuse", ImapPlaintext::refuse}, {"allow", ImapPlaintext::allow}})
      .doc(
          "Whether passwords are taken on connections without TLS. allow: for a trusted network "
          "only.");
  s.option(&ImapOptions::idle_timeout, "imap.idle_timeout", minutes(30))
      .range(minutes(1), hours(24))
      .doc(
          "Silence after which a client is logged out; RFC 9051 §5.4 asks for 30 minutes or more.");
  s.option(&ImapOptions::login_timeout, "imap.login_timeout", minutes(2))
      .range(seconds(5), minutes(30))
      .doc("Silence after which a client that has not logged in is closed.");
  s.option(&ImapOptions::append_max, "imap.append_max", config::mib(50))
      .range(config::kib(64), config::gib(1))
      .doc("Largest message that APPEND takes, announced by APPENDLIMIT (RFC 7889).");
}

}  // namespace fumi::server
