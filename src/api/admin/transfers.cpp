// Mail into an account and out of it: imports in batches, exports as one stream.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {
namespace {

using http::Method;

constexpr std::size_t kPieceOctets = 128 * 1024;

std::string_view name_of(service::ImportJob::State state) {
  switch (state) {
    case service::ImportJob::State::running:
      return "running";
    case service::ImportJob::State::done:
      return "done";
    case service::ImportJob::State::failed:
      return "failed";
    case service::ImportJob::State::cancelled:
      return "cancelled";
  }
  return "running";
}

ImportView view_of_import(const service::ImportJob& job) {
  ImportView view;
  view.id = job.id.text();
  view.source = job.source;
  view.state = name_of(job.state);
  view.failure = job.failure;
  view.imported = job.imported;
  view.skipped = job.skipped;
  view.updated = job.updated;
  view.octets = job.octets;
  view.started = job.started;
  view.touched = job.touched;
  return view;
}

Result<service::ImportId> import_id(const Call& call) {
  const auto id = service::ImportId::parse(call.context.parameter("id"));
  if (!id) return fail(Code::not_found, "looking up an import", "that is no import's id");
  return *id;
}

Result<std::vector<MailItem>> items_of(const http::Request& request) {
  static constexpr const char* kDoing = "reading mail";
  const auto type = http::media_type(request.headers.value("Content-Type"));
  if (!type || type->type != kMailStreamType)
    return fail(Code::invalid, kDoing, "send Content-Type: application/vnd.fumi.mail");
  MailStreamReader reader;
  reader.feed(request.body);
  std::vector<MailItem> items;
  for (;;) {
    FUMI_TRY(auto item, reader.next());
    if (!item) break;
    if (items.size() >= service::Transfers::kBatchItemsMax)
      return fail(Code::too_large, kDoing, "over 1000 messages and mailboxes at once");
    items.push_back(std::move(*item));
  }
  if (!reader.is_complete()) return fail(Code::invalid, kDoing, "the body has no end");
  return items;
}

// An export on its way, in pieces of some messages: memory holds one message and one piece.
class MailSource final : public http::BodySource {
 public:
  explicit MailSource(std::unique_ptr<service::MailExport> from) : from_(std::move(from)) {}

  Task<Result<std::string>> next() override {
    std::string piece;
    while (!done_ && piece.size() < kPieceOctets) {
      Result<std::optional<MailItem>> item = co_await from_->next();
      if (!item) co_return std::unexpected(std::move(item).error());
      if (!*item) {
        done_ = true;
        piece += write_mail_end(mails_);
        break;
      }
      if (!(*item)->bytes.empty()) ++mails_;
      piece += write_mail_item(**item);
    }
    co_return piece;
  }

 private:
  std::unique_ptr<service::MailExport> from_;
  std::uint64_t mails_ = 0;
  bool done_ = false;
};

}  // namespace

void AdminApi::add_transfers() {
  tag_ = "mail";
  add(Method::post, "/accounts/{address}/imports", "beginImport", Permission::content_write,
      "Begins an import. It can be repeated: mail that is there already is skipped.",
      &AdminApi::begin_import, 201);
  add(Method::get, "/accounts/{address}/imports", "listImports", Permission::content_write,
      "Lists an account's imports since the server's start.", &AdminApi::list_imports);
  add(Method::get, "/accounts/{address}/imports/{id}", "showImport", Permission::content_write,
      "Tells how far an import is.", &AdminApi::show_import);
  add(Method::post, "/accounts/{address}/imports/{id}/mail", "addToImport",
      Permission::content_write, "Brings in a batch of mail; it is durable when this answers.",
      &AdminApi::add_to_import);
  add(Method::get, "/accounts/{address}/imports/{id}/known", "knownToImport",
      Permission::content_write,
      "Tells which messages of an IMAP server's folder have come already.",
      &AdminApi::known_to_import);
  add(Method::post, "/accounts/{address}/imports/{id}/finish", "finishImport",
      Permission::content_write, "Ends an import that is complete.", &AdminApi::finish_import);
  add(Method::post, "/accounts/{address}/imports/{id}/cancel", "cancelImport",
      Permission::content_write, "Ends an import; what came in stays.", &AdminApi::cancel_import);
  add(Method::get, "/accounts/{address}/exports", "exportMail", Permission::content_read,
      "Gives all of an account's mail, or one mailbox, as a stream.", &AdminApi::export_mail);
}

Task<Result<ImportView>> AdminApi::begin_import(Call& call, None, NewImport body) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<service::ImportJob> job = co_await host_->transfers.begin(*who, std::move(body.source));
  if (!job) co_return std::unexpected(std::move(job).error());
  co_return view_of_import(*job);
}

Task<Result<Page<ImportView>>> AdminApi::list_imports(Call& call, None, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Page<ImportView> page;
  for (const service::ImportJob& job : host_->transfers.list(*who))
    page.items.push_back(view_of_import(job));
  co_return page;
}

Task<Result<ImportView>> AdminApi::show_import(Call& call, None, None) {
  const Result<service::ImportId> id = import_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<service::ImportJob> job = host_->transfers.show(*who, *id);
  if (!job) co_return std::unexpected(std::move(job).error());
  co_return view_of_import(*job);
}

Task<Result<ImportView>> AdminApi::add_to_import(Call& call, None, MailBody) {
  const Result<service::ImportId> id = import_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  const Result<service::ImportJob> known = host_->transfers.show(*who, *id);
  if (!known) co_return std::unexpected(known.error());
  Result<std::vector<MailItem>> items = items_of(call.context.request);
  if (!items) co_return std::unexpected(std::move(items).error());
  call.context.request.body = std::string();  // it may be large, and the items are copies
  Result<service::ImportJob> job = co_await host_->transfers.add(*who, *id, std::move(*items));
  if (!job) co_return std::unexpected(std::move(job).error());
  co_return view_of_import(*job);
}

Task<Result<KnownView>> AdminApi::known_to_import(Call& call, KnownQuery query, None) {
  const Result<service::ImportId> id = import_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<service::Transfers::Known> known =
      co_await host_->transfers.known(*who, *id, std::move(query.folder));
  if (!known) co_return std::unexpected(std::move(known).error());
  KnownView view;
  view.uid_validity = known->uid_validity;
  view.uids = std::move(known->uids);
  co_return view;
}

Task<Result<ImportView>> AdminApi::finish_import(Call& call, None, None) {
  const Result<service::ImportId> id = import_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<service::ImportJob> job = co_await host_->transfers.finish(*who, *id);
  if (!job) co_return std::unexpected(std::move(job).error());
  co_return view_of_import(*job);
}

Task<Result<ImportView>> AdminApi::cancel_import(Call& call, None, None) {
  const Result<service::ImportId> id = import_id(call);
  if (!id) co_return std::unexpected(id.error());
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<service::ImportJob> job = co_await host_->transfers.cancel(*who, *id);
  if (!job) co_return std::unexpected(std::move(job).error());
  co_return view_of_import(*job);
}

Task<Result<MailStream>> AdminApi::export_mail(Call& call, ExportQuery query, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  std::string folder = query.folder.value_or("");
  Result<std::unique_ptr<service::MailExport>> from =
      co_await host_->transfers.export_mail(*who, std::move(folder));
  if (!from) co_return std::unexpected(std::move(from).error());
  MailStream out;
  out.source = std::make_unique<MailSource>(std::move(*from));
  co_return out;
}

}  // namespace fumi::api::admin
