#include "service/records/query.h"

#include <algorithm>

#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr std::uint32_t kTenantsPerPage = 100;
constexpr std::uint32_t kPageMax = 1000;  // RecordQuery::limit
constexpr Duration kPollInterval = std::chrono::milliseconds(250);

Result<std::vector<Tenant>> tenants_of(PlatformTx& tx, std::optional<TenantId> only) {
  std::vector<Tenant> out;
  if (only) {
    FUMI_TRY(auto tenant, tx.platform().tenant(*only));
    if (!tenant) return fail(Code::not_found, "searching records", "there is no such tenant");
    out.push_back(std::move(*tenant));
    return out;
  }
  for (TenantId after;;) {
    FUMI_TRY(auto page, tx.platform().tenants(after, kTenantsPerPage));
    const bool last = page.size() < kTenantsPerPage;
    if (!last) after = page.back().id;
    std::ranges::move(page, std::back_inserter(out));
    if (last) return out;
  }
}

// One page of all tenants together, ascending.
Result<RecordPage> read_page(PlatformTx& tx, const std::vector<Tenant>& tenants,
                             const RecordQuery& query) {
  RecordPage page;
  for (const Tenant& tenant : tenants) {
    FUMI_TRY(auto records, tx.in({tenant.id, {}}).records().find(query));
    for (Record& record : records)
      page.records.push_back({tenant.name, std::move(record)});
  }
  std::ranges::sort(page.records, {}, [](const FoundRecord& each) { return each.record.id; });
  if (page.records.size() > query.limit) page.records.resize(query.limit);
  page.next =
      page.records.empty() ? query.after.value_or(RecordId()) : page.records.back().record.id;
  return page;
}

Result<RecordPage> search_pages(PlatformTx& tx, const RecordSearch& search) {
  FUMI_TRY(const auto tenants, tenants_of(tx, search.tenant));
  if (search.message_id.empty()) return read_page(tx, tenants, search.query);
  RecordPage out;
  RecordQuery query = search.query;
  query.limit = kPageMax;
  for (std::uint32_t scanned = 0; scanned < RecordReader::kScannedMax; scanned += kPageMax) {
    FUMI_TRY(RecordPage page, read_page(tx, tenants, query));
    out.next = page.next;
    for (FoundRecord& found : page.records) {
      if (found.record.message_id != search.message_id) continue;
      out.next = found.record.id;
      out.records.push_back(std::move(found));
      if (out.records.size() == search.query.limit) return out;
    }
    out.next = page.next;
    if (page.records.size() < kPageMax) break;
    query.after = page.next;
  }
  return out;
}

}  // namespace

Task<Result<RecordPage>> RecordReader::find(RecordSearch search) {
  auto work = [&search](PlatformTx& tx) { return search_pages(tx, search); };
  co_return co_await platform_.read(std::move(work));
}

Task<Result<RecordPage>> RecordReader::find_or_wait(RecordSearch search, Duration most) {
  const Instant until = clock_.now() + most;
  for (;;) {
    RecordSearch copy = search;
    Result<RecordPage> page = co_await find(std::move(copy));
    if (!page || !page->records.empty() || clock_.now() >= until) co_return page;
    if (page->next) search.query.after = page->next;
    const Status slept = co_await runtime_.sleep_for(kPollInterval);
    if (!slept) co_return page;  // asked to stop: an empty page is an answer
  }
}

Task<Status> RecordReader::export_stream(TenantScope scope, RecordStream stream, Instant since,
                                         Instant until, ExportSink& sink) {
  const Instant now = clock_.now();
  const std::string which = std::to_string(int(stream));
  const Record act =
      operation(scope.actor, now, "audit.export", scope.tenant.text(),
                {{"stream", which}, {"since", to_rfc3339(since)}, {"until", to_rfc3339(until)}});
  auto record = [&act](Tx& tx) { return tx.records().append(act); };
  Status written = co_await store_.write(scope, std::move(record));
  if (!written) co_return written;
  auto work = [&](Tx& tx) -> Status {
    FUMI_CHECK(sink.begin());
    return tx.records().export_stream(stream, since, until,
                                      [&sink](std::string_view line) { return sink.line(line); });
  };
  co_return co_await store_.read(scope, std::move(work));
}

}  // namespace fumi::service
