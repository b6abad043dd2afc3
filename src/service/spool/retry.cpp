#include "service/spool/retry.h"

#include <algorithm>

#include "config/values.h"

namespace fumi::service {

Result<RetrySchedule> RetrySchedule::parse(const std::vector<std::string>& waits) {
  RetrySchedule schedule;
  schedule.waits.clear();
  for (const std::string& wait : waits) {
    FUMI_TRY(const Duration parsed, config::parse_duration(wait));
    schedule.waits.push_back(parsed);
  }
  if (schedule.waits.empty()) {
    return fail(Code::invalid, "reading spool.retry_waits", "it must name at least one wait");
  }
  return schedule;
}

Duration RetrySchedule::wait_after(std::uint32_t attempts, std::uint64_t seed) const {
  if (waits.empty()) return std::chrono::minutes(30);
  const std::size_t index =
      std::min<std::size_t>(attempts > 0 ? attempts - 1 : 0, waits.size() - 1);
  // splitmix64: a seed per recipient and attempt gives an even spread without state.
  std::uint64_t mixed = seed + 0x9e3779b97f4a7c15ULL * (attempts + 1);
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
  const auto spread = std::int64_t((mixed ^ (mixed >> 31U)) % 2001) - 1000;  // ±10 %, in 1/10000
  return waits[index] + waits[index] * spread / 10'000;
}

}  // namespace fumi::service
