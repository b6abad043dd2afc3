#include "service/intake/intake.h"

#include <doctest/doctest.h>

#include "mailauth/dkim_sign.h"
#include "mime/header.h"
#include "mime/structure.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::mail;
using testing::ServiceOptions;
using testing::ServiceWorld;

struct Fixture {
  explicit Fixture(ServiceOptions options = {}) : w(std::move(options)) {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = w.account(acme, "hanako@acme.example");
    taro = w.account(acme, "taro@acme.example");
    ken = w.account(other, "ken@other.example");
  }
  Arrival me(Door door = Door::submission) {
    return ServiceWorld::from(acme, hanako, "hanako@acme.example", door);
  }
  // kind:to of each record, in order.
  std::vector<std::string> story(const TenantScope& scope) {
    std::vector<std::string> out;
    for (const Record& record : w.records(scope))
      out.push_back(std::string(to_string(record.kind)) + ":" + record.to);
    return out;
  }
  ServiceWorld w;
  TenantScope acme, other;
  AccountId hanako, taro, ken;
};

const std::string kOutside = mail("someone@elsewhere.example");

std::string body_of(const std::string& message) {
  return message.substr(message.find("\r\n\r\n") + 4);
}

TEST_CASE("a local message goes from DATA to the inbox in one commit, with trace fields in front") {
  Fixture f;
  const std::size_t writes = f.w.faults.writes;
  const auto id = f.w.accept(ServiceWorld::mx(), "someone@elsewhere.example",
                             {"hanako@acme.example"}, kOutside);
  REQUIRE(id.has_value());
  CHECK(f.w.faults.writes == writes + 1);
  const auto inbox = f.w.messages(f.acme, f.hanako);
  REQUIRE(inbox.size() == 1);
  CHECK(
      inbox[0].starts_with("Return-Path: <someone@elsewhere.example>\r\n"
                           "Received: from client.elsewhere.example ([198.51.100.7])\r\n\t"
                           "by mx.fumi.example with ESMTP id " +
                           id->text() + "\r\n\tfor <hanako@acme.example>;\r\n\t"));
  CHECK(inbox[0].ends_with(kOutside));
  CHECK(f.w.queue_depth() == 0);
  CHECK(f.story(f.acme) == std::vector<std::string>{"accepted:", "delivered:hanako@acme.example"});
  const Record first = f.w.records(f.acme)[0];
  CHECK(first.message == *id);
  CHECK(first.client_ip == "198.51.100.7");
  CHECK(first.subject == "Hello");
  CHECK(first.message_id == "<Hello@test.example>");
  CHECK(first.header_from == "someone@elsewhere.example");
  CHECK(first.octets == kOutside.size());
}

TEST_CASE("each door asks what it must") {
  Fixture f;
  const auto code = [&](const Arrival& arrival, const std::string& from, const std::string& to,
                        const std::string& header_from) {
    const auto got = f.w.accept(arrival, from, {to}, mail(header_from));
    return got ? 250 : got.error().code;
  };
  Arrival nobody = ServiceWorld::mx();
  nobody.door = Door::submission;
  Arrival trusted = ServiceWorld::mx();
  trusted.door = Door::relay;
  trusted.tenant = f.acme.tenant;
  struct Case {
    const char* name;
    Arrival arrival;
    std::string from, to, header_from;
    int code;
  };
  const std::vector<Case> cases{
      {"mx to us", ServiceWorld::mx(), "a@b.example", "taro@acme.example", "a@b.example", 250},
      {"mx: bounce to us", ServiceWorld::mx(), "", "taro@acme.example", "a@b.example", 250},
      {"mx: sub-address", ServiceWorld::mx(), "a@b.example", "taro+x@acme.example", "a@b.c", 250},
      {"mx: nobody there", ServiceWorld::mx(), "a@b.example", "no@acme.example", "a@b.c", 550},
      {"mx: relaying", ServiceWorld::mx(), "a@b.example", "x@remote.example", "a@b.c", 550},
      {"mx needs no From", ServiceWorld::mx(), "a@b.example", "taro@acme.example", "", 250},
      {"not logged in", nobody, "hanako@acme.example", "taro@acme.example", "", 530},
      {"own address", f.me(), "hanako@acme.example", "x@remote.example", "hanako@acme.example",
       250},
      {"null path (MDN)", f.me(), "", "x@remote.example", "hanako@acme.example", 250},
      {"another's path", f.me(), "taro@acme.example", "x@remote.example", "hanako@acme.example",
       550},
      {"another's From", f.me(), "hanako@acme.example", "x@remote.example", "taro@acme.example",
       550},
      {"no From", f.me(), "hanako@acme.example", "x@remote.example", "", 550},
      {"trusted relay", trusted, "any@acme.example", "x@remote.example", "any@acme.example", 250},
      {"submission: nobody there", f.me(), "hanako@acme.example", "no@acme.example",
       "hanako@acme.example", 550},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(code(c.arrival, c.from, c.to, c.header_from) == c.code);
  }
  const std::string two = "From: <hanako@acme.example>\r\n" + mail("hanako@acme.example");
  CHECK(f.w.accept(f.me(), "hanako@acme.example", {"x@remote.example"}, two).error().code == 550);
  const std::string shared =
      "From: <hanako@acme.example>, <taro@acme.example>\r\nSubject: x\r\n\r\n";
  CHECK(f.w.accept(f.me(), "hanako@acme.example", {"x@remote.example"}, shared).error().code ==
        550);
}

TEST_CASE("submission completes Date and Message-ID, and hides who the client is") {
  Fixture f;
  const std::string bare = "From: <hanako@acme.example>\r\nSubject: bare\r\n\r\nText\r\n";
  const auto id = f.w.accept(f.me(), "hanako@acme.example", {"taro@acme.example"}, bare);
  REQUIRE(id.has_value());
  const std::string got = f.w.messages(f.acme, f.taro).at(0);
  CHECK(got.contains("\r\nMessage-ID: <" + id->text() + "@mx.fumi.example>\r\n"));
  CHECK(got.contains("\r\nDate: "));
  CHECK_FALSE(got.contains("198.51.100.8"));
  CHECK_FALSE(got.contains("laptop"));
  CHECK(f.w.records(f.acme)[0].message_id == "<" + id->text() + "@mx.fumi.example>");
  // Mail from elsewhere stays as it is.
  REQUIRE(f.w.accept(ServiceWorld::mx(), "a@b.example", {"taro@acme.example"}, bare).has_value());
  CHECK(f.w.messages(f.acme, f.taro).at(1).ends_with(bare));
}

TEST_CASE("what a peer calls itself can't break the Received field") {
  Fixture f;
  Arrival arrival = ServiceWorld::mx();
  arrival.client_name = "evil) by us; x\r\nX-Injected: y";
  arrival.client_ip = "2001:db8::1";
  REQUIRE(f.w.accept(arrival, "a@b.example", {"taro@acme.example"}, kOutside).has_value());
  const std::string got = f.w.messages(f.acme, f.taro).at(0);
  CHECK(got.contains("from evil??by?us??x??X-Injected:?y ([IPv6:2001:db8::1])\r\n"));
}

TEST_CASE("a message that loops is refused, and the refusal recorded for its recipient's tenant") {
  Fixture f;
  std::string looping;
  for (int i = 0; i < 100; ++i)
    looping += "Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0900\r\n";
  const auto got =
      f.w.accept(ServiceWorld::mx(), "a@b.example", {"taro@acme.example"}, looping + kOutside);
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == 554);
  CHECK(got.error().enhanced == "5.4.6");
  CHECK(f.story(f.acme) == std::vector<std::string>{"rejected:taro@acme.example"});
}

TEST_CASE(
    "mail that leaves is spooled with a signature and without Return-Path; local mail beside it "
    "is delivered in the same commit") {
  Fixture f;
  REQUIRE(f.w.call(f.w->tenancy.delete_domain(f.other, "none.example")).error().code ==
          Code::not_found);
  auto pair = mailauth::make_dkim_key(mailauth::DkimAlgorithm::ed25519_sha256);
  REQUIRE(pair.has_value());
  REQUIRE(f.w.world.write(f.acme, [&](Tx& tx) -> Status {
    FUMI_TRY(const auto domain, tx.directory().domain_by_name("acme.example"));
    return tx.directory().add_dkim_key({f.w.world.ids().next<DkimKeyId>(), domain->id, "s1",
                                        "ed25519-sha256", pair->private_pem, pair->dns_record});
  }));
  const std::size_t writes = f.w.faults.writes;
  const auto id = f.w.accept(f.me(), "hanako@acme.example",
                             {"taro@acme.example", "x@remote.example", "y@remote.example"},
                             mail("hanako@acme.example"));
  REQUIRE(id.has_value());
  CHECK(f.w.faults.writes == writes + 1);
  CHECK(f.w.messages(f.acme, f.taro).size() == 1);
  const auto queue = f.w.queue(f.acme);
  REQUIRE(queue.size() == 1);
  CHECK(queue[0].id == *id);
  REQUIRE(queue[0].recipients.size() == 2);
  CHECK(queue[0].recipients[1].address.text() == "y@remote.example");
  const std::string sent = *f.w.memory.get_now(f.acme, queue[0].blob);
  CHECK(sent.starts_with("DKIM-Signature: "));
  CHECK(sent.contains("d=acme.example"));
  CHECK_FALSE(sent.contains("Return-Path"));
  CHECK(queue[0].octets == sent.size());
  CHECK_FALSE(f.w.messages(f.acme, f.taro)[0].contains("DKIM-Signature"));
  CHECK(f.story(f.acme) == std::vector<std::string>{"accepted:", "delivered:taro@acme.example",
                                                    "queued:x@remote.example",
                                                    "queued:y@remote.example"});
}

TEST_CASE(
    "several tenants in one message: one commit, each has its own records and nothing of the "
    "other's") {
  Fixture f;
  const std::size_t writes = f.w.faults.writes;
  REQUIRE(f.w.accept(f.me(), "hanako@acme.example", {"taro@acme.example", "ken@other.example"},
                     mail("hanako@acme.example"))
              .has_value());
  CHECK(f.w.faults.writes == writes + 1);
  CHECK(f.w.messages(f.acme, f.taro).size() == 1);
  CHECK(f.w.messages(f.other, f.ken).size() == 1);
  CHECK(f.story(f.acme) == std::vector<std::string>{"accepted:", "delivered:taro@acme.example",
                                                    "delivered:ken@other.example"});
  CHECK(f.story(f.other) == std::vector<std::string>{"accepted:", "delivered:ken@other.example"});
  for (const Record& record : f.w.records(f.acme))
    CHECK(record.actor == Actor{Actor::Kind::account, f.hanako.value()});
  for (const Record& record : f.w.records(f.other)) {
    CHECK(record.actor.kind == Actor::Kind::peer);
    CHECK(record.client_ip.empty());
    CHECK(record.protocol == "smtp");
    if (record.kind == RecordKind::accepted) CHECK(record.detail.contains("\"1\""));
  }
}

TEST_CASE("mail to another tenant alone stands in the sender's records too") {
  Fixture f;
  REQUIRE(
      f.w.accept(f.me(), "hanako@acme.example", {"ken@other.example"}, mail("hanako@acme.example"))
          .has_value());
  CHECK(f.w.messages(f.other, f.ken).size() == 1);
  CHECK(f.story(f.acme) == std::vector<std::string>{"accepted:", "delivered:ken@other.example"});
  CHECK(f.story(f.other) == std::vector<std::string>{"accepted:", "delivered:ken@other.example"});
}

TEST_CASE("a full mailbox is refused at RCPT, before the message is sent") {
  Fixture f;
  f.w.account(f.acme, "full@acme.example", 1000);
  const std::string big = kOutside + std::string(600, 'x') + "\r\n";
  REQUIRE(f.w.accept(ServiceWorld::mx(), "a@b.example", {"full@acme.example"}, kOutside));
  // The second does not fit; nothing is promised for it.
  const auto second = f.w.accept(ServiceWorld::mx(), "a@b.example", {"full@acme.example"}, big);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == 452);
  CHECK(second.error().enhanced == "4.2.2");
  CHECK(f.w.queue_depth() == 0);
  auto account = f.w.call(f.w->tenancy.account(f.acme, "full@acme.example"));
  AccountChange change;
  change.quota_octets = account->used_octets;
  REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "full@acme.example", change)).has_value());
  const auto third = f.w.accept(ServiceWorld::mx(), "a@b.example", {"full@acme.example"}, kOutside);
  REQUIRE_FALSE(third.has_value());
  CHECK(third.error().code == 452);
  CHECK(third.error().text.contains("full@acme.example"));
}

TEST_CASE("one full mailbox among several turns nobody else away: it waits in the spool") {
  Fixture f;
  const AccountId full = f.w.account(f.acme, "full@acme.example", 100);
  const AccountId over = f.w.account(f.other, "over@other.example", 100);
  SUBCASE("from outside: each tenant spools its own") {
    const auto id =
        f.w.accept(ServiceWorld::mx(), "a@b.example",
                   {"full@acme.example", "taro@acme.example", "over@other.example"}, kOutside);
    REQUIRE(id.has_value());
    REQUIRE(f.w.queue(f.acme).size() == 1);
    CHECK(f.w.queue(f.acme)[0].recipients.at(0).address.text() == "full@acme.example");
    REQUIRE(f.w.queue(f.other).size() == 1);
    CHECK(f.story(f.acme) == std::vector<std::string>{"accepted:", "delivered:taro@acme.example",
                                                      "queued:full@acme.example"});
    CHECK(f.story(f.other) == std::vector<std::string>{"accepted:", "queued:over@other.example"});
  }
  SUBCASE("from a tenant: the sender's spools all") {
    const auto id = f.w.accept(f.me(), "hanako@acme.example",
                               {"taro@acme.example", "over@other.example", "x@remote.example"},
                               mail("hanako@acme.example"));
    REQUIRE(id.has_value());
    REQUIRE(f.w.queue(f.acme).size() == 1);
    CHECK(f.w.queue(f.acme)[0].recipients.size() == 2);
    CHECK(f.w.queue(f.other).empty());
    CHECK(f.w.records(f.other).empty());
  }
  CHECK(f.w.messages(f.acme, f.taro).size() == 1);
  CHECK(f.w.messages(f.acme, full).empty());
  CHECK(f.w.messages(f.other, over).empty());
}

TEST_CASE("the API has no conversation: a full mailbox among its recipients waits in the spool") {
  Fixture f;
  f.w.account(f.acme, "full@acme.example", 1);
  REQUIRE(f.w.world.write(f.acme, [&](Tx& tx) -> Status {
    FUMI_TRY(const auto full,
             tx.directory().local_recipient(*EmailAddress::parse("full@acme.example")));
    FUMI_TRY([[maybe_unused]] const auto placed,
             tx.mailboxes().deliver(full->account, store::testing::content("<m@x>", 1)));
    return {};
  }));
  REQUIRE(f.w.accept(f.me(Door::api), "hanako@acme.example",
                     {"taro@acme.example", "full@acme.example"}, mail("hanako@acme.example"))
              .has_value());
  CHECK(f.w.messages(f.acme, f.taro).size() == 1);
  CHECK(f.w.queue_depth() == 1);
}

TEST_CASE("when no recipient has room the peer keeps the message") {
  Fixture f;
  f.w.account(f.acme, "full@acme.example", 100);
  f.w.account(f.other, "over@other.example", 100);
  const auto got = f.w.accept(ServiceWorld::mx(), "a@b.example",
                              {"full@acme.example", "over@other.example"}, kOutside);
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == 452);
  CHECK(f.w.queue_depth() == 0);
  CHECK(f.w.records(f.acme).empty());
  CHECK(f.w.records(f.other).empty());
}

TEST_CASE(
    "whatever fails on our side is a 4yz with nothing half there, and the next try succeeds") {
  struct Case {
    const char* name;
    bool submission;
    std::vector<std::string> to;
  };
  for (const Case& c :
       {Case{"local", false, {"hanako@acme.example", "taro@acme.example"}},
        Case{"two tenants", false, {"taro@acme.example", "ken@other.example"}},
        Case{"local and remote", true, {"taro@acme.example", "x@remote.example"}}}) {
    CAPTURE(c.name);
    Fixture f;
    const Arrival arrival = c.submission ? f.me() : ServiceWorld::mx();
    const std::string from = c.submission ? "hanako@acme.example" : "a@b.example";
    bool done = false;
    for (std::size_t at = 1; !done; ++at) {
      REQUIRE(at < 60);
      CAPTURE(at);
      f.w->routing.forget_all();
      f.w.faults.arm(at);
      const auto got = f.w.accept(arrival, from, c.to, mail(from), DsnNotify{DsnNotify::success});
      done = !f.w.faults.went_off();
      f.w.faults.arm(0);
      if (!got) {
        CHECK(got.error().code / 100 == 4);
        CHECK(f.w.messages(f.acme, f.taro).empty());
        CHECK(f.w.messages(f.acme, f.hanako).empty());
        CHECK(f.w.messages(f.other, f.ken).empty());
        CHECK(f.w.queue_depth() == 0);
        CHECK(f.w.records(f.acme, {RecordKind::accepted, RecordKind::delivered, RecordKind::queued})
                  .empty());
      } else if (!done) {
        // The failure hit what may fail: nothing of this path. Count it as a success all the same.
        done = true;
      }
    }
    CHECK(f.w.messages(f.acme, f.taro).size() == 1);
  }
}

TEST_CASE("NOTIFY=SUCCESS: a delivered notice in the same commit; none for a null path") {
  Fixture f;
  REQUIRE(f.w.accept(f.me(), "hanako@acme.example", {"taro@acme.example"},
                     mail("hanako@acme.example"), DsnNotify{DsnNotify::success})
              .has_value());
  const auto inbox = f.w.messages(f.acme, f.hanako);
  REQUIRE(inbox.size() == 1);
  CHECK(inbox[0].starts_with("Return-Path: <>\r\n"));
  CHECK(inbox[0].contains("Action: delivered"));
  CHECK(inbox[0].contains("taro@acme.example"));
  REQUIRE(f.w.accept(ServiceWorld::mx(), "", {"taro@acme.example"}, kOutside,
                     DsnNotify{DsnNotify::success})
              .has_value());
  CHECK(f.w.queue_depth() == 0);
  // A sender elsewhere: the notice waits in the spool, with a null path.
  REQUIRE(f.w.accept(ServiceWorld::mx(), "a@b.example", {"taro@acme.example"}, kOutside,
                     DsnNotify{DsnNotify::success})
              .has_value());
  REQUIRE(f.w.queue(f.acme).size() == 1);
  CHECK(f.w.queue(f.acme)[0].reverse_path.is_null());
  CHECK(f.w.queue(f.acme)[0].recipients.at(0).address.text() == "a@b.example");
}

TEST_CASE("refusals are recorded, but a flood of them costs no disk") {
  ServiceOptions options;
  options.intake.rejects_recorded_per_minute = 5;
  Fixture f(options);
  for (int i = 0; i < 20; ++i)
    CHECK(
        f.w.accept(ServiceWorld::mx(), "a@b.example", {"no@acme.example"}, kOutside).error().code ==
        550);
  const auto rejected = f.w.records(f.acme, {RecordKind::rejected});
  REQUIRE(rejected.size() == 5);
  CHECK(rejected[0].answer.starts_with("550 5.1.1 "));
  CHECK(rejected[0].from == "a@b.example");
  f.w.world.clock().advance(std::chrono::minutes(1));
  CHECK(f.w.accept(ServiceWorld::mx(), "a@b.example", {"no@acme.example"}, kOutside).error().code ==
        550);
  CHECK(f.w.records(f.acme, {RecordKind::rejected}).size() == 6);
}

TEST_CASE("an account that was closed between RCPT and DATA is no reason to lose the others") {
  Fixture f;
  Envelope envelope;
  envelope.sender.reverse_path = *EmailAddress::parse("a@b.example");
  for (const char* to : {"hanako@acme.example", "taro@acme.example"}) {
    Recipient recipient;
    recipient.address = *EmailAddress::parse(to);
    REQUIRE(f.w.call(f.w->intake.check_recipient(ServiceWorld::mx(), envelope, recipient)));
    envelope.recipients.push_back(recipient);
  }
  REQUIRE(f.w.call(f.w->tenancy.delete_account(f.acme, "hanako@acme.example")));
  Draft draft = f.w->intake.begin(ServiceWorld::mx(), envelope, 0);
  draft.bytes += kOutside;
  const auto got = f.w.call(f.w->intake.accept(ServiceWorld::mx(), envelope, draft));
  REQUIRE(got.has_value());
  CHECK(f.w.messages(f.acme, f.taro).size() == 1);
  CHECK(f.w.queue_depth() == 1);
  CHECK(body_of(kOutside) == "The text.\r\n");
}

}  // namespace
}  // namespace fumi::service
