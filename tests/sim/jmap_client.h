// A JMAP client (RFC 8620, RFC 8621) that keeps what it was told, and brings it up to date by what
// changed.
#pragma once

#include <map>
#include <set>

#include "tests/sim/site.h"

namespace fumi::sim {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

// Objects by id, properties by name, values as JSON text; sets as their words.
using JmapObjects = std::map<std::string, std::map<std::string, std::string>>;
[[nodiscard]] std::string text_of(const JmapObjects& objects);

struct JmapQuery {
  std::string mailbox, state;
  std::vector<std::string> ids;
};

struct JmapView {
  std::string state;
  JmapObjects emails, mailboxes, threads;
  std::vector<JmapQuery> queries;  // of each mailbox
};

[[nodiscard]] std::string keys_of(const Json* object);

class JmapClient {
 public:
  JmapClient(Site& site, AccountId account, const std::string& name);

  // One method's answer; nullopt: an error, which `error()` names.
  std::optional<Json> call(const std::string& name, Json arguments);
  Json must(const std::string& name, Json arguments);  // no error is expected
  // TYPE/set; nullopt as above.
  std::optional<Json> set(const std::string& type, const std::string& what, Json value);
  void forget_error() { error_.clear(); }
  [[nodiscard]] const std::string& error() const { return error_; }

  JmapObjects get(const std::string& type, Json ids);
  JmapView view();
  JmapQuery query(const std::string& mailbox);
  // What `old` becomes by /changes (RFC 8620 §5.2), `most` at a time, 0: all; false: it can't be
  // told.
  bool catch_up(const std::string& type, const std::string& since, JmapObjects& old, int most);
  // The same for a query, by queryChanges (RFC 8620 §5.6).
  bool catch_up(JmapQuery& query);

 private:
  enum class Extent : std::uint8_t { all, part };
  void apply(const std::string& type, const Json& changes, JmapObjects& old, Extent extent);

  Site& site_;
  std::string account_;
  jmap::Caller caller_;
  std::string state_, error_;
};

}  // namespace fumi::sim
