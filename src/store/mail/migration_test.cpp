// Stores that an older program made: entries whose rows tell their flags, and no blocks.
#include <algorithm>
#include <random>

#include "store/mail/check.h"
#include "store/mail/detail/schema.h"
#include "store/mail/engines_for_test.h"
#include "store/sql/row_security.h"

namespace fumi::store::testing {
namespace {

using sql::Statement;

constexpr Statement kOldFlags{
    "UPDATE entries SET flags = $2, modseq = $3 WHERE mailbox_id = $4 AND uid = $1"};
constexpr Statement kOldCounts{
    "UPDATE mailboxes SET modseq = $2, unseen = $3, deleted = $4 WHERE mailbox_id = $1"};
constexpr Statement kOldChange{"UPDATE accounts SET change = $2 WHERE account_id = $1"};

struct OldStore {
  World& world;
  TenantScope acme = world.tenant("acme");
  AccountId hanako = world.account(acme, "hanako@acme.example");
  MailboxId inbox;
  std::vector<Entry> entries;
  ModSeq modseq;

  // Mail as it was kept before there were blocks: a change of flags wrote the entry's row.
  void fill(std::uint32_t messages) {
    std::mt19937 random(messages);
    ok(world.write(acme, [&](Tx& tx) -> Status {
      inbox = ok(tx.mailboxes().mailbox_by_name(hanako, "INBOX"))->id;
      for (std::uint32_t uid = 1; uid <= messages; ++uid) {
        Flags flags;
        if (uid % 5 == 0) flags.keywords = {"$k" + std::to_string(uid % 3), "work"};
        const auto mail = content("", 100 + random() % 900);
        const Appended put = ok(tx.mailboxes().append(hanako, inbox, mail, flags));
        Entry entry;
        entry.uid = put.uid;
        entry.email = put.email;
        entry.flags = flags;
        entry.modseq = modseq = put.modseq;
        entry.octets = mail.octets;
        entry.received = mail.received;
        entries.push_back(entry);
      }
      return {};
    }));
    ok(world.database().write_blocking([&](sql::Session& session) -> Status {
      FUMI_CHECK(sql::enter_platform(session));
      std::int64_t unseen = 0;
      std::int64_t deleted = 0;
      for (Entry& entry : entries) {
        if (random() % 2 == 0) {
          entry.flags.bits = random() % 32;
          entry.modseq = modseq = ModSeq(modseq.value() + 1);
          FUMI_CHECK(
              session.apply(kOldFlags, entry.uid.value, entry.flags.bits, entry.modseq, inbox));
        }
        unseen += entry.flags.has(Flags::seen) ? 0 : 1;
        deleted += entry.flags.has(Flags::deleted) ? 1 : 0;
      }
      FUMI_CHECK(session.apply(kOldCounts, inbox, modseq, unseen, deleted));
      FUMI_CHECK(session.apply(kOldChange, hanako, modseq));
      // The migration is applied to these rows; it doesn't matter what came behind it.
      FUMI_CHECK(session.execute_script("DROP TABLE entry_blocks; DROP TABLE entry_facts"));
      FUMI_CHECK(session.execute_script(kSchemaFlagblocks));
      return sql::secure_tables(session);
    }));
  }

  template <class Work>
  void in(Work work) {
    ok(world.write(acme, [&](Tx& tx) -> Status {
      work(tx.mailboxes());
      return {};
    }));
  }

  void check() {
    in([&](MailboxStore& m) {
      const auto read = ok(m.entries(hanako, inbox, Uid{1}));
      REQUIRE(read.size() == entries.size());
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < read.size(); ++i) {
        const bool same = read[i].uid == entries[i].uid && read[i].flags == entries[i].flags &&
                          read[i].modseq == entries[i].modseq &&
                          read[i].email == entries[i].email && read[i].octets == entries[i].octets;
        wrong += same ? 0 : 1;
      }
      CHECK(wrong == 0);
      const ModSeq half(modseq.value() - entries.size() / 4);
      for (const ModSeq since : {ModSeq(1), half, ModSeq(modseq.value() - 3), modseq}) {
        std::vector<Uid> expected;
        for (const Entry& entry : entries)
          if (entry.modseq > since) expected.push_back(entry.uid);
        std::vector<Uid> told;
        for (const Entry& entry : ok(m.changes(hanako, inbox, since)).changed)
          told.push_back(entry.uid);
        CHECK(told == expected);
      }
    });
    CHECK(ok(check_store(world.store(), {})).findings.empty());
  }

  void store(std::uint32_t uid, FlagsOperation operation, const Flags& flags) {
    in([&](MailboxStore& m) {
      const auto stored =
          ok(m.store_flags(hanako, inbox, {{Uid{uid}}, operation, flags, std::nullopt}));
      const auto at = std::ranges::find(entries, Uid{uid}, &Entry::uid);
      at->flags = apply(at->flags, operation, flags);
      if (!stored.modseq) return;
      REQUIRE(stored.changed.size() == 1);
      at->modseq = modseq = stored.modseq;
    });
  }
};

TEST_CASE("a store from before blocks tells the same, and goes on") {
  int engine = 0;
  on_every_engine([&](World& world) {
    OldStore old{world};
    old.fill(engine++ == 0 ? 10'000 : 1'500);
    old.check();
    for (const std::uint32_t uid : {1U, 127U, 128U, 700U, 701U, 1'400U, 1'500U}) {
      old.store(uid, FlagsOperation::add, {Flags::answered, {"new"}});
      old.store(uid + (uid < 1'500 ? 1 : 0), FlagsOperation::replace, {Flags::flagged, {}});
    }
    old.check();
    // Deliveries seal blocks that have no state of their own yet.
    old.in([&](MailboxStore& m) {
      for (int i = 0; i < 300; ++i) {
        const Appended put = ok(m.deliver(old.hanako, content("", 50)));
        Entry entry;
        entry.uid = put.uid;
        entry.email = put.email;
        entry.modseq = old.modseq = put.modseq;
        entry.octets = 50;
        old.entries.push_back(entry);
      }
    });
    old.check();
    old.in([&](MailboxStore& m) {
      const auto gone = ok(m.expunge(old.hanako, old.inbox, {}));
      std::vector<Uid> expected;
      for (const Entry& entry : old.entries)
        if (entry.flags.has(Flags::deleted)) expected.push_back(entry.uid);
      CHECK(gone == expected);
      std::erase_if(old.entries, [](const Entry& entry) { return entry.flags.has(8); });
      old.modseq = ok(m.mailbox(old.hanako, old.inbox))->modseq;
    });
    old.check();
  });
}

constexpr Statement kCountCopies{
    "UPDATE emails SET copies = (SELECT count(*) FROM entries WHERE entries.tenant_id = $1"
    " AND entries.account_id = emails.account_id AND entries.email_id = emails.email_id)"
    " WHERE tenant_id = $1"};
// As migration 5 left what was there before it.
constexpr Statement kForgetPlaces{
    "UPDATE emails SET first_mailbox = 0, first_uid = 0 WHERE tenant_id = $1"};
constexpr Statement kAllCopied{"UPDATE entries SET copied = 1 WHERE tenant_id = $1"};

enum class Age : std::uint8_t { before_jmap, counted };

void make_counted(World& world, const TenantScope& acme, Age age) {
  ok(world.database().write_blocking([&](sql::Session& session) -> Status {
    FUMI_CHECK(sql::enter_platform(session));
    FUMI_CHECK(
        session.execute_script("ALTER TABLE emails ADD COLUMN copies BIGINT NOT NULL DEFAULT 1"));
    FUMI_CHECK(session.apply(kCountCopies, acme.tenant));
    if (age == Age::before_jmap) {
      FUMI_CHECK(session.apply(kForgetPlaces, acme.tenant));
      FUMI_CHECK(session.apply(kAllCopied, acme.tenant));
    }
    return session.execute_script(kSchemaHeld);
  }));
}

TEST_CASE("emails whose entries were counted: copies stay, and the last entry takes its email") {
  for (const Age age : {Age::before_jmap, Age::counted}) {
    on_every_engine([&](World& world) {
      const TenantScope acme = world.tenant("acme");
      const AccountId hanako = world.account(acme, "hanako@acme.example");
      constexpr std::uint32_t kMails = 40;
      MailboxId inbox;
      MailboxId other;
      const auto in = [&](auto work) {
        ok(world.write(acme, [&](Tx& tx) -> Status {
          work(tx);
          return {};
        }));
      };
      const auto used = [&] {
        std::uint64_t octets = 0;
        in([&](Tx& tx) { octets = ok(tx.directory().account(hanako))->used_octets; });
        return octets;
      };
      in([&](Tx& tx) {
        inbox = ok(tx.mailboxes().mailbox_by_name(hanako, "INBOX"))->id;
        other = ok(tx.mailboxes().create_mailbox(hanako, "Other", MailboxRole::none)).id;
        for (std::uint32_t i = 0; i < kMails; ++i)
          ok(tx.mailboxes().append(hanako, inbox, content("", 10), {}));
        std::vector<Uid> some;
        for (std::uint32_t uid = 1; uid <= 20; ++uid)
          some.push_back(Uid{uid});
        ok(tx.mailboxes().copy(hanako, inbox, some, other));
      });
      make_counted(world, acme, age);
      CHECK(ok(check_store(world.store(), {})).findings.empty());
      const auto expunge = [&](MailboxId mailbox, std::vector<Uid> uids) {
        in([&](Tx& tx) {
          StoreFlags change{uids, FlagsOperation::add, {Flags::deleted, {}}, std::nullopt};
          ok(tx.mailboxes().store_flags(hanako, mailbox, change));
          CHECK(ok(tx.mailboxes().expunge(hanako, mailbox, uids)) == uids);
        });
        CHECK(ok(check_store(world.store(), {})).findings.empty());
      };
      expunge(inbox, {Uid{1}, Uid{2}});  // the copies have them
      CHECK(used() == 10 * kMails);
      expunge(inbox, {Uid{39}, Uid{40}});  // nobody has
      CHECK(used() == 10 * (kMails - 2));
      std::vector<Uid> many;
      for (std::uint32_t uid = 11; uid <= 30; ++uid)
        many.push_back(Uid{uid});
      expunge(inbox, many);  // one half of them is held by copies
      CHECK(used() == 10 * (kMails - 12));
      expunge(other, {Uid{1}});
      CHECK(used() == 10 * (kMails - 13));
      in([&](Tx& tx) { ok(tx.mailboxes().delete_mailbox(hanako, other)); });
      // Left: 3-10 and 31-38 of the inbox; what was only in the other mailbox went with it.
      CHECK(used() == 10 * 16);
      CHECK(ok(check_store(world.store(), {})).findings.empty());
    });
  }
}

}  // namespace
}  // namespace fumi::store::testing
