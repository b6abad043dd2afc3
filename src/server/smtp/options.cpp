#include "server/smtp/options.h"

#include "config/schema.h"

namespace fumi::server {

void describe(config::Schema<SmtpOptions>& s) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&SmtpOptions::size_max, "smtp.in.size_max", config::mib(50))
      .range(config::kib(64), config::gib(1))
      .sim_values({config::kib(64)})
      .doc("Largest message, announced by SIZE (RFC 1870).");
  s.option(&SmtpOptions::recipients_max, "smtp.in.recipients_max", 1000)
      .range(100, 50'000)
      .sim_values({100})
      .doc("Recipients per transaction; RFC 5321 §4.5.3.1.8 asks for 100 or more.");
  s.option(&SmtpOptions::transactions_max, "smtp.in.transactions_max", 1000)
      .range(1, 1'000'000)
      .doc("Messages per connection.");
  s.option(&SmtpOptions::errors_max, "smtp.in.errors_max", 20)
      .range(1, 1000)
      .doc("Wrong commands after which the connection is closed with 421.");
  s.option(&SmtpOptions::command_timeout, "smtp.in.command_timeout", minutes(5))
      .range(seconds(1), hours(1))
      .doc("Longest silence of a client; RFC 5321 §4.5.3.2.7 asks for 5 minutes.");
  s.option(&SmtpOptions::session_max, "smtp.in.session_max", hours(2))
      .range(minutes(1), hours(24))
      .doc("Longest life of a connection.");
  s.option(&SmtpOptions::data_octets_per_second_min, "smtp.in.data_octets_per_second_min", 100)
      .range(0, 1'000'000)
      .doc("A client that sends a message slower than this, after the first minute, is cut off.");
  s.option(&SmtpOptions::hold_max, "smtp.in.hold_max", hours(24 * 30))
      .range(seconds(0), hours(24 * 365))
      .doc(
          "How long senders may have a message held before it goes (FUTURERELEASE, RFC 4865, on "
          "the "
          "submission ports, and JMAP's delayed sending); until then they can call it back. 0: not "
          "at all.");
  s.option(&SmtpOptions::relay_trusted, "relay.trusted", {})
      .doc(
          "Networks that may use the relay port without login, and whose tenant answers for them: "
          "\"192.0.2.0/24=acme\".");
  s.option(&SmtpOptions::postmaster, "smtp.in.postmaster", "")
      .doc(
          "The account that gets mail for <postmaster> without a domain and for postmaster at this "
          "host's own name, which RFC 5321 §4.5.1 has every server take. Empty: it is refused.");
  s.option(&SmtpOptions::rate_ip, "smtp.in.rate_ip", 0)
      .range(0, 1'000'000)
      .doc("Messages a minute from one address on the MX port; more are deferred (451). 0: any.");
  s.option(&SmtpOptions::rate_account, "smtp.in.rate_account", 0)
      .range(0, 10'000'000)
      .doc("Recipients a minute of one account or API user; more are deferred (451). 0: any.");
  s.option(&SmtpOptions::rate_tenant, "smtp.in.rate_tenant", 0)
      .range(0, 100'000'000)
      .doc("Recipients a minute of one tenant; more are deferred (451). 0: any.");
  s.option(&SmtpOptions::connect_timeout, "smtp.out.connect_timeout", seconds(30))
      .range(seconds(1), minutes(5))
      .doc("How long an outgoing connection may take to be made.");
  s.option(&SmtpOptions::answer_timeout, "smtp.out.answer_timeout", minutes(5))
      .range(seconds(1), minutes(30))
      .doc("How long a remote host may take for an answer; twice that after the message itself.");
}

}  // namespace fumi::server
