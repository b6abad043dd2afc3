// Rights on an account's mailboxes: the first ones on a shared account are an operator's to give.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {

using http::Method;
using service::AclEdit;

void AdminApi::add_acl() {
  tag_ = "acl";
  add(Method::get, "/accounts/{address}/acl", "listAcl", Permission::sharing_read,
      "Lists who else may use an account's mailboxes.", &AdminApi::list_acl);
  add(Method::put, "/accounts/{address}/acl", "setAcl", Permission::sharing_write,
      "Gives somebody rights on an account's mailboxes, or takes them away.", &AdminApi::set_acl,
      204);
}

Task<Result<Page<AclEntryView>>> AdminApi::list_acl(Call& call, AclQuery query, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<std::vector<service::MailboxAcl>> acls = co_await host_->mailboxes.acls(*who);
  if (!acls) co_return std::unexpected(std::move(acls).error());
  Page<AclEntryView> page;
  bool found = !query.mailbox;
  for (const service::MailboxAcl& acl : *acls) {
    if (query.mailbox && acl.mailbox != *query.mailbox) continue;
    found = true;
    for (const service::AclLine& line : acl.lines)
      page.items.push_back({acl.mailbox, line.identifier, line.granted.text(), line.denied.text()});
  }
  if (!found) co_return fail(Code::not_found, "reading rights", "there is no such mailbox");
  co_return page;
}

Task<Result<None>> AdminApi::set_acl(Call& call, None, AclChange body) {
  const auto granted = Rights::parse(body.rights);
  const auto denied = Rights::parse(body.denied);
  if (!granted || !denied) {
    co_return fail(Code::invalid, "changing rights", "rights are letters of lrswipkxtea");
  }
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  std::vector<AclEdit> edits;
  edits.push_back({body.identifier, AclEdit::Change::replace, AclEdit::Sign::grant, *granted});
  edits.push_back({body.identifier, AclEdit::Change::replace, AclEdit::Sign::deny, *denied});
  Status done = co_await host_->mailboxes.edit_acl(*who, std::move(body.mailbox), std::move(edits));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

}  // namespace fumi::api::admin
