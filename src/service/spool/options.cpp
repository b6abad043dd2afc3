#include "service/spool/options.h"

#include "config/schema.h"

namespace fumi::service {

void describe(config::Schema<SpoolOptions>& s) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&SpoolOptions::retry_waits, "spool.retry_waits",
           {"1m", "5m", "15m", "30m", "1h", "2h", "4h"})
      .doc(
          "Waits after the first, second, ... failed attempt; the last one repeats. Each is spread "
          "by 10 %.");
  s.option(&SpoolOptions::lifetime, "spool.lifetime", hours(24 * 5))
      .range(minutes(1), hours(24 * 30))
      .doc(
          "How long a message is tried before it bounces; RFC 5321 §4.5.4.1 asks for 4 to 5 days.");
  s.option(&SpoolOptions::delay_notice_after, "spool.delay_notice_after", hours(4))
      .range(minutes(1), hours(24 * 30))
      .doc("The sender of a message that waits this long is told once.");
  s.option(&SpoolOptions::lease_time, "spool.lease_time", minutes(30))
      .range(minutes(1), hours(6))
      .doc(
          "How long this node holds what it works on before it must hold it anew; longer than any "
          "attempt takes. After a crash other nodes wait so long for its work.");
  s.option(&SpoolOptions::poll_interval, "spool.poll_interval", seconds(15))
      .range(seconds(1), minutes(5))
      .doc("How often the spool looks for work that other nodes have left.");
  s.option(&SpoolOptions::settle_wait, "spool.settle_wait", std::chrono::milliseconds(5))
      .range(seconds(0), seconds(1))
      .doc(
          "The outcome of a delivery waits so long for others, to be committed with them. A crash "
          "in "
          "between repeats the delivery.");
  s.option(&SpoolOptions::messages_max, "spool.messages_max", 20'000)
      .range(100, 1'000'000)
      .sim_values({100})
      .doc("Messages in delivery at a time; the others wait in the store.");
  s.option(&SpoolOptions::body_octets_max, "spool.body_memory_max", config::mib(256))
      .range(config::mib(1), config::gib(64))
      .doc(
          "Memory for bodies in delivery: of messages that were just accepted, and as much again "
          "of "
          "bodies read from the store. Attempts wait for room; one body may be larger.");
}

}  // namespace fumi::service
