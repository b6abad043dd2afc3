#include <algorithm>

#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

std::vector<Uid> uids(std::initializer_list<std::uint32_t> values) {
  std::vector<Uid> out;
  for (const std::uint32_t value : values)
    out.push_back(Uid{value});
  return out;
}

std::vector<std::string> names(const std::vector<Mailbox>& mailboxes) {
  std::vector<std::string> out;
  for (const Mailbox& mailbox : mailboxes)
    out.push_back(mailbox.name);
  return out;
}

using Names = std::vector<std::string>;

struct Office {
  World& world;
  TenantScope acme = world.tenant("acme");
  AccountId hanako = world.account(acme, "hanako@acme.example");
  template <class Work>
  void in(Work work) {
    ok(world.write(acme, [&](Tx& tx) -> Status {
      work(tx.mailboxes());
      return {};
    }));
  }
  // The code of a step that fails and so undoes its transaction.
  template <class Work>
  Code refused(Work work) {
    return code_of(world.write(acme, [&](Tx& tx) { return work(tx.mailboxes()); }));
  }
};

TEST_CASE("standard mailboxes, names and hierarchy") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      CHECK(names(ok(m.mailboxes(a))) ==
            Names{"Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"});
      CHECK(ok(m.mailbox_by_name(a, "inbox"))->role == MailboxRole::inbox);
      CHECK(ok(m.mailbox_by_role(a, MailboxRole::sent))->name == "Sent");
      CHECK(!ok(m.mailbox_by_role(a, MailboxRole::none)));
      CHECK(!ok(m.mailbox_by_name(a, "sent")));  // other names are case-sensitive
      const Mailbox deep = ok(m.create_mailbox(a, "Work/2026/五月/", MailboxRole::none));
      CHECK(deep.name == "Work/2026/五月");
      CHECK(ok(m.mailbox_by_name(a, "Work/2026")).has_value());
      CHECK(ok(m.mailbox_by_name(a, "Work")).has_value());
      CHECK(ok(m.create_mailbox(a, "inbox/below", MailboxRole::none)).name == "INBOX/below");
      CHECK(code_of(m.create_mailbox(a, "Work", MailboxRole::none)) == Code::conflict);
      CHECK(code_of(m.create_mailbox(a, "Inbox", MailboxRole::none)) == Code::conflict);
      CHECK(code_of(m.create_mailbox(a, "Sent2", MailboxRole::sent)) == Code::conflict);
      for (const char* bad : {"", "/", "a//b", "/a", "a\x01", "\xff", "a\xc0\x80"}) {
        CHECK(code_of(m.create_mailbox(a, bad, MailboxRole::none)) == Code::invalid);
      }
      CHECK(code_of(m.create_mailbox(a, std::string(1001, 'x'), {})) == Code::invalid);
      std::string levels = "x";
      for (int i = 0; i < 20; ++i)
        levels += "/x";
      CHECK(code_of(m.create_mailbox(a, levels, {})) == Code::invalid);
      ok(m.set_subscribed(a, deep.id, false));
      CHECK(!ok(m.mailbox(a, deep.id))->subscribed);
      CHECK(code_of(m.set_subscribed(a, MailboxId(1), true)) == Code::not_found);
    });
  });
}

TEST_CASE("renaming moves inferiors; conflicts; INBOX moves its messages") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      const Mailbox work = ok(m.create_mailbox(a, "Work", MailboxRole::none));
      const Mailbox child = ok(m.create_mailbox(a, "Work/a/b", MailboxRole::none));
      ok(m.create_mailbox(a, "Workshop", MailboxRole::none));
      ok(m.rename_mailbox(a, work.id, "Old/Work"));
      CHECK(ok(m.mailbox(a, child.id))->name == "Old/Work/a/b");
      CHECK(ok(m.mailbox_by_name(a, "Old")).has_value());
      CHECK(ok(m.mailbox_by_name(a, "Workshop")).has_value());
      CHECK(code_of(m.rename_mailbox(a, work.id, "Sent")) == Code::conflict);
      CHECK(code_of(m.rename_mailbox(a, work.id, "INBOX")) == Code::conflict);
      CHECK(code_of(m.rename_mailbox(a, work.id, "Old/Work/c")) == Code::invalid);
      CHECK(code_of(m.rename_mailbox(a, work.id, "a//b")) == Code::invalid);
      CHECK(code_of(m.rename_mailbox(a, MailboxId(1), "b")) == Code::not_found);

      const Appended first = ok(m.deliver(a, content("1")));
      ok(m.deliver(a, content("2")));
      ok(m.create_mailbox(a, "INBOX/kept", MailboxRole::none));
      ok(m.rename_mailbox(a, first.mailbox, "Past/inbox"));
      const Mailbox inbox = *ok(m.mailbox_by_name(a, "INBOX"));
      CHECK(inbox.id == first.mailbox);
      CHECK(inbox.total == 0);
      CHECK(inbox.uid_next.value == 3);
      const Mailbox past = *ok(m.mailbox_by_name(a, "Past/inbox"));
      CHECK(past.total == 2);
      CHECK(past.role == MailboxRole::none);
      CHECK(past.uid_validity > inbox.uid_validity);
      CHECK(ok(m.mailbox_by_name(a, "INBOX/kept")).has_value());
      CHECK(ok(m.changes(a, inbox.id, first.modseq)).vanished == uids({1, 2}));
    });
  });
}

TEST_CASE("deleting a mailbox frees what only it held") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      const Mailbox box = ok(m.create_mailbox(a, "Box", MailboxRole::none));
      const Appended kept = ok(m.append(a, box.id, content("kept", 10), {}));
      const Appended lost = ok(m.append(a, box.id, content("lost", 100), {}));
      const Mailbox trash = *ok(m.mailbox_by_role(a, MailboxRole::trash));
      ok(m.copy(a, box.id, uids({1}), trash.id));
      ok(m.copy(a, box.id, uids({2}), box.id));
      ok(m.delete_mailbox(a, box.id));
      CHECK(!ok(m.mailbox(a, box.id)));
      CHECK(ok(m.email(a, kept.email)).has_value());
      CHECK(!ok(m.email(a, lost.email)));
      CHECK(code_of(m.delete_mailbox(a, box.id)) == Code::not_found);
      const Mailbox again = ok(m.create_mailbox(a, "Box", MailboxRole::none));
      CHECK(again.uid_validity > box.uid_validity);
      const Mailbox inbox = *ok(m.mailbox_by_role(a, MailboxRole::inbox));
      CHECK(code_of(m.delete_mailbox(a, inbox.id)) == Code::denied);
    });
    ok(world.read(o.acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.directory().account(a))->used_octets == 10);
      return {};
    }));
  });
}

TEST_CASE("append and deliver: quota, status, bad flags") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId small = world.account(o.acme, "small@acme.example", 1500);
    o.in([&](MailboxStore& m) { ok(m.deliver(small, content("1", 1000))); });
    CHECK(o.refused([&](MailboxStore& m) { return m.deliver(small, content("2", 501)); }) ==
          Code::quota);
    o.in([&](MailboxStore& m) {
      const Mailbox inbox = *ok(m.mailbox_by_role(small, MailboxRole::inbox));
      CHECK(code_of(m.append(small, inbox.id, content("3", 501), {})) == Code::quota);
      ok(m.append(small, inbox.id, content("4", 500), {}));
      ok(m.store_flags(small, inbox.id,
                       {uids({1}), FlagsOperation::add, {Flags::deleted, {}}, {}}));
      CHECK(ok(m.expunge(small, inbox.id, {})) == uids({1}));
      ok(m.append(small, inbox.id, content("5", 1000), {}));
      CHECK(code_of(m.append(small, inbox.id, content("6", 1), {})) == Code::quota);
    });
    CHECK(o.refused([&](MailboxStore& m) {
      return m.append(o.hanako, MailboxId(9), content("7"), {});
    }) == Code::not_found);
    CHECK(o.refused([&](MailboxStore& m) { return m.deliver(AccountId(5), content("7")); }) ==
          Code::not_found);
    o.in([&](MailboxStore& m) {
      const Mailbox inbox = *ok(m.mailbox_by_role(o.hanako, MailboxRole::inbox));
      CHECK(inbox.total == 0);  // what was refused has left nothing
      CHECK(code_of(m.append(o.hanako, inbox.id, content("8"), {0, {"two words"}})) ==
            Code::invalid);
      CHECK(code_of(m.append(o.hanako, inbox.id, content("8"),
                             {0, std::vector<std::string>(65, std::string(80, 'k'))})) ==
            Code::too_large);
    });
    ok(world.write(o.acme, [&](Tx& tx) -> Status {
      Account account = *ok(tx.directory().account(o.hanako));
      account.status = AccountStatus::disabled;
      ok(tx.directory().update_account(account));
      CHECK(code_of(tx.mailboxes().deliver(o.hanako, content("9"))) == Code::not_found);
      return {};
    }));
  });
}

TEST_CASE("entries and emails carry what was appended; keywords are kept") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      const Mailbox sent = *ok(m.mailbox_by_role(a, MailboxRole::sent));
      const EmailContent mail = content("<1@x>", 4321);
      const Appended put =
          ok(m.append(a, sent.id, mail, {Flags::seen | 0xff00, {"$Label", "beta", "ALPHA"}}));
      CHECK(put.uid.value == 1);
      CHECK(put.uid_validity == sent.uid_validity);
      const auto all = ok(m.entries(a, sent.id, Uid{0}));
      REQUIRE(all.size() == 1);
      CHECK(all[0].flags == Flags{Flags::seen, {"$Label", "ALPHA", "beta"}});
      CHECK(all[0].octets == 4321);
      CHECK(all[0].received == mail.received);
      CHECK(all[0].modseq == put.modseq);
      CHECK(ok(m.entries(a, sent.id, Uid{2})).empty());
      const Email email = *ok(m.email(a, put.email));
      CHECK(email.blob == mail.blob);
      CHECK(email.summary == mail.summary);
      CHECK(email.octets == 4321);
      CHECK(!ok(m.email(a, EmailId(3))));
      for (std::uint32_t i = 2; i <= 40; ++i)
        ok(m.append(a, sent.id, content("<" + std::to_string(i) + "@x>"), {}));
      std::vector<Uid> wanted;
      for (std::uint32_t i = 0; i < 23; ++i)
        wanted.push_back(Uid{45 - 2 * i});
      const auto emails = ok(m.emails(a, sent.id, wanted));
      REQUIRE(emails.size() == 20);
      CHECK(emails.front().first.uid.value == 39);
      CHECK(emails.front().second.summary == "summary of <39@x>");
      CHECK(emails.back().first.uid.value == 1);
      CHECK(ok(m.emails(a, sent.id, {})).empty());
    });
  });
}

TEST_CASE("threads follow message ids and references, in one account") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId taro = world.account(o.acme, "taro@acme.example");
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      auto thread = [&](AccountId account, const EmailContent& mail) {
        return ok(m.email(account, ok(m.deliver(account, mail)).email))->thread;
      };
      const ThreadId one = thread(a, content("<1@x>"));
      CHECK(thread(a, content("<2@x>", 1, {"<1@x>"})) == one);
      CHECK(thread(a, content("<3@x>", 1, {"<0@x>", "<2@x>"})) == one);
      CHECK(thread(a, content("<4@x>", 1, {"<0@x>"})) == one);  // siblings of a missing parent
      CHECK(thread(a, content("<1@x>")) == one);                // the same message again
      CHECK(thread(a, content("<5@x>")) != one);
      CHECK(thread(taro, content("<2@x>", 1, {"<1@x>"})) != one);
      CHECK(thread(a, content("")) != thread(a, content("")));
      std::vector<std::string> many;
      for (int i = 0; i < 500; ++i)
        many.push_back("<many" + std::to_string(i) + "@x>");
      many.front() = "<1@x>";
      CHECK(thread(a, content("<6@x>", 1, many)) == one);
    });
  });
}

TEST_CASE("store_flags: operations, UNCHANGEDSINCE, counts") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      MailboxId inbox;
      ModSeq last;
      for (int i = 0; i < 20; ++i) {
        const Appended put = ok(m.deliver(a, content("m" + std::to_string(i))));
        inbox = put.mailbox;
        last = put.modseq;
      }
      auto set = [&](std::vector<Uid> which, FlagsOperation operation, Flags flags,
                     std::optional<ModSeq> since = {}) {
        return ok(m.store_flags(a, inbox, {std::move(which), operation, std::move(flags), since}));
      };
      const StoredFlags seen = set(uids({2, 1, 2, 99}), FlagsOperation::add, {Flags::seen, {"x"}});
      REQUIRE(seen.changed.size() == 2);
      CHECK(seen.modseq.value() == last.value() + 1);
      CHECK(seen.changed[0].uid.value == 1);
      CHECK(seen.changed[1].bits == Flags::seen);
      CHECK(seen.keywords[seen.changed[1].keywords] == std::vector<std::string>{"x"});
      CHECK(ok(m.mailbox(a, inbox))->unseen == 18);
      CHECK(ok(m.mailbox(a, inbox))->modseq == seen.modseq);
      const StoredFlags nothing = set(uids({1}), FlagsOperation::add, {Flags::seen, {"X"}});
      CHECK(nothing.changed.empty());
      CHECK(nothing.modseq == ModSeq());
      const StoredFlags some =
          set(uids({1, 3}), FlagsOperation::replace, {Flags::deleted, {}}, last);
      CHECK(some.modified == uids({1}));
      REQUIRE(some.changed.size() == 1);
      CHECK(some.changed[0].uid.value == 3);
      CHECK(ok(m.mailbox(a, inbox))->deleted == 1);
      std::vector<Uid> all;
      for (std::uint32_t i = 1; i <= 20; ++i)
        all.push_back(Uid{i});
      CHECK(
          set(all, FlagsOperation::remove, {Flags::deleted | Flags::seen, {"x"}}).changed.size() ==
          3);
      CHECK(ok(m.mailbox(a, inbox))->deleted == 0);
      CHECK(ok(m.mailbox(a, inbox))->unseen == 20);
      CHECK(code_of(m.store_flags(a, MailboxId(1), {})) == Code::not_found);
      CHECK(code_of(m.store_flags(a, inbox, {all, {}, {0, {""}}, {}})) == Code::invalid);
    });
  });
}

// As EXPUNGE names them: all that its client knows.
TEST_CASE("an expunge that names many removes those of them that are deleted, and frees once") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      MailboxId inbox;
      for (int i = 0; i < 60; ++i)
        inbox = ok(m.deliver(a, content("m" + std::to_string(i), 10))).mailbox;
      const MailboxId other = ok(m.create_mailbox(a, "Other", MailboxRole::none)).id;
      ok(m.copy(a, inbox, uids({7}), other));
      ok(m.store_flags(a, inbox, {uids({7, 20, 58}), FlagsOperation::add, {8, {}}, {}}));
      std::vector<Uid> known;  // neither in order nor all
      for (std::uint32_t uid = 50; uid > 0; --uid)
        known.push_back(Uid{uid});
      CHECK(ok(m.expunge(a, inbox, known)) == uids({7, 20}));
      CHECK(ok(m.expunge(a, inbox, known)).empty());
      const Mailbox left = *ok(m.mailbox(a, inbox));
      CHECK(left.total == 58);
      CHECK(left.deleted == 1);
      CHECK(left.octets == 580);
      CHECK(ok(m.mailbox(a, other))->total == 1);
      const auto changes = ok(m.changes(a, inbox, ModSeq(left.modseq.value() - 1)));
      CHECK(changes.vanished == uids({7, 20}));
      CHECK(ok(m.expunge(a, inbox, std::vector<Uid>{Uid{58}})) == uids({58}));
    });
    // 58 emails are left, one of them in the other mailbox alone.
    ok(world.read(o.acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.directory().account(a))->used_octets == 580);
      return {};
    }));
  });
}

TEST_CASE("store_flags over runs of messages does to each what apply() does") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      MailboxId inbox;
      for (int i = 0; i < 80; ++i)
        inbox = ok(m.deliver(a, content("m" + std::to_string(i)))).mailbox;
      ok(m.store_flags(a, inbox, {uids({30, 50, 51}), FlagsOperation::add, {8, {}}, {}}));
      ok(m.expunge(a, inbox, {}));
      std::vector<Uid> all;
      for (std::uint32_t i = 1; i <= 80; ++i)
        all.push_back(Uid{i});
      std::vector<Uid> sparse;
      for (std::uint32_t i = 1; i <= 80; i += i % 10 < 5 ? 2 : 1)
        sparse.push_back(Uid{i});
      const Flags plain{Flags::seen | Flags::flagged, {}};
      const Flags labels{Flags::answered, {"$a", "b"}};
      std::uint64_t turn = 0;
      for (const FlagsOperation operation :
           {FlagsOperation::add, FlagsOperation::remove, FlagsOperation::replace}) {
        for (const Flags& flags : {plain, labels, Flags{}, Flags{Flags::deleted, {}}}) {
          for (const std::vector<Uid>& which : {sparse, all, uids({7}), uids({9, 3, 9})}) {
            CAPTURE(int(operation));
            const auto before = ok(m.entries(a, inbox, Uid{1}));
            std::optional<ModSeq> since;
            if (++turn % 3 == 0) since = before[turn % before.size()].modseq;
            const StoredFlags stored =
                ok(m.store_flags(a, inbox, {which, operation, flags, since}));
            const auto after = ok(m.entries(a, inbox, Uid{1}));
            REQUIRE(after.size() == before.size());
            std::uint32_t unseen = 0;
            std::size_t changed = 0;
            for (std::size_t i = 0; i < after.size(); ++i) {
              const bool meant = std::ranges::find(which, before[i].uid) != which.end();
              const bool late = since && before[i].modseq > *since;
              Flags expected = before[i].flags;
              if (meant && !late) expected = apply(expected, operation, flags);
              CHECK(after[i].flags == expected);
              const bool other = expected != before[i].flags;
              changed += other ? 1 : 0;
              CHECK(after[i].modseq == (other ? stored.modseq : before[i].modseq));
              unseen += after[i].flags.has(Flags::seen) ? 0 : 1;
            }
            CHECK(stored.changed.size() == changed);
            CHECK(ok(m.mailbox(a, inbox))->unseen == unseen);
          }
        }
      }
    });
  });
}

TEST_CASE("copy shares the email, move keeps flags, the last copy takes the email along") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](MailboxStore& m) {
      const MailboxId inbox = ok(m.mailbox_by_role(a, MailboxRole::inbox))->id;
      const MailboxId trash = ok(m.mailbox_by_role(a, MailboxRole::trash))->id;
      const Appended put = ok(m.append(a, inbox, content("1", 70), {Flags::flagged, {"k"}}));
      ok(m.append(a, inbox, content("2", 7), {}));
      const CopiedUids copied = ok(m.copy(a, inbox, uids({1, 5}), trash));
      CHECK(copied.source == uids({1}));
      CHECK(copied.destination == uids({1}));
      const Entry copy = ok(m.entries(a, trash, Uid{1})).at(0);
      CHECK(copy.email == put.email);
      CHECK(copy.flags == Flags{Flags::flagged, {"k"}});
      const CopiedUids moved = ok(m.move(a, inbox, uids({2, 1}), trash));
      CHECK(moved.source == uids({1, 2}));
      CHECK(moved.destination == uids({2, 3}));
      CHECK(ok(m.mailbox(a, inbox))->total == 0);
      CHECK(ok(m.mailbox(a, inbox))->octets == 0);
      const Mailbox box = *ok(m.mailbox(a, trash));
      CHECK(box.total == 3);
      CHECK(box.octets == 147);
      CHECK(box.uid_next.value == 4);
      CHECK(ok(m.copy(a, inbox, uids({1}), trash)).source.empty());
      CHECK(code_of(m.copy(a, inbox, uids({1}), MailboxId(1))) == Code::not_found);
      CHECK(code_of(m.move(a, MailboxId(1), uids({1}), trash)) == Code::not_found);
      const CopiedUids same = ok(m.move(a, trash, uids({1}), trash));
      CHECK(same.destination == uids({4}));

      ok(m.store_flags(a, trash, {uids({2, 4}), FlagsOperation::add, {Flags::deleted, {}}, {}}));
      CHECK(ok(m.expunge(a, trash, uids({2, 3}))) == uids({2}));
      CHECK(ok(m.email(a, put.email)).has_value());
      CHECK(ok(m.expunge(a, trash, {})) == uids({4}));
      CHECK(!ok(m.email(a, put.email)));
      CHECK(ok(m.expunge(a, trash, {})).empty());
      CHECK(code_of(m.expunge(a, MailboxId(1), {})) == Code::not_found);
    });
    ok(world.read(o.acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.directory().account(a))->used_octets == 7);
      return {};
    }));
  });
}

TEST_CASE("changes: what is new, changed and gone; and how far back") {
  on_every_engine(
      [](World& world) {
        Office o{world};
        const AccountId a = o.hanako;
        o.in([&](MailboxStore& m) {
          const MailboxId inbox = ok(m.mailbox_by_role(a, MailboxRole::inbox))->id;
          std::vector<ModSeq> at{ok(m.mailbox(a, inbox))->modseq};
          for (int i = 0; i < 300; ++i)
            at.push_back(ok(m.deliver(a, content("m" + std::to_string(i)))).modseq);
          CHECK(ok(m.changes(a, inbox, at[0])).changed.size() == 300);
          CHECK(ok(m.changes(a, inbox, at[100])).changed.size() == 200);
          CHECK(ok(m.changes(a, inbox, at[299])).changed.at(0).uid.value == 300);
          CHECK(ok(m.changes(a, inbox, at[300])).changed.empty());
          const ModSeq before = at[300];
          ok(m.store_flags(a, inbox,
                           {uids({7, 9}), FlagsOperation::add, {Flags::deleted, {}}, {}}));
          ok(m.expunge(a, inbox, uids({9})));
          ok(m.deliver(a, content("late")));
          const MailboxChanges changes = ok(m.changes(a, inbox, before));
          REQUIRE(changes.changed.size() == 2);
          CHECK(changes.changed[0].uid.value == 7);
          CHECK(changes.changed[1].uid.value == 301);
          CHECK(changes.vanished == uids({9}));
          CHECK(code_of(m.changes(a, MailboxId(1), before)) == Code::not_found);

          std::vector<Uid> many;
          for (std::uint32_t i = 10; i < 40; ++i)
            many.push_back(Uid{i});
          for (const Uid uid : many) {
            ok(m.store_flags(a, inbox, {{uid}, FlagsOperation::add, {Flags::deleted, {}}, {}}));
            ok(m.expunge(a, inbox, {{uid}}));
          }
          CHECK(code_of(m.changes(a, inbox, before)) == Code::not_found);
          const ModSeq now = ok(m.mailbox(a, inbox))->modseq;
          CHECK(ok(m.changes(a, inbox, ModSeq(now.value() - 2))).vanished == uids({39}));
        });
      },
      {.expunged_max = 20});
}

TEST_CASE("the bus hears of commits, and of nothing else") {
  on_every_engine([](World& world) {
    Office o{world};
    std::vector<Change> heard;
    const auto subscription =
        world.bus().subscribe(o.hanako, [&](const Change& change) { heard.push_back(change); });
    Appended put;
    o.in([&](MailboxStore& m) {
      put = ok(m.deliver(o.hanako, content("1")));
      ok(m.deliver(o.hanako, content("2")));
    });
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].mailbox == put.mailbox);
    CHECK(heard[0].tenant == o.acme.tenant);
    heard.clear();
    o.refused([&](MailboxStore& m) -> Status {
      ok(m.deliver(o.hanako, content("3")));
      return fail(Code::cancelled, "changing one's mind");
    });
    CHECK(heard.empty());
    o.in([&](MailboxStore& m) { ok(m.create_mailbox(o.hanako, "New", MailboxRole::none)); });
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].mailbox == MailboxId());
    heard.clear();
    const std::string id = std::to_string(o.hanako.value());
    world.store().on_notification("1." + id + ".7 junk 2..3 " + id + " 1." + id + ".x");
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].mailbox == MailboxId(7));
  });
}

}  // namespace
}  // namespace fumi::store::testing
