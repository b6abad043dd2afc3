// SearchStore on every engine: segments, claims, and whose they are.
#include <algorithm>

#include "store/mail/engines_for_test.h"

namespace fumi::store {
namespace {

using testing::code_of;
using testing::content;
using testing::ok;
using testing::on_every_engine;
using testing::World;

struct Fixture {
  explicit Fixture(World& the_world) : world(the_world) {
    acme = world.tenant("acme");
    other = world.tenant("other");
    hanako = world.account(acme, "hanako@acme.example");
    taro = world.account(acme, "taro@acme.example");
    ken = world.account(other, "ken@other.example");
  }
  template <class F>
  auto in(const TenantScope& scope, F work) {
    return world.write(scope, [&](Tx& tx) { return work(tx.search()); });
  }
  std::optional<SearchClaim> claim(const TenantScope& scope, AccountId account) {
    const Instant now = world.clock().now();
    return ok(in(scope, [&](SearchStore& s) { return s.claim(account, now, now + kLease); }));
  }
  Result<SearchClaim> add(const SearchClaim& claim, std::vector<SearchPage> pages,
                          std::vector<SearchSegmentId> replaced = {}) {
    return in(acme, [&](SearchStore& s) -> Result<SearchClaim> {
      FUMI_CHECK(s.begin_segment(claim));
      FUMI_CHECK(s.add_pages(claim, pages));
      const SearchSegment segment{claim.next_segment, 7, 70, "the list"};
      return s.commit(claim, segment, replaced, world.clock().now() + kLease);
    });
  }
  std::vector<SearchSegment> segments() {
    return ok(in(acme, [&](SearchStore& s) { return s.segments(hanako); }));
  }
  std::string page(SearchSegmentId segment, std::uint64_t term) {
    const auto found =
        ok(in(acme, [&](SearchStore& s) { return s.page(hanako, segment, SearchTerm(term)); }));
    return found ? found->body : "";
  }
  std::vector<SearchBacklog> backlog() {
    return ok(world.platform([](PlatformTx& tx) { return tx.platform().search_backlog({}, 100); }));
  }
  [[nodiscard]] bool waits(AccountId account) {
    return std::ranges::any_of(backlog(),
                               [&](const SearchBacklog& b) { return b.account == account; });
  }

  static constexpr Duration kLease = std::chrono::minutes(5);
  World& world;
  TenantScope acme, other;
  AccountId hanako, taro, ken;
};

std::vector<SearchPage> two_pages() {
  return {{SearchTerm(10), "ten"}, {SearchTerm(20), std::string(20'000, 'x')}};
}

TEST_CASE("a segment counts from its commit on, and is found by term") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const auto claim = f.claim(f.acme, f.hanako);
    REQUIRE(claim.has_value());
    ok(f.in(f.acme, [&](SearchStore& s) { return s.add_pages(*claim, two_pages()); }));
    CHECK(f.segments().empty());
    const SearchClaim next = ok(f.add(*claim, two_pages()));  // begins anew: no clash
    const auto segments = f.segments();
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].id == claim->next_segment);
    CHECK(segments[0].documents == 7);
    CHECK(segments[0].octets == 70);
    CHECK(segments[0].list == "the list");
    CHECK(f.page(segments[0].id, 9).empty());
    CHECK(f.page(segments[0].id, 10) == "ten");
    CHECK(f.page(segments[0].id, 19) == "ten");
    CHECK(f.page(segments[0].id, 1'000).size() == 20'000);
    const auto pages = ok(f.in(f.acme, [&](SearchStore& s) {
      return s.pages(f.hanako, segments[0].id, SearchTerm(10), 5);
    }));
    REQUIRE(pages.size() == 1);
    CHECK(pages[0].first == SearchTerm(20));

    ok(f.add(next, {{SearchTerm(1), "merged"}}, {segments[0].id}));
    REQUIRE(f.segments().size() == 1);
    CHECK(f.segments()[0].id == next.next_segment);
    int rounds = 0;
    while (ok(f.in(f.acme, [&](SearchStore& s) { return s.sweep(next, 1); })))
      ++rounds;
    CHECK(rounds == 3);  // two pages, and the round that finds none
    CHECK(f.page(segments[0].id, 10).empty());
    CHECK(f.page(next.next_segment, 1) == "merged");
  });
}

TEST_CASE("one works on an account at a time, until the lease runs out") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const auto first = f.claim(f.acme, f.hanako);
    REQUIRE(first.has_value());
    CHECK_FALSE(f.claim(f.acme, f.hanako).has_value());
    CHECK(f.claim(f.acme, f.taro).has_value());
    world.clock().advance(Fixture::kLease);
    const auto second = f.claim(f.acme, f.hanako);
    REQUIRE(second.has_value());
    CHECK(code_of(f.add(*first, two_pages())) == Code::conflict);
    CHECK(code_of(f.in(f.acme, [&](SearchStore& s) { return s.sweep(*first, 9); })) ==
          Code::conflict);
    CHECK(code_of(f.in(f.acme, [&](SearchStore& s) { return s.release(*first, std::nullopt); })) ==
          Code::conflict);
    ok(f.in(f.acme, [&](SearchStore& s) { return s.release(*second, std::nullopt); }));
    const auto third = f.claim(f.acme, f.hanako);
    REQUIRE(third.has_value());
    ok(f.add(*third, two_pages()));
    ok(f.in(f.acme, [&](SearchStore& s) { return s.reset(f.hanako); }));
    CHECK(f.segments().empty());
    CHECK(code_of(f.add(*third, two_pages())) == Code::conflict);
  });
}

TEST_CASE("what waits for the index is known") {
  on_every_engine([](World& world) {
    Fixture f(world);
    CHECK(f.backlog().size() == 3);
    const auto claim = f.claim(f.acme, f.hanako);
    ok(f.in(f.acme, [&](SearchStore& s) { return s.release(*claim, claim->change); }));
    CHECK_FALSE(f.waits(f.hanako));
    CHECK(f.waits(f.taro));
    std::vector<EmailId> put;
    for (const char* name : {"a", "b", "c"}) {
      const auto appended = ok(world.write(
          f.acme, [&](Tx& tx) { return tx.mailboxes().deliver(f.hanako, content(name)); }));
      put.push_back(appended.email);
    }
    CHECK(f.waits(f.hanako));
    const auto progress = ok(f.in(f.acme, [&](SearchStore& s) { return s.progress(f.hanako); }));
    CHECK(progress.indexed == claim->change);
    CHECK(progress.change > progress.indexed);
    const auto list = [&](EmailId after, std::uint32_t limit) {
      return ok(f.in(f.acme, [&](SearchStore& s) { return s.emails(f.hanako, after, limit); }));
    };
    CHECK(list({}, 10) == put);
    CHECK(list(put[0], 1) == std::vector{put[1]});
    const auto page = ok(world.platform([&](PlatformTx& tx) {
      return tx.platform().search_backlog({f.acme.tenant, f.hanako}, 1);
    }));
    REQUIRE(page.size() == 1);
    CHECK(page[0].account == f.taro);
  });
}

TEST_CASE("another tenant's and another account's index is out of reach") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const auto claim = f.claim(f.acme, f.hanako);
    REQUIRE(claim.has_value());
    ok(f.add(*claim, two_pages()));
    const Instant now = world.clock().now();
    const auto other = [&](auto work) { return f.in(f.other, work); };
    CHECK(code_of(other([&](SearchStore& s) {
            return s.claim(f.hanako, now, now + Fixture::kLease);
          })) == Code::not_found);
    CHECK(code_of(other([&](SearchStore& s) { return s.progress(f.hanako); })) == Code::not_found);
    CHECK(code_of(other([&](SearchStore& s) { return s.reset(f.hanako); })) == Code::not_found);
    CHECK(code_of(other([&](SearchStore& s) { return s.add_pages(*claim, two_pages()); })) ==
          Code::conflict);
    CHECK(ok(other([&](SearchStore& s) { return s.segments(f.hanako); })).empty());
    CHECK(ok(other([&](SearchStore& s) { return s.emails(f.hanako, {}, 10); })).empty());
    CHECK_FALSE(ok(other([&](SearchStore& s) {
                  return s.page(f.hanako, claim->next_segment, SearchTerm(10));
                })).has_value());
    CHECK(ok(f.in(f.acme, [&](SearchStore& s) { return s.segments(f.taro); })).empty());
    // The same piece is another term in another account and another tenant.
    const std::vector<std::string> pieces{"1a", "wword"};
    const auto mine = ok(f.in(f.acme, [&](SearchStore& s) { return s.terms(f.hanako, pieces); }));
    REQUIRE(mine.size() == 2);
    CHECK(mine[0] != mine[1]);
    CHECK(mine == ok(f.in(f.acme, [&](SearchStore& s) { return s.terms(f.hanako, pieces); })));
    CHECK(mine != ok(f.in(f.acme, [&](SearchStore& s) { return s.terms(f.taro, pieces); })));
    CHECK(mine != ok(other([&](SearchStore& s) { return s.terms(f.hanako, pieces); })));
  });
}

}  // namespace
}  // namespace fumi::store
