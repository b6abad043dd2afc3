#include "config/schema.h"
#include "extract/helpers.h"

namespace fumi::extract {

void describe(config::Schema<ExtractOptions>& s) {
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&ExtractOptions::timeout, "extract.timeout", seconds(20))
      .range(seconds(1), minutes(5))
      .doc("How long the text of one attached file may take; what was found until then counts.");
  s.option(&ExtractOptions::processes, "extract.processes", 2)
      .range(1, 64)
      .doc("Attached files that are read at a time, each by a confined process of its own.");
  s.option(&ExtractOptions::file_octets_max, "extract.file_max", config::mib(32))
      .range(config::mib(1), config::mib(256))
      .doc("Attached files that are larger are not opened.");
}

}  // namespace fumi::extract
