#include "service/mailbox/mailbox_index.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::mail;
using testing::ServiceWorld;
using Keywords = std::vector<std::string>;

Entry entry_of(std::uint32_t uid, std::uint64_t modseq, std::uint32_t bits = 0,
               std::vector<std::string> keywords = {}) {
  Entry entry;
  entry.uid.value = uid;
  entry.modseq = ModSeq(modseq);
  entry.flags = {bits, std::move(keywords)};
  entry.octets = 100 + uid;
  entry.received = Instant(std::chrono::seconds(1'700'000'000 + std::int64_t(uid)));
  return entry;
}

Mailbox state_of(std::uint64_t modseq, std::uint32_t uid_next) {
  Mailbox mailbox;
  mailbox.modseq = ModSeq(modseq);
  mailbox.uid_next.value = uid_next;
  return mailbox;
}

std::shared_ptr<const MailboxSnapshot> loaded(const std::map<std::uint32_t, Entry>& entries,
                                              std::uint64_t modseq, std::uint32_t uid_next) {
  MailboxSnapshot::Loader loader;
  for (const auto& [uid, entry] : entries)
    REQUIRE(loader.add(entry).has_value());
  return loader.finish(state_of(modseq, uid_next));
}

bool same(const MailboxSnapshot& snapshot, const std::map<std::uint32_t, Entry>& entries) {
  if (snapshot.size() != entries.size()) return false;
  RowCursor cursor(snapshot);
  std::uint32_t index = 0;
  std::optional<std::uint32_t> unseen;
  for (const auto& [uid, entry] : entries) {
    const IndexRow* const row = cursor.find(Uid{uid});
    if (row == nullptr || row != snapshot.find(Uid{uid})) return false;
    if (snapshot.index_at_or_after(Uid{uid}) != index) return false;
    if (&snapshot.rows_from(index).front() != row) return false;
    if (row->changed() != entry.modseq || row->octets != entry.octets) return false;
    if (row->received() != entry.received || snapshot.flags(*row) != entry.flags) return false;
    if (!unseen && !entry.flags.has(Flags::seen)) unseen = index;
    ++index;
  }
  return snapshot.first_unseen() == unseen;
}

TEST_CASE("extreme values survive in 32 octets") {
  Entry entry = entry_of(4'294'967'295U, (1ULL << 48U) - 1, 31, {"$a", "b"});
  entry.octets = 1ULL << 40U;
  entry.received = Instant(std::chrono::seconds(-2'208'988'800));  // 1900
  MailboxSnapshot::Loader loader;
  REQUIRE(loader.add(entry).has_value());
  const auto snapshot = loader.finish(state_of(7, 4'294'967'295U));
  const IndexRow& row = snapshot->rows_from(0).front();
  CHECK(row.uid == 4'294'967'295U);
  CHECK(row.modseq == (1ULL << 48U) - 1);
  CHECK(row.octets == ~0U);
  CHECK(row.received() == entry.received);
  CHECK(row.email == entry.email);
  CHECK(snapshot->flags(row) == entry.flags);
  CHECK(snapshot->keyword_names() == std::vector<std::string>{"$a", "b"});
  CHECK(snapshot->rows_from(1).empty());
  CHECK(snapshot->find(Uid{1}) == nullptr);
}

// A model of a mailbox that changes at random; snapshots follow it with gaps.
TEST_CASE("snapshots follow a mailbox, whatever happens, and differ in what has changed") {
  const bool good = rc::check([](std::uint32_t seed) {
    std::map<std::uint32_t, Entry> truth;
    std::map<std::uint32_t, std::uint64_t> gone;  // and when
    std::uint32_t next = 1;
    std::uint64_t modseq = 1;
    auto random = [&seed](std::uint32_t below) {
      seed = seed * 1'664'525U + 1'013'904'223U;
      return below == 0 ? 0 : (seed >> 8U) % below;
    };
    auto arrive = [&](std::uint32_t count) {
      for (; count > 0; --count, ++next)
        truth[next] = entry_of(next, ++modseq, random(32), {});
    };
    arrive(random(3) * 1'500);
    std::vector<std::shared_ptr<const MailboxSnapshot>> kept{loaded(truth, modseq, next)};
    for (int round = 0; round < 12; ++round) {
      const std::uint32_t kind = random(4);
      if (kind == 0) arrive(random(50) == 0 ? 2'500 : 1 + random(5));
      const std::uint32_t touched = random(6) == 0 ? 2'000 : 1 + random(4);
      for (std::uint32_t i = 0; i < touched && !truth.empty() && kind > 0; ++i) {
        const auto at = truth.lower_bound(random(next));
        if (at == truth.end()) continue;
        if (kind == 1) {
          gone[at->first] = ++modseq;
          truth.erase(at);
        } else {
          std::vector<std::string> keywords;
          if (random(2) == 0) keywords.push_back("$k" + std::to_string(random(40)));
          at->second.flags = {random(32), keywords};
          at->second.modseq = ModSeq(++modseq);
        }
      }
      // What has changed since the newest snapshot, or since an older one.
      const auto& base = kept.back();
      const auto& since = kept[kept.size() - 1 - random(std::min<std::uint32_t>(3, kept.size()))];
      MailboxChanges changes;
      for (const auto& [uid, entry] : truth)
        if (entry.modseq > since->modseq()) changes.changed.push_back(entry);
      for (const auto& [uid, when] : gone)
        if (when > since->modseq().value()) changes.vanished.push_back(Uid{uid});
      auto made = MailboxSnapshot::next(*base, state_of(modseq, next), changes);
      RC_ASSERT(made.has_value());
      RC_ASSERT(same(**made, truth));
      kept.push_back(std::move(*made));
      const MailboxSnapshot& from = *kept[random(std::uint32_t(kept.size()))];
      const auto difference = MailboxSnapshot::difference(from, *kept.back());
      std::vector<std::uint32_t> changed;
      std::vector<std::uint32_t> vanished;
      for (const auto& [uid, entry] : truth)
        if (entry.modseq > from.modseq()) changed.push_back(uid);
      for (const auto& [uid, when] : gone)
        if (from.find(Uid{uid}) != nullptr) vanished.push_back(uid);
      std::vector<std::uint32_t> told;
      for (const IndexRow& row : difference.changed)
        told.push_back(row.uid);
      RC_ASSERT(told == changed);
      RC_ASSERT(difference.vanished.size() == vanished.size());
      RC_ASSERT(kept.back()->changed_since(from.modseq()).size() == changed.size());
    }
  });
  CHECK(good);
}

TEST_CASE("what did not change is shared, and costs nothing again") {
  std::map<std::uint32_t, Entry> entries;
  for (std::uint32_t uid = 1; uid <= 100'000; ++uid)
    entries[uid] = entry_of(uid, uid);
  const auto base = loaded(entries, 100'000, 100'001);
  CHECK(base->heap_octets() < 100'000 * 33);
  MailboxChanges changes;
  changes.changed.push_back(entry_of(50'000, 100'001, Flags::seen));
  const auto next = MailboxSnapshot::next(*base, state_of(100'001, 100'001), changes);
  REQUIRE(next.has_value());
  std::size_t shared = 0;
  std::size_t runs = 0;
  for (std::uint32_t at = 0; at < base->size(); ++runs) {
    shared += base->rows_from(at).data() == (*next)->rows_from(at).data() ? 1 : 0;
    at += std::uint32_t(base->rows_from(at).size());
  }
  CHECK(shared == runs - 1);
}

TEST_CASE("a mailbox with endless sets of keywords is refused, not swallowed") {
  MailboxSnapshot::Loader loader;
  Status status;
  std::uint32_t uid = 1;
  const std::string filler(4'000, 'k');
  for (; status && uid < 70'000; ++uid)
    status = loader.add(entry_of(uid, uid, 0, {filler + std::to_string(uid)}));
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == Code::too_large);
  CHECK(uid < 10'000);  // 32 MB
}

struct Fixture {
  Fixture() {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = {acme, w.account(acme, "hanako@acme.example")};
    taro = {acme, w.account(acme, "taro@acme.example")};
    ken = {other, w.account(other, "ken@other.example")};
  }
  Mailboxes& m() { return w->mailboxes; }
  void append(const MailAccount& who, std::size_t count) {
    std::vector<NewMessage> messages(count, {mail("a@b.example"), {}, std::nullopt});
    REQUIRE(w.call(m().append(who, "INBOX", std::move(messages))).has_value());
  }
  WatchedMailbox watch(const MailAccount& who) {
    auto watched = w.call(m().watch(who, std::string("INBOX")));
    REQUIRE(watched.has_value());
    return std::move(*watched);
  }
  Mailboxes::Snapshot refresh(const MailAccount& who, const WatchedMailbox& watched,
                              Mailboxes::Freshness how = Mailboxes::Freshness::told) {
    auto fresh = w.call(m().refresh(who, watched.index, how));
    REQUIRE(fresh.has_value());
    return *fresh;
  }
  ServiceWorld w;
  TenantScope acme, other;
  MailAccount hanako, taro, ken;
};

TEST_CASE("all who watch a mailbox share one index, and news is read once") {
  Fixture f;
  f.append(f.hanako, 3);
  const WatchedMailbox first = f.watch(f.hanako);
  const WatchedMailbox second = f.watch(f.hanako);
  CHECK(first.index == second.index);
  CHECK(first.now == second.now);
  CHECK(first.now->size() == 3);
  CHECK(f.refresh(f.hanako, first) == first.now);
  f.append(f.hanako, 1);
  // As if another node had put it there.
  const Change elsewhere{f.hanako.scope.tenant, f.hanako.account, first.mailbox.id};
  f.w.world.bus().publish(std::span(&elsewhere, 1));
  const std::size_t before = f.w.faults.operations;
  const auto fresh = f.refresh(f.hanako, first);
  CHECK(fresh->size() == 4);
  CHECK(first.now->size() == 3);  // what somebody holds never changes
  CHECK(f.w.faults.operations == before + 1);
  CHECK(f.refresh(f.hanako, second) == fresh);
  CHECK(f.w.faults.operations == before + 1);
  CHECK(f.refresh(f.hanako, second, Mailboxes::Freshness::certain) == fresh);
  CHECK(f.w.faults.operations == before + 2);
}

TEST_CASE("a change of flags made here moves the index on without reading it") {
  Fixture f;
  f.append(f.hanako, 3);
  const WatchedMailbox watched = f.watch(f.hanako);
  StoreFlags change;
  change.uids = {Uid{2}};
  change.flags = {Flags::flagged, {"$x"}};
  auto stored = f.w.call(f.m().store_flags(f.hanako, watched.mailbox.id, change));
  REQUIRE(stored.has_value());
  const auto now = watched.index->current();
  CHECK(now->modseq() == stored->modseq);
  CHECK(now->flags(*now->find(Uid{2})) == change.flags);
  CHECK(watched.index->is_fresh());  // nothing is read from the store for it
  // A change that came between is not skipped over.
  StoredFlags later;
  later.modseq = ModSeq(now->modseq().value() + 5);
  const std::uint64_t rings = watched.index->rings();
  REQUIRE(watched.index->follow(watched.mailbox, later, rings).has_value());
  CHECK(watched.index->current() == now);
}

TEST_CASE("what was appended is in the index without asking the store") {
  Fixture f;
  f.append(f.hanako, 2);
  const WatchedMailbox watched = f.watch(f.hanako);
  std::vector<NewMessage> messages(2);
  messages[0].bytes = "Subject: a\r\n\r\na\r\n";
  messages[0].flags.bits = Flags::seen;
  messages[1].bytes = "Subject: b\r\n\r\nb\r\n";
  messages[1].received = Instant(std::chrono::seconds(1'700'000'000));
  const auto put = f.w.call(f.m().append(f.hanako, "INBOX", messages));
  REQUIRE(put.has_value());
  CHECK(watched.index->is_fresh());
  const auto now = watched.index->current();
  REQUIRE(now->size() == 4);
  const auto rows = now->rows_from(2);
  CHECK(now->modseq() == put->back().modseq);
  CHECK(now->uid_next() == Uid{put->back().uid.value + 1});
  // The same as an index that was read from the store.
  const auto entries = f.w.call(f.m().entries(f.hanako, watched.mailbox.id, put->front().uid));
  REQUIRE(entries.has_value());
  REQUIRE(entries->size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const Entry& entry = (*entries)[i];
    CHECK(rows[i].uid == entry.uid.value);
    CHECK(rows[i].email == entry.email);
    CHECK(rows[i].octets == entry.octets);
    CHECK(rows[i].changed() == entry.modseq);
    CHECK(rows[i].received() == std::chrono::floor<std::chrono::seconds>(entry.received));
    CHECK(now->flags(rows[i]) == entry.flags);
  }
  // Keywords are read from the store.
  messages[0].flags.keywords = {"$x"};
  REQUIRE(f.w.call(f.m().append(f.hanako, "INBOX", messages)).has_value());
  CHECK_FALSE(watched.index->is_fresh());
  f.refresh(f.hanako, watched);
  CHECK(watched.index->current()->size() == 6);
}

TEST_CASE("who follows his own change does not pass by another's that rang meanwhile") {
  Fixture f;
  f.append(f.hanako, 3);
  const WatchedMailbox watched = f.watch(f.hanako);
  const std::uint64_t rings = watched.index->rings();
  StoreFlags change;
  change.uids = {Uid{2}};
  change.flags.bits = Flags::flagged;
  REQUIRE(f.w.call(f.m().store_flags(f.hanako, watched.mailbox.id, change)).has_value());
  // Told of as of another process: its change is not in what the first one knows.
  const Change other{f.hanako.scope.tenant, f.hanako.account, watched.mailbox.id};
  f.w.world.bus().publish(std::span(&other, 1));
  Mailbox before = watched.mailbox;
  before.modseq = watched.index->current()->modseq();
  StoredFlags stored;
  stored.modseq = ModSeq(before.modseq.value() + 1);
  REQUIRE(watched.index->follow(before, stored, rings).has_value());
  CHECK_FALSE(watched.index->is_fresh());
}

TEST_CASE("what was expunged leaves the index without asking the store") {
  Fixture f;
  f.append(f.hanako, 40);
  const WatchedMailbox watched = f.watch(f.hanako);
  StoreFlags change;
  change.uids = {Uid{2}, Uid{3}, Uid{39}};
  change.operation = FlagsOperation::add;
  change.flags.bits = Flags::deleted;
  REQUIRE(f.w.call(f.m().store_flags(f.hanako, watched.mailbox.id, change)).has_value());
  std::vector<Uid> known;  // as a client that doesn't know of the last messages
  for (std::uint32_t uid = 1; uid <= 38; ++uid)
    known.push_back(Uid{uid});
  const auto gone = f.w.call(f.m().expunge(f.hanako, watched.mailbox.id, known));
  REQUIRE(gone.has_value());
  CHECK(*gone == std::vector<Uid>{Uid{2}, Uid{3}});
  CHECK(watched.index->is_fresh());
  const auto now = watched.index->current();
  CHECK(now->size() == 38);
  CHECK(now->find(Uid{2}) == nullptr);
  CHECK(now->find(Uid{39}) != nullptr);
  // The same as the store says.
  const auto entries = f.w.call(f.m().entries(f.hanako, watched.mailbox.id, Uid{1}));
  REQUIRE(entries.has_value());
  CHECK(entries->size() == now->size());
  const auto rest = f.w.call(f.m().expunge(f.hanako, watched.mailbox.id, std::nullopt));
  REQUIRE(rest.has_value());
  CHECK(*rest == std::vector<Uid>{Uid{39}});
  CHECK(watched.index->current()->size() == 37);
  const Mailbox row = *f.w.call(f.m().find(f.hanako, "INBOX"));
  CHECK(watched.index->current()->modseq() == row.modseq);
  CHECK(watched.index->current()->uid_next() == row.uid_next);
}

// A node that didn't hear the others for a while doesn't know what it missed.
TEST_CASE("after a gap nothing is taken for fresh") {
  Fixture f;
  f.append(f.hanako, 1);
  const WatchedMailbox watched = f.watch(f.hanako);
  f.refresh(f.hanako, watched);
  CHECK(watched.index->is_fresh());
  const Change elsewhere{f.hanako.scope.tenant, f.hanako.account, MailboxId(99'999)};
  f.w.world.bus().publish(std::span(&elsewhere, 1));
  CHECK(watched.index->is_fresh());
  f.w.world.bus().publish_gap();
  CHECK_FALSE(watched.index->is_fresh());
}

TEST_CASE("a change of many flags leaves every other row as it was") {
  std::map<std::uint32_t, Entry> entries;
  for (std::uint32_t uid = 1; uid <= 5'000; ++uid) {
    if (uid % 7 != 0)
      entries[uid] = entry_of(uid, uid, uid % 2, uid % 3 == 0 ? Keywords{"$a"} : Keywords{});
  }
  const auto base = loaded(entries, 5'000, 5'001);
  CHECK(rc::check([&] {
    StoredFlags stored;
    stored.modseq = ModSeq(6'000);
    stored.keywords = {{}, {"$a"}, {"$a", "b"}};
    auto expected = entries;
    const auto step = *rc::gen::element<std::uint32_t>(1, 2, 500, 4'000);
    const auto first = *rc::gen::inRange<std::uint32_t>(1, 5'001);
    for (std::uint32_t uid = first; uid <= 5'000; uid += step) {
      if (uid % 7 == 0) continue;
      const ChangedFlags changed{Uid{uid}, uid % 32, uid % 3, ModSeq(5'900 + uid % 100)};
      stored.changed.push_back(changed);
      expected[uid].flags = {changed.bits, stored.keywords[changed.keywords]};
      expected[uid].modseq = changed.modseq;
    }
    const auto next = MailboxSnapshot::next(*base, stored);
    RC_ASSERT(next.has_value());
    RC_ASSERT((*next)->modseq() == stored.modseq);
    RC_ASSERT(same(**next, expected));
    const auto difference = MailboxSnapshot::difference(*base, **next);
    RC_ASSERT(difference.vanished.empty());
    RC_ASSERT(difference.changed.size() == stored.changed.size());
  }));
}

TEST_CASE("another's index is refused, also to one of the same tenant") {
  Fixture f;
  const WatchedMailbox watched = f.watch(f.hanako);
  for (const MailAccount& who : {f.taro, f.ken, MailAccount{f.other, f.hanako.account}}) {
    auto got = f.w.call(f.m().refresh(who, watched.index, Mailboxes::Freshness::told));
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == Code::not_found);
    auto opened = f.w.call(f.m().watch(who, watched.mailbox.id));
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Code::not_found);
  }
  CHECK(f.m().indexes().count() == 1);
}

TEST_CASE("a mailbox that is gone, and a store that fails") {
  Fixture f;
  REQUIRE(f.w.call(f.m().create(f.hanako, "Short", MailboxRole::none)).has_value());
  auto watched = f.w.call(f.m().watch(f.hanako, std::string("Short")));
  REQUIRE(watched.has_value());
  f.w.faults.arm(1);
  auto failed = f.w.call(f.m().refresh(f.hanako, watched->index, Mailboxes::Freshness::certain));
  CHECK_FALSE(failed.has_value());
  f.w.faults.arm(0);
  REQUIRE(f.w.call(f.m().remove(f.hanako, "Short")).has_value());
  auto gone = f.w.call(f.m().refresh(f.hanako, watched->index, Mailboxes::Freshness::told));
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().code == Code::not_found);
}

TEST_CASE("lists that nobody holds go when memory is short; held ones stay") {
  ChangeBus bus;
  MailboxIndexes indexes(bus, {config::ByteCount{130'000}});
  auto fill = [](MailboxIndex& index) {
    std::map<std::uint32_t, Entry> entries;
    for (std::uint32_t uid = 1; uid <= 2'000; ++uid)
      entries[uid] = entry_of(uid, uid);
    index.replace(loaded(entries, 2'000, 2'001), MailboxIndex::Replace::if_newer);
  };
  const auto held = indexes.hold({TenantId(1), AccountId(1), MailboxId(1)});
  fill(*held);
  for (std::uint64_t id = 2; id <= 10; ++id)
    fill(*indexes.hold({TenantId(1), AccountId(1), MailboxId(id)}));
  CHECK(indexes.octets() < 300'000);
  CHECK(indexes.count() < 5);
  CHECK(held->current()->size() == 2'000);
  CHECK(indexes.hold({TenantId(1), AccountId(1), MailboxId(1)}) == held);
  CHECK(indexes.hold({TenantId(2), AccountId(1), MailboxId(1)}) != held);
}

TEST_CASE("an older snapshot never replaces a newer one, unless the store has gone back in time") {
  ChangeBus bus;
  MailboxIndexes indexes(bus, {});
  const auto index = indexes.hold({TenantId(1), AccountId(1), MailboxId(1)});
  CHECK_FALSE(index->is_fresh());
  const auto old = loaded({{1, entry_of(1, 1)}}, 1, 2);
  const auto newer = loaded({{1, entry_of(1, 1)}, {2, entry_of(2, 2)}}, 2, 3);
  index->replace(newer, MailboxIndex::Replace::if_newer);
  index->replace(old, MailboxIndex::Replace::if_newer);
  CHECK(index->current() == newer);
  REQUIRE(index->advance(state_of(1, 2), {}).has_value());
  CHECK(index->current() == newer);
  index->replace(old, MailboxIndex::Replace::always);
  CHECK(index->current() == old);
  index->read_after(index->rings());
  CHECK(index->is_fresh());
  const std::array<Change, 2> others{Change{TenantId(1), AccountId(1), MailboxId(2)},
                                     Change{TenantId(1), AccountId(2), MailboxId(1)}};
  bus.publish(others);
  CHECK(index->is_fresh());
  const std::array<Change, 1> own{Change{TenantId(1), AccountId(1), MailboxId(1)}};
  bus.publish(own);
  CHECK_FALSE(index->is_fresh());
}

}  // namespace
}  // namespace fumi::service
