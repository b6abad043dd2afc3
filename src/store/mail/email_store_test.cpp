// EmailStore and ObjectStore on every engine.
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "store/mail/check.h"
#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

struct Office {
  World& world;
  TenantScope acme = world.tenant("acme");
  AccountId hanako = world.account(acme, "hanako@acme.example");
  template <class Work>
  void in(Work work) {
    ok(world.write(acme, [&](Tx& tx) -> Status {
      work(tx);
      return {};
    }));
  }
  template <class Work>
  Code refused(Work work) {
    return code_of(world.write(acme, [&](Tx& tx) { return work(tx); }));
  }
  MailboxId role(Tx& tx, MailboxRole role) {
    return ok(tx.mailboxes().mailbox_by_role(hanako, role))->id;
  }
};

template <class Id>
bool has(const std::vector<Id>& list, Id id) {
  return std::ranges::find(list, id) != list.end();
}

TEST_CASE("an email in several mailboxes: places, flags, moves, destruction") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](Tx& tx) {
      const Appended one = ok(tx.mailboxes().deliver(a, content("<1@x>", 10)));
      const MailboxId inbox = one.mailbox;
      const MailboxId archive = o.role(tx, MailboxRole::archive);
      const MailboxId trash = o.role(tx, MailboxRole::trash);
      EmailStore& emails = tx.emails();
      ok(emails.set_mailboxes(a, one.email, {inbox, archive}));
      ok(emails.set_flags(a, one.email, {Flags::seen, {"work"}}));
      auto found = ok(emails.find(a, {EmailId(99), one.email}));
      REQUIRE(found.size() == 1);
      REQUIRE(found[0].places.size() == 2);
      for (const Place& place : found[0].places) {
        CHECK(place.flags.has(Flags::seen));
        CHECK(place.flags.keywords == std::vector<std::string>{"work"});
      }
      ok(emails.set_mailboxes(a, one.email, {trash}));
      found = ok(emails.find(a, {one.email}));
      REQUIRE(found[0].places.size() == 1);
      CHECK(found[0].places[0].mailbox == trash);
      CHECK(found[0].places[0].flags.has(Flags::seen));
      CHECK(ok(emails.list(a, trash)).size() == 1);
      CHECK(ok(emails.list(a, inbox)).empty());
      CHECK(code_of(emails.set_mailboxes(a, one.email, {})) == Code::invalid);
      CHECK(code_of(emails.set_mailboxes(a, EmailId(7), {trash})) == Code::not_found);
      CHECK(code_of(emails.set_mailboxes(a, one.email, {MailboxId(7)})) == Code::not_found);
      CHECK(code_of(emails.set_flags(a, EmailId(7), {})) == Code::not_found);
      CHECK(code_of(emails.list(a, MailboxId(7))) == Code::not_found);
      ok(emails.destroy(a, one.email));
      CHECK(ok(emails.find(a, {one.email})).empty());
      CHECK(code_of(emails.destroy(a, one.email)) == Code::not_found);
    });
    CHECK(ok(check_store(world.store(), {})).findings.empty());
  });
}

TEST_CASE("summaries of many emails: dense or scattered, those that are there, of one account") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    const AccountId other = world.account(o.acme, "taro@acme.example");
    std::vector<EmailId> ids;
    std::vector<EmailId> others;
    o.in([&](Tx& tx) {
      ids.clear();
      others.clear();
      for (int i = 0; i < 300; ++i) {
        EmailContent made = content("<" + std::to_string(i) + "@x>", 10);
        made.summary = "summary " + std::to_string(i);
        const Appended one = ok(tx.mailboxes().deliver(a, made));
        ids.push_back(one.email);
        others.push_back(ok(tx.mailboxes().deliver(other, made)).email);
      }
      ok(tx.emails().destroy(a, ids[150]));
    });
    auto asked = [&](Tx& tx, AccountId account, const std::vector<EmailId>& wanted,
                     std::size_t most) {
      std::vector<EmailId> seen;
      auto visit = [&](const StoredSummary& one) -> Result<Visit> {
        const auto at = std::ranges::find(ids, one.id);
        REQUIRE(at != ids.end());
        CHECK(one.summary == "summary " + std::to_string(at - ids.begin()));
        CHECK(BlobRef::decode(one.blob).has_value());
        CHECK(one.thread.value() == one.id.value());
        seen.push_back(one.id);
        return seen.size() == most ? Visit::stop : Visit::more;
      };
      ok(tx.emails().visit_summaries(account, wanted, visit));
      return seen;
    };
    o.in([&](Tx& tx) {
      for (const std::size_t step : {1U, 2U, 3U, 7U, 40U, 299U}) {
        CAPTURE(step);
        std::vector<EmailId> wanted;
        std::vector<EmailId> there;
        for (std::size_t i = 0; i < ids.size(); i += step) {
          wanted.push_back(ids[i]);
          if (i != 150) there.push_back(ids[i]);
        }
        CHECK(asked(tx, a, wanted, 1'000) == there);
        wanted.insert(wanted.begin(), EmailId(1));
        wanted.emplace_back(~0ULL >> 1U);
        CHECK(asked(tx, a, wanted, 1'000) == there);
        there.resize(std::min<std::size_t>(there.size(), 5));
        CHECK(asked(tx, a, wanted, there.size()) == there);
        CHECK(asked(tx, other, wanted, 1'000).empty());
      }
      std::vector<EmailId> late(ids.begin() + 280, ids.end());  // far from the first
      late.insert(late.begin(), ids.begin(), ids.begin() + 3);
      CHECK(asked(tx, a, late, 1'000) == late);
      CHECK(asked(tx, a, others, 1'000).empty());
      CHECK(asked(tx, a, {}, 1'000).empty());
      auto fails = [](const StoredSummary&) -> Result<Visit> { return fail(Code::invalid, "x"); };
      CHECK(code_of(tx.emails().visit_summaries(a, ids, fails)) == Code::invalid);
    });
    const TenantScope globex = world.tenant("globex");
    ok(world.write(globex, [&](Tx& tx) -> Status {
      CHECK(asked(tx, a, ids, 1'000).empty());
      return {};
    }));
  });
}

TEST_CASE("threads and counts; trash counts for itself") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](Tx& tx) {
      const Appended one = ok(tx.mailboxes().deliver(a, content("<1@x>", 10)));
      const Appended two = ok(tx.mailboxes().deliver(a, content("<2@x>", 10, {"<1@x>"})));
      const Appended other = ok(tx.mailboxes().deliver(a, content("<3@x>", 10)));
      const MailboxId trash = o.role(tx, MailboxRole::trash);
      EmailStore& emails = tx.emails();
      const ThreadId thread = ok(emails.find(a, {one.email}))[0].email.thread;
      const auto threads = ok(emails.threads(a, {ThreadId(5), thread}));
      REQUIRE(threads.size() == 1);
      CHECK(threads[0].emails == std::vector<EmailId>{one.email, two.email});
      ok(emails.set_flags(a, one.email, {Flags::seen, {}}));
      ok(emails.set_flags(a, other.email, {Flags::draft, {}}));
      ok(emails.set_mailboxes(a, two.email, {trash}));
      for (const MailboxCounts& counts : ok(emails.counts(a))) {
        if (counts.mailbox == one.mailbox) {
          CHECK(counts.emails == 2);
          CHECK(counts.unread_emails == 0);
          CHECK(counts.threads == 2);
          CHECK(counts.unread_threads == 0);
        } else if (counts.mailbox == trash) {
          CHECK(counts.emails == 1);
          CHECK(counts.unread_threads == 1);
        } else {
          CHECK(counts.emails + counts.threads == 0);
        }
      }
    });
  });
}

// Any history: the changes since any state lead from what was then to what is now.
struct Snapshot {
  using Places = std::set<std::tuple<MailboxId, std::uint32_t, std::uint32_t>>;
  std::map<EmailId, std::pair<ThreadId, Places>> emails;
  std::map<MailboxId, std::string> mailboxes;
};

Snapshot snapshot(Tx& tx, AccountId account) {
  Snapshot now;
  for (const EmailFacts& facts : ok(tx.emails().list(account, std::nullopt))) {
    Snapshot::Places places;
    for (const Place& place : facts.places)
      places.emplace(place.mailbox, place.uid.value, place.flags.bits);
    now.emails[facts.id] = {facts.thread, std::move(places)};
  }
  for (const Mailbox& mailbox : ok(tx.mailboxes().mailboxes(account)))
    now.mailboxes[mailbox.id] = mailbox.name + std::to_string(mailbox.total) + "/" +
                                std::to_string(mailbox.unseen) + "/" +
                                std::to_string(mailbox.sort_order);
  return now;
}

template <class Map, class Changes>
void leads(const Map& then, const Map& now, const Changes& changes) {
  for (const auto& [id, what] : now) {
    const auto before = then.find(id);
    RC_ASSERT(has(changes.created, id) == (before == then.end()));
    if (before != then.end() && before->second != what) RC_ASSERT(has(changes.updated, id));
  }
  for (const auto& [id, what] : then)
    RC_ASSERT(has(changes.destroyed, id) == !now.contains(id));
  for (const auto& id : changes.destroyed)
    RC_ASSERT(then.contains(id));
  for (const auto& id : changes.updated)
    RC_ASSERT(now.contains(id) && then.contains(id));
}

std::map<ThreadId, std::set<EmailId>> threads_of(const Snapshot& snapshot) {
  std::map<ThreadId, std::set<EmailId>> threads;
  for (const auto& [id, facts] : snapshot.emails)
    threads[facts.first].insert(id);
  return threads;
}

template <class T>
T one_of(const std::vector<T>& list, std::mt19937& random) {
  return list[random() % list.size()];
}

void one_step(Tx& tx, AccountId a, unsigned number, std::mt19937& random) {
  const auto boxes = ok(tx.mailboxes().mailboxes(a));
  const auto emails = ok(tx.emails().list(a, std::nullopt));
  const Mailbox box = one_of(boxes, random);
  const unsigned what = random() % 9;
  const std::string name = "N" + std::to_string(number);
  if (what <= 1 || emails.empty()) {
    const std::string id = "<" + std::to_string(number) + "@x>";
    const std::string reference = "<" + std::to_string(random() % (number + 1)) + "@x>";
    ok(tx.mailboxes().append(a, box.id, content(id, 10, {reference}), {}));
    return;
  }
  const EmailFacts email = one_of(emails, random);
  if (what == 2) {
    ok(tx.emails().set_flags(a, email.id, {std::uint32_t(random() % 8), {}}));
  } else if (what == 3) {
    ok(tx.emails().set_mailboxes(a, email.id, {box.id, one_of(boxes, random).id}));
  } else if (what == 4) {
    ok(tx.emails().destroy(a, email.id));
  } else if (what == 5) {
    ok(tx.mailboxes().create_mailbox(a, name, MailboxRole::none));
  } else if (what == 6 && box.role == MailboxRole::none) {
    ok(tx.mailboxes().delete_mailbox(a, box.id));
  } else if (what == 7 && box.role == MailboxRole::none) {
    ok(tx.mailboxes().rename_mailbox(a, box.id, name));
  } else if (what == 8) {
    ok(tx.mailboxes().move(a, email.places[0].mailbox, {email.places[0].uid}, box.id));
  } else {
    ok(tx.emails().set_sort_order(a, box.id, number));
  }
}

// What an assertion throws on the store's thread is thrown on here.
template <class Work>
void run(World& world, const TenantScope& scope, Work work) {
  std::exception_ptr thrown;
  ok(world.write(scope, [&](Tx& tx) -> Status {
    try {
      work(tx);
    } catch (...) {
      thrown = std::current_exception();
    }
    return {};
  }));
  if (thrown) std::rethrow_exception(thrown);
}

void any_history(World& world, std::uint32_t seed) {
  std::mt19937 random(seed);
  static int tenants = 0;
  const TenantScope acme = world.tenant("acme" + std::to_string(++tenants));
  const AccountId a = world.account(acme, "h@acme" + std::to_string(tenants) + ".example");
  std::map<ModSeq, Snapshot> past;
  for (unsigned number = 0; number < 25; ++number) {
    run(world, acme, [&](Tx& tx) {
      past[ok(tx.emails().state(a))] = snapshot(tx, a);
      one_step(tx, a, number, random);
    });
  }
  run(world, acme, [&](Tx& tx) {
    const Snapshot now = snapshot(tx, a);
    for (const auto& [since, then] : past) {
      leads(then.emails, now.emails, ok(tx.emails().email_changes(a, since, 0)));
      leads(then.mailboxes, now.mailboxes, ok(tx.emails().mailbox_changes(a, since, 0)));
      leads(threads_of(then), threads_of(now), ok(tx.emails().thread_changes(a, since, 0)));
    }
    // In small pages the same ids come, though maybe more than once.
    const auto& [first, then] = *past.begin();
    std::set<EmailId> paged;
    for (ModSeq since = first;;) {
      const auto page = tx.emails().email_changes(a, since, 3);
      if (!page) return;  // one step was longer
      for (const auto* list : {&page->created, &page->updated, &page->destroyed})
        paged.insert(list->begin(), list->end());
      if (page->rest == ObjectChanges<EmailId>::Rest::none) break;
      RC_ASSERT(page->state > since);
      since = page->state;
    }
    const auto whole = ok(tx.emails().email_changes(a, first, 0));
    for (const auto* list : {&whole.created, &whole.updated, &whole.destroyed})
      for (const EmailId id : *list)
        RC_ASSERT(paged.contains(id));
  });
}

TEST_CASE("changes lead from any state to now") {
  World world;
  CHECK(rc::check([&] { any_history(world, *rc::gen::arbitrary<std::uint32_t>()); }));
  if (auto database = fresh_postgres()) {
    World scaled(std::move(database), SqlStoreOptions{});
    for (const std::uint32_t seed : {1U, 2U, 3U})
      any_history(scaled, seed);
  }
}

TEST_CASE("states that are forgotten, or never were, are not_found") {
  on_every_engine(
      [](World& world) {
        Office o{world};
        const AccountId a = o.hanako;
        ModSeq first;
        o.in([&](Tx& tx) {
          first = ok(tx.emails().state(a));
          CHECK(code_of(tx.emails().email_changes(a, ModSeq(first.value() + 1), 0)) ==
                Code::not_found);
          for (int i = 0; i < 300; ++i) {
            const Appended made = ok(tx.mailboxes().deliver(a, content(std::to_string(i), 1)));
            ok(tx.emails().destroy(a, made.email));
          }
          CHECK(code_of(tx.emails().email_changes(a, first, 0)) == Code::not_found);
          CHECK(code_of(tx.emails().thread_changes(a, first, 0)) == Code::not_found);
          CHECK(code_of(tx.emails().mailbox_changes(a, first, 0)) == Code::not_found);
          const ModSeq now = ok(tx.emails().state(a));
          CHECK(ok(tx.emails().email_changes(a, now, 0)).created.empty());
        });
        CHECK(o.refused([&](Tx& tx) { return tx.emails().state(AccountId(4)); }) ==
              Code::not_found);
      },
      SqlStoreOptions{.gone_max = 10});
}

TEST_CASE("changes: an email that had left a mailbox before the mailbox was deleted") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](Tx& tx) {
      MailboxStore& m = tx.mailboxes();
      const Appended one = ok(m.deliver(a, content("<1@x>", 10)));
      const MailboxId c = ok(m.create_mailbox(a, "C", MailboxRole::none)).id;
      ok(m.copy(a, one.mailbox, {one.uid}, c));
      const ModSeq since = ok(tx.emails().state(a));
      StoreFlags deleted{{Uid{1}}, FlagsOperation::add, {}, std::nullopt};
      deleted.flags.bits = Flags::deleted;
      ok(m.store_flags(a, c, deleted));
      ok(m.expunge(a, c, std::nullopt));
      ok(m.delete_mailbox(a, c));
      CHECK(has(ok(tx.emails().email_changes(a, since, 0)).updated, one.email));
    });
  });
}

// The counts of each part may be all that its client reads (RFC 8621 §2.2): a name that changed
// before them has to come in a part that says so.
TEST_CASE("changes: a renamed mailbox that got mail later, told in parts") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](Tx& tx) {
      MailboxStore& m = tx.mailboxes();
      const MailboxId renamed = ok(m.create_mailbox(a, "B", MailboxRole::none)).id;
      const MailboxId other = ok(m.create_mailbox(a, "C", MailboxRole::none)).id;
      const ModSeq since = ok(tx.emails().state(a));
      ok(m.rename_mailbox(a, renamed, "D"));
      ok(m.create_mailbox(a, "E", MailboxRole::none));
      const Appended one = ok(m.deliver(a, content("<1@x>", 10)));
      ok(m.copy(a, one.mailbox, {one.uid}, other));
      ok(m.copy(a, one.mailbox, {one.uid}, renamed));
      for (const std::size_t most : {0U, 3U}) {
        bool name_is_told = false;
        bool counts_are_told = false;
        for (ModSeq state = since;;) {
          const MailboxListChanges page = ok(tx.emails().mailbox_changes(a, state, most));
          const bool is_last = page.rest == MailboxListChanges::Rest::none;
          if (has(page.updated, renamed)) {
            name_is_told |= page.kind == MailboxListChanges::Kind::any;
            counts_are_told |= is_last;
          }
          if (is_last) break;
          REQUIRE(page.state > state);
          state = page.state;
        }
        CAPTURE(most);
        CHECK(name_is_told);
        CHECK(counts_are_told);
      }
    });
  });
}

TEST_CASE("changes: a mailbox whose parent comes or goes") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](Tx& tx) {
      MailboxStore& m = tx.mailboxes();
      const MailboxId child = ok(m.create_mailbox(a, "B/C", MailboxRole::none)).id;
      const MailboxId parent = ok(m.mailbox_by_name(a, "B"))->id;
      const auto is_told = [&](ModSeq since) {
        const MailboxListChanges changes = ok(tx.emails().mailbox_changes(a, since, 0));
        CHECK(changes.kind == MailboxListChanges::Kind::any);
        return has(changes.updated, child);
      };
      ModSeq since = ok(tx.emails().state(a));
      ok(m.delete_mailbox(a, parent));
      CHECK(is_told(since));
      since = ok(tx.emails().state(a));
      ok(m.create_mailbox(a, "B", MailboxRole::none));
      CHECK(is_told(since));
      ok(m.delete_mailbox(a, ok(m.mailbox_by_name(a, "B"))->id));
      const MailboxId other = ok(m.create_mailbox(a, "D", MailboxRole::none)).id;
      since = ok(tx.emails().state(a));
      ok(m.rename_mailbox(a, other, "B"));
      CHECK(is_told(since));
    });
  });
}

TEST_CASE("counts: an email is read where one of its places is") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    o.in([&](Tx& tx) {
      MailboxStore& m = tx.mailboxes();
      const Appended one = ok(m.deliver(a, content("<1@x>", 10)));
      const MailboxId c = ok(m.create_mailbox(a, "C", MailboxRole::none)).id;
      ok(m.copy(a, one.mailbox, {one.uid}, c));
      StoreFlags seen{{one.uid}, FlagsOperation::add, {}, std::nullopt};
      seen.flags.bits = Flags::seen;
      ok(m.store_flags(a, one.mailbox, seen));
      for (const MailboxCounts& counts : ok(tx.emails().counts(a))) {
        CHECK(counts.unread_emails == 0);
        CHECK(counts.emails == (counts.mailbox == c || counts.mailbox == one.mailbox ? 1 : 0));
      }
    });
  });
}

TEST_CASE("uploads expire, are bounded and are named as live blobs") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    const Instant now = world.clock().now();
    const Duration hour = std::chrono::hours(1);
    const BlobRef first = content("u", 77).blob;
    const BlobRef second = content("v", 13).blob;
    Upload upload{UploadId(11), {first, second}, "text/plain", 90, now + hour};
    const UploadLimits one{1, 1000};
    o.in([&](Tx& tx) {
      ok(tx.emails().add_upload(a, upload, now, one));
      const auto found = ok(tx.emails().upload(a, UploadId(11), now));
      REQUIRE(found);
      CHECK(found->type == "text/plain");
      CHECK(found->parts == upload.parts);
      CHECK_FALSE(ok(tx.emails().upload(a, UploadId(11), now + hour)));
      CHECK_FALSE(ok(tx.emails().upload(a, UploadId(12), now)));
      upload.id = UploadId(12);
      CHECK(code_of(tx.emails().add_upload(a, upload, now, one)) == Code::quota);
      CHECK(code_of(tx.emails().add_upload(a, upload, now, {9, 179})) == Code::quota);
      ok(tx.emails().add_upload(a, upload, now + hour, one));
      upload.parts.clear();
      CHECK(code_of(tx.emails().add_upload(a, upload, now, {9, 900})) == Code::invalid);
    });
    int seen = 0;
    ok(world.store().visit_blobs([&](TenantId, const BlobRef& ref) -> Status {
      if (ref == first || ref == second) ++seen;
      return {};
    }));
    CHECK(seen == 2);
  });
}

TEST_CASE("objects: create, replace, remove, changes; of another tenant they aren't there") {
  on_every_engine([](World& world) {
    Office o{world};
    const AccountId a = o.hanako;
    const auto kind = ObjectKind::identity;
    ObjectId id;
    o.in([&](Tx& tx) {
      ObjectStore& objects = tx.objects();
      const ModSeq start = ok(tx.emails().state(a));
      id = ok(objects.create(a, kind, "one", 2));
      const ModSeq made = ok(tx.emails().state(a));
      ok(objects.replace(a, kind, id, "two"));
      CHECK(ok(objects.object(a, kind, id))->body == "two");
      CHECK_FALSE(ok(objects.object(a, ObjectKind::vacation, id)));
      CHECK(ok(objects.list(a, kind)).size() == 1);
      CHECK(ok(objects.changes(a, kind, start, 0)).created == std::vector{id});
      CHECK(ok(objects.changes(a, kind, made, 0)).updated == std::vector{id});
      ok(objects.create(a, kind, "three", 2));
      CHECK(code_of(objects.create(a, kind, "four", 2)) == Code::quota);
      CHECK(code_of(objects.replace(a, kind, ObjectId(5), "")) == Code::not_found);
      CHECK(code_of(objects.remove(a, kind, ObjectId(5))) == Code::not_found);
      CHECK(code_of(objects.create(a, kind, std::string(kObjectOctetsMax + 1, 'x'), 9)) ==
            Code::too_large);
      const ModSeq before = ok(tx.emails().state(a));
      ok(objects.remove(a, kind, id));
      CHECK(ok(objects.changes(a, kind, before, 0)).destroyed == std::vector{id});
      CHECK(ok(objects.changes(a, ObjectKind::contact, start, 0)).destroyed.empty());
      id = ok(objects.create(a, kind, "five", 9));
    });
    const TenantScope rival = world.tenant("rival");
    CHECK_FALSE(ok(world.read(rival, [&](Tx& tx) { return tx.objects().object(a, kind, id); })));
    CHECK(code_of(world.write(rival, [&](Tx& tx) {
            return tx.objects().replace(a, kind, id, "stolen");
          })) == Code::not_found);
    CHECK(code_of(world.read(rival, [&](Tx& tx) { return tx.emails().state(a); })) ==
          Code::not_found);
    CHECK(ok(world.read(rival, [&](Tx& tx) { return tx.emails().list(a, {}); })).empty());
  });
}

}  // namespace
}  // namespace fumi::store::testing
