// AttachmentTextStore on every engine: who waits, who works, what goes with the mail, and whose it
// is.
#include <algorithm>

#include "store/mail/detail/schema.h"
#include "store/mail/engines_for_test.h"
#include "store/sql/row_security.h"

namespace fumi::store {
namespace {

using testing::content;
using testing::ok;
using testing::on_every_engine;
using testing::World;

constexpr Duration kLease = std::chrono::minutes(5);

struct Fixture {
  explicit Fixture(World& the_world) : world(the_world) {
    acme = world.tenant("acme");
    other = world.tenant("other");
    hanako = world.account(acme, "hanako@acme.example");
    taro = world.account(acme, "taro@acme.example");
    ken = world.account(other, "ken@other.example");
    inbox = ok(world.write(acme, [&](Tx& tx) { return tx.mailboxes().mailboxes(hanako); }))[0].id;
  }
  template <class F>
  auto in(const TenantScope& scope, F work) {
    return world.write(scope, [&](Tx& tx) { return work(tx.attachment_texts()); });
  }
  Appended append(const char* id, MailboxId where = {}) {
    return ok(world.write(acme, [&](Tx& tx) {
      return tx.mailboxes().append(hanako, where ? where : inbox, content(id),
                                   {Flags::deleted, {}});
    }));
  }
  void want(EmailId email) {
    const EmailId emails[] = {email};
    ok(in(acme, [&](AttachmentTextStore& s) { return s.want(hanako, emails); }));
  }
  std::vector<AttachmentTask> claim(const TenantScope& scope, AccountId account,
                                    std::uint32_t limit = 10) {
    const Instant now = world.clock().now();
    return ok(in(
        scope, [&](AttachmentTextStore& s) { return s.claim(account, now, now + kLease, limit); }));
  }
  void put(EmailId email, const char* text, std::uint32_t unread = 0) {
    const AttachmentText kept{text, unread};
    ok(in(acme, [&](AttachmentTextStore& s) { return s.put(hanako, email, kept); }));
  }
  AttachmentProgress progress(const TenantScope& scope, AccountId account) {
    return ok(in(scope, [&](AttachmentTextStore& s) { return s.progress(account); }));
  }
  std::string text(const TenantScope& scope, AccountId account, EmailId email) {
    return ok(in(scope, [&](AttachmentTextStore& s) { return s.find(account, email); }))
        .value_or("none");
  }
  std::size_t unindexed(const TenantScope& scope, AccountId account) {
    return ok(in(scope, [&](AttachmentTextStore& s) { return s.unindexed(account, 100); })).size();
  }
  bool waits_for_extraction() {
    const Instant now = world.clock().now();
    const auto found = ok(world.platform(
        [&](PlatformTx& tx) { return tx.platform().attachment_backlog({}, now, 100); }));
    return !found.empty() && found[0].account == hanako;
  }
  bool waits_for_index() {
    const auto found =
        ok(world.platform([](PlatformTx& tx) { return tx.platform().search_backlog({}, 100); }));
    return std::ranges::any_of(found, [&](const auto& b) { return b.account == hanako; });
  }
  // As if the index had seen all changes.
  void index_all() {
    const Instant now = world.clock().now();
    const auto claimed =
        ok(world.write(acme, [&](Tx& tx) { return tx.search().claim(hanako, now, now + kLease); }));
    ok(world.write(acme, [&](Tx& tx) { return tx.search().release(*claimed, claimed->change); }));
  }

  World& world;
  TenantScope acme, other;
  AccountId hanako, taro, ken;
  MailboxId inbox;
};

TEST_CASE("a mail is wanted, claimed, put, indexed, and wanted again after a rebuild") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const EmailId email = f.append("<1@x>").email;
    const EmailId second = f.append("<2@x>").email;
    CHECK_FALSE(f.waits_for_extraction());
    f.want(email);
    f.want(email);
    f.want(second);
    CHECK(f.waits_for_extraction());
    CHECK(f.claim(f.acme, f.hanako, 1).size() == 1);
    const auto rest = f.claim(f.acme, f.hanako);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].email == second);
    CHECK(rest[0].attempts == 1);
    CHECK(f.claim(f.acme, f.hanako).empty());
    CHECK_FALSE(f.waits_for_extraction());
    f.put(second, "words");
    CHECK(f.text(f.acme, f.hanako, second) == "words");
    CHECK(f.progress(f.acme, f.hanako).waiting == 2);
    CHECK(f.progress(f.acme, f.hanako).unread == 0);

    world.clock().advance(kLease);  // whoever had the first has died
    CHECK(f.waits_for_extraction());
    const auto again = f.claim(f.acme, f.hanako);
    REQUIRE(again.size() == 1);
    CHECK(again[0].email == email);
    CHECK(again[0].attempts == 2);
    f.put(email, "first", 3);
    CHECK(f.progress(f.acme, f.hanako).unread == 3);
    f.put(email, "first, replaced", 1);
    CHECK(f.text(f.acme, f.hanako, email) == "first, replaced");

    CHECK(f.unindexed(f.acme, f.hanako) == 2);
    f.index_all();
    CHECK(f.waits_for_index());
    const EmailId both[] = {email, second};
    ok(f.in(f.acme, [&](AttachmentTextStore& s) { return s.mark_indexed(f.hanako, both); }));
    CHECK(f.unindexed(f.acme, f.hanako) == 0);
    CHECK_FALSE(f.waits_for_index());
    CHECK(f.progress(f.acme, f.hanako).waiting == 0);
    CHECK(f.progress(f.acme, f.hanako).unread == 1);
    f.want(email);  // done already
    CHECK_FALSE(f.waits_for_extraction());
    ok(world.write(f.acme, [&](Tx& tx) { return tx.search().reset(f.hanako); }));
    CHECK(f.waits_for_extraction());
    CHECK(f.claim(f.acme, f.hanako).size() == 2);
    CHECK(f.text(f.acme, f.hanako, email) == "first, replaced");  // until it comes anew
    CHECK(f.progress(f.acme, f.hanako).unread == 0);
    ok(f.in(f.acme, [&](AttachmentTextStore& s) { return s.dismiss(f.hanako, email); }));
    CHECK(f.text(f.acme, f.hanako, email) == "none");
    CHECK(f.progress(f.acme, f.hanako).waiting == 1);
  });
}

TEST_CASE("the text goes with the mail: expunged, or with the mailbox that alone has it") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const Appended expunged = f.append("<1@x>");
    f.want(expunged.email);
    f.put(expunged.email, "words");
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      FUMI_TRY([[maybe_unused]] const auto gone,
               tx.mailboxes().expunge(f.hanako, f.inbox, std::nullopt));
      return {};
    }));
    CHECK(f.text(f.acme, f.hanako, expunged.email) == "none");
    f.put(expunged.email, "too late");
    CHECK(f.text(f.acme, f.hanako, expunged.email) == "none");
    f.want(expunged.email);
    CHECK_FALSE(f.waits_for_extraction());

    const MailboxId work =
        ok(world.write(f.acme, [&](Tx& tx) {
          return tx.mailboxes().create_mailbox(f.hanako, "Work", MailboxRole::none);
        })).id;
    const EmailId only_there = f.append("<2@x>", work).email;
    const Appended elsewhere = f.append("<3@x>", work);
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      FUMI_TRY([[maybe_unused]] const auto copied,
               tx.mailboxes().copy(f.hanako, work, {elsewhere.uid}, f.inbox));
      return {};
    }));
    for (const EmailId email : {only_there, elsewhere.email}) {
      f.want(email);
      f.put(email, "words");
    }
    ok(world.write(f.acme, [&](Tx& tx) { return tx.mailboxes().delete_mailbox(f.hanako, work); }));
    CHECK(f.text(f.acme, f.hanako, only_there) == "none");
    CHECK(f.text(f.acme, f.hanako, elsewhere.email) == "words");
    CHECK(f.unindexed(f.acme, f.hanako) == 1);
  });
}

TEST_CASE("a long run of expunged mail takes its texts along, but for what lies elsewhere too") {
  on_every_engine([](World& world) {
    Fixture f(world);
    std::vector<EmailId> emails;
    for (int i = 0; i < 300; ++i)
      emails.push_back(f.append(("<" + std::to_string(i) + "@x>").c_str()).email);
    ok(f.in(f.acme, [&](AttachmentTextStore& s) { return s.want(f.hanako, emails); }));
    for (const EmailId email : emails)
      f.put(email, "words");
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      FUMI_TRY(const auto work, tx.mailboxes().create_mailbox(f.hanako, "Work", MailboxRole::none));
      FUMI_TRY([[maybe_unused]] const auto copied,
               tx.mailboxes().copy(f.hanako, f.inbox, {Uid{7}}, work.id));
      FUMI_TRY([[maybe_unused]] const auto gone,
               tx.mailboxes().expunge(f.hanako, f.inbox, std::nullopt));
      return {};
    }));
    std::size_t kept = 0;
    for (const EmailId email : emails)
      kept += f.text(f.acme, f.hanako, email) == "words" ? 1 : 0;
    CHECK(kept == 1);
    CHECK(f.progress(f.acme, f.hanako).waiting == 1);
  });
}

TEST_CASE("whose files wait, an account at a time, and since when") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const Instant begun = world.clock().now();
    f.want(f.append("<1@x>").email);
    world.clock().advance(std::chrono::minutes(1));
    f.want(f.append("<2@x>").email);
    const auto others = ok(world.write(
        f.other, [&](Tx& tx) { return tx.mailboxes().deliver(f.ken, content("<3@x>")); }));
    const EmailId theirs[] = {others.email};
    ok(f.in(f.other, [&](AttachmentTextStore& s) { return s.want(f.ken, theirs); }));
    const auto waiting = [&](const SearchBacklog& after, std::uint32_t limit) {
      const Instant now = world.clock().now();
      return ok(world.platform(
          [&](PlatformTx& tx) { return tx.platform().attachment_backlog(after, now, limit); }));
    };
    const auto all = waiting({}, 10);
    REQUIRE(all.size() == 2);
    const auto& acme = all[0].account == f.hanako ? all[0] : all[1];
    CHECK(acme.tenant == f.acme.tenant);
    CHECK(acme.since == begun);
    CHECK(waiting({}, 1).size() == 1);
    const auto rest = waiting({all[0].tenant, all[0].account}, 10);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].account == all[1].account);
    CHECK(f.claim(f.acme, f.hanako).size() == 2);
    CHECK(f.claim(f.other, f.ken).size() == 1);
    CHECK(waiting({}, 10).empty());
  });
}

TEST_CASE("the texts are sealed: octets of another row, or from elsewhere, are told as damage") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const EmailId first = f.append("<1@x>").email;
    const EmailId second = f.append("<2@x>").email;
    for (const EmailId email : {first, second}) {
      f.want(email);
      f.put(email, email == first ? "consignment" : "memorandum");
    }
    static constexpr sql::Statement kClear{
        "SELECT count(*) FROM attachment_texts WHERE"
        " /*sqlite instr(body, CAST('consignment' AS BLOB))*/"
        "/*pg position('consignment'::bytea IN body)*/ > 0"};
    static constexpr sql::Statement kSwap{
        "UPDATE attachment_texts SET body = (SELECT body FROM attachment_texts WHERE email_id = $1)"
        " WHERE email_id = $2"};
    ok(world.database().write_blocking([&](sql::Session& session) -> Status {
      FUMI_CHECK(sql::enter_platform(session));
      FUMI_TRY(const auto clear,
               session.one(kClear, [](const sql::Row& row) { return row.int64(0); }));
      CHECK(clear.value_or(-1) == 0);
      return session.apply(kSwap, first, second);
    }));
    const auto swapped =
        f.in(f.acme, [&](AttachmentTextStore& s) { return s.find(f.hanako, second); });
    REQUIRE_FALSE(swapped.has_value());
    CHECK(swapped.error().code == Code::corrupt);
    CHECK(f.text(f.acme, f.hanako, first) == "consignment");
  });
}

TEST_CASE("mail from before the tables waits to be looked through") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const EmailId email = f.append("<1@x>").email;
    ok(world.database().write_blocking([&](sql::Session& session) -> Status {
      FUMI_CHECK(sql::enter_platform(session));
      FUMI_CHECK(
          session.execute_script("DROP TABLE attachment_tasks; DROP TABLE attachment_texts"));
      FUMI_CHECK(session.execute_script(kSchemaAttachments));
      return sql::secure_tables(session);
    }));
    CHECK(f.progress(f.acme, f.hanako).waiting == 1);
    const Instant now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    const auto waiting = ok(world.platform([&](PlatformTx& tx) {
      return tx.platform().attachment_backlog({}, now + std::chrono::hours(1), 10);
    }));
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].account == f.hanako);
    CHECK(waiting[0].since > now - std::chrono::hours(1));
    const auto tasks = ok(f.in(f.acme, [&](AttachmentTextStore& s) {
      return s.claim(f.hanako, now + std::chrono::hours(1), now + std::chrono::hours(2), 10);
    }));
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].email == email);
  });
}

TEST_CASE("another tenant or account finds nothing and changes nothing") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const EmailId email = f.append("<1@x>").email;
    const EmailId emails[] = {email};
    f.want(email);
    CHECK(f.claim(f.other, f.hanako).empty());
    CHECK(f.claim(f.acme, f.taro).empty());
    f.put(email, "words");
    for (const auto& [scope, account] :
         {std::pair(f.other, f.hanako), {f.other, f.ken}, {f.acme, f.taro}}) {
      CHECK(f.text(scope, account, email) == "none");
      CHECK(f.unindexed(scope, account) == 0);
      ok(f.in(scope, [&](AttachmentTextStore& s) { return s.put(account, email, {"theirs", 9}); }));
      ok(f.in(scope, [&](AttachmentTextStore& s) { return s.dismiss(account, email); }));
      CHECK(f.progress(scope, account).waiting == 0);
      ok(f.in(scope, [&](AttachmentTextStore& s) { return s.mark_indexed(account, emails); }));
      ok(f.in(scope, [&](AttachmentTextStore& s) { return s.want(account, emails); }));
      CHECK(f.claim(scope, account).empty());
    }
    CHECK(f.text(f.acme, f.hanako, email) == "words");
    CHECK(f.unindexed(f.acme, f.hanako) == 1);
  });
}

}  // namespace
}  // namespace fumi::store
