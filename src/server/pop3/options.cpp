#include "server/pop3/options.h"

#include "config/schema.h"

namespace fumi::server {

void describe(config::Schema<Pop3Options>& s) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.choice(&Pop3Options::plaintext, "pop3.plaintext", Pop3Plaintext::refuse,
           {{"refuse", Pop3Plaintext::refuse}, {"allow", Pop3Plaintext::allow}})
      .doc(
          "Whether passwords are taken on connections without TLS. allow: for a trusted network "
          "only.");
  s.option(&Pop3Options::idle_timeout, "pop3.idle_timeout", minutes(10))
      .range(minutes(10), hours(24))
      .doc(
          "Silence after which a session ends, removing nothing; RFC 1939 §3 asks for 10 minutes "
          "or more. It bounds how long a client that vanished keeps others from the maildrop.");
  s.option(&Pop3Options::login_timeout, "pop3.login_timeout", minutes(2))
      .range(seconds(5), minutes(30))
      .doc("Silence after which a client that has not logged in is closed.");
  s.option(&Pop3Options::login_delay, "pop3.login_delay", seconds(0))
      .range(seconds(0), hours(1))
      .doc(
          "Least time between logins to one account, announced by LOGIN-DELAY (RFC 2449 §6.5); "
          "each node counts for itself. 0: none.");
  s.option(&Pop3Options::expire_days, "pop3.expire_days", 0)
      .range(0, 36'500)
      .doc(
          "Announced by EXPIRE (RFC 2449 §6.7), for retention that is set elsewhere: nothing "
          "expires by this option. 0: EXPIRE NEVER.");
  s.choice(&Pop3Options::seen, "pop3.seen", Pop3Seen::keep,
           {{"keep", Pop3Seen::keep}, {"set", Pop3Seen::set}})
      .doc(
          "keep: fetching over POP3 leaves mail unread for IMAP. set: QUIT marks what RETR fetched "
          "as read.");
  s.choice(&Pop3Options::utf8_headers, "pop3.utf8_headers", Pop3Utf8Headers::send,
           {{"send", Pop3Utf8Headers::send}, {"refuse", Pop3Utf8Headers::refuse}})
      .doc(
          "Messages with raw UTF-8 in the header, for clients that did not send UTF8. send: as "
          "they are. refuse: [UTF8], as RFC 6856 §2.1 has it; many clients then fetch nothing "
          "behind it.");
}

}  // namespace fumi::server
