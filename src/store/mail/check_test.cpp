#include "store/mail/check.h"

#include <set>

#include "store/mail/engines_for_test.h"
#include "store/sql/row_security.h"

namespace fumi::store::testing {
namespace {

using sql::Statement;

// One kind of damage and the finding that must name it.
struct Damage {
  const char* finding;
  Statement statement;
};
constexpr Damage kDamages[]{
    {"mailbox-counts", "UPDATE mailboxes SET unseen = unseen + 1 WHERE total > 0"},
    {"mailbox-counts", "UPDATE mailboxes SET octets = 0 WHERE total > 0"},
    {"mailbox-uid-next", "UPDATE mailboxes SET uid_next = 1 WHERE total > 0"},
    {"mailbox-modseq", "UPDATE mailboxes SET modseq = 1 WHERE total > 0"},
    {"mailbox-modseq", "UPDATE accounts SET change = 1"},
    {"account-used", "UPDATE accounts SET used_octets = used_octets + 1"},
    {"mailbox-modseq", "UPDATE entry_blocks SET modseq = 1000"},
    {"entry-blocks", "UPDATE entry_blocks SET mailbox_id = 1"},
    {"entry-blocks", "UPDATE entry_blocks SET sealed = 0"},
    {"entry-blocks", "DELETE FROM entry_blocks"},
    {"entry-blocks", "UPDATE entry_facts SET facts = (SELECT max(states) FROM entry_blocks)"},
    {"entry-blocks", "DELETE FROM entries WHERE uid = 2"},
    {"mailbox-counts", "UPDATE entry_blocks SET states = (SELECT min(states) FROM entry_blocks)"},
    {"sealed", "UPDATE entry_blocks SET keywords = states"},
    {"account-inbox", "UPDATE accounts SET inbox_id = 1"},
    {"entry-mailbox", "DELETE FROM mailboxes WHERE total > 0"},
    {"entry-email", "DELETE FROM emails"},
    {"email-entries", "DELETE FROM entries"},
    {"entry-place", "UPDATE emails SET first_uid = 99"},
    {"queue-recipients", "DELETE FROM queue_recipients WHERE number = 1"},
    {"queue-recipients", "DELETE FROM queue_messages"},
    {"queue-waiting", "UPDATE queue_messages SET waiting = 7"},
    {"sealed", "UPDATE emails SET summary = blob"},
    {"sealed", "UPDATE mailboxes SET name = (SELECT profile FROM account_profiles)"},
    {"sealed", "UPDATE queue_recipients SET body = last"},
};

constexpr std::uint32_t kMails = 300;  // more than two blocks of entries

void fill(World& world) {
  const TenantScope acme = world.tenant("acme");
  const AccountId hanako = world.account(acme, "hanako@acme.example");
  ok(world.write(acme, [&](Tx& tx) -> Status {
    Appended last = ok(tx.mailboxes().deliver(hanako, content("1", 11)));
    last = ok(tx.mailboxes().deliver(hanako, content("2", 12)));
    StoreFlags change;
    for (std::uint32_t uid = 1; uid <= kMails; ++uid) {
      if (uid > 2) last = ok(tx.mailboxes().deliver(hanako, content("3", 11)));
      if (uid % 2 == 0) change.uids.push_back(Uid{uid});
    }
    change.flags = {Flags::seen, {"$a"}};
    ok(tx.mailboxes().store_flags(hanako, last.mailbox, change));
    change.uids = {Uid{5}};
    change.flags = {Flags::deleted, {}};
    ok(tx.mailboxes().store_flags(hanako, last.mailbox, change));
    QueueMessage message;
    message.id = world.ids().next<QueueId>();
    message.blob = content("3", 13).blob;
    for (std::uint32_t i = 0; i < 2; ++i) {
      QueueRecipient recipient;
      recipient.number = i;
      recipient.address = EmailAddress::parse("a@b.example").value();
      message.recipients.push_back(recipient);
    }
    return tx.queue().enqueue(message, world.clock().now());
  }));
}

TEST_CASE("a sound store has no findings; missing blobs are found") {
  on_every_engine([](World& world) {
    fill(world);
    std::set<std::uint64_t> seen;
    CheckReport report = ok(check_store(world.store(), [&](TenantId, const BlobRef& blob) {
      seen.insert(blob.octets);
      return Result<bool>(true);
    }));
    CHECK(report.findings.empty());
    CHECK(report.tenants == 1);
    CHECK(report.entries == kMails);
    CHECK(report.emails == kMails);
    CHECK(report.queued == 1);
    CHECK(seen == std::set<std::uint64_t>{11, 12, 13});
    std::multiset<std::uint64_t> live;
    ok(world.store().visit_blobs([&](TenantId, const BlobRef& blob) -> Status {
      live.insert(blob.octets);
      return {};
    }));
    CHECK(live.count(11) == kMails - 1);
    CHECK(live.count(12) == 1);
    CHECK(live.count(13) == 1);
    CHECK(code_of(world.store().visit_blobs([](TenantId, const BlobRef&) -> Status {
            return fail(Code::cancelled, "stopping");
          })) == Code::cancelled);
    report = ok(check_store(world.store(), [](TenantId, const BlobRef& blob) {
      return Result<bool>(blob.octets == 11);
    }));
    REQUIRE(report.findings.size() == 2);
    CHECK(report.findings[0].name == "email-blob");
    CHECK(report.findings[1].name == "queue-blob");
    CHECK(code_of(check_store(world.store(), [](TenantId, const BlobRef&) -> Result<bool> {
            return fail(Code::unavailable, "looking up a blob");
          })) == Code::unavailable);
  });
}

TEST_CASE("each kind of damage is found and named") {
  for (const Damage& damage : kDamages) {
    CAPTURE(damage.statement.text);
    World world;
    fill(world);
    ok(world.database().write_blocking([&](sql::Session& session) -> Status {
      FUMI_CHECK(sql::enter_platform(session));
      FUMI_TRY(const auto rows, session.execute(damage.statement));
      CHECK(rows > 0);
      return {};
    }));
    std::set<std::string> names;
    for (const Finding& finding : ok(check_store(world.store(), {})).findings)
      names.insert(finding.name);
    CHECK(names.contains(damage.finding));
  }
}

}  // namespace
}  // namespace fumi::store::testing
