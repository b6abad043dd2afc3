// The options of the SMTP doors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/values.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::server {

struct SmtpOptions {
  config::ByteCount size_max = config::mib(50);
  std::uint32_t recipients_max = 1000;
  std::uint32_t transactions_max = 1000;
  std::uint32_t errors_max = 20;
  Duration command_timeout = std::chrono::minutes(5);  // RFC 5321 §4.5.3.2.7
  Duration session_max = std::chrono::hours(2);
  std::uint32_t data_octets_per_second_min = 100;   // slower senders are cut off
  std::vector<std::string> relay_trusted;           // "192.0.2.1=tenant"
  Duration hold_max = std::chrono::hours(24 * 30);  // FUTURERELEASE; zero: not offered
  std::string postmaster;          // where <postmaster> without a domain goes; empty: refused
  std::uint32_t rate_ip = 0;       // messages a minute from one address; 0: unlimited
  std::uint32_t rate_account = 0;  // recipients a minute of one principal
  std::uint32_t rate_tenant = 0;   // recipients a minute of one tenant
  Duration connect_timeout = std::chrono::seconds(30);  // outgoing
  Duration answer_timeout = std::chrono::minutes(5);    // outgoing; RFC 5321 §4.5.3.2
};

void describe(config::Schema<SmtpOptions>& s);

}  // namespace fumi::server
