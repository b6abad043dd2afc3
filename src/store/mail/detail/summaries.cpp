// Summaries of many emails, in the order of their ids: in which the table lies.
#include <algorithm>

#include "store/mail/detail/emails.h"

namespace fumi::store {
namespace {

using sql::Next;
using sql::Row;
using sql::Statement;

#define FUMI_SUMMARIES                                    \
  "SELECT email_id, thread_id, blob, summary FROM emails" \
  " WHERE tenant_id = $1 AND account_id = $2 AND email_id "

constexpr Statement kBetween{FUMI_SUMMARIES "BETWEEN $3 AND $4 ORDER BY email_id LIMIT $5"};
constexpr Statement kSixteen{
    FUMI_SUMMARIES
    "IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
    " ORDER BY email_id"};

constexpr std::size_t kAtATime = 16;
// Rows of others between ours that one sweep passes over, for each of ours, before look-ups are
// cheaper.
constexpr std::size_t kStrangers = 3;

}  // namespace

struct SqlEmails::Sweep {
  std::span<const EmailId> left;  // not read yet; ascending
  FunctionRef<Result<Visit>(const StoredSummary&)> visit;
  Context& context;
  AccountId account;
  Visit wish = Visit::more;
  std::size_t rows = 0;   // that the statement gave
  std::size_t found = 0;  // of them ours

  Result<Next> row(const Row& row) {
    ++rows;
    const auto id = row.id<EmailId>(0);
    while (!left.empty() && left.front() < id)
      left = left.subspan(1);  // it is gone
    if (left.empty()) return Next::stop;
    if (left.front() != id) return Next::more;
    while (!left.empty() && left.front() == id)
      left = left.subspan(1);
    ++found;
    FUMI_TRY(const std::string summary,
             context.open(purpose::kSummary, row.blob(3), Aad(account, id)));
    FUMI_TRY(wish, visit({id, row.id<ThreadId>(1), summary, row.blob(2)}));
    return wish == Visit::stop ? Next::stop : Next::more;
  }
};

Status SqlEmails::visit_summaries(AccountId account, std::span<const EmailId> ids,
                                  FunctionRef<Result<Visit>(const StoredSummary&)> visit) {
  Sweep all{ids, visit, context_, account};
  while (!all.left.empty() && all.wish == Visit::more) {
    // A mailbox's mail mostly lies together; where it doesn't, the rest is looked up.
    const bool dense = all.left.size() > kAtATime && all.rows <= all.found * (kStrangers + 1);
    FUMI_CHECK(dense ? sweep(account, all) : look_up(account, all));
  }
  return {};
}

Status SqlEmails::sweep(AccountId account, Sweep& sweep) {
  const std::size_t most = sweep.left.size() * 2 + kAtATime;
  const std::size_t before = sweep.rows;
  auto visit = [&](const Row& row) { return sweep.row(row); };
  FUMI_CHECK(context_.query(kBetween, visit, account, sweep.left.front(), sweep.left.back(),
                            std::int64_t(most)));
  if (sweep.rows - before < most && sweep.wish == Visit::more) sweep.left = {};
  return {};
}

Status SqlEmails::look_up(AccountId account, Sweep& sweep) {
  const auto rest = sweep.left.subspan(std::min(kAtATime, sweep.left.size()));
  const auto some = sweep.left.first(sweep.left.size() - rest.size());
  auto at = [&](std::size_t i) { return some[std::min(i, some.size() - 1)]; };
  sweep.left = some;
  auto visit = [&](const Row& row) { return sweep.row(row); };
  FUMI_CHECK(context_.query(kSixteen, visit, account, at(0), at(1), at(2), at(3), at(4), at(5),
                            at(6), at(7), at(8), at(9), at(10), at(11), at(12), at(13), at(14),
                            at(15)));
  sweep.left = rest;
  return {};
}

}  // namespace fumi::store
