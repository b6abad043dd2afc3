// RecordStore over SQL. records.cpp appends and finds; records_chain.cpp seals, exports, verifies.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "domain/ports/record_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class ExportWriter;

class SqlRecords final : public RecordStore {
 public:
  explicit SqlRecords(Context& context) : context_(context) {}

  Status append(Record record) override;
  Result<std::vector<Record>> find(const RecordQuery& query) override;
  Status export_stream(RecordStream stream, Instant since, Instant until,
                       const std::function<Status(std::string_view line)>& sink) override;

  // Seals one batch of at most `limit` mail records older than `before`; gives how many. Records
  // still being written with older ids would stay out of the chain: `before` leaves them time.
  Result<std::uint64_t> seal(Instant before, std::uint32_t limit);
  // Removes up to `rows_max` records of a chained stream that are older than `before`, but for the
  // youngest of them: its hash is what the first one kept continues. 0: nothing is left to remove.
  Result<std::uint64_t> drop_chained(RecordStream stream, Instant before, std::uint32_t rows_max);
  // Recomputes every chain of the tenant; calls `broken` with what differs, by name.
  Status verify(const std::function<void(std::string what)>& broken);

 private:
  struct Keys {
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  struct Bounds {
    std::uint64_t after = 0;  // exclusive
    std::uint64_t below = 0;  // exclusive
  };
  // A place in a chain: the number of the next record and the hash before it.
  struct ChainPoint {
    std::uint64_t next = 1;
    crypto::Digest256 hash{};
    std::uint64_t last_id = 0;
  };
  using Visit = std::function<Status(Record& record)>;
  struct StoredLink {  // of a record in the login and operation streams
    std::uint64_t number = 0;
    std::string hash;
  };

  Status append_mail(const Record& record, Keys keys);
  Status append_chained(Record& record, RecordStream stream, Keys keys);
  Status ensure_day(int day);
  Result<Keys> keys_of(std::string_view from, std::string_view to);
  Result<std::string> seal_body(const Record& record);
  Result<Record> record_of(const sql::Row& row);

  // Tables of the days that ids in the bounds can be of, oldest first.
  Result<std::vector<std::string>> tables(Bounds bounds);
  Status find_mail(const RecordQuery& query, Bounds bounds, Keys keys, std::vector<Record>& into);
  Status find_chained(const RecordQuery& query, RecordStream stream, Bounds bounds, Keys keys,
                      std::vector<Record>& into);

  // All mail records in the bounds, ascending.
  Status each_mail(Bounds bounds, const Visit& visit);
  Status each_mail_of_day(const std::string& table, Bounds bounds, std::uint64_t limit,
                          const Visit& visit);
  Status each_chained(RecordStream stream, Bounds bounds,
                      const std::function<Status(Record&, const StoredLink&)>& visit);
  Result<ChainPoint> head(RecordStream stream);
  Status export_mail(Bounds bounds, ExportWriter& writer);
  Status export_chained(RecordStream stream, Bounds bounds, ExportWriter& writer);
  Status verify_mail(const std::function<void(std::string)>& broken);
  Status verify_chained(RecordStream stream, const std::function<void(std::string)>& broken);

  Context& context_;
};

}  // namespace fumi::store
