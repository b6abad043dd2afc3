#include "api/jmap/email_result.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

namespace fumi::jmap {
namespace {

// Steps are kept while they come to less than this beside the rows themselves.
constexpr std::size_t kStepsMax = 256;
constexpr std::size_t kStepOctetsMin = 64 * 1024;

bool holds(std::span<const EmailId> ids, EmailId id) { return std::ranges::binary_search(ids, id); }

}  // namespace

EmailResult::EmailResult(ModSeq state, Threads threads, std::vector<ResultRow> rows)
    : state_(state), threads_(threads), rows_(std::move(rows)) {
  std::ranges::sort(rows_, std::less<>());
  find_first();
}

EmailResult::EmailResult(const EmailResult& old, ModSeq state, std::vector<EmailId> touched,
                         std::vector<ResultRow> matching)
    : state_(state), threads_(old.threads_) {
  std::ranges::sort(touched);
  std::ranges::sort(matching, std::less<>());
  rows_.reserve(old.rows_.size() + matching.size());
  auto next = std::make_move_iterator(matching.begin());
  const auto end = std::make_move_iterator(matching.end());
  for (const ResultRow& row : old.rows_) {
    if (holds(touched, row.id)) continue;
    for (; next != end && *next.base() < row; ++next)
      rows_.push_back(*next);
    rows_.push_back(row);
  }
  rows_.insert(rows_.end(), next, end);
  find_first();
  remember(old, touched);
}

void EmailResult::find_first() {
  if (threads_ == Threads::all) return;
  std::unordered_set<ThreadId> shown;
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (shown.insert(rows_[i].thread).second) first_.push_back(std::uint32_t(i));
}

void EmailResult::remember(const EmailResult& old, std::span<const EmailId> touched) {
  Step step{old.state_, {}};
  step.before.reserve(touched.size());
  for (const EmailId id : touched)
    step.before.push_back({id, std::nullopt});
  std::size_t octets = sizeof(Step) + touched.size() * sizeof(Before);
  for (std::size_t i = 0; i < old.size(); ++i) {
    const ResultRow& row = old.row(i);
    const auto found = std::ranges::lower_bound(step.before, row.id, {}, &Before::id);
    if (found == step.before.end() || found->id != row.id) continue;
    found->key = row.key;
    octets += row.key.size();
  }
  steps_ = old.steps_;
  steps_.push_back(std::make_shared<const Step>(std::move(step)));
  steps_octets_ = old.steps_octets_ + octets;
  const std::size_t most = std::max(kStepOctetsMin, rows_.size() * sizeof(ResultRow) / 2);
  if (steps_.size() <= kStepsMax && steps_octets_ <= most) return;
  // The older half, so that it costs little on the whole.
  steps_.erase(steps_.begin(), steps_.begin() + std::ptrdiff_t(steps_.size() + 1) / 2);
  steps_octets_ = 0;
  for (const auto& each : steps_) {
    steps_octets_ += sizeof(Step) + each->before.size() * sizeof(Before);
    for (const Before& before : each->before)
      steps_octets_ += before.key ? before.key->size() : 0;
  }
}

std::size_t EmailResult::size() const {
  return threads_ == Threads::all ? rows_.size() : first_.size();
}

std::size_t EmailResult::octets() const {
  std::size_t octets = sizeof(EmailResult) + rows_.size() * sizeof(ResultRow) +
                       first_.size() * sizeof(std::uint32_t) + steps_octets_;
  for (const ResultRow& row : rows_)
    octets += row.key.size() > 15 ? row.key.size() : 0;  // shorter ones lie in the row
  return octets;
}

std::optional<std::size_t> EmailResult::place_of(EmailId id) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (at(i) == id) return i;
  return std::nullopt;
}

std::optional<EmailResult::Changes> EmailResult::since(ModSeq since,
                                                       std::optional<EmailId> up_to) const {
  Changes changes;
  if (since == state_) return changes;
  auto step = std::ranges::find_if(steps_, [&](const auto& each) { return each->from == since; });
  if (step == steps_.end()) return std::nullopt;
  std::map<EmailId, const std::optional<std::string>*> before;  // the first word on each counts
  for (; step != steps_.end(); ++step)
    for (const Before& each : (*step)->before)
      before.emplace(each.id, &each.key);
  const auto last = up_to ? place_of(*up_to) : std::nullopt;
  for (std::size_t i = 0; i < size(); ++i) {
    const ResultRow& now = row(i);
    const auto found = before.find(now.id);
    if (found == before.end()) continue;
    const std::optional<std::string>& key = *found->second;
    const bool stayed = key && *key == now.key;
    if (!stayed && (!last || i <= *last)) changes.added.push_back({now.id, i});
    if (stayed) before.erase(found);
  }
  for (const auto& [id, key] : before) {
    if (!*key) continue;
    const bool behind = last && row(*last) < ResultRow{**key, id, ThreadId()};
    if (!behind) changes.removed.push_back(id);
  }
  return changes;
}

EmailResult::Changes EmailResult::of(std::span<const EmailId> touched,
                                     std::span<const EmailId> created) const {
  Changes changes;
  for (const EmailId id : touched)
    if (!holds(created, id)) changes.removed.push_back(id);
  for (std::size_t i = 0; i < size(); ++i)
    if (holds(touched, at(i))) changes.added.push_back({at(i), i});
  return changes;
}

}  // namespace fumi::jmap
