// The search index of an account: how far it is, and making it anew.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {

using http::Method;

void AdminApi::add_search_index() {
  tag_ = "search";
  add(Method::get, "/accounts/{address}/search-index", "showSearchIndex", Permission::accounts_read,
      "Tells how far an account's search index is.", &AdminApi::show_search_index);
  add(Method::post, "/accounts/{address}/search-index/rebuild", "rebuildSearchIndex",
      Permission::accounts_write,
      "Forgets an account's search index and makes it anew in the background.",
      &AdminApi::rebuild_search_index, 204);
}

Task<Result<service::MailAccount>> AdminApi::account_of(Call& call) {
  std::string address(call.context.parameter("address"));
  Result<Account> account = co_await call.tenancy.account(call.scope, std::move(address));
  if (!account) co_return std::unexpected(std::move(account).error());
  co_return service::MailAccount{call.scope, account->id};
}

Task<Result<SearchIndexView>> AdminApi::show_search_index(Call& call, None, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<service::SearchIndexStatus> status = co_await host_->search_index.status(*who);
  if (!status) co_return std::unexpected(std::move(status).error());
  SearchIndexView view;
  view.address = std::string(call.context.parameter("address"));
  view.mails = status->mails;
  view.indexed = status->indexed;
  view.segments = status->segments;
  view.octets = status->octets;
  view.files_waiting = status->files_waiting;
  view.files_unread = status->files_unread;
  co_return view;
}

Task<Result<None>> AdminApi::rebuild_search_index(Call& call, None, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Status done = co_await host_->search_index.rebuild(*who);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

}  // namespace fumi::api::admin
