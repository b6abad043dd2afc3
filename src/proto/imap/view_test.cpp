#include "proto/imap/view.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace fumi::imap {
namespace {

SelectedView view_of(std::initializer_list<std::uint32_t> uids) {
  std::vector<Uid> list;
  for (const std::uint32_t uid : uids)
    list.push_back(Uid{uid});
  return SelectedView(std::move(list));
}

// What a host shares among its sessions.
class Shared final : public UidList {
 public:
  explicit Shared(std::vector<std::uint32_t> uids) : uids_(std::move(uids)) {}
  [[nodiscard]] std::uint32_t size() const override {
    return static_cast<std::uint32_t>(uids_.size());
  }
  [[nodiscard]] std::uint32_t index_at_or_after(std::uint32_t uid) const override {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(uids_, uid) - uids_.begin());
  }
  void copy(std::uint32_t first, std::span<std::uint32_t> out) const override {
    REQUIRE(first + out.size() <= uids_.size());
    std::copy_n(uids_.begin() + first, out.size(), out.begin());
  }

 private:
  std::vector<std::uint32_t> uids_;
};

std::string resolved(const SelectedView& view, const char* set, By by) {
  const auto spans = view.resolve(*SeqSet::parse(set, 100), by);
  return spans ? view.uids(*spans).text() : "BAD";
}

TEST_CASE("sets resolve against what the client sees") {
  const SelectedView view = view_of({2, 3, 5, 9});
  CHECK(resolved(view, "1,3:*", By::seq) == "2,5,9");
  CHECK(resolved(view, "5", By::seq) == "BAD");
  CHECK(resolved(view, "1:4294967295", By::uid) == "2:3,5,9");
  CHECK(resolved(view, "100:*", By::uid) == "9");
  CHECK(resolved(view, "6:8", By::uid).empty());
  CHECK(resolved(view_of({}), "*", By::seq) == "BAD");
  CHECK(resolved(view_of({}), "1:*", By::uid).empty());
}

TEST_CASE("expunges wait until they may be told") {
  SelectedView view = view_of({1, 2, 3, 4});
  view.expunged(Uid{2});
  view.expunged(Uid{3});
  view.arrived(Uid{7});
  view.changed(Uid{4});
  view.changed(Uid{3});
  CHECK(view.is_ghost(Uid{2}));
  CHECK(view.take(Updates::none).exists == std::nullopt);
  auto changes = view.take(Updates::no_expunge);
  CHECK(changes.expunged.empty());
  CHECK(changes.exists == 5U);
  CHECK(changes.fetch == std::vector<SelectedView::Item>{{SeqNumber{4}, Uid{4}}});
  CHECK(view.number_of(Uid{4}) == SeqNumber{4});
  changes = view.take(Updates::all);
  CHECK(changes.expunged == std::vector<SeqNumber>{SeqNumber{3}, SeqNumber{2}});
  CHECK(changes.vanished.text() == "2:3");
  CHECK(view.number_of(Uid{4}) == SeqNumber{2});
  CHECK_FALSE(view.has_changes(Updates::all));
}

TEST_CASE("what came and went unseen is not told") {
  SelectedView view = view_of({1});
  view.arrived(Uid{5});
  view.expunged(Uid{5});
  view.expunged(Uid{99});
  CHECK_FALSE(view.has_changes(Updates::all));
}

TEST_CASE("the saved result follows the mailbox") {
  SelectedView view = view_of({1, 2, 3});
  SeqSet saved;
  saved.add(2, 3);
  view.save_result(saved);
  view.expunged(Uid{2});
  (void)view.take(Updates::all);
  CHECK(resolved(view, "$", By::seq) == "3");
}

TEST_CASE("a client that follows the responses sees the same mailbox, whatever happens") {
  const bool good = rc::check([](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& events) {
    SelectedView view;
    std::vector<std::uint32_t> mailbox;  // the truth
    std::vector<std::uint32_t> client;   // what the responses tell
    std::uint32_t next = 1;
    for (const auto& [kind, value] : events) {
      if (kind % 3 == 0) {
        mailbox.push_back(next);
        view.arrived(Uid{next++});
      } else if (kind % 3 == 1 && !mailbox.empty()) {
        const auto at = mailbox.begin() + value % static_cast<int>(mailbox.size());
        if (value % 2 == 0) {
          view.expunged(Uid{*at});
        } else {
          view.expunged_here(Uid{*at});
        }
        mailbox.erase(at);
      } else if (value % 7 == 0) {
        view.listen(value % 2 == 0 ? SelectedView::Listen::all : SelectedView::Listen::nothing);
      } else if (value % 3 == 0) {
        view.now_is(std::make_shared<const Shared>(mailbox));
      } else {
        const auto changes = view.take(value % 2 == 0 ? Updates::all : Updates::no_expunge);
        for (const SeqNumber number : changes.expunged) {
          RC_ASSERT(number.value >= 1 && number.value <= client.size());
          client.erase(client.begin() + number.value - 1);
        }
        if (changes.exists) {
          RC_ASSERT(*changes.exists >= client.size());
          for (std::uint32_t i = static_cast<std::uint32_t>(client.size()); i < *changes.exists;
               ++i) {
            client.push_back(view.uid_of(SeqNumber{i + 1})->value);
          }
        }
        RC_ASSERT(client.size() == view.size());
        for (std::uint32_t i = 0; i < client.size(); ++i) {
          RC_ASSERT(view.uid_of(SeqNumber{i + 1}) == Uid{client[i]});
          RC_ASSERT(view.number_of(Uid{client[i]}) == SeqNumber{i + 1});
        }
        if (!client.empty()) {
          const SelectedView::Span all{SeqNumber{1}, view.size()};
          const auto items = view.items(std::span(&all, 1));
          RC_ASSERT(items.size() == client.size());
          RC_ASSERT(items.back().uid == Uid{client.back()});
        }
      }
    }
    view.listen(SelectedView::Listen::numbers);
    (void)view.take(Updates::all);
    RC_ASSERT(view.size() == mailbox.size());
  });
  CHECK(good);
}

TEST_CASE("a shared list costs a view nothing; what is not told yet does, until it is told") {
  std::vector<std::uint32_t> uids;
  for (std::uint32_t i = 1; i <= 100'000; ++i)
    uids.push_back(i);
  SelectedView view(std::make_shared<const Shared>(uids));
  CHECK(view.heap_octets() == 0);
  view.arrived(Uid{100'001});
  view.expunged(Uid{1});
  uids.push_back(100'001);
  uids.erase(uids.begin());
  view.now_is(std::make_shared<const Shared>(uids));
  CHECK(view.take(Updates::no_expunge).exists == 100'001U);  // the client still has UID 1
  CHECK(view.number_of(Uid{100'001}) == SeqNumber{100'001});
  CHECK(view.heap_octets() > 0);
  CHECK(view.take(Updates::all).expunged.size() == 1);
  CHECK(view.number_of(Uid{100'001}) == SeqNumber{100'000});
  CHECK(view.heap_octets() < 100);
}

TEST_CASE("a client that doesn't listen hears of its own expunges, and later of the rest") {
  SelectedView view(std::make_shared<const Shared>(std::vector<std::uint32_t>{1, 2, 3, 4}));
  view.listen(SelectedView::Listen::nothing);
  view.expunged(Uid{1});
  view.arrived(Uid{5});
  view.changed(Uid{2});
  CHECK_FALSE(view.has_changes(Updates::all));
  view.expunged_here(Uid{3});
  view.now_is(std::make_shared<const Shared>(std::vector<std::uint32_t>{2, 4, 5}));
  CHECK(view.has_changes(Updates::all));
  CHECK_FALSE(view.has_changes(Updates::no_expunge));
  auto changes = view.take(Updates::all);
  CHECK(changes.expunged == std::vector{SeqNumber{3}});
  CHECK_FALSE(changes.exists);
  CHECK(changes.fetch.empty());
  CHECK(view.size() == 3);
  view.listen(SelectedView::Listen::numbers);
  changes = view.take(Updates::all);
  CHECK(changes.expunged == std::vector{SeqNumber{1}});
  CHECK(changes.exists == 3U);
  CHECK(changes.arrived == 1);
  CHECK(changes.fetch.empty());
  view.listen(SelectedView::Listen::all);
  changes = view.take(Updates::no_expunge);
  CHECK(changes.fetch.size() == 1);
  CHECK(view.heap_octets() == 0);
}

}  // namespace
}  // namespace fumi::imap
