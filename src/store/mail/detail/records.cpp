#include "store/mail/detail/records.h"

#include <algorithm>

#include "base/ascii.h"
#include "store/mail/detail/canonical.h"
#include "store/mail/detail/schema.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kInsertHead{
    "INSERT INTO record_heads (tenant_id, stream, number, last_id, hash)"
    " VALUES ($1, $2, 0, 0, $3) ON CONFLICT (tenant_id, stream) DO NOTHING"};
// Ids of a chained stream ascend with its numbers, whatever node gave them.
constexpr Statement kAdvance{
    "UPDATE record_heads SET number = number + 1,"
    " last_id = CASE WHEN last_id >= $3 THEN last_id + 1 ELSE $3 END"
    " WHERE tenant_id = $1 AND stream = $2 RETURNING number, last_id, hash"};
constexpr Statement kSetHash{
    "UPDATE record_heads SET hash = $3 WHERE tenant_id = $1 AND stream = $2"};
constexpr Statement kInsertChained{
    "INSERT INTO chain_records (tenant_id, stream, record_id, number, kind, at, from_key, to_key,"
    " hash, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

// In the searches 0 stands for "any", so that one prepared text serves every mix of filters.
#define FUMI_RECORD_FILTER                                                                   \
  " AND record_id > $2 AND record_id < $3 AND at >= $4 AND at < $5"                          \
  " AND ($6/*pg ::bigint*/ = 0 OR from_key = $6) AND ($7/*pg ::bigint*/ = 0 OR to_key = $7)" \
  " AND (($8/*pg ::bigint*/ >> kind/*pg ::int*/) & 1) = 1"

constexpr Statement kFindChained{
    "SELECT record_id, kind, at, 0, body FROM chain_records WHERE tenant_id = $1"
    " AND stream = $10" FUMI_RECORD_FILTER " ORDER BY record_id LIMIT $9"};
constexpr Statement kFindChainedNewest{
    "SELECT record_id, kind, at, 0, body FROM chain_records WHERE tenant_id = $1"
    " AND stream = $10" FUMI_RECORD_FILTER " ORDER BY record_id DESC LIMIT $9"};

constexpr std::uint32_t kLimitMax = 1000;
constexpr std::uint64_t kIdMax = (std::uint64_t{1} << 63U) - 1;
// An id is given when the closure runs; the record's own moment may lie this much before it, and,
// when a node's clock is behind, a little after.
constexpr Duration kIdLagMax = std::chrono::hours(1);
constexpr Duration kClockSkewMax = std::chrono::seconds(10);

std::int64_t kind_mask(const RecordQuery& query, RecordStream stream) {
  std::int64_t mask = 0;
  for (int kind = 1; kind < 62; ++kind) {
    const auto value = static_cast<RecordKind>(kind);
    if (stream_of(value) != stream || to_string(value) == "unknown") continue;
    if (query.kinds.empty() || std::ranges::find(query.kinds, value) != query.kinds.end()) {
      mask |= std::int64_t{1} << kind;
    }
  }
  return mask;
}

Instant upper(const RecordQuery& query) {
  return query.until.value_or(from_micros(std::int64_t{1} << 62U));
}

// Never zero, so that two streams' records order the same everywhere.
bool is_before(const Record& a, const Record& b, RecordQuery::Order order) {
  return order == RecordQuery::Order::oldest_first ? a.id < b.id : a.id > b.id;
}

}  // namespace

Result<SqlRecords::Keys> SqlRecords::keys_of(std::string_view from, std::string_view to) {
  Keys keys;
  if (!from.empty()) {
    FUMI_TRY(keys.from, context_.blind63(purpose::kRecordAddress, ascii::to_lower(from)));
  }
  if (!to.empty()) {
    FUMI_TRY(keys.to, context_.blind63(purpose::kRecordAddress, ascii::to_lower(to)));
  }
  return keys;
}

Result<std::string> SqlRecords::seal_body(const Record& record) {
  const Aad aad(record.id, static_cast<std::uint64_t>(record.kind), record.message,
                to_micros(record.at));
  return context_.seal(purpose::kRecord, encode_record(record), aad);
}

Result<Record> SqlRecords::record_of(const Row& row) {
  Record record;
  record.id = row.id<RecordId>(0);
  record.tenant = context_.tenant();
  record.kind = static_cast<RecordKind>(row.int64(1));
  record.at = row.instant(2);
  record.message = row.id<QueueId>(3);
  const Aad aad(record.id, static_cast<std::uint64_t>(record.kind), record.message, row.int64(2));
  FUMI_TRY(const auto body, context_.open(purpose::kRecord, row.blob(4), aad));
  FUMI_CHECK(decode_record(body, record));
  return record;
}

Status SqlRecords::append(Record record) {
  record.tenant = context_.tenant();
  record.id = context_.next_id<RecordId>();
  if (record.at == Instant()) record.at = context_.now();
  const RecordStream stream = stream_of(record.kind);
  if (stream != RecordStream::mail) record.message = QueueId();
  FUMI_TRY(const Keys keys, keys_of(record.from, record.to));
  if (stream != RecordStream::mail) return append_chained(record, stream, keys);
  return append_mail(record, keys);
}

Status SqlRecords::ensure_day(int day) {
  Effects& effects = context_.effects();
  if (context_.shared().has_day(day) || effects.record_days.contains(day)) return {};
  // Tomorrow's too, so that midnight finds it there.
  for (const int each : {day, day + 1}) {
    FUMI_CHECK(
        sql::ensure_table(context_.session(), mail_records_table(each), mail_records_template()));
    effects.record_days.insert(each);
  }
  return {};
}

Status SqlRecords::append_mail(const Record& record, Keys keys) {
  const int day = day_of(IdGenerator::made_at(record.id.value()));
  FUMI_CHECK(ensure_day(day));
  FUMI_TRY(const auto body, seal_body(record));
  const Statement& insert = context_.session().prepare_dynamic(
      "INSERT INTO " + mail_records_table(day) +
      " (tenant_id, record_id, kind, queue_id, at, from_key, to_key, body)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
  return context_.run(insert, record.id, record.kind, record.message, record.at, keys.from, keys.to,
                      Blob{body});
}

Status SqlRecords::append_chained(Record& record, RecordStream stream, Keys keys) {
  struct Head {
    std::uint64_t number;
    RecordId id;
    std::string hash;
  };
  auto map = [](const Row& row) {
    return Head{static_cast<std::uint64_t>(row.int64(0)), row.id<RecordId>(1), row.bytes(2)};
  };
  FUMI_TRY(auto head, context_.one(kAdvance, map, stream, record.id));
  if (!head) {
    const crypto::Digest256 zero{};
    FUMI_CHECK(context_.run(kInsertHead, stream, Blob{crypto::view(zero)}));
    FUMI_TRY(head, context_.one(kAdvance, map, stream, record.id));
  }
  crypto::Digest256 previous{};
  if (!head || head->hash.size() != previous.size()) {
    return fail(Code::corrupt, "appending a record", "the chain's head is damaged");
  }
  std::ranges::transform(head->hash, previous.begin(), [](char c) { return std::uint8_t(c); });
  record.id = head->id;
  const auto hash = chain_hash(previous, canonical_record(record, head->number));
  FUMI_TRY(const auto body, seal_body(record));
  FUMI_CHECK(context_.run(kInsertChained, stream, record.id, head->number, record.kind, record.at,
                          keys.from, keys.to, Blob{crypto::view(hash)}, Blob{body}));
  return context_.run(kSetHash, stream, Blob{crypto::view(hash)});
}

Result<std::vector<std::string>> SqlRecords::tables(Bounds bounds) {
  FUMI_TRY(auto names, sql::list_tables(context_.session(), kMailRecordsPrefix));
  const std::string first =
      mail_records_table(day_of(IdGenerator::made_at(std::min(bounds.after, kIdMax))));
  const std::string last =
      mail_records_table(day_of(IdGenerator::made_at(std::min(bounds.below, kIdMax))));
  std::erase_if(names, [&](const std::string& name) {
    return name.size() != first.size() || name < first || name > last;
  });
  return names;
}

Result<std::vector<Record>> SqlRecords::find(const RecordQuery& query) {
  if (query.limit == 0 || query.limit > kLimitMax) {
    return fail(Code::invalid, "searching records", "the limit is 1 to 1000");
  }
  Bounds bounds{0, kIdMax};
  const std::uint64_t first = IdGenerator::first_at(query.since - kClockSkewMax);
  if (first > 0) bounds.after = first - 1;
  if (query.after) bounds.after = std::max(bounds.after, query.after->value());
  if (query.until) bounds.below = IdGenerator::first_at(*query.until + kIdLagMax);
  FUMI_TRY(const Keys keys, keys_of(query.from.value_or(""), query.to.value_or("")));
  std::vector<Record> found;
  if (!query.stream || *query.stream == RecordStream::mail) {
    FUMI_CHECK(find_mail(query, bounds, keys, found));
  }
  if (!query.message) {  // only mail records are of a message
    for (const RecordStream stream : {RecordStream::login, RecordStream::operation}) {
      if (query.stream && *query.stream != stream) continue;
      FUMI_CHECK(find_chained(query, stream, bounds, keys, found));
    }
  }
  std::ranges::sort(found,
                    [&](const Record& a, const Record& b) { return is_before(a, b, query.order); });
  if (found.size() > query.limit) found.resize(query.limit);
  return found;
}

Status SqlRecords::find_mail(const RecordQuery& query, Bounds bounds, Keys keys,
                             std::vector<Record>& into) {
  const std::int64_t mask = kind_mask(query, RecordStream::mail);
  if (mask == 0) return {};
  const bool newest = query.order == RecordQuery::Order::newest_first;
  FUMI_TRY(auto names, tables(bounds));
  if (newest) std::ranges::reverse(names);
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto record, record_of(row));
    into.push_back(std::move(record));
    return {};
  };
  for (const std::string& table : names) {
    if (into.size() >= query.limit) break;
    const Statement& statement = context_.session().prepare_dynamic(
        "SELECT record_id, kind, at, queue_id, body FROM " + table +
        " WHERE tenant_id = $1" FUMI_RECORD_FILTER + (query.message ? " AND queue_id = $10" : "") +
        " ORDER BY record_id" + (newest ? " DESC" : "") + " LIMIT $9");
    const std::size_t room = query.limit - into.size();
    if (query.message) {
      FUMI_CHECK(context_.query(statement, visit, bounds.after, bounds.below, query.since,
                                upper(query), keys.from, keys.to, mask, room, *query.message));
    } else {
      FUMI_CHECK(context_.query(statement, visit, bounds.after, bounds.below, query.since,
                                upper(query), keys.from, keys.to, mask, room));
    }
  }
  return {};
}

Status SqlRecords::find_chained(const RecordQuery& query, RecordStream stream, Bounds bounds,
                                Keys keys, std::vector<Record>& into) {
  const std::int64_t mask = kind_mask(query, stream);
  if (mask == 0) return {};
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto record, record_of(row));
    into.push_back(std::move(record));
    return {};
  };
  const bool newest = query.order == RecordQuery::Order::newest_first;
  return context_.query(newest ? kFindChainedNewest : kFindChained, visit, bounds.after,
                        bounds.below, query.since, upper(query), keys.from, keys.to, mask,
                        query.limit, stream);
}

}  // namespace fumi::store
