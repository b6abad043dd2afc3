// QueueAdmin: what operators do to the spool: look, try again now, take out.
//
// Each act is one transaction with its operation record; a cancelled message also leaves one
// `cancelled` record for each recipient that still waited. Without a tenant it looks through all of
// them, which costs one look-up a tenant.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/store.h"

namespace fumi::service {

struct QueuedMessage {
  std::string tenant;  // its name
  QueueMessage message;
};

class QueueAdmin {
 public:
  // `wake`: Spool::wake() of this node.
  QueueAdmin(Platform& platform, const Clock& clock, std::function<void()> wake)
      : platform_(platform), clock_(clock), wake_(std::move(wake)) {}

  // Ascending by id, those after query.after, at most query.limit.
  Task<Result<std::vector<QueuedMessage>>> list(std::optional<TenantId> tenant, QueueQuery query);
  Task<Result<QueuedMessage>> show(std::optional<TenantId> tenant, QueueId id);  // not_found
  Task<Status> retry(Actor actor, std::optional<TenantId> tenant, QueueId id);   // not_found
  Task<Result<QueuedMessage>> cancel(Actor actor, std::optional<TenantId> tenant, QueueId id);

 private:
  Platform& platform_;
  const Clock& clock_;
  std::function<void()> wake_;
};

}  // namespace fumi::service
