// From a delivery to the reply in the spool, with stores that fail.
#include "service/vacation/responder.h"

#include <doctest/doctest.h>

#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using std::chrono::days;
using testing::mail;
using testing::ServiceWorld;

constexpr const char* kAway = R"({"isEnabled":true,"subject":"不在","textBody":"留守です"})";

struct AwayWorld : ServiceWorld {
  TenantScope acme = tenant("acme.example");
  AccountId hanako = account(acme, "hanako@acme.example");
  AccountId jiro = account(acme, "jiro@acme.example");

  AwayWorld() {
    (*this)->start();
    dns.mx("else.example", 10, "mx.else.example");
  }

  VacationResponder responder(VacationOptions given = {}) {
    given.hostname = "mail.example";
    return {store,       store,         blobs, (*this)->runtime, (*this)->signer, (*this)->spool,
            world.ids(), world.clock(), given};
  }
  void set(AccountId who, const std::string& document, Away away = Away::yes) {
    const Status done = world.write(acme, [&](Tx& tx) -> Status {
      FUMI_TRY(const auto known, tx.objects().list(who, ObjectKind::vacation));
      for (const StoredObject& each : known)
        FUMI_CHECK(tx.objects().remove(who, ObjectKind::vacation, each.id));
      FUMI_TRY([[maybe_unused]] const auto id,
               tx.objects().create(who, ObjectKind::vacation, document, 1));
      return tx.vacation().set_away(who, away);
    });
    REQUIRE(done.has_value());
  }
  void deliver(const std::string& from, const std::string& to = "hanako@acme.example",
               const std::string& more = "") {
    const std::string bytes = "From: " + from + "\r\nTo: " + to +
                              "\r\nDate: " + "Mon, 23 Nov 2026 10:00:00 +0900\r\nMessage-ID: <" +
                              std::to_string(++count) + "@else.example>\r\nSubject: hi\r\n" + more +
                              "\r\nbody\r\n";
    REQUIRE(accept(mx(), from, {to}, bytes).has_value());
  }
  std::uint64_t answer(VacationOptions given = {}) {
    VacationResponder worker = responder(given);
    const auto done = call(worker.answer_all());
    REQUIRE(done.has_value());
    return *done;
  }
  std::size_t jobs() {
    return world.platform([](PlatformTx& tx) { return tx.platform().vacation_jobs(100); })->size();
  }
  int count = 0;
};

TEST_CASE("one reply a sender and a week; the mail that was answered is decided on once") {
  AwayWorld w;
  w.deliver("taro@else.example");  // before the absence
  w.set(w.hanako, kAway);
  w.deliver("taro@else.example");
  w.deliver("TARO+x@else.example");
  w.deliver("saburo@else.example");
  CHECK(w.jobs() == 3);
  CHECK(w.answer() == 2);
  CHECK(w.jobs() == 0);
  CHECK(w.answer() == 0);
  std::size_t accepted = 0;
  for (const Record& record : w.records(w.acme, {RecordKind::accepted})) {
    if (record.protocol != "vacation") continue;
    ++accepted;
    CHECK(record.from.empty());
    CHECK(record.header_from == "hanako@acme.example");
  }
  CHECK(accepted == 2);
  w.world.clock().advance(days(6));
  w.deliver("taro@else.example");
  CHECK(w.answer() == 0);
  w.world.clock().advance(days(2));
  w.deliver("taro@else.example");
  CHECK(w.answer() == 1);
}

TEST_CASE(
    "lists, other recipients, the end of the absence, and mail that has gone are not answered") {
  AwayWorld w;
  w.set(w.hanako, kAway);
  w.deliver("taro@else.example", "hanako@acme.example", "List-Id: <x>\r\n");
  w.deliver("no-reply@else.example");
  w.deliver("hanako@acme.example");
  CHECK(w.answer() == 0);
  CHECK(w.jobs() == 0);
  w.deliver("a@else.example");
  w.set(w.hanako, R"({"isEnabled":false})", Away::no);
  CHECK(w.answer() == 0);
  CHECK(w.jobs() == 0);
  w.set(w.hanako, "not json");
  w.deliver("b@else.example");
  CHECK(w.answer() == 0);
  CHECK(w.jobs() == 0);
  w.set(w.hanako, kAway);
  w.deliver("c@else.example");
  const Status deleted =
      w.world.write(w.acme, [&](Tx& tx) { return tx.directory().delete_account(w.hanako); });
  REQUIRE(deleted.has_value());
  CHECK(w.answer() == 0);
  CHECK(w.jobs() == 0);
}

TEST_CASE("two who are away don't answer each other without end") {
  AwayWorld w;
  w.set(w.hanako, kAway);
  w.set(w.jiro, kAway);
  w.deliver("jiro@acme.example", "hanako@acme.example");
  CHECK(w.answer() == 1);
  w->runtime.settle();
  const auto inbox = w.messages(w.acme, w.jiro);
  REQUIRE(inbox.size() == 1);
  CHECK(inbox.front().starts_with("Return-Path: <>\r\n"));
  CHECK(inbox.front().find("Auto-Submitted: auto-replied\r\n") != std::string::npos);
  CHECK(w.jobs() == 1);  // the reply was delivered to somebody who is away
  CHECK(w.answer() == 0);
  CHECK(w.jobs() == 0);
}

TEST_CASE("an account answers so many senders and no more") {
  AwayWorld w;
  w.set(w.hanako, kAway);
  for (const char* from : {"a@else.example", "b@else.example", "c@else.example"})
    w.deliver(from);
  VacationOptions few;
  few.senders_max = 2;
  CHECK(w.answer(few) == 2);
  CHECK(w.jobs() == 0);
}

TEST_CASE("whatever fails, a mail is answered once in the end") {
  for (std::size_t at = 1; at < 50; ++at) {
    CAPTURE(at);
    AwayWorld w;
    w.set(w.hanako, kAway);
    w.deliver("taro@else.example");
    VacationResponder worker = w.responder();
    w.faults.arm(at);
    const auto first = w.call(worker.answer_all());
    const bool failed = w.faults.went_off();
    w.faults.arm(0);
    if (failed && !first) CHECK(w.jobs() == 1);
    const auto second = w.call(worker.answer_all());
    REQUIRE(second.has_value());
    CHECK(first.value_or(0) + *second == 1);
    CHECK(w.jobs() == 0);
    if (!failed) return;
  }
  FAIL("it never came through");
}

}  // namespace
}  // namespace fumi::service
