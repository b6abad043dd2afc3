#include "config/schema.h"
#include "service/control/sessions.h"

namespace fumi::service {

void describe(config::Schema<SessionOptions>& s) {
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::minutes;
  s.option(&SessionOptions::idle, "sessions.idle", minutes(30))
      .range(minutes(1), days(30))
      .doc("A session of the consoles ends when it hasn't been used for so long.");
  s.option(&SessionOptions::absolute, "sessions.absolute", hours(12))
      .range(minutes(5), days(365))
      .doc("A session of the consoles ends after so long, used or not.");
  s.option(&SessionOptions::per_account_max, "sessions.per_account_max", 50)
      .range(1, 1'000)
      .doc("Sessions that one account may have at a time; the oldest ends for a new one.");
  s.option(&SessionOptions::token_life_max, "sessions.token_life_max", days(400))
      .range(days(1), days(3'650))
      .doc("How long a program's token may hold at most.");
}

}  // namespace fumi::service
