// The directory's credentials for programs: application passwords and API users.
#include "crypto/tenant_keys.h"
#include "store/mail/detail/directory.h"
#include "store/mail/detail/settings.h"
#include "store/mail/detail/wire.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kInsertAppPassword{
    "INSERT INTO app_passwords (tenant_id, account_id, app_password_id, created, body)"
    " VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kAppPasswords{
    "SELECT app_password_id, created, body FROM app_passwords"
    " WHERE tenant_id = $1 AND account_id = $2 ORDER BY app_password_id"};
constexpr Statement kRemoveAppPassword{
    "DELETE FROM app_passwords WHERE tenant_id = $1 AND account_id = $2 AND app_password_id = $3"};
constexpr Statement kRaiseVersion{
    "UPDATE account_profiles SET credential_version = credential_version + 1"
    " WHERE tenant_id = $1 AND account_id = $2"};

constexpr Statement kInsertApiUser{
    "INSERT INTO api_users (tenant_id, api_user_id, domain_id, name_key, smtp_access, http_access,"
    " status, credential_version, created, name, credential)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10) ON CONFLICT DO NOTHING"};
constexpr Statement kApiUserByName{
    "SELECT api_user_id, smtp_access, http_access, status, credential_version, created, name,"
    " credential FROM api_users WHERE tenant_id = $1 AND name_key = $2"};
constexpr Statement kApiUsers{
    "SELECT api_user_id, smtp_access, http_access, status, credential_version, created, name,"
    " credential FROM api_users WHERE tenant_id = $1 ORDER BY api_user_id"};
constexpr Statement kApiCredential{
    "SELECT credential FROM api_users WHERE tenant_id = $1 AND api_user_id = $2"};
constexpr Statement kUpdateApiUser{
    "UPDATE api_users SET smtp_access = $3, http_access = $4, status = $5, credential = $6,"
    " credential_version = credential_version + $7 WHERE tenant_id = $1 AND api_user_id = $2"};
constexpr Statement kDeleteApiUser{
    "DELETE FROM api_users WHERE tenant_id = $1 AND api_user_id = $2"};

}  // namespace

Status SqlDirectory::add_app_password(const AppPassword& password) {
  if (!password.id) return fail(Code::invalid, "adding an application password", "no id");
  FUMI_CHECK(require_account(password.account));
  const std::string body =
      WireWriter().text(password.name).text(encode_credential(password.credential)).take();
  FUMI_TRY(const auto sealed,
           context_.seal(purpose::kAppPassword, body, Aad(password.account, password.id)));
  const Instant created = password.created == Instant() ? context_.now() : password.created;
  // What is open stays open: one more password makes none of the others wrong.
  return context_.run(kInsertAppPassword, password.account, password.id, created, Blob{sealed});
}

Result<std::vector<AppPassword>> SqlDirectory::app_passwords(AccountId account) {
  std::vector<AppPassword> found;
  auto visit = [&](const Row& row) -> Status {
    AppPassword password{row.id<AppPasswordId>(0), account, {}, {}, row.instant(1)};
    FUMI_TRY(const auto body,
             context_.open(purpose::kAppPassword, row.blob(2), Aad(account, password.id)));
    WireReader reader(body);
    password.name = reader.text();
    const std::string credential = reader.text();
    FUMI_CHECK(reader.done("reading an application password"));
    FUMI_TRY(password.credential, decode_credential(credential));
    found.push_back(std::move(password));
    return {};
  };
  FUMI_CHECK(context_.query(kAppPasswords, visit, account));
  return found;
}

Status SqlDirectory::remove_app_password(AccountId account, AppPasswordId id) {
  FUMI_TRY(const auto rows, context_.execute(kRemoveAppPassword, account, id));
  if (rows == 0) return fail(Code::not_found, "removing an application password");
  FUMI_CHECK(raise_access_version(context_));
  return context_.run(kRaiseVersion, account);
}

Status SqlDirectory::create_api_user(const ApiUser& user) {
  if (!user.id || user.status == AccountStatus::deleted) {
    return fail(Code::invalid, "creating an API user");
  }
  FUMI_TRY(const DomainId domain, own_domain(user.name.domain));
  FUMI_TRY(const auto key, context_.blind(purpose::kApiUser, user.name.exact_key()));
  const std::string name = WireWriter().text(user.name.local).text(user.name.domain).take();
  FUMI_TRY(const auto sealed, context_.seal(purpose::kApiUser, name, Aad(user.id)));
  FUMI_TRY(const auto secret, context_.seal(purpose::kApiCredential,
                                            encode_credential(user.credential), Aad(user.id)));
  const Instant created = user.created == Instant() ? context_.now() : user.created;
  FUMI_TRY(
      const auto rows,
      context_.execute(kInsertApiUser, user.id, domain, Blob{crypto::view(key)}, user.smtp_access,
                       user.http_access, user.status, created, Blob{sealed}, Blob{secret}));
  if (rows == 0) return fail(Code::conflict, "creating an API user", "the name is taken");
  return {};
}

Result<ApiUser> SqlDirectory::api_user_of(const Row& row) {
  ApiUser user;
  user.id = row.id<ApiUserId>(0);
  user.tenant = context_.tenant();
  user.smtp_access = row.flag(1);
  user.http_access = row.flag(2);
  user.status = static_cast<AccountStatus>(row.int64(3));
  user.credential_version = static_cast<std::uint32_t>(row.int64(4));
  user.created = row.instant(5);
  FUMI_TRY(const auto name, context_.open(purpose::kApiUser, row.blob(6), Aad(user.id)));
  WireReader reader(name);
  user.name.local = reader.text();
  user.name.domain = reader.text();
  FUMI_CHECK(reader.done("reading an API user"));
  FUMI_TRY(const auto secret, context_.open(purpose::kApiCredential, row.blob(7), Aad(user.id)));
  FUMI_TRY(user.credential, decode_credential(secret));
  return user;
}

Result<std::optional<ApiUser>> SqlDirectory::api_user_by_name(const EmailAddress& name) {
  FUMI_TRY(const auto key, context_.blind(purpose::kApiUser, name.exact_key()));
  return context_.one(
      kApiUserByName, [&](const Row& row) { return api_user_of(row); }, Blob{crypto::view(key)});
}

Result<std::vector<ApiUser>> SqlDirectory::api_users() {
  std::vector<ApiUser> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto user, api_user_of(row));
    found.push_back(std::move(user));
    return {};
  };
  FUMI_CHECK(context_.query(kApiUsers, visit));
  return found;
}

Status SqlDirectory::update_api_user(const ApiUser& user) {
  if (user.status == AccountStatus::deleted) {
    return fail(Code::invalid, "updating an API user", "deletion is a step of its own");
  }
  auto map = [&](const Row& row) {
    return context_.open(purpose::kApiCredential, row.blob(0), Aad(user.id));
  };
  FUMI_TRY(const auto before, context_.one(kApiCredential, map, user.id));
  if (!before) return fail(Code::not_found, "updating an API user");
  const std::string after = encode_credential(user.credential);
  FUMI_TRY(const auto sealed, context_.seal(purpose::kApiCredential, after, Aad(user.id)));
  FUMI_CHECK(raise_access_version(context_));
  return context_.run(kUpdateApiUser, user.id, user.smtp_access, user.http_access, user.status,
                      Blob{sealed}, after != *before);
}

Status SqlDirectory::delete_api_user(ApiUserId id) {
  FUMI_TRY(const auto rows, context_.execute(kDeleteApiUser, id));
  if (rows == 0) return fail(Code::not_found, "deleting an API user");
  return raise_access_version(context_);
}

}  // namespace fumi::store
