// RecordStore: appends to and reads the tenant's event stream. See domain/record.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/record.h"

namespace fumi {

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // Gives the record its id and tenant. Login and operation records join the tenant's hash chain at
  // once; mail records are sealed later, in batches.
  virtual Status append(Record record) = 0;
  virtual Result<std::vector<Record>> find(const RecordQuery& query) = 0;

  // Writes the stream's export, one JSON line a record with its chain hash, to `sink`; the form
  // that `fumi audit verify` checks (docs/audit-format.md).
  virtual Status export_stream(RecordStream stream, Instant since, Instant until,
                               const std::function<Status(std::string_view line)>& sink) = 0;
};

}  // namespace fumi
