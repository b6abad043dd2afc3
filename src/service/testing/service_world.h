// ServiceWorld: one node with all its services, wired as the program wires them, over a store in
// memory, under virtual time.
//
//   ServiceWorld w;
//   TenantScope acme = w.tenant("acme.example");             // tenant "acme", its domain
//   AccountId hanako = w.account(acme, "hanako@acme.example");
//   w->start();                                               // the spool begins to work
//   auto id = w.accept(w.mx(), "someone@elsewhere.example", {"hanako@acme.example"}, kMail);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/access/live_sessions.h"
#include "service/deliver/delivery.h"
#include "service/intake/intake.h"
#include "service/mailbox/mailboxes.h"
#include "service/search/search.h"
#include "service/tenancy/tenancy.h"
#include "service/testing/fakes.h"
#include "store/mail/testing/world.h"
#include "store/memory/memory_blob_store.h"

namespace fumi::service::testing {

struct ServiceOptions {
  AccessOptions access;
  SpoolOptions spool;
  DeliveryOptions deliver;
  IntakeOptions intake;
  RetrySchedule retry;
  std::shared_ptr<sql::Database> database;  // null: SQLite in memory
};

class ServiceWorld {
 public:
  explicit ServiceWorld(ServiceOptions options = {});
  ~ServiceWorld();

  // What dies with the process.
  struct Services {
    Services(ServiceWorld& w, ServiceOptions options);
    ~Services() { runtime.stop(); }
    void start();  // releases leases, begins scheduling

    FakeRuntime runtime;
    FakeOutbound outbound;
    Routing routing;
    Access access;
    LiveSessions live;
    Tenancy tenancy;
    Signer signer;
    Spool spool;
    Bouncer bouncer;
    Intake intake;
    Mailboxes mailboxes;
    Search search;
    Destinations destinations;
    Delivery delivery;
  };
  Services* operator->() { return services_.get(); }
  // As after a crash: nothing that was in memory is left.
  void restart();

  template <class T>
  T call(Task<T> task) {
    return services_->runtime.call(std::move(task));
  }

  // "acme.example" makes the tenant "acme" with that domain.
  TenantScope tenant(const std::string& domain);
  AccountId account(const TenantScope& scope, const std::string& address,
                    std::uint64_t quota_octets = 0);

  [[nodiscard]] static Arrival mx();
  // Somebody who has logged in; `door` submission or relay.
  [[nodiscard]] static Arrival from(const TenantScope& scope, AccountId account,
                                    const std::string& address, Door door = Door::submission);
  // The whole conversation: MAIL, RCPT each, DATA. The first refusal ends it.
  Verdict<QueueId> accept(const Arrival& arrival, const std::string& from,
                          const std::vector<std::string>& to, const std::string& message,
                          DsnNotify notify = {});

  // What lies in a mailbox, oldest first: whole messages.
  std::vector<std::string> messages(const TenantScope& scope, AccountId account,
                                    const std::string& mailbox = "INBOX");
  std::vector<Record> records(const TenantScope& scope, std::vector<RecordKind> kinds = {});
  std::vector<QueueMessage> queue(const TenantScope& scope);
  std::uint64_t queue_depth();

  // First, so that they go last: see FakeRuntime::loop().
  std::vector<std::shared_ptr<boost::asio::io_context>> loops;
  ServiceOptions options;
  store::testing::World world{
      options.database ? options.database : store::testing::World::memory_database(), {}};
  FaultPlan faults;
  store::MemoryBlobStore memory;
  FailingStore store;
  FailingBlobs blobs;
  ScriptedResolver dns;

 private:
  std::unique_ptr<Services> services_;
};

// A plain message with From, To, Date and Message-ID; `from` is written into it.
[[nodiscard]] std::string mail(const std::string& from, const std::string& subject = "Hello");

}  // namespace fumi::service::testing
