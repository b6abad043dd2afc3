// RecordReader: searches the event stream and exports it, for operators and the API.
//
// Without a tenant a search looks through all of them and merges by record id, which ascends with
// time on the whole installation, so that paging by `after` works there too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"

namespace fumi::service {

struct FoundRecord {
  std::string tenant;  // its name
  Record record;
};

struct RecordSearch {
  std::optional<TenantId> tenant;
  RecordQuery query;
  std::string message_id;  // "<…@…>": only records of that Message-ID; "" is all
};

struct RecordPage {
  std::vector<FoundRecord> records;  // ascending
  RecordId next;                     // for query.after: everything up to it was looked at
};

// Takes an export. Called on a store thread: it must not wait for anything slow.
class ExportSink {
 public:
  virtual ~ExportSink() = default;
  // The export begins; again when its transaction is run again: forget what came.
  virtual Status begin() = 0;
  virtual Status line(std::string_view line) = 0;  // without its line end
};

class RecordReader {
 public:
  RecordReader(Platform& platform, Store& store, Runtime& runtime, const Clock& clock)
      : platform_(platform), store_(store), runtime_(runtime), clock_(clock) {}

  // A search for a Message-ID reads at most kScannedMax records a call; `next` says how far it
  // came.
  Task<Result<RecordPage>> find(RecordSearch search);
  // The same, but an empty page is waited for up to `most` (long polling).
  Task<Result<RecordPage>> find_or_wait(RecordSearch search, Duration most);

  // The export itself is recorded first, as an operation. `sink` must outlive the call.
  Task<Status> export_stream(TenantScope scope, RecordStream stream, Instant since, Instant until,
                             ExportSink& sink);

  static constexpr std::uint32_t kScannedMax = 10'000;

 private:
  Platform& platform_;
  Store& store_;
  Runtime& runtime_;
  const Clock& clock_;
};

}  // namespace fumi::service
