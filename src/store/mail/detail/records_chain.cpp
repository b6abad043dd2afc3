// The chains: sealing mail records in batches, exporting a stream, checking what is stored.
// docs/audit-format.md says what is hashed and how an export looks.
#include <algorithm>

#include "base/ascii.h"
#include "store/mail/detail/canonical.h"
#include "store/mail/detail/records.h"
#include "store/mail/detail/schema.h"

namespace fumi::store {
namespace {

using crypto::Digest256;
using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kHead{
    "SELECT number, last_id, hash FROM record_heads WHERE tenant_id = $1 AND stream = $2"};
constexpr Statement kSetHead{
    "INSERT INTO record_heads (tenant_id, stream, number, last_id, hash) VALUES ($1, $2, $3, $4, "
    "$5)"
    " ON CONFLICT (tenant_id, stream) DO UPDATE SET number = excluded.number,"
    " last_id = excluded.last_id, hash = excluded.hash"};
constexpr Statement kInsertSeal{
    "INSERT INTO record_seals (tenant_id, last_id, first_id, first_number, records, previous, hash,"
    " sealed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr Statement kSeals{
    "SELECT last_id, first_id, first_number, records, previous, hash FROM record_seals"
    " WHERE tenant_id = $1 AND last_id > $2 ORDER BY last_id LIMIT 500"};
constexpr Statement kEachChained{
    "SELECT record_id, kind, at, 0, body, number, hash FROM chain_records WHERE tenant_id = $1"
    " AND stream = $2 AND record_id > $3 AND record_id < $4 ORDER BY record_id LIMIT 500"};
constexpr Statement kHashBefore{
    "SELECT number, hash FROM chain_records WHERE tenant_id = $1 AND stream = $2"
    " AND record_id <= $3 ORDER BY record_id DESC LIMIT 1"};

constexpr Statement kOldestChained{
    "SELECT number, hash, record_id FROM chain_records WHERE tenant_id = $1 AND stream = $2"
    " ORDER BY record_id LIMIT 1"};

constexpr std::size_t kPage = 500;
constexpr std::uint64_t kIdMax = (std::uint64_t{1} << 63U) - 1;

Result<Digest256> digest_of(std::string_view bytes) {
  Digest256 digest{};
  if (bytes.size() != digest.size()) return fail(Code::corrupt, "reading a chain's hash");
  std::ranges::transform(bytes, digest.begin(), [](char c) { return std::uint8_t(c); });
  return digest;
}

std::string hex(const Digest256& digest) { return ascii::to_hex(crypto::view(digest)); }

struct Seal {
  std::uint64_t last_id = 0;
  std::uint64_t first_id = 0;
  std::uint64_t first_number = 0;
  std::uint64_t records = 0;
  std::string previous;
  std::string hash;
};

Seal seal_of(const Row& row) {
  auto number = [&](int column) { return static_cast<std::uint64_t>(row.int64(column)); };
  return {number(0), number(1), number(2), number(3), row.bytes(4), row.bytes(5)};
}

std::string_view stream_name(RecordStream stream) {
  switch (stream) {
    case RecordStream::mail:
      return "mail";
    case RecordStream::login:
      return "login";
    case RecordStream::operation:
      return "operation";
  }
  return "unknown";
}

}  // namespace

// Writes header, lines and trailer of an export.
class ExportWriter {
 public:
  ExportWriter(const std::function<Status(std::string_view)>& sink, TenantId tenant,
               RecordStream stream, Instant since, Instant until)
      : sink_(sink) {
    header_ = "{\"format\":\"fumi-audit-1\",\"tenant\":\"" + tenant.text() + "\",\"stream\":\"";
    header_.append(stream_name(stream)).append("\",\"since\":");
    header_ += std::to_string(to_micros(since)) + ",\"until\":" + std::to_string(to_micros(until));
  }

  // The chain before the first line; called once, before any line.
  Status begin(std::uint64_t first_number, const Digest256& previous) {
    header_ +=
        ",\"first\":" + std::to_string(first_number) + ",\"previous\":\"" + hex(previous) + "\"}";
    last_ = hex(previous);
    begun_ = true;
    return sink_(header_);
  }
  [[nodiscard]] bool begun() const { return begun_; }

  Status line(std::string canonical, std::string hash_hex) {
    canonical.pop_back();  // the closing brace
    last_ = std::move(hash_hex);
    canonical.append(",\"hash\":\"").append(last_).append("\"}");
    ++count_;
    return sink_(canonical);
  }

  Status end() {
    return sink_("{\"count\":" + std::to_string(count_) + ",\"last\":\"" + last_ +
                 "\",\"header\":\"" + hex(crypto::sha256(header_)) + "\"}");
  }

 private:
  const std::function<Status(std::string_view)>& sink_;
  std::string header_;
  std::string last_;
  std::uint64_t count_ = 0;
  bool begun_ = false;
};

Result<SqlRecords::ChainPoint> SqlRecords::head(RecordStream stream) {
  auto map = [](const Row& row) -> Result<ChainPoint> {
    ChainPoint point;
    point.next = static_cast<std::uint64_t>(row.int64(0)) + 1;
    point.last_id = static_cast<std::uint64_t>(row.int64(1));
    FUMI_TRY(point.hash, digest_of(row.blob(2)));
    return point;
  };
  FUMI_TRY(const auto found, context_.one(kHead, map, stream));
  return found.value_or(ChainPoint());
}

Status SqlRecords::each_mail(Bounds bounds, const Visit& visit) {
  FUMI_TRY(const auto names, tables(bounds));
  for (const std::string& table : names)
    FUMI_CHECK(each_mail_of_day(table, bounds, kIdMax, visit));
  return {};
}

Status SqlRecords::each_mail_of_day(const std::string& table, Bounds bounds, std::uint64_t limit,
                                    const Visit& visit) {
  while (limit > 0) {
    std::vector<Record> page;
    auto take = [&](const Row& row) -> Status {
      FUMI_TRY(auto record, record_of(row));
      page.push_back(std::move(record));
      return {};
    };
    const Statement& statement = context_.session().prepare_dynamic(
        "SELECT record_id, kind, at, queue_id, body FROM " + table +
        " WHERE tenant_id = $1 AND record_id > $2 AND record_id < $3 ORDER BY record_id LIMIT $4");
    const std::uint64_t most = std::min<std::uint64_t>(limit, kPage);
    FUMI_CHECK(context_.query(statement, take, bounds.after, bounds.below, most));
    for (Record& record : page)
      FUMI_CHECK(visit(record));
    if (page.size() < most) return {};
    limit -= page.size();
    bounds.after = page.back().id.value();
  }
  return {};
}

Status SqlRecords::each_chained(RecordStream stream, Bounds bounds,
                                const std::function<Status(Record&, const StoredLink&)>& visit) {
  for (;;) {
    std::vector<std::pair<Record, StoredLink>> page;
    auto take = [&](const Row& row) -> Status {
      FUMI_TRY(auto record, record_of(row));
      StoredLink link{static_cast<std::uint64_t>(row.int64(5)), row.bytes(6)};
      page.emplace_back(std::move(record), std::move(link));
      return {};
    };
    FUMI_CHECK(context_.query(kEachChained, take, stream, bounds.after, bounds.below));
    for (auto& [record, link] : page)
      FUMI_CHECK(visit(record, link));
    if (page.size() < kPage) return {};
    bounds.after = page.back().first.id.value();
  }
}

Result<std::uint64_t> SqlRecords::seal(Instant before, std::uint32_t limit) {
  FUMI_TRY(const ChainPoint start, head(RecordStream::mail));
  ChainPoint at = start;
  std::uint64_t first_id = 0;
  auto link = [&](Record& record) -> Status {
    if (first_id == 0) first_id = record.id.value();
    at.hash = chain_hash(at.hash, canonical_record(record, at.next));
    at.last_id = record.id.value();
    ++at.next;
    return {};
  };
  const Bounds bounds{start.last_id, IdGenerator::first_at(before)};
  FUMI_TRY(const auto names, tables(bounds));
  // A batch is of one day, so that it goes as a whole when retention drops the day.
  for (const std::string& table : names) {
    if (first_id == 0) FUMI_CHECK(each_mail_of_day(table, bounds, limit, link));
  }
  const std::uint64_t count = at.next - start.next;
  if (count == 0) return 0;
  FUMI_CHECK(context_.run(kInsertSeal, at.last_id, first_id, start.next, count,
                          Blob{crypto::view(start.hash)}, Blob{crypto::view(at.hash)},
                          context_.now()));
  FUMI_CHECK(context_.run(kSetHead, RecordStream::mail, at.next - 1, at.last_id,
                          Blob{crypto::view(at.hash)}));
  return count;
}

Status SqlRecords::export_stream(RecordStream stream, Instant since, Instant until,
                                 const std::function<Status(std::string_view line)>& sink) {
  if (until < since) return fail(Code::invalid, "exporting records", "until is before since");
  const std::uint64_t first = IdGenerator::first_at(since);
  const Bounds bounds{first == 0 ? 0 : first - 1, IdGenerator::first_at(until)};
  ExportWriter writer(sink, context_.tenant(), stream, since, until);
  if (stream == RecordStream::mail) {
    FUMI_CHECK(export_mail(bounds, writer));
  } else {
    FUMI_CHECK(export_chained(stream, bounds, writer));
  }
  return writer.end();
}

Status SqlRecords::export_chained(RecordStream stream, Bounds bounds, ExportWriter& writer) {
  ChainPoint start;
  auto map = [](const Row& row) -> Result<ChainPoint> {
    ChainPoint point;
    point.next = static_cast<std::uint64_t>(row.int64(0)) + 1;
    FUMI_TRY(point.hash, digest_of(row.blob(1)));
    return point;
  };
  FUMI_TRY(const auto before, context_.one(kHashBefore, map, stream, bounds.after));
  if (before) {
    start = *before;
  } else {
    // Where retention has removed the beginning, the oldest record is there to be continued only.
    auto whole = [&](const Row& row) -> Result<ChainPoint> {
      FUMI_TRY(ChainPoint point, map(row));
      point.last_id = static_cast<std::uint64_t>(row.int64(2));
      return point;
    };
    FUMI_TRY(const auto oldest, context_.one(kOldestChained, whole, stream));
    if (oldest && oldest->next > 2) {
      start = *oldest;
      bounds.after = oldest->last_id;
    }
  }
  FUMI_CHECK(writer.begin(start.next, start.hash));
  return each_chained(stream, bounds, [&](Record& record, const StoredLink& link) {
    return writer.line(canonical_record(record, link.number), ascii::to_hex(link.hash));
  });
}

// Batches are hashed from their beginning, so the walk starts with the batch that holds the first
// record asked for. At each batch's end stands the hash that was sealed, whatever the rows give
// now: that is where a changed or missing row comes to light.
Status SqlRecords::export_mail(Bounds bounds, ExportWriter& writer) {
  ChainPoint at;
  std::uint64_t walked = 0;  // the id up to which the walk has come
  auto step = [&](Record& record, const std::string* sealed) -> Status {
    if (record.id.value() > bounds.after && !writer.begun()) {
      FUMI_CHECK(writer.begin(at.next, at.hash));
    }
    std::string canonical = canonical_record(record, at.next);
    at.hash = chain_hash(at.hash, canonical);
    if (sealed != nullptr) {
      FUMI_TRY(at.hash, digest_of(*sealed));
    }
    ++at.next;
    if (!writer.begun()) return {};
    return writer.line(std::move(canonical), hex(at.hash));
  };
  std::uint64_t seal_after = bounds.after;
  bool more = true;
  while (more) {
    std::vector<Seal> seals;
    FUMI_CHECK(
        context_.query(kSeals, [&](const Row& row) { seals.push_back(seal_of(row)); }, seal_after));
    more = seals.size() == kPage;
    for (const Seal& seal : seals) {
      seal_after = seal.last_id;
      if (seal.first_id >= bounds.below) break;
      FUMI_TRY(at.hash, digest_of(seal.previous));
      at.next = seal.first_number;
      FUMI_CHECK(each_mail({seal.first_id - 1, std::min(seal.last_id + 1, bounds.below)},
                           [&](Record& record) {
                             const bool last = record.id.value() == seal.last_id;
                             return step(record, last ? &seal.hash : nullptr);
                           }));
      walked = seal.last_id;
    }
  }
  if (walked == 0) {
    FUMI_TRY(at, head(RecordStream::mail));
    walked = at.last_id;
  }
  // What isn't sealed yet continues the chain.
  FUMI_CHECK(
      each_mail({walked, bounds.below}, [&](Record& record) { return step(record, nullptr); }));
  return writer.begun() ? Status() : writer.begin(at.next, at.hash);
}

Status SqlRecords::verify(const std::function<void(std::string)>& broken) {
  FUMI_CHECK(verify_mail(broken));
  FUMI_CHECK(verify_chained(RecordStream::login, broken));
  return verify_chained(RecordStream::operation, broken);
}

Status SqlRecords::verify_chained(RecordStream stream,
                                  const std::function<void(std::string)>& broken) {
  const std::string name(stream_name(stream));
  std::optional<ChainPoint> at;  // nothing: the first record is taken as the beginning
  FUMI_CHECK(each_chained(stream, {0, kIdMax}, [&](Record& record, const StoredLink& link) {
    const std::string which = name + " record " + std::to_string(link.number);
    if (!at && link.number == 1) at = ChainPoint();
    auto stored = digest_of(link.hash);
    if (!stored) {
      broken(which + ": its hash is damaged");
      at.reset();
      return Status();
    }
    if (at && link.number != at->next) {
      broken(name + " records " + std::to_string(at->next) + " to " +
             std::to_string(link.number - 1) + " are missing");
    } else if (at && chain_hash(at->hash, canonical_record(record, link.number)) != *stored) {
      broken(which + ": it was changed");
    }
    at = ChainPoint{link.number + 1, *stored, record.id.value()};
    return Status();
  }));
  FUMI_TRY(const ChainPoint last, head(stream));
  if (last.next != (at ? at->next : 1) || (at && last.hash != at->hash)) {
    broken("the last " + name + " records are missing");
  }
  return {};
}

Status SqlRecords::verify_mail(const std::function<void(std::string)>& broken) {
  FUMI_TRY(const auto names, tables({0, kIdMax}));
  std::uint64_t after = 0;
  for (bool more = true; more;) {
    std::vector<Seal> seals;
    FUMI_CHECK(
        context_.query(kSeals, [&](const Row& row) { seals.push_back(seal_of(row)); }, after));
    more = seals.size() == kPage;
    for (const Seal& seal : seals) {
      after = seal.last_id;
      // Days that retention has dropped can't be checked any more.
      const std::string day = mail_records_table(day_of(IdGenerator::made_at(seal.first_id)));
      if (!std::ranges::binary_search(names, day)) continue;
      FUMI_TRY(Digest256 hash, digest_of(seal.previous));
      std::uint64_t number = seal.first_number;
      FUMI_CHECK(each_mail({seal.first_id - 1, seal.last_id + 1}, [&](Record& record) {
        hash = chain_hash(hash, canonical_record(record, number++));
        return Status();
      }));
      const std::string which = "mail records " + std::to_string(seal.first_number) + " to " +
                                std::to_string(seal.first_number + seal.records - 1);
      if (number - seal.first_number != seal.records) {
        broken(which + ": " + std::to_string(number - seal.first_number) + " are there");
      } else if (crypto::view(hash) != seal.hash) {
        broken(which + ": some were changed");
      }
    }
  }
  return {};
}

}  // namespace fumi::store
