// SpoolOptions: how long the spool tries, how much of it is in memory, and how nodes share it.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "config/values.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct SpoolOptions {
  std::vector<std::string> retry_waits;            // durations, see RetrySchedule::parse
  Duration lifetime = std::chrono::hours(24 * 5);  // RFC 5321 §4.5.4.1: at least 4-5 days
  Duration delay_notice_after = std::chrono::hours(4);
  Duration lease_time = std::chrono::minutes(30);
  Duration poll_interval = std::chrono::seconds(15);  // how long another node's work may wait
  std::size_t messages_max = 20'000;                  // in memory at a time
  // Of bodies in memory: of messages just accepted, and as much again of bodies that were read from
  // the store for an attempt.
  config::ByteCount body_octets_max = config::mib(256);
  Duration body_wait_max = std::chrono::seconds(60);  // of an attempt, for room for its body
  Duration settle_wait{0};  // the outcome of a delivery waits so long for others
  std::string hostname;     // Reporting-MTA of DSNs
};

void describe(config::Schema<SpoolOptions>& s);

}  // namespace fumi::service
