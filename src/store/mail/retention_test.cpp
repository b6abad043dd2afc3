// What goes in the background: mail of deleted accounts, chained records past their time.
#include "store/mail/check.h"
#include "store/mail/engines_for_test.h"
#include "store/sql/row_security.h"

namespace fumi::store::testing {
namespace {

using std::chrono::hours;

constexpr auto never = [] { return false; };

std::int64_t rows_of(World& world, const sql::Statement& count) {
  std::int64_t rows = -1;
  ok(world.database().read_blocking([&](sql::Session& session) -> Status {
    FUMI_CHECK(sql::enter_platform(session));
    return session.query(count, [&](const sql::Row& row) { rows = row.int64(0); });
  }));
  return rows;
}
constexpr sql::Statement kMailRows{
    "SELECT (SELECT count(*) FROM entries) + (SELECT count(*) FROM emails)"
    " + (SELECT count(*) FROM expunged) + (SELECT count(*) FROM thread_refs)"
    " + (SELECT count(*) FROM gone) + (SELECT count(*) FROM objects)"
    " + (SELECT count(*) FROM uploads) + (SELECT count(*) FROM mailbox_metadata)"
    " + (SELECT count(*) FROM mailbox_acl) + (SELECT count(*) FROM shared_subscriptions)"
    " + (SELECT count(*) FROM search_accounts) + (SELECT count(*) FROM search_segments)"
    " + (SELECT count(*) FROM entry_blocks) + (SELECT count(*) FROM entry_facts)"
    " + (SELECT count(*) FROM search_pages) + (SELECT count(*) FROM push_states)"
    " + (SELECT count(*) FROM vacation_jobs) + (SELECT count(*) FROM vacation_replies)"
    " + (SELECT count(*) FROM attachment_tasks) + (SELECT count(*) FROM attachment_texts)"};
constexpr sql::Statement kMailboxes{"SELECT count(*) FROM mailboxes"};
constexpr sql::Statement kChained{"SELECT count(*) FROM chain_records"};

void fill(World& world, const TenantScope& scope, AccountId account) {
  ok(world.write(scope, [&](Tx& tx) -> Status {
    MailboxStore& m = tx.mailboxes();
    const MailboxId work = ok(m.create_mailbox(account, "Work", MailboxRole::none)).id;
    for (int i = 0; i < 12; ++i) {
      const std::string id = std::to_string(i);
      const Appended put = ok(m.deliver(account, content(id, 1000, {"ref" + id})));
      ok(tx.attachment_texts().want(account, std::vector{put.email}));
      ok(tx.attachment_texts().put(account, put.email, {"words", 0}));
      if (i % 3 == 0) ok(m.copy(account, put.mailbox, {put.uid}, work));
      if (i % 4 == 0) {
        StoreFlags change;
        change.uids = {put.uid};
        change.operation = FlagsOperation::add;
        change.flags.bits = Flags::deleted;
        ok(m.store_flags(account, put.mailbox, change));
      }
    }
    const MailboxId inbox = ok(m.mailbox_by_name(account, "INBOX"))->id;
    ok(m.expunge(account, inbox, std::vector<Uid>{Uid{1}}));
    ok(tx.metadata().set_metadata(account, work, "/private/a", "1"));
    ok(tx.acls().set_acl(account, work, {AccountId(), {Rights::read}, {}}));
    ok(tx.acls().set_subscribed(account, MailboxId(7), true));
    ok(tx.objects().create(account, ObjectKind::contact, "{}", 10));
    const Instant now;
    ok(tx.search().claim(account, now, now + hours(1)));
    ok(tx.push().claim(account, ObjectId(5), ModSeq(1)));
    ok(tx.vacation().set_away(account, Away::yes));
    ok(m.deliver(account, content("away", 10)));
    ok(tx.vacation().note_reply(account, "a@b.example", now, {}));
    return {};
  }));
}

TEST_CASE("the mail of a deleted account goes in small steps, and nobody else's") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    const AccountId taro = world.account(acme, "taro@acme.example");
    const AccountId ken = world.account(other, "ken@other.example");
    const std::int64_t mailboxes_each = rows_of(world, kMailboxes) / 3 + 1;  // and "Work"
    fill(world, acme, hanako);
    const std::int64_t rows_each = rows_of(world, kMailRows);
    fill(world, acme, taro);
    fill(world, other, ken);
    CHECK(ok(world.store().purge_deleted_accounts(5, never)) == 0);

    ok(world.write(acme, [&](Tx& tx) { return tx.directory().delete_account(hanako); }));
    // Stopped after some steps: what is there is consistent, and the rest goes the next time.
    int steps = 3;
    const auto soon = [&] { return steps-- <= 0; };
    const std::uint64_t first = ok(world.store().purge_deleted_accounts(5, soon));
    CHECK(first == 15);
    CHECK(ok(check_store(world.store(), {})).findings.empty());
    CHECK(ok(world.store().purge_deleted_accounts(5, never)) > 0);
    CHECK(ok(check_store(world.store(), {})).findings.empty());
    CHECK(rows_of(world, kMailRows) == 2 * rows_each);
    CHECK(rows_of(world, kMailboxes) == 2 * mailboxes_each + 1);  // its inbox, empty
    CHECK(ok(world.store().purge_deleted_accounts(5, never)) == 0);

    std::size_t blobs = 0;
    ok(world.store().visit_blobs([&](TenantId tenant, const BlobRef&) -> Status {
      blobs += tenant == acme.tenant || tenant == other.tenant ? 1 : 0;
      return {};
    }));
    CHECK(blobs == 26);  // two accounts' emails
  });
}

Record login(const std::string& who) {
  Record record;
  record.kind = RecordKind::login;
  record.from = who;
  return record;
}

TEST_CASE("chained records past their time go, and what stays can still be verified") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const Instant start = world.clock().now();
    for (int i = 0; i < 10; ++i) {
      for (const TenantScope& scope : {acme, other})
        ok(world.write(scope, [&](Tx& tx) { return tx.records().append(login("u")); }));
      world.clock().advance(hours(24));
    }
    const auto exported = [&](const TenantScope& scope, Instant since) {
      std::vector<std::string> lines;
      ok(world.read(scope, [&](Tx& tx) {
        lines.clear();
        return tx.records().export_stream(RecordStream::login, since,
                                          world.clock().now() + hours(1),
                                          [&](std::string_view line) -> Status {
                                            lines.emplace_back(line);
                                            return {};
                                          });
      }));
      return lines;
    };
    const Instant before = start + hours(24 * 6) - hours(1);
    const auto part = exported(acme, before);
    CHECK(ok(world.store().drop_chained_records(start, 2, never)) == 0);
    CHECK(ok(world.store().drop_chained_records(before, 2, [] { return true; })) == 0);
    CHECK(ok(world.store().drop_chained_records(before, 2, never)) == 10);  // five of each tenant
    CHECK(rows_of(world, kChained) == 10);
    CHECK(ok(world.store().drop_chained_records(before, 2, never)) == 0);
    CHECK(ok(check_store(world.store(), {})).findings.empty());
    // The same four records, whether they are asked for or all there are.
    CHECK(exported(acme, before) == part);
    const auto all = exported(acme, start);
    REQUIRE(all.size() == part.size());
    CHECK(all[0].contains("\"first\":7"));
    CHECK(std::vector(all.begin() + 1, all.end() - 1) ==
          std::vector(part.begin() + 1, part.end() - 1));
    // The chain goes on, also where everything was past its time.
    ok(world.store().drop_chained_records(world.clock().now(), 100, never));
    ok(world.write(acme, [&](Tx& tx) { return tx.records().append(login("u")); }));
    CHECK(ok(check_store(world.store(), {})).findings.empty());
    CHECK(exported(acme, start).size() == 3);
  });
}

}  // namespace
}  // namespace fumi::store::testing
