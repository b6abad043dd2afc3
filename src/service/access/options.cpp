#include "config/schema.h"
#include "service/access/access.h"

namespace fumi::service {

void describe(config::Schema<AccessOptions>& s) {
  using std::chrono::hours;
  using std::chrono::minutes;
  s.option(&AccessOptions::failures_max, "access.failures_max", 20)
      .range(3, 10'000)
      .sim_values({3})
      .doc(
          "Failed logins for one name or from one client address, within the window, after which "
          "further attempts are refused unseen.");
  s.option(&AccessOptions::failures_window, "access.failures_window", minutes(10))
      .range(minutes(1), hours(24))
      .doc("How long failed logins are remembered.");
}

}  // namespace fumi::service
