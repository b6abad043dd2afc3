#include "service/testing/service_world.h"

namespace fumi::service::testing {

ServiceWorld::Services::Services(ServiceWorld& w, ServiceOptions options)
    : runtime(w.world.clock()),
      outbound(runtime),
      routing(w.store, w.world.clock()),
      access(w.store, w.store, runtime, w.world.clock(), options.access),
      live(w.store, w.world.clock()),
      tenancy(w.store, w.store, w.world.keys(), routing, runtime, w.world.ids(), w.world.clock()),
      signer(w.store, runtime, w.world.clock()),
      spool(w.store, w.store, w.blobs, runtime, routing, w.world.ids(), w.world.clock(),
            options.spool, options.retry),
      bouncer(w.blobs, routing, w.world.ids(), w.world.clock(), options.intake.hostname),
      intake(w.store, w.store, w.blobs, access, routing, spool, bouncer, signer, w.world.ids(),
             w.world.clock(), options.intake),
      mailboxes(w.store, w.blobs, w.world.bus(), w.world.clock()),
      search(w.store, mailboxes, w.blobs, runtime),
      destinations(w.dns, {}, 25),
      delivery(spool, w.blobs, runtime, routing, destinations, outbound, w.world.clock(),
               options.deliver) {}

void ServiceWorld::Services::start() {
  const Status started = runtime.call(spool.start(delivery));
  FUMI_ASSERT(started.has_value());
  runtime.settle();
}

ServiceWorld::ServiceWorld(ServiceOptions given)
    : options(std::move(given)),
      store(world.store(), world.store(), faults),
      blobs(memory, faults) {
  if (options.intake.hostname.empty()) options.intake.hostname = "mx.fumi.example";
  options.spool.hostname = options.intake.hostname;
  services_ = std::make_unique<Services>(*this, options);
  loops.push_back(services_->runtime.loop());
}

ServiceWorld::~ServiceWorld() = default;

void ServiceWorld::restart() {
  faults.dead = true;
  services_.reset();
  faults.dead = false;
  services_ = std::make_unique<Services>(*this, options);
  loops.push_back(services_->runtime.loop());
}

TenantScope ServiceWorld::tenant(const std::string& domain) {
  const TenantScope scope = world.tenant(domain.substr(0, domain.find('.')));
  const Status made = world.write(scope, [&](Tx& tx) -> Status {
    return tx.directory().create_domain(
        {world.ids().next<DomainId>(), scope.tenant, domain, world.clock().now()});
  });
  FUMI_ASSERT(made.has_value());
  return scope;
}

AccountId ServiceWorld::account(const TenantScope& scope, const std::string& address,
                                std::uint64_t quota_octets) {
  return world.account(scope, address, quota_octets);
}

Arrival ServiceWorld::mx() {
  Arrival arrival;
  arrival.door = Door::mx;
  arrival.protocol = "ESMTP";
  arrival.client_ip = "198.51.100.7";
  arrival.client_name = "client.elsewhere.example";
  return arrival;
}

Arrival ServiceWorld::from(const TenantScope& scope, AccountId account, const std::string& address,
                           Door door) {
  Arrival arrival;
  arrival.door = door;
  arrival.protocol = "ESMTPSA";
  arrival.client_ip = "198.51.100.8";
  arrival.client_name = "laptop";
  arrival.tenant = scope.tenant;
  arrival.principal =
      Principal{Principal::Kind::account, scope.tenant, account, {}, *EmailAddress::parse(address)};
  return arrival;
}

Verdict<QueueId> ServiceWorld::accept(const Arrival& arrival, const std::string& from,
                                      const std::vector<std::string>& to,
                                      const std::string& message, DsnNotify notify) {
  Intake& intake = services_->intake;
  Envelope envelope;
  if (!from.empty()) envelope.sender.reverse_path = *EmailAddress::parse(from);
  const Verdict<void> sender = call(intake.check_sender(arrival, envelope.sender));
  if (!sender) return std::unexpected(sender.error());
  for (const std::string& address : to) {
    Recipient recipient;
    recipient.address = *EmailAddress::parse(address);
    recipient.notify = notify;
    const Verdict<void> taken = call(intake.check_recipient(arrival, envelope, recipient));
    if (!taken) return std::unexpected(taken.error());
    envelope.recipients.push_back(std::move(recipient));
  }
  Draft draft = intake.begin(arrival, envelope, message.size());
  draft.bytes += message;
  return call(intake.accept(arrival, std::move(envelope), std::move(draft)));
}

std::vector<std::string> ServiceWorld::messages(const TenantScope& scope, AccountId account,
                                                const std::string& mailbox) {
  std::vector<std::string> found;
  const auto blobs_of = world.read(scope, [&](Tx& tx) -> Result<std::vector<BlobRef>> {
    FUMI_TRY(const auto box, tx.mailboxes().mailbox_by_name(account, mailbox));
    FUMI_ASSERT(box.has_value());
    FUMI_TRY(const auto entries, tx.mailboxes().entries(account, box->id, Uid{1}));
    std::vector<BlobRef> refs;
    for (const Entry& entry : entries) {
      FUMI_TRY(const auto email, tx.mailboxes().email(account, entry.email));
      refs.push_back(email->blob);
    }
    return refs;
  });
  FUMI_ASSERT(blobs_of.has_value());
  for (const BlobRef& ref : *blobs_of) {
    auto bytes = memory.get_now(scope, ref);
    FUMI_ASSERT(bytes.has_value());
    found.push_back(std::move(*bytes));
  }
  return found;
}

std::vector<Record> ServiceWorld::records(const TenantScope& scope, std::vector<RecordKind> kinds) {
  RecordQuery query;
  query.kinds = std::move(kinds);
  query.limit = 1000;
  auto found = world.read(scope, [&](Tx& tx) { return tx.records().find(query); });
  FUMI_ASSERT(found.has_value());
  return std::move(*found);
}

std::vector<QueueMessage> ServiceWorld::queue(const TenantScope& scope) {
  QueueQuery query;
  query.limit = 1000;
  auto found = world.read(scope, [&](Tx& tx) { return tx.queue().list(query); });
  FUMI_ASSERT(found.has_value());
  return std::move(*found);
}

std::uint64_t ServiceWorld::queue_depth() {
  const auto depth = world.platform([](PlatformTx& tx) { return tx.platform().queue_depth(); });
  FUMI_ASSERT(depth.has_value());
  return *depth;
}

std::string mail(const std::string& from, const std::string& subject) {
  return "From: <" + from +
         ">\r\nTo: <somebody@example.net>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0900\r\n"
         "Message-ID: <" +
         subject + "@test.example>\r\nSubject: " + subject + "\r\n\r\nThe text.\r\n";
}

}  // namespace fumi::service::testing
