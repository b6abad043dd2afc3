// What push subscriptions were told, who is away, and who has been answered.
#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

using std::chrono::days;

struct Two {
  explicit Two(World& w) : world(w) {}
  World& world;
  TenantScope acme = world.tenant("acme");
  TenantScope other = world.tenant("other");
  AccountId hanako = world.account(acme, "hanako@acme.example");
  AccountId taro = world.account(other, "taro@other.example");

  void in(const TenantScope& scope, const std::function<void(Tx&)>& work) {
    ok(world.write(scope, [&](Tx& tx) -> Status {
      work(tx);
      return {};
    }));
  }
};

TEST_CASE("a subscription is claimed once for each state, and given back") {
  on_every_engine([](World& world) {
    Two o{world};
    const ObjectId id(7);
    o.in(o.acme, [&](Tx& tx) {
      PushStore& push = tx.push();
      CHECK(ok(push.claim(o.hanako, id, ModSeq(5))) == ModSeq());
      CHECK_FALSE(ok(push.claim(o.hanako, id, ModSeq(5))));
      CHECK_FALSE(ok(push.claim(o.hanako, id, ModSeq(4))));
      CHECK(ok(push.claim(o.hanako, id, ModSeq(9))) == ModSeq(5));
      ok(push.release(o.hanako, id, ModSeq(5), ModSeq(1)));  // another state has been claimed since
      CHECK_FALSE(ok(push.claim(o.hanako, id, ModSeq(9))));
      ok(push.release(o.hanako, id, ModSeq(9), ModSeq(5)));
      CHECK(ok(push.claim(o.hanako, id, ModSeq(6))) == ModSeq(5));
    });
    o.in(o.other, [&](Tx& tx) {
      ok(tx.push().release(o.hanako, id, ModSeq(6), ModSeq(0)));
      ok(tx.push().forget(o.hanako, id));
    });
    o.in(o.acme, [&](Tx& tx) {
      CHECK_FALSE(ok(tx.push().claim(o.hanako, id, ModSeq(6))));
      ok(tx.push().forget(o.hanako, id));
      ok(tx.push().forget(o.hanako, id));
      CHECK(ok(tx.push().claim(o.hanako, id, ModSeq(6))) == ModSeq());
    });
  });
}

TEST_CASE("accounts with push subscriptions are listed, page by page") {
  on_every_engine([](World& world) {
    Two o{world};
    o.in(o.acme, [&](Tx& tx) {
      ok(tx.objects().create(o.hanako, ObjectKind::push_subscription, "{}", 9));
      ok(tx.objects().create(o.hanako, ObjectKind::push_subscription, "{}", 9));
      ok(tx.objects().create(o.hanako, ObjectKind::contact, "{}", 9));
    });
    o.in(o.other,
         [&](Tx& tx) { ok(tx.objects().create(o.taro, ObjectKind::push_subscription, "{}", 9)); });
    std::vector<AccountId> seen;
    PushOwner after;
    for (;;) {
      const auto page =
          ok(world.platform([&](PlatformTx& tx) { return tx.platform().push_owners(after, 1); }));
      if (page.empty()) break;
      after = page.front();
      seen.push_back(after.account);
    }
    CHECK(seen == std::vector{o.hanako, o.taro});
  });
}

TEST_CASE("mail that is delivered while somebody is away leaves a job; other mail does not") {
  on_every_engine([](World& world) {
    Two o{world};
    const auto jobs = [&] {
      return ok(world.platform([](PlatformTx& tx) { return tx.platform().vacation_jobs(10); }));
    };
    EmailId answered;
    o.in(o.acme, [&](Tx& tx) {
      ok(tx.mailboxes().deliver(o.hanako, content("<before@x>", 10)));
      ok(tx.vacation().set_away(o.hanako, Away::yes));
      const Appended put = ok(tx.mailboxes().deliver(o.hanako, content("<while@x>", 10)));
      ok(tx.mailboxes().append(o.hanako, put.mailbox, content("<own@x>", 10), {}));
      answered = put.email;
      ok(tx.vacation().set_away(o.hanako, Away::no));
      ok(tx.mailboxes().deliver(o.hanako, content("<after@x>", 10)));
      CHECK(code_of(tx.vacation().set_away(AccountId(99), Away::yes)) == Code::not_found);
    });
    REQUIRE(jobs().size() == 1);
    CHECK(jobs().front().tenant == o.acme.tenant);
    CHECK(jobs().front().email == answered);
    o.in(o.other, [&](Tx& tx) {
      CHECK(code_of(tx.vacation().end_job(o.hanako, answered)) == Code::not_found);
      CHECK(code_of(tx.vacation().set_away(o.hanako, Away::yes)) == Code::not_found);
    });
    o.in(o.acme, [&](Tx& tx) {
      ok(tx.vacation().end_job(o.hanako, answered));
      CHECK(code_of(tx.vacation().end_job(o.hanako, answered)) == Code::not_found);
    });
    CHECK(jobs().empty());
  });
}

TEST_CASE("one sender is answered once in the interval, and no more senders than allowed") {
  on_every_engine([](World& world) {
    Two o{world};
    const Instant now = world.clock().now();
    const ReplyLimits limits{days(7), 2};
    o.in(o.acme, [&](Tx& tx) {
      VacationStore& v = tx.vacation();
      CHECK(ok(v.note_reply(o.hanako, "a@x.example", now, limits)) == ReplyVerdict::may);
      CHECK(ok(v.note_reply(o.hanako, "a@x.example", now, limits)) == ReplyVerdict::repeated);
      CHECK(ok(v.note_reply(o.hanako, "b@x.example", now, limits)) == ReplyVerdict::may);
      CHECK(ok(v.note_reply(o.hanako, "c@x.example", now, limits)) == ReplyVerdict::too_many);
      CHECK(ok(v.note_reply(o.hanako, "a@x.example", now + days(7), limits)) == ReplyVerdict::may);
      ok(v.set_away(o.hanako, Away::no));  // back: the next absence begins anew
      CHECK(ok(v.note_reply(o.hanako, "b@x.example", now, limits)) == ReplyVerdict::may);
    });
    o.in(o.other, [&](Tx& tx) {
      CHECK(ok(tx.vacation().note_reply(o.taro, "b@x.example", now, limits)) == ReplyVerdict::may);
    });
  });
}

}  // namespace
}  // namespace fumi::store::testing
