#include "config/schema.h"
#include "service/search/indexer.h"

namespace fumi::service {

void describe(config::Schema<SearchIndexOptions>& s) {
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&SearchIndexOptions::interval, "search.interval", seconds(5))
      .range(milliseconds(100), minutes(10))
      .doc("How often new mail is looked for to be indexed; until then searches read it.");
  s.option(&SearchIndexOptions::share, "search.share", 50)
      .range(1, 100)
      .doc("While there is mail to index, percent of the time that is spent on it.");
  s.option(&SearchIndexOptions::batch_mails, "search.batch_mails", 512)
      .range(16, 4'096)
      .sim_values({16})
      .doc("Mails that are indexed in one go.");
  s.option(&SearchIndexOptions::attachment_text_max, "search.attachment_text_max", config::mib(1))
      .range(config::ByteCount{0}, config::mib(16))
      .doc(
          "Text of attached documents (PDF, Office, OpenDocument, RTF, HTML, text) that is found, "
          "of one mail; text beyond it isn't searched. 0: attached documents aren't opened; those "
          "that come meanwhile need a rebuild later.");
}

}  // namespace fumi::service
