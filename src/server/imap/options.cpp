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
  s.option(&ImapOptions::jmap_url, "imap.jmap_url", "")
      .doc(
          "Address of the JMAP session of the same accounts, as clients reach it "
          "(\"https://mail.example/.well-known/jmap\"): announced by JMAPACCESS (RFC 9698). Empty: "
          "not told.");
  s.option(&ImapOptions::message_limit, "imap.message_limit", 0)
      .range(0, 10'000'000)
      .doc(
          "Messages that one command works on, announced by MESSAGELIMIT (RFC 9738); 0: any "
          "number. "
          "Clients that do not know the extension take a part for the whole: set it only where all "
          "do.");
  s.option(&ImapOptions::save_limit, "imap.save_limit", 0)
      .range(0, 10'000'000)
      .doc(
          "Messages that one COPY or APPEND takes, announced by SAVELIMIT (RFC 9738); 0: any "
          "number. More are refused whole.");
}

}  // namespace fumi::server
