// Random operations on mailboxes against a simple model in memory.
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "store/mail/check.h"
#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

struct ModelEntry {
  int email = 0;
  Flags flags;
  std::uint64_t octets = 0;
  ModSeq modseq;
};

struct ModelMailbox {
  std::string name;
  std::map<std::uint32_t, ModelEntry> entries;
  std::uint32_t uid_next = 1;
  std::vector<std::pair<ModSeq, std::uint32_t>> expunged;
  ModSeq modseq;
};

class Model {
 public:
  explicit Model(World& world) : world_(world), acme_(world.tenant("acme")) {
    account_ = world_.account(acme_, "hanako@acme.example");
    in([&](MailboxStore& m) {
      for (const Mailbox& mailbox : ok(m.mailboxes(account_))) {
        boxes_[mailbox.id].name = mailbox.name;
        boxes_[mailbox.id].modseq = mailbox.modseq;
        if (mailbox.role == MailboxRole::inbox) {
          inbox_ = mailbox.id;
        } else {
          order_.push_back(mailbox.id);
        }
      }
    });
    order_.resize(3);  // few mailboxes: more happens in each
    order_[0] = inbox_;
  }

  void step() {
    switch (*rc::gen::weightedElement<int>(
        {{6, 0}, {6, 1}, {6, 2}, {4, 3}, {3, 4}, {3, 5}, {1, 6}, {1, 7}, {1, 8}})) {
      case 8:
        return append_many(*rc::gen::elementOf(order_));
      case 0:
        return append(*rc::gen::elementOf(order_));
      case 1:
      case 2:
        return store_flags();
      case 3:
        return expunge();
      case 4:
        return transfer(false);
      case 5:
        return transfer(true);
      case 6:
        return rename_inbox();
      default:
        return rename();
    }
  }

  // Everything the store says must be what the model says.
  void compare() {
    const ModSeq since(*rc::gen::inRange<std::uint64_t>(0, last_ + 2));
    in([&](MailboxStore& m) {
      RC_ASSERT(ok(m.mailboxes(account_)).size() == boxes_.size());
      std::uint64_t used = 0;
      std::set<int> counted;
      for (const auto& [id, box] : boxes_) {
        const Mailbox mailbox = *ok(m.mailbox(account_, id));
        std::uint32_t unseen = 0;
        std::uint32_t deleted = 0;
        std::uint64_t octets = 0;
        for (const auto& [uid, entry] : box.entries) {
          unseen += entry.flags.has(Flags::seen) ? 0 : 1;
          deleted += entry.flags.has(Flags::deleted) ? 1 : 0;
          octets += entry.octets;
          if (counted.insert(entry.email).second) used += entry.octets;
        }
        RC_ASSERT(mailbox.name == box.name);
        RC_ASSERT(mailbox.total == box.entries.size());
        RC_ASSERT(mailbox.unseen == unseen);
        RC_ASSERT(mailbox.deleted == deleted);
        RC_ASSERT(mailbox.octets == octets);
        RC_ASSERT(mailbox.uid_next.value == box.uid_next);
        RC_ASSERT(mailbox.modseq == box.modseq);
        compare_entries(m, id, box);
        compare_changes(m, id, box, since);
      }
      used_ = used;
    });
    const auto account =
        ok(world_.read(acme_, [&](Tx& tx) { return tx.directory().account(account_); }));
    RC_ASSERT(account->used_octets == used_);
    RC_ASSERT(ok(check_store(world_.store(), {})).findings.empty());
  }

 private:
  // The work runs on the store's thread: what an assertion throws there is thrown on here.
  template <class Work>
  void in(Work work) {
    std::exception_ptr thrown;
    ok(world_.write(acme_, [&](Tx& tx) -> Status {
      try {
        work(tx.mailboxes());
      } catch (...) {
        thrown = std::current_exception();
      }
      return {};
    }));
    if (thrown) std::rethrow_exception(thrown);
  }

  // Each change raises the counter by exactly one.
  ModSeq raised(MailboxStore& m, MailboxId touched) {
    const ModSeq now = ok(m.mailbox(account_, touched))->modseq;
    RC_ASSERT(now.value() == last_ + 1);
    last_ = now.value();
    return now;
  }

  void compare_entries(MailboxStore& m, MailboxId id, const ModelMailbox& box) {
    const auto entries = ok(m.entries(account_, id, Uid{0}));
    RC_ASSERT(entries.size() == box.entries.size());
    auto expected = box.entries.begin();
    for (const Entry& entry : entries) {
      RC_ASSERT(entry.uid.value == expected->first);
      RC_ASSERT(entry.flags == expected->second.flags);
      RC_ASSERT(entry.octets == expected->second.octets);
      RC_ASSERT(entry.modseq == expected->second.modseq);
      RC_ASSERT(emails_.at(entry.email) == expected->second.email);
      if (entry.uid.value % 16 == 1) RC_ASSERT(ok(m.email(account_, entry.email)).has_value());
      ++expected;
    }
    auto entry = entries.begin();
    ok(m.visit_index(account_, id, [&](const IndexedEntry& indexed) -> Status {
      RC_ASSERT(entry != entries.end());
      RC_ASSERT(indexed.uid == entry->uid);
      RC_ASSERT(indexed.bits == entry->flags.bits);
      RC_ASSERT(*indexed.keywords == entry->flags.keywords);
      RC_ASSERT(indexed.modseq == entry->modseq);
      RC_ASSERT(indexed.octets == entry->octets);
      RC_ASSERT(indexed.email == entry->email);
      ++entry;
      return {};
    }));
    RC_ASSERT(entry == entries.end());
  }

  void compare_changes(MailboxStore& m, MailboxId id, const ModelMailbox& box, ModSeq since) {
    const MailboxChanges changes = ok(m.changes(account_, id, since));
    std::vector<std::uint32_t> changed;
    for (const auto& [uid, entry] : box.entries)
      if (entry.modseq > since) changed.push_back(uid);
    RC_ASSERT(changes.changed.size() == changed.size());
    for (std::size_t i = 0; i < changed.size(); ++i)
      RC_ASSERT(changes.changed[i].uid.value == changed[i]);
    std::vector<std::uint32_t> vanished;
    for (const auto& [modseq, uid] : box.expunged)
      if (modseq > since) vanished.push_back(uid);
    std::ranges::sort(vanished);
    RC_ASSERT(changes.vanished.size() == vanished.size());
    for (std::size_t i = 0; i < vanished.size(); ++i)
      RC_ASSERT(changes.vanished[i].value == vanished[i]);
  }

  std::vector<Uid> some_uids(const ModelMailbox& box) {
    std::vector<Uid> uids;
    if (*rc::gen::inRange(0, 3) == 0) {  // a run, maybe over several blocks
      const auto first = *rc::gen::inRange<std::uint32_t>(1, box.uid_next + 1);
      const auto last = *rc::gen::inRange<std::uint32_t>(first, box.uid_next + 3);
      for (std::uint32_t uid = first; uid <= last; ++uid)
        uids.push_back(Uid{uid});
      return uids;
    }
    const auto count = *rc::gen::inRange(0, 24);
    for (int i = 0; i < count; ++i)
      uids.push_back(Uid{*rc::gen::inRange<std::uint32_t>(1, box.uid_next + 3)});
    return uids;
  }

  static std::set<std::uint32_t> present(const ModelMailbox& box, const std::vector<Uid>& uids) {
    std::set<std::uint32_t> out;
    for (const Uid uid : uids)
      if (box.entries.contains(uid.value)) out.insert(uid.value);
    return out;
  }

  Flags some_flags() {
    Flags flags{*rc::gen::inRange<std::uint32_t>(0, 32), {}};
    if (*rc::gen::inRange(0, 3) == 0)
      flags.keywords.push_back(*rc::gen::element<std::string>("a", "b", "c"));
    return flags;
  }

  // Enough to begin another block.
  void append_many(MailboxId id) {
    if (boxes_[id].entries.size() > 300) return;
    const auto count = *rc::gen::inRange(50, 150);
    const Flags flags = some_flags();
    for (int i = 0; i < count; ++i)
      append(id, flags, 100);
  }

  void append(MailboxId id) {
    const Flags flags = some_flags();
    append(id, flags, *rc::gen::inRange<std::uint64_t>(1, 1000));
  }

  void append(MailboxId id, const Flags& flags, std::uint64_t octets) {
    in([&](MailboxStore& m) {
      const Appended put = ok(m.append(account_, id, content("", octets), flags));
      ModelMailbox& box = boxes_[id];
      RC_ASSERT(put.uid.value == box.uid_next);
      box.modseq = raised(m, id);
      RC_ASSERT(put.modseq == box.modseq);
      emails_[put.email] = ++email_count_;
      box.entries[box.uid_next++] = {email_count_, flags, octets, put.modseq};
    });
  }

  void store_flags() {
    const MailboxId id = *rc::gen::elementOf(order_);
    ModelMailbox& box = boxes_[id];
    StoreFlags change{
        some_uids(box),
        *rc::gen::element(FlagsOperation::replace, FlagsOperation::add, FlagsOperation::remove),
        some_flags(),
        {}};
    if (*rc::gen::inRange(0, 3) == 0) {
      change.unchanged_since = ModSeq(*rc::gen::inRange<std::uint64_t>(0, last_ + 2));
    }
    in([&](MailboxStore& m) {
      const StoredFlags stored = ok(m.store_flags(account_, id, change));
      std::vector<std::uint32_t> changed;
      std::vector<std::uint32_t> modified;
      for (const std::uint32_t uid : present(box, change.uids)) {
        ModelEntry& entry = box.entries[uid];
        if (change.unchanged_since && entry.modseq > *change.unchanged_since) {
          modified.push_back(uid);
          continue;
        }
        const Flags next = apply(entry.flags, change.operation, change.flags);
        if (next == entry.flags) continue;
        entry.flags = next;
        changed.push_back(uid);
      }
      RC_ASSERT(stored.changed.size() == changed.size());
      RC_ASSERT(stored.modified.size() == modified.size());
      for (std::size_t i = 0; i < modified.size(); ++i)
        RC_ASSERT(stored.modified[i].value == modified[i]);
      if (changed.empty()) return;
      box.modseq = raised(m, id);
      RC_ASSERT(stored.modseq == box.modseq);
      for (const std::uint32_t uid : changed)
        box.entries[uid].modseq = box.modseq;
    });
  }

  void expunge() {
    const MailboxId id = *rc::gen::elementOf(order_);
    ModelMailbox& box = boxes_[id];
    std::optional<std::vector<Uid>> uids;
    if (*rc::gen::inRange(0, 2) == 0) uids = some_uids(box);
    in([&](MailboxStore& m) {
      const auto gone = ok(m.expunge(account_, id, uids));
      std::vector<std::uint32_t> expected;
      for (const auto& [uid, entry] : box.entries) {
        const bool named = !uids || std::ranges::find(*uids, Uid{uid}) != uids->end();
        if (named && entry.flags.has(Flags::deleted)) expected.push_back(uid);
      }
      RC_ASSERT(gone.size() == expected.size());
      if (gone.empty()) return;
      box.modseq = raised(m, id);
      take_out(box, expected, box.modseq);
    });
  }

  static void take_out(ModelMailbox& box, const std::vector<std::uint32_t>& uids, ModSeq modseq) {
    for (const std::uint32_t uid : uids) {
      box.entries.erase(uid);
      box.expunged.emplace_back(modseq, uid);
    }
  }

  void transfer(bool moves) {
    const MailboxId from = *rc::gen::elementOf(order_);
    const MailboxId to = *rc::gen::elementOf(order_);
    const std::vector<Uid> uids = some_uids(boxes_[from]);
    in([&](MailboxStore& m) {
      const CopiedUids copied =
          ok(moves ? m.move(account_, from, uids, to) : m.copy(account_, from, uids, to));
      const auto there = present(boxes_[from], uids);
      RC_ASSERT(copied.source.size() == there.size());
      if (there.empty()) return;
      put_over(from, to, {there.begin(), there.end()}, raised(m, to), moves);
      RC_ASSERT(copied.destination.back().value + 1 == boxes_[to].uid_next);
    });
  }

  void put_over(MailboxId from, MailboxId to, const std::vector<std::uint32_t>& uids, ModSeq modseq,
                bool moves) {
    ModelMailbox& target = boxes_[to];
    for (const std::uint32_t uid : uids) {
      ModelEntry entry = boxes_[from].entries[uid];
      entry.modseq = modseq;
      target.entries[target.uid_next++] = entry;
    }
    target.modseq = modseq;
    if (!moves) return;
    take_out(boxes_[from], uids, modseq);
    boxes_[from].modseq = modseq;
  }

  void rename_inbox() {
    if (boxes_.size() > 20) return;
    const std::string name = "Past " + std::to_string(boxes_.size());
    in([&](MailboxStore& m) {
      ok(m.rename_mailbox(account_, inbox_, name));
      const Mailbox made = *ok(m.mailbox_by_name(account_, name));
      ++last_;
      const bool empty = boxes_[inbox_].entries.empty();
      boxes_[made.id].name = name;
      boxes_[made.id].modseq = ModSeq(last_);
      order_.push_back(made.id);
      if (empty) return;
      std::vector<std::uint32_t> all;
      for (const auto& [uid, entry] : boxes_[inbox_].entries)
        all.push_back(uid);
      put_over(inbox_, made.id, all, ModSeq(last_), true);
    });
  }

  void rename() {
    const MailboxId id = order_[*rc::gen::inRange<std::size_t>(1, order_.size())];
    const std::string name = boxes_[id].name + "'";
    if (name.size() > 60) return;
    in([&](MailboxStore& m) { ok(m.rename_mailbox(account_, id, name)); });
    boxes_[id].name = name;
    ++last_;
  }

  World& world_;
  TenantScope acme_;
  AccountId account_;
  MailboxId inbox_;
  std::vector<MailboxId> order_;
  std::map<MailboxId, ModelMailbox> boxes_;
  std::map<EmailId, int> emails_;
  int email_count_ = 0;
  std::uint64_t last_ = 1;
  std::uint64_t used_ = 0;
};

TEST_CASE("a model agrees with the store after random operations") {
  const bool held = rc::check("SQLite", [] {
    World world;
    Model model(world);
    const int steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      model.step();
      if (i % 8 == 0) model.compare();
    }
    model.compare();
  });
  CHECK(held);
}

TEST_CASE("the model on the other engine") {
  if (fresh_postgres() == nullptr) return;
  const bool held = rc::check("PostgreSQL", [] {
    static int runs = 0;
    if (++runs > 12) return;  // a database each takes its time
    World world(fresh_postgres(), {});
    Model model(world);
    for (int i = 0; i < 25; ++i)
      model.step();
    model.compare();
  });
  CHECK(held);
}

}  // namespace
}  // namespace fumi::store::testing
