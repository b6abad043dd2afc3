#include "config/schema.h"
#include "service/vacation/responder.h"

namespace fumi::service {

void describe(config::Schema<VacationOptions>& s) {
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&VacationOptions::interval, "vacation.interval", seconds(5))
      .range(milliseconds(100), minutes(10))
      .doc("How often mail to people who are away is looked for to be answered.");
  s.option(&VacationOptions::reply_interval, "vacation.reply_interval", days(7))
      .range(hours(1), days(365))
      .doc("How long one sender isn't answered again (RFC 5230 §4.1).");
  s.option(&VacationOptions::senders_max, "vacation.senders_max", 1'000)
      .range(1, 100'000)
      .doc("How many senders one account answers within that time.");
}

}  // namespace fumi::service
