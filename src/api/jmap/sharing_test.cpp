// Others' accounts, by the rights that their owners give (RFC 8620 §1.6.2, RFC 8621 §2,
// docs/decisions/0020): what is seen, what may be done, and that nothing else is there.
#include <doctest/doctest.h>

#include <set>

#include "api/jmap/methods.h"
#include "api/jmap/testing/jmap_world.h"

namespace fumi::jmap::testing {
namespace {

std::string text(const Json* value) { return value ? codec::write_json(*value) : "missing"; }

struct Fixture : JmapWorld {
  AccountId taro = account(acme, "taro@acme.example");
  service::MailAccount owner{acme, hanako};
  MailboxId work;
  std::string hidden;  // an email in the inbox
  std::string shown;   // one in Work

  Fixture() {
    const auto made =
        this->ServiceWorld::call((*this)->mailboxes.create(owner, "Work", MailboxRole::none));
    work = made->id;
    hidden = append("Message-ID: <1@x>\r\nSubject: secret\r\n\r\nx\r\n");
    shown = append("Message-ID: <2@x>\r\nReferences: <1@x>\r\nSubject: plan\r\n\r\nx\r\n", "Work");
  }
  void grant(const char* rights, const std::string& name = "Work",
             const std::string& who = "taro@acme.example") {
    const service::AclEdit edit{who, service::AclEdit::Change::replace,
                                service::AclEdit::Sign::grant, *Rights::parse(rights)};
    REQUIRE(this->ServiceWorld::call((*this)->mailboxes.set_acl(owner, name, edit)).has_value());
  }
  [[nodiscard]] Caller taro_caller() const {
    service::Principal who;
    who.tenant = acme.tenant;
    who.account = taro;
    who.name = EmailAddress::parse("taro@acme.example").value();
    return {who, "192.0.2.9"};
  }
  Json response(const Caller& caller, AccountId account, const std::string& name,
                const std::string& arguments) {
    Request request;
    request.uses = api.capabilities();
    auto json = codec::parse_json(arguments);
    REQUIRE(json.has_value());
    if (json->find("accountId") == nullptr) json->set("accountId", account.text());
    request.calls.push_back({name, std::move(*json), "0"});
    return this->ServiceWorld::call(api.process(caller, std::move(request)))
        .json(Request::CreatedIds::silent);
  }
  // Taro, on Hanako's account.
  Json at(const std::string& name, const std::string& arguments) {
    return arguments_of(response(taro_caller(), hanako, name, arguments), 0);
  }
  // Taro on his own.
  Json own(const std::string& name, const std::string& arguments) {
    return arguments_of(response(taro_caller(), taro, name, arguments), 0);
  }
  std::string refused(const std::string& name, const std::string& arguments) {
    return std::string(at(name, arguments).text("type"));
  }
  // The type of what became of one object in a /set.
  std::string set(const std::string& method, const std::string& arguments) {
    const Json answer = at(method, arguments);
    for (const char* kind : {"notCreated", "notUpdated", "notDestroyed"}) {
      const Json* all = answer.find(kind);
      if (all != nullptr && all->object() != nullptr && !all->object()->empty())
        return std::string(all->object()->front().value.text("type"));
    }
    return answer.find("newState") != nullptr ? "done" : text(&answer);
  }
  std::string keywords(const std::string& patch) {
    return set("Email/set", R"({"update":{")" + shown + R"(":{)" + patch + "}}}");
  }
  std::string ids(const Json& answer, const char* list = "ids") { return text(answer.find(list)); }
};

std::vector<Method> all_methods() {
  std::vector<Method> out;
  for (const auto table : {&core_methods, &mailbox_methods, &email_methods, &query_methods,
                           &snippet_methods, &set_methods, &identity_methods, &submission_methods,
                           &blob_methods, &copy_methods, &contact_methods, &push_methods})
    for (const Method& method : table())
      out.push_back(method);
  return out;
}

TEST_CASE("without a right, and in another tenant, every method finds no account") {
  Fixture w;
  w.grant("i");  // a drop-box that may not be looked up shows no account either
  for (const Method& method : all_methods()) {
    if (method.account == Method::Account::none) continue;
    const std::string name(method.name);
    CAPTURE(name);
    const std::string arguments =
        R"({"fromAccountId":")" + w.taro.text() + R"(","ids":[],"blobIds":[],"emailIds":[],
          "create":{},"emails":{},"sinceState":"1","sinceQueryState":"1"})";
    CHECK(w.refused(name, arguments) == "accountNotFound");
    for (const std::string& other : {w.rival.text(), std::string("zz"), std::string("!")}) {
      Json json = *codec::parse_json(arguments);
      json.set("accountId", other);
      CHECK(w.refused(name, codec::write_json(json)) == "accountNotFound");
    }
  }
  CHECK(w.own("Email/copy", R"({"fromAccountId":")" + w.hanako.text() + R"(","create":{}})")
            .text("type") == "fromAccountNotFound");
  CHECK(w.own("Blob/copy", R"({"fromAccountId":")" + w.rival.text() + R"(","blobIds":["Mzz"]})")
            .text("type") == "fromAccountNotFound");
  // The owner of another tenant can't be let in at all; its people see nothing of this one.
  CHECK(
      w.arguments_of(w.response(w.rival_caller(), w.hanako, "Email/query", "{}"), 0).text("type") ==
      "accountNotFound");
}

TEST_CASE("with a right, others' accounts have mail and blobs, and nothing else") {
  Fixture w;
  w.grant("lr");
  for (const Method& method : all_methods()) {
    if (method.account == Method::Account::none) continue;
    CAPTURE(method.name);
    const std::string type = w.refused(std::string(method.name), "{}");
    const bool mail = method.capability == capability::kMail ||
                      method.capability == capability::kBlob || method.name == "Blob/copy";
    CHECK((type == "accountNotSupportedByMethod") == !mail);
    CHECK(type != "accountNotFound");
  }
}

TEST_CASE("the session lists accounts, and changes with them") {
  Fixture w;
  const auto session = [&] {
    return *codec::parse_json(
        w.http("GET", "/jmap/session", "",
               {{"Authorization",
                 "Basic " + codec::base64_encode("taro@acme.example:correct horse battery")}})
            .body);
  };
  const auto credential = service::make_key_credential(Secret("correct horse battery"));
  REQUIRE(
      w.world
          .write(w.acme,
                 [&](Tx& tx) { return tx.directory().set_account_credential(w.taro, *credential); })
          .has_value());
  const Json before = session();
  CHECK(before.find("accounts")->object()->size() == 1);
  w.grant("lr");
  const Json reads = session();
  const Json* shared = reads.find("accounts")->find(w.hanako.text());
  REQUIRE(shared != nullptr);
  CHECK(shared->text("name") == "hanako@acme.example");
  CHECK(*shared->find("isPersonal") == Json(false));
  CHECK(*shared->find("isReadOnly") == Json(true));
  CHECK(shared->find("accountCapabilities")->object()->size() == 2);
  CHECK(reads.text("state") != before.text("state"));
  w.grant("lrs");
  CHECK(*session().find("accounts")->find(w.hanako.text())->find("isReadOnly") == Json(false));
  CHECK(session().text("state") != reads.text("state"));
  w.grant("");
  CHECK(session().text("state") == before.text("state"));
}

TEST_CASE("what is seen of another's account is what the rights let one see") {
  Fixture w;
  w.grant("lr");
  const Json mailboxes = w.at("Mailbox/get", "{}");
  REQUIRE(mailboxes.find("list")->array()->size() == 1);
  const Json& work = mailboxes.find("list")->array()->front();
  CHECK(work.text("name") == "Work");
  CHECK(text(work.find("totalEmails")) == "1");
  CHECK(text(work.find("unreadThreads")) == "1");
  CHECK(text(work.find("myRights")) ==
        R"({"mayReadItems":true,"mayAddItems":false,"mayRemoveItems":false,"maySetSeen":false,)"
        R"("maySetKeywords":false,"mayCreateChild":false,"mayRename":false,"mayDelete":false,)"
        R"("maySubmit":false})");
  const std::string one = "[\"" + w.shown + "\"]";
  const std::string inbox = w.mailbox("inbox");
  CHECK(w.ids(w.at("Email/query", "{}")) == one);
  CHECK(w.ids(w.at("Email/query", R"({"filter":{"text":"secret"}})")) == "[]");
  CHECK(w.ids(w.at("Email/query", R"({"filter":{"inMailbox":")" + inbox + R"("}})")) == "[]");
  CHECK(w.ids(w.at("Mailbox/query", "{}")) == "[\"" + w.work.text() + "\"]");
  const std::string both = R"({"ids":[")" + w.hidden + R"(",")" + w.shown + R"("]})";
  const Json got = w.at("Email/get", both);
  CHECK(text(got.find("notFound")) == "[\"" + w.hidden + "\"]");
  const Json& email = got.find("list")->array()->front();
  CHECK(text(w.at("Thread/get", R"({"ids":[")" + std::string(email.text("threadId")) + R"("]})")
                 .find("list")
                 ->array()
                 ->front()
                 .find("emailIds")) == one);
  CHECK(text(w.at("Blob/get", R"({"ids":["M)" + w.hidden + R"("]})").find("notFound")) ==
        "[\"M" + w.hidden + "\"]");
  CHECK(w.at("Blob/get", R"({"ids":["M)" + w.shown + R"("],"properties":["size"]})")
            .find("list")
            ->array()
            ->size() == 1);
  CHECK(text(w.at("SearchSnippet/get", R"({"emailIds":[")" + w.hidden + R"("],"filter":{}})")
                 .find("notFound")) == "[\"" + w.hidden + "\"]");
  CHECK(text(w.at("Email/parse", R"({"blobIds":["M)" + w.hidden + R"("]})").find("notFound")) ==
        "[\"M" + w.hidden + "\"]");
  // To know that a mailbox is there isn't to read it.
  w.grant("l");
  CHECK(w.ids(w.at("Email/query", "{}")) == "[]");
  CHECK(text(w.at("Mailbox/get", "{}").find("list")->array()->front().find("totalEmails")) == "0");
}

TEST_CASE("changes are those of what is visible, and end where rights change") {
  Fixture w;
  w.grant("lr");
  const std::string state(w.at("Email/get", R"({"ids":[]})").text("state"));
  const std::string since = R"({"sinceState":")" + state + "\"}";
  const Json queried = w.at("Email/query", "{}");
  w.append("Subject: more\r\n\r\nx\r\n");  // the inbox's
  const std::string fresh = w.append("Subject: new\r\n\r\nx\r\n", "Work");
  w.one("Email/set", R"({"update":{")" + w.shown + R"(":{"mailboxIds":{")" + w.mailbox("inbox") +
                         R"(":true}}},"destroy":[")" + w.hidden + R"("]})");
  const Json changes = w.at("Email/changes", since);
  CHECK(w.ids(changes, "created") == "[\"" + fresh + "\"]");
  CHECK(w.ids(changes, "updated") == "[]");
  CHECK(w.ids(changes, "destroyed") == "[\"" + w.shown + "\"]");
  const Json threads = w.at("Thread/changes", since);
  CHECK(threads.find("created")->array()->size() == 1);
  CHECK(threads.find("destroyed")->array()->size() == 1);
  CHECK(w.ids(w.at("Mailbox/changes", since), "updated") == "[\"" + w.work.text() + "\"]");
  const Json moved =
      w.at("Email/queryChanges",
           R"({"sinceQueryState":")" + std::string(queried.text("queryState")) + "\"}");
  CHECK(w.ids(moved, "removed") == "[\"" + w.shown + "\"]");
  CHECK(moved.find("added")->array()->size() == 1);
  for (const char* method : {"Email/changes", "Thread/changes", "Mailbox/changes"}) {
    CAPTURE(method);
    // One's own states are no others'.
    CHECK(w.refused(method, R"({"sinceState":"1"})") == "cannotCalculateChanges");
  }
  w.grant("lrs");
  CHECK(w.refused("Email/changes", since) == "cannotCalculateChanges");
  CHECK(w.refused("Email/queryChanges",
                  R"({"sinceQueryState":")" + std::string(queried.text("queryState")) + "\"}") ==
        "cannotCalculateChanges");
  w.grant("");
  CHECK(w.refused("Email/changes", since) == "accountNotFound");
}

TEST_CASE("each change of another's email asks for its right") {
  Fixture w;
  const std::string inbox = w.mailbox("inbox");
  const std::string seen = R"("keywords/$seen":true)";
  const std::string flagged = R"("keywords/$flagged":true)";
  const std::string destroy = R"({"destroy":[")" + w.shown + R"("]})";
  const std::string create = R"({"create":{"k":{"mailboxIds":{")" + w.work.text() +
                             R"(":true},"keywords":{"$seen":true,"$flagged":true}}}})";
  w.grant("lr");
  CHECK(w.keywords(seen) == "forbidden");
  CHECK(w.keywords(flagged) == "forbidden");
  CHECK(w.set("Email/set", destroy) == "forbidden");
  CHECK(w.set("Email/set", create) == "forbidden");
  w.grant("lrs");
  CHECK(w.keywords(seen) == "done");
  CHECK(w.keywords(flagged) == "forbidden");
  w.grant("lrw");
  CHECK(w.keywords(flagged) == "done");
  CHECK(w.keywords(R"("keywords/$seen":null)") == "forbidden");
  w.grant("lrsi");
  const Json made = w.at("Email/set", create);
  const std::string id(made.find("created")->find("k")->text("id"));
  CHECK(text(w.at("Email/get", R"({"ids":[")" + id + R"("],"properties":["keywords"]})")
                 .find("list")
                 ->array()
                 ->front()
                 .find("keywords")) == R"({"$seen":true})");
  // Into what isn't seen nothing is put, and what isn't seen isn't touched.
  CHECK(w.keywords(R"("mailboxIds/)" + inbox + R"(":true)") == "invalidProperties");
  CHECK(w.set("Email/set", R"({"destroy":[")" + w.hidden + R"("]})") == "notFound");
  CHECK(w.set("Email/set", R"({"update":{")" + w.hidden + R"(":{)" + seen + "}}}") == "notFound");
  w.grant("lrt");
  CHECK(w.set("Email/set", destroy) == "forbidden");
  w.grant("lrte");
  // An email that lies in the owner's inbox too stays there.
  w.one("Email/set", R"({"update":{")" + w.shown + R"(":{"mailboxIds/)" + inbox + R"(":true}}})");
  CHECK(w.set("Email/set", destroy) == "done");
  CHECK(w.set("Email/set", destroy) == "notFound");
  CHECK(text(w.one("Email/get", R"({"ids":[")" + w.shown + R"("],"properties":["mailboxIds"]})")
                 .find("list")
                 ->array()
                 ->front()
                 .find("mailboxIds")) == "{\"" + inbox + "\":true}");
  CHECK(w.set("Email/set", R"({"destroy":[")" + id + R"("]})") == "done");
  CHECK(w.one("Email/get", R"({"ids":[")" + id + R"("]})").find("notFound")->array()->size() == 1);
}

TEST_CASE("mailboxes of others: made below those that allow it, renamed, removed, subscribed") {
  Fixture w;
  const std::string work = w.work.text();
  const auto create = [&](const std::string& parent) {
    return w.set("Mailbox/set", R"({"create":{"k":{"name":"Sub","parentId":)" + parent + "}}}");
  };
  const auto update = [&](const std::string& patch) {
    return w.set("Mailbox/set", R"({"update":{")" + work + R"(":{)" + patch + "}}}");
  };
  w.grant("lr");
  CHECK(create("null") == "forbidden");
  CHECK(create("\"" + work + "\"") == "forbidden");
  CHECK(create("\"" + w.mailbox("inbox") + "\"") == "invalidProperties");
  CHECK(update(R"("name":"Other")") == "forbidden");
  CHECK(update(R"("sortOrder":3)") == "forbidden");
  CHECK(update(R"("role":"archive")") == "forbidden");
  CHECK(w.set("Mailbox/set", R"({"destroy":[")" + work + R"("]})") == "forbidden");
  CHECK(update(R"("isSubscribed":true)") == "done");
  CHECK(text(w.at("Mailbox/get", "{}").find("list")->array()->front().find("isSubscribed")) ==
        "true");
  w.grant("lrkx");
  CHECK(update(R"("name":"Other")") == "forbidden");  // beside it nothing may be made
  const Json made =
      w.at("Mailbox/set", R"({"create":{"k":{"name":"Sub","parentId":")" + work + "\"}}}");
  const std::string sub(made.find("created")->find("k")->text("id"));
  CHECK(w.at("Mailbox/get", "{}").find("list")->array()->size() == 2);
  CHECK(w.set("Mailbox/set", R"({"update":{")" + sub + R"(":{"name":"Neu"}}})") == "done");
  CHECK(w.set("Mailbox/set", R"({"update":{")" + sub + R"(":{"parentId":null}}})") == "forbidden");
  CHECK(w.set("Mailbox/set", R"({"destroy":[")" + sub + R"("]})") == "done");
  CHECK(w.set("Mailbox/set", R"({"onDestroyRemoveEmails":true,"destroy":[")" + work + R"("]})") ==
        "forbidden");
}

TEST_CASE("emails and blobs are copied between accounts") {
  Fixture w;
  w.grant("lr");
  std::string inbox;
  for (const Json& each : *w.own("Mailbox/get", "{}").find("list")->array())
    if (each.text("role") == "inbox") inbox = std::string(each.text("id"));
  const auto copy = [&](const std::string& id, const std::string& rest = "") {
    return w.response(w.taro_caller(), w.taro, "Email/copy",
                      R"({"fromAccountId":")" + w.hanako.text() + R"(","create":{"k":{"id":")" +
                          id + R"(","mailboxIds":{")" + inbox + R"(":true}}})" + rest + "}");
  };
  const Json copied = w.arguments_of(copy(w.shown), 0);
  const std::string id(copied.find("created")->find("k")->text("id"));
  CHECK(w.own("Email/get", R"({"ids":[")" + id + R"("]})")
            .find("list")
            ->array()
            ->front()
            .text("subject") == "plan");
  CHECK(w.arguments_of(copy(w.hidden), 0).find("notCreated")->find("k")->text("type") ==
        "notFound");
  CHECK(w.arguments_of(copy(w.shown, R"(,"ifFromInState":"1")"), 0).text("type") ==
        "stateMismatch");
  // The original stays where its rights keep it.
  Json both = copy(w.shown, R"(,"onSuccessDestroyOriginal":true)");
  CHECK(w.name_of(both, 1) == "Email/set");
  CHECK(w.arguments_of(both, 1).find("notDestroyed")->find(w.shown)->text("type") == "forbidden");
  w.grant("lrte");
  both = copy(w.shown, R"(,"onSuccessDestroyOriginal":true)");
  CHECK(text(w.arguments_of(both, 1).find("destroyed")) == "[\"" + w.shown + "\"]");
  CHECK(w.arguments_of(both, 1).text("accountId") == w.hanako.text());
  // And into the other's account.
  const std::string back = R"({"fromAccountId":")" + w.taro.text() + R"(","create":{"k":{"id":")" +
                           id + R"(","mailboxIds":{")" + w.work.text() + R"(":true}}}})";
  CHECK(w.set("Email/copy", back) == "forbidden");
  w.grant("lri");
  const Json there = w.at("Email/copy", back);
  const std::string theirs(there.find("created")->find("k")->text("id"));
  CHECK(w.one("Email/get", R"({"ids":[")" + theirs + R"("]})").find("list")->array()->size() == 1);

  const Json blobs =
      w.own("Blob/copy", R"({"fromAccountId":")" + w.hanako.text() + R"(","blobIds":["M)" + theirs +
                             R"(","M)" + w.hidden + R"(","M)" + theirs + R"(-1","?"]})");
  CHECK(blobs.find("notCopied")->object()->size() == 3);
  const std::string blob(blobs.find("copied")->text("M" + theirs));
  CHECK(blob.starts_with("U"));
  CHECK(w.own("Blob/get", R"({"ids":[")" + blob + R"("],"properties":["size"]})")
            .find("list")
            ->array()
            ->size() == 1);
  // An upload is its sender's alone, also where both see the account.
  CHECK(w.at("Blob/get", R"({"ids":[")" + blob + R"("]})").find("list")->array()->size() == 1);
  CHECK(w.one("Blob/get", R"({"ids":[")" + blob + R"("]})").find("notFound")->array()->size() == 1);
}

TEST_CASE("changes of others' visible mailboxes are pushed, and no more once the right is gone") {
  Fixture w;
  w.grant("lr");
  PushHub hub(w.host);
  const auto connection = hub.open(w.taro, {w.hanako});
  const auto told = [&] {
    const Result<Json> change = w.ServiceWorld::call(
        take_state_change(w.host, w.taro_caller(), connection->signal(), PushOptions()));
    REQUIRE(change.has_value());
    return *change;
  };
  w.append("Subject: a\r\n\r\nx\r\n", "Work");
  const Json change = told();
  REQUIRE_FALSE(change.is_null());
  const Json* states = change.find("changed")->find(w.hanako.text());
  REQUIRE(states != nullptr);
  CHECK(change.find("changed")->object()->size() == 1);
  CHECK(states->text("Email") == w.at("Email/get", R"({"ids":[]})").text("state"));
  CHECK(states->find("Identity") == nullptr);
  w.append("Subject: b\r\n\r\nx\r\n");  // the inbox's
  CHECK(told().is_null());
  w.grant("");
  [[maybe_unused]] const Json of_acl = told();
  w.append("Subject: c\r\n\r\nx\r\n", "Work");
  CHECK(told().is_null());
}

}  // namespace
}  // namespace fumi::jmap::testing
