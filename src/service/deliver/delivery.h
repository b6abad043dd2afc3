// Delivery: takes due messages to their destinations.
//
// Ready queues in memory, one per site (the set of hosts that takes a domain's mail), each served
// by as many connections as its backlog is worth, up to a limit. Tenants take turns inside a queue.
// Connections are used again for the next message of the site. Everything runs on the runtime's
// executor.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "domain/ports/outbound.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/deliver/routes.h"
#include "service/spool/spool.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct DeliveryOptions {
  std::uint32_t connections_max = 500;
  std::uint32_t connections_per_site_max = 20;
  std::uint32_t recipients_per_transaction_max = 100;
  // Answered by a peer, and not committed yet: what a crash delivers twice at most. Beyond it the
  // connections wait for the store.
  std::uint32_t unsettled_max = 100;
  Duration idle_time = std::chrono::seconds(2);    // a connection without work is kept this long
  Duration site_pause = std::chrono::seconds(60);  // after all hosts of a site failed
  Duration destination_age_max = std::chrono::minutes(1);
  OutboundTls tls = OutboundTls::opportunistic;
  std::vector<std::string> routes;  // see StaticRoute
  std::uint16_t port = 25;          // of mail hosts that DNS names
};

void describe(config::Schema<DeliveryOptions>& s);

class Delivery final : public Carrier {
 public:
  Delivery(Spool& spool, BlobStore& blobs, Runtime& runtime, Routing& routing,
           Destinations& destinations, Outbound& outbound, const Clock& clock,
           DeliveryOptions options);
  ~Delivery() override;

  void carry(Job job) override;

 private:
  struct Site;
  struct Line;
  using SiteKey = std::string;
  struct Known {
    Destination destination;
    Instant found_at;
  };
  enum class Worker : std::uint8_t { goes_on, ends };

  Task<void> route(Job job, std::string domain);
  Task<void> deliver_locally(Job job);
  void enqueue(Job job, const Destination& destination);
  void sweep_sites();
  void start_workers(const std::shared_ptr<Site>& site);
  void worker_ended(const std::shared_ptr<Site>& site);
  Task<void> work(std::shared_ptr<Site> site);
  Task<bool> idle(Site& site, Wakeup& wakeup);
  Worker not_connected(Site& site, Job job, std::string why);
  Task<std::unique_ptr<OutboundConnection>> connect(Site& site, OutboundTls tls, std::string& why);
  Task<bool> send(OutboundConnection& connection, Job job);
  Task<void> settle(Job job, std::vector<AttemptOutcome> outcomes);
  void finish(Job job, std::string answer, std::string host);

  Spool& spool_;
  BlobStore& blobs_;
  Runtime& runtime_;
  Routing& routing_;
  Destinations& destinations_;
  Outbound& outbound_;
  const Clock& clock_;
  DeliveryOptions options_;
  std::unordered_map<SiteKey, std::shared_ptr<Site>> sites_;
  std::unordered_map<std::string, Known> known_;  // by domain
  std::deque<std::shared_ptr<Site>> starved_;     // have work, but connections_max is reached
  std::size_t sites_sweep_ = 1'000;
  std::uint32_t connections_ = 0;
  std::uint32_t unsettled_ = 0;
};

}  // namespace fumi::service
