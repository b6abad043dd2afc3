// The JSON of sessions, tokens, roles and grants. Documented in control_resources.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/schema.h"

namespace fumi::api::admin {

struct NewSession {
  std::string login;  // not "address": it names no target, and nobody has proven anything yet
  Secret password;
};
struct SessionView {
  std::string address, tenant;
  std::vector<std::string> roles, permissions;
  std::string csrf_token;
  std::optional<Instant> expires;
};
struct SessionRow {
  std::string id, from;
  Instant created, used, expires;
  bool current = false;
};

struct RoleView {
  std::string name;
  std::vector<std::string> permissions;
};
struct NewGrantBody {
  std::string address, role;
  std::optional<std::string> domain;
  std::string duties = "apart";
};
struct GrantView {
  std::string id, kind, holder, role;
  std::optional<std::string> domain;
  std::string by;
  Instant created;
};

struct NewTokenBody {
  std::string name, role;
  std::optional<std::string> domain;
  std::optional<Instant> expires;
};
struct TokenView {
  std::string id, name, roles;
  Instant created, used, expires;
  std::optional<Secret> token;
};

struct RehearsedView {
  std::string operation, object;
  Json detail;
};
struct RehearsalView {
  std::vector<RehearsedView> changes;
};

void describe(Schema<RehearsedView>& s);
void describe(Schema<RehearsalView>& s);
void describe(Schema<NewSession>& s);
void describe(Schema<SessionView>& s);
void describe(Schema<SessionRow>& s);
void describe(Schema<RoleView>& s);
void describe(Schema<NewGrantBody>& s);
void describe(Schema<GrantView>& s);
void describe(Schema<NewTokenBody>& s);
void describe(Schema<TokenView>& s);

}  // namespace fumi::api::admin
