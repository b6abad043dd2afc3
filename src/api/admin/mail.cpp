// The queue, the log, and audit exports.
#include <unistd.h>

#include <cstdio>

#include "api/admin/admin_api.h"
#include "base/ascii.h"

namespace fumi::api::admin {
namespace {

using http::Method;

std::string_view name_of(RecipientState state) {
  switch (state) {
    case RecipientState::waiting:
      return "waiting";
    case RecipientState::delivered:
      return "delivered";
    case RecipientState::bounced:
      return "bounced";
    case RecipientState::cancelled:
      return "cancelled";
  }
  return "waiting";
}

QueueMessageView view_of_message(const service::QueuedMessage& queued) {
  const QueueMessage& message = queued.message;
  QueueMessageView view;
  view.id = message.id.text();
  view.tenant = queued.tenant;
  view.from = message.reverse_path.text();
  view.header_from = message.header_from;
  view.subject = message.subject;
  view.message_id = message.message_id;
  view.octets = message.octets;
  view.created = message.created;
  view.expires = message.expires;
  for (const QueueRecipient& recipient : message.recipients) {
    QueueRecipientView& row = view.recipients.emplace_back();
    row.address = recipient.address.text();
    row.state = name_of(recipient.state);
    row.attempts = recipient.attempts;
    if (recipient.state == RecipientState::waiting) row.due = recipient.due;
    if (recipient.attempts > 0) row.last_attempt = recipient.last_attempt;
    row.answer = recipient.last_answer;
    row.host = recipient.last_host;
  }
  return view;
}

RecordView view_of_record(const service::FoundRecord& found) {
  const Record& record = found.record;
  RecordView view;
  view.id = record.id.text();
  view.tenant = found.tenant;
  view.at = record.at;
  view.status = to_string(record.kind);
  if (record.message) view.message = record.message.text();
  view.actor = actor_name(record.actor);
  view.from = record.from;
  view.to = record.to;
  view.header_from = record.header_from;
  view.subject = record.subject;
  view.message_id = record.message_id;
  view.answer = record.answer;
  view.protocol = record.protocol;
  view.client_ip = record.client_ip;
  view.host = record.host;
  view.api_data = record.api_data;
  if (!record.detail.empty()) {
    auto detail = parse_json(record.detail);
    view.detail = detail ? std::move(*detail) : Json(record.detail);
  }
  view.octets = record.octets;
  return view;
}

std::optional<RecordStream> stream_named(std::string_view name) {
  if (name == "mail") return RecordStream::mail;
  if (name == "login") return RecordStream::login;
  if (name == "operation") return RecordStream::operation;
  return std::nullopt;
}

Result<service::RecordSearch> search_of(const LogQuery& query) {
  static constexpr const char* kDoing = "searching the log";
  service::RecordSearch search;
  RecordQuery& out = search.query;
  out.from = query.from;
  out.to = query.to;
  out.limit = query.limit;
  if (query.since) out.since = *query.since;
  out.until = query.until;
  if (query.stream) out.stream = stream_named(*query.stream);
  if (query.message && query.message->find('@') != std::string::npos) {
    search.message_id = *query.message;
    if (search.message_id[0] != '<') search.message_id = "<" + search.message_id + ">";
  } else if (query.message) {
    out.message = QueueId::parse(*query.message);
    if (!out.message) return fail(Code::invalid, kDoing, "message is no message's id");
  }
  if (query.after) {
    out.after = RecordId::parse(*query.after);
    if (!out.after) return fail(Code::invalid, kDoing, "after is no record's id");
  }
  if (!query.status) return search;
  for (const std::string_view word : ascii::split(*query.status, ',')) {
    const auto kind = record_kind(ascii::trim(word));
    if (!kind) return fail(Code::invalid, kDoing, "status has a word that is no status");
    out.kinds.push_back(*kind);
  }
  return search;
}

// An export on its way: written to an unnamed file first, so that a slow client holds neither a
// store thread nor a snapshot, and nothing grows in memory.
class ExportFile final : public http::BodySource, public service::ExportSink {
 public:
  static constexpr std::uint64_t kOctetsMax = 16ULL << 30U;
  static constexpr std::size_t kPieceOctets = 128 * 1024;

  explicit ExportFile(Runtime& runtime) : runtime_(runtime), file_(std::tmpfile()) {}
  ~ExportFile() override {
    if (file_ != nullptr) std::fclose(file_);
  }
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  Status line(std::string_view line) override {
    octets_ += line.size() + 1;
    if (octets_ > kOctetsMax)
      return fail(Code::too_large, "writing an export", "it is over 16 GiB; ask for less time");
    const bool good = file_ != nullptr &&
                      std::fwrite(line.data(), 1, line.size(), file_) == line.size() &&
                      std::fputc('\n', file_) != EOF;
    if (!good) return fail(Code::storage_full, "writing an export", "the temporary file is full");
    return {};
  }
  Status begin() override {
    octets_ = 0;
    if (file_ == nullptr || std::fflush(file_) != 0 || ::ftruncate(::fileno(file_), 0) != 0)
      return fail(Code::unavailable, "writing an export", "no temporary file could be made");
    std::rewind(file_);
    return {};
  }
  [[nodiscard]] Status rewind() {
    if (file_ == nullptr || std::fflush(file_) != 0)
      return fail(Code::storage_full, "writing an export", "the temporary file is full");
    std::rewind(file_);
    return {};
  }
  Task<Result<std::string>> next() override {
    std::string piece(kPieceOctets, '\0');
    bool failed = false;
    const std::function<void()> read = [&] {
      piece.resize(std::fread(piece.data(), 1, piece.size(), file_));
      failed = std::ferror(file_) != 0;
    };
    Status ran = co_await runtime_.offload(read);
    if (!ran) co_return std::unexpected(std::move(ran).error());
    if (failed) co_return fail(Code::internal, "reading an export", "the temporary file fails");
    co_return piece;
  }

 private:
  Runtime& runtime_;
  std::FILE* file_;
  std::uint64_t octets_ = 0;
};

Result<QueueId> queue_id(const Call& call) {
  const auto id = QueueId::parse(call.context.parameter("id"));
  if (!id) return fail(Code::not_found, "looking into the queue", "that is no message's id");
  return *id;
}

}  // namespace

std::string actor_name(const Actor& actor) {
  const std::string id = actor.id == 0 ? "" : ":" + StrongId<struct ActorTag>(actor.id).text();
  switch (actor.kind) {
    case Actor::Kind::system:
      return "system" + id;
    case Actor::Kind::operator_:
      return "operator" + id;
    case Actor::Kind::account:
      return "account" + id;
    case Actor::Kind::api_user:
      return "api_user" + id;
    case Actor::Kind::peer:
      return "peer" + id;
    case Actor::Kind::admin:
      return "admin" + id;
    case Actor::Kind::token:
      return "token" + id;
  }
  return "system";
}

void AdminApi::add_mail() {
  tag_ = "queue";
  add(Method::get, "/queue", "listQueue", Permission::queue_read, "Lists queued messages.",
      &AdminApi::list_queue);
  add(Method::get, "/queue/{id}", "showQueued", Permission::queue_read, "Shows a queued message.",
      &AdminApi::show_queued);
  add(Method::post, "/queue/{id}/retry", "retryQueued", Permission::queue_write,
      "Tries a queued message again now.", &AdminApi::retry_queued, 204);
  add(Method::post, "/queue/{id}/cancel", "cancelQueued", Permission::queue_write,
      "Takes a message out of the queue; its sender is not told.", &AdminApi::cancel_queued);
  tag_ = "log";
  add(Method::get, "/log", "readLog", Permission::log_read,
      "Searches and follows the event stream.", &AdminApi::read_log);
  tag_ = "audit";
  add(Method::get, "/tenants/{tenant}/audit", "exportAudit", Permission::audit_read,
      "Exports a stream of records as JSON lines that can be verified.", &AdminApi::export_audit);
}

Task<Result<Page<QueueMessageView>>> AdminApi::list_queue(Call& call, QueueListQuery query, None) {
  QueueQuery wanted;
  wanted.limit = query.limit;
  wanted.recipient_domain = query.domain;
  if (query.after) {
    const auto id = QueueId::parse(*query.after);
    if (!id) co_return fail(Code::invalid, "listing the queue", "after is no id");
    wanted.after = *id;
  }
  Result<std::optional<TenantId>> tenant = co_await tenant_filter(call, std::move(query.tenant));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  Result<std::vector<service::QueuedMessage>> rows =
      co_await host_->queue.list(*tenant, std::move(wanted));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<QueueMessageView> page;
  for (const service::QueuedMessage& row : *rows)
    page.items.push_back(view_of_message(row));
  if (rows->size() == query.limit) page.next = page.items.back().id;
  co_return page;
}

Task<Result<QueueMessageView>> AdminApi::show_queued(Call& call, None, None) {
  const Result<QueueId> id = queue_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::QueuedMessage> found = co_await host_->queue.show(call.tenant(), *id);
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return view_of_message(*found);
}

Task<Result<None>> AdminApi::retry_queued(Call& call, None, None) {
  const Result<QueueId> id = queue_id(call);
  if (!id) co_return std::unexpected(id.error());
  Status done = co_await host_->queue.retry(call.scope.actor, call.tenant(), *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<QueueMessageView>> AdminApi::cancel_queued(Call& call, None, None) {
  const Result<QueueId> id = queue_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::QueuedMessage> done =
      co_await host_->queue.cancel(call.scope.actor, call.tenant(), *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return view_of_message(*done);
}

Task<Result<LogPage>> AdminApi::read_log(Call& call, LogQuery query, None) {
  Result<service::RecordSearch> search = search_of(query);
  if (!search) co_return std::unexpected(std::move(search).error());
  Result<std::optional<TenantId>> tenant = co_await tenant_filter(call, std::move(query.tenant));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  search->tenant = *tenant;
  const Duration most = std::chrono::seconds(query.wait);
  Result<service::RecordPage> page = co_await host_->records.find_or_wait(std::move(*search), most);
  if (!page) co_return std::unexpected(std::move(page).error());
  LogPage out;
  for (const service::FoundRecord& record : page->records)
    out.items.push_back(view_of_record(record));
  out.next = page->next ? page->next.text() : query.after.value_or("");
  co_return out;
}

Task<Result<Stream>> AdminApi::export_audit(Call& call, AuditQuery query, None) {
  auto file = std::make_unique<ExportFile>(host_->runtime);
  ExportFile* const into = file.get();
  const RecordStream stream = *stream_named(query.stream);
  const Instant since = query.since.value_or(Instant());
  const Instant until = query.until.value_or(host_->clock.now());
  Status done = co_await host_->records.export_stream(call.scope, stream, since, until, *into);
  if (!done) co_return std::unexpected(std::move(done).error());
  Status ready = into->rewind();
  if (!ready) co_return std::unexpected(std::move(ready).error());
  Stream out;
  out.source = std::move(file);
  co_return out;
}

}  // namespace fumi::api::admin
