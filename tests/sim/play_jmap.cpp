// What a JMAP client does in a play.
#include <algorithm>

#include "tests/sim/expect.h"
#include "tests/sim/play.h"

namespace fumi::sim {
namespace {

constexpr std::array<const char*, 5> kKeywords{"$seen", "$flagged", "$answered", "$draft", "work"};

// Whether an answer of TYPE/set names the object under `list`.
bool names(const std::optional<Json>& answer, std::string_view list, const std::string& id) {
  if (!answer) return false;
  const Json* found = answer->find(list);
  return found != nullptr && !found->is_null() && found->find(id) != nullptr;
}

}  // namespace

void Play::jmap_step(Random& random) {
  if (!is_faulty_ && !others_work() && random.once_in(4)) last_ = jmap_.view();
  jmap_.forget_error();
  switch (random.below(11)) {
    case 0:
    case 1:
      mailbox_set(random);
      break;
    case 2:
      jmap_.set(
          "Email", "create",
          JsonObject{{"k", JsonObject{{"mailboxIds", some_mailboxes(random)},
                                      {"keywords", JsonObject{{random.one_of(kKeywords), true}}},
                                      {"subject", "draft"}}}});
      break;
    case 3:
      if (!last_.emails.empty())
        jmap_.set("Email", "destroy", JsonArray{random.one_of(last_.emails).first});
      break;
    case 4:
      email_import(random);
      break;
    case 5:
    case 6:
    case 7:
      return email_set(random, "mailboxIds", some_mailboxes(random));
    default:
      return email_set(random, "keywords/" + std::string(random.one_of(kKeywords)),
                       random.once_in(2) ? Json(true) : Json());
  }
  expect(jmap_.error().empty() || is_faulty_, "a method of JMAP answers");
}

Json Play::some_mailboxes(Random& random) {
  Json out = JsonObject{{random.one_of(last_.mailboxes).first, true}};
  if (random.once_in(3)) out.set(random.one_of(last_.mailboxes).first, true);
  return out;
}

// What was answered as done is so, when nobody else is at work.
void Play::email_set(Random& random, const std::string& property, const Json& value) {
  if (last_.emails.empty()) return;
  const std::string id = random.one_of(last_.emails).first;
  const auto done = jmap_.set("Email", "update", JsonObject{{id, JsonObject{{property, value}}}});
  expect(done.has_value() || is_faulty_, "Email/set answers");
  if (!names(done, "updated", id) || is_faulty_ || others_work()) return;
  const JmapObjects now = jmap_.get("Email", JsonArray{id});
  expect(now.contains(id), "what was updated is there");
  if (property == "mailboxIds")
    return expect_same(now.at(id).at("mailboxIds"), keys_of(&value),
                       "an email is where it was put");
  const std::string keyword = " " + property.substr(property.find('/') + 1) + " ";
  const bool has = (" " + now.at(id).at("keywords")).contains(keyword);
  expect(has == !value.is_null(), "an email has the keywords that it was given");
}

// RFC 8621 §4.8: a second email of the same octets.
void Play::email_import(Random& random) {
  if (last_.emails.empty()) return;
  const std::string blob = random.one_of(last_.emails).second.at("blobId");
  const Json email = JsonObject{{"blobId", blob.substr(1, blob.size() - 2)},
                                {"mailboxIds", some_mailboxes(random)},
                                {"keywords", JsonObject{{random.one_of(kKeywords), true}}}};
  jmap_.call("Email/import", JsonObject{{"emails", JsonObject{{"k", email}}}});
}

void Play::mailbox_set(Random& random) {
  const std::string id = random.one_of(last_.mailboxes).first;
  const std::string other = random.one_of(last_.mailboxes).first;
  const std::string name = random.once_in(2) ? "B" + std::to_string(1 + random.below(3)) : "C";
  switch (random.below(6)) {
    case 0: {
      const Json child = JsonObject{{"name", name}, {"parentId", id}};
      jmap_.set("Mailbox", "create", JsonObject{{"k", child}});
      return;
    }
    case 1: {
      const Json child = JsonObject{{"name", name}, {"parentId", Json()}};
      jmap_.set("Mailbox", "create", JsonObject{{"k", child}});
      return;
    }
    case 2:
      jmap_.set("Mailbox", "update", JsonObject{{id, JsonObject{{"name", name}}}});
      return;
    case 3: {
      const Json parent = random.once_in(2) ? Json(other) : Json();
      jmap_.set("Mailbox", "update", JsonObject{{id, JsonObject{{"parentId", parent}}}});
      return;
    }
    default: {
      // Those that a server makes stay: they have a role.
      const bool has_role = last_.mailboxes.at(id).at("role") != "null";
      if (has_role) return;
      jmap_.call("Mailbox/set", JsonObject{{"destroy", JsonArray{id}},
                                           {"onDestroyRemoveEmails", random.once_in(2)}});
    }
  }
}

}  // namespace fumi::sim
