#include "domain/pace.h"

#include <doctest/doctest.h>

namespace fumi {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = PaceVerdict::Kind;

const Instant kStart = from_micros(1'795'000'000'000'000);

struct Sender {
  PacePolicy policy = kPersonPace;
  PaceState state;
  Instant now = kStart;
  PaceVerdict take(std::uint64_t recipients) { return take_pace(state, policy, recipients, now); }
};

TEST_CASE("pace: a burst leaves at once, then a hundred a minute") {
  Sender s;
  CHECK(s.take(300).kind == Kind::now);
  const PaceVerdict late = s.take(100);
  CHECK(late.kind == Kind::delayed);
  CHECK(late.wait == Duration(minutes(1)));
  CHECK(s.take(50).wait == Duration(seconds(90)));
  s.now += minutes(2);
  // Two minutes have let 200 leave: 250 of the burst are in use.
  CHECK(s.take(50).kind == Kind::now);
  CHECK(s.take(1).kind == Kind::delayed);
}

TEST_CASE("pace: no more than six hundred in ten minutes, and then again") {
  Sender s;
  CHECK(s.take(600).is_taken());
  const PaceState before = s.state;
  const PaceVerdict refused = s.take(1);
  CHECK(refused.kind == Kind::too_fast);
  CHECK(refused.wait > Duration::zero());
  CHECK(refused.wait <= Duration(minutes(10)));
  CHECK(s.state == before);  // a refused message costs nothing
  s.now += minutes(15);      // half of the window behind still counts
  CHECK(s.take(301).kind == Kind::too_fast);
  CHECK(s.take(299).is_taken());
  s.now += minutes(20);
  CHECK(s.take(600).is_taken());
}

TEST_CASE("pace: a day's recipients") {
  Sender s;
  s.policy = {0, 0, 0, 0, 1000};
  for (int i = 0; i < 10; ++i)
    CHECK(s.take(100).kind == Kind::now);
  CHECK(s.take(1).kind == Kind::spent_day);
  s.now += hours(49);
  CHECK(s.take(1000).kind == Kind::now);
}

TEST_CASE("pace: a long backlog is turned away, with the time until it is short enough") {
  Sender s;
  s.policy = {60, 10, 100, 0, 0};  // one a second
  CHECK(s.take(10).kind == Kind::now);
  CHECK(s.take(100).wait == Duration(seconds(100)));
  CHECK(s.take(20).is_taken());  // 100 wait: not over 100
  const PaceVerdict refused = s.take(1);
  CHECK(refused.kind == Kind::backlog);
  CHECK(refused.wait == Duration(seconds(20)));
  s.now += refused.wait;
  CHECK(s.take(1).kind == Kind::delayed);
}

TEST_CASE("pace: one message over a limit is delayed, not refused for ever") {
  Sender s;
  CHECK(s.take(1000).kind == Kind::delayed);
  CHECK(s.take(1).kind == Kind::too_fast);
}

TEST_CASE("pace: lifted limits, no limits, and a clock that steps back") {
  Sender s;
  s.state.lifted_until = s.now + hours(1);
  CHECK(s.take(100'000).kind == Kind::now);
  CHECK(s.state.day.current == 100'000);  // counted all the same
  s.now += hours(1);
  CHECK(s.take(1).kind == Kind::spent_day);

  Sender free;
  free.policy = {};
  CHECK_FALSE(free.policy.limits());
  CHECK(free.take(1'000'000).kind == Kind::now);

  Sender back;
  CHECK(back.take(100).kind == Kind::now);
  back.now -= hours(3);
  CHECK(back.take(100).is_taken());
}

}  // namespace
}  // namespace fumi
