#include "service/testing/fakes.h"

#include <algorithm>

namespace fumi::service::testing {

void ScriptedResolver::mx(const std::string& domain, std::uint32_t preference,
                          const std::string& host) {
  mx_[domain].hosts.push_back({preference, host});
}

void ScriptedResolver::address(const std::string& host, const std::string& ip) {
  addresses_[host].addresses.push_back(ip);
}

void ScriptedResolver::null_mx(const std::string& domain) { mx_[domain].null_mx = true; }

void ScriptedResolver::fail(const std::string& name, Code code) { failing_[name] = code; }

Task<Result<MxAnswer>> ScriptedResolver::mx(std::string domain) {
  ++queries_;
  if (const auto failing = failing_.find(domain); failing != failing_.end()) {
    co_return fumi::fail(failing->second, "looking up MX", "scripted");
  }
  const auto found = mx_.find(domain);
  if (found != mx_.end()) co_return found->second;
  MxAnswer nothing;
  nothing.no_such_domain = !addresses_.contains(domain);
  co_return nothing;
}

Task<Result<AddressAnswer>> ScriptedResolver::addresses(std::string host) {
  ++queries_;
  if (const auto failing = failing_.find(host); failing != failing_.end()) {
    co_return fumi::fail(failing->second, "looking up addresses", "scripted");
  }
  const auto found = addresses_.find(host);
  if (found != addresses_.end()) co_return found->second;
  AddressAnswer nothing;
  nothing.no_such_domain = true;
  co_return nothing;
}

Task<Result<DnsValues>> TableDns::read(std::string name, DnsKind kind) {
  ++reads_;
  if (failure_) co_return fumi::fail(*failure_, "reading DNS", "scripted");
  const auto found = values_.find({name, kind});
  if (found == values_.end()) co_return DnsValues();
  co_return found->second;
}

class FakeOutbound::Connection final : public OutboundConnection {
 public:
  Connection(FakeOutbound& owner, OutboundHost host, OutboundTls mode)
      : owner_(owner), host_(std::move(host)), mode_(mode), number_(owner.connections_++) {
    owner_.open_max = std::max(owner_.open_max, ++owner_.open);
  }
  ~Connection() override { --owner_.open; }

  [[nodiscard]] std::string peer() const override {
    return host_.name + " [" + host_.address + "]:" + std::to_string(host_.port);
  }
  [[nodiscard]] bool tls() const override {
    return mode_ != OutboundTls::never && owner_.hosts_[host_.address].tls != Tls::none;
  }
  Task<OutboundResult> send(OutboundTransaction transaction) override {
    Host& host = owner_.hosts_[host_.address];
    OutboundResult result;
    if (host.hangs) {
      FakeRuntime::Pause pause(owner_.runtime_);
      owner_.hanging_.push_back(&pause);
      const Status released = co_await owner_.runtime_.pause(pause, std::nullopt);
      std::erase(owner_.hanging_, &pause);
      if (!released) {
        result.recipients.resize(transaction.recipients.size(), OutboundReply{0, "Cancelled"});
        co_return result;
      }
    }
    Sent record{peer(), transaction.message->id, {}, std::string(transaction.body), mode_, number_};
    for (const QueueRecipient* recipient : transaction.recipients) {
      OutboundReply reply{250, "250 2.0.0 Ok"};
      if (host.answer) reply = host.answer(*recipient);
      record.recipients.push_back(recipient->address.text());
      if (reply.positive()) owner_.delivered_.push_back(recipient->address.text());
      result.recipients.push_back(std::move(reply));
    }
    owner_.sent.push_back(std::move(record));
    result.connection_usable = ++transactions_ < host.transactions_max;
    result.passes_dsn_on = host.takes_dsn;
    co_return result;
  }
  Task<void> quit() override { co_return; }

 private:
  FakeOutbound& owner_;
  OutboundHost host_;
  OutboundTls mode_;
  std::size_t number_;
  std::uint32_t transactions_ = 0;
};

Task<Result<std::unique_ptr<OutboundConnection>>> FakeOutbound::connect(OutboundHost host,
                                                                        OutboundTls tls) {
  tried.push_back(host.address);
  const auto found = hosts_.find(host.address);
  if (found == hosts_.end()) co_return fail(Code::unavailable, "connecting", "refused");
  if (found->second.refuses) co_return std::unexpected(*found->second.refuses);
  if (tls == OutboundTls::required && found->second.tls != Tls::verified) {
    co_return fail(Code::unavailable, "starting TLS", "the host offers no TLS that can be trusted");
  }
  std::unique_ptr<OutboundConnection> made =
      std::make_unique<Connection>(*this, std::move(host), tls);
  co_return made;
}

Task<Status> FailingStore::run_erased(Store::Access access, TenantScope scope,
                                      std::move_only_function<Status(Tx&)> work, Barrier barrier) {
  const bool fails = plan_.fails();
  if (access != Store::Access::write) {
    if (fails) co_return std::unexpected(plan_.error());
    auto read = [&](Tx& tx) { return work(tx); };
    co_return co_await store_.read(scope, std::move(read));
  }
  auto guarded = [&](Tx& tx) -> Status {
    FUMI_CHECK(work(tx));
    if (fails) return std::unexpected(plan_.error());
    return {};
  };
  Status done;
  if (barrier) {
    done = co_await store_.write_after(std::move(barrier), scope, guarded);
  } else {
    done = co_await store_.write(scope, guarded);
  }
  if (done) ++plan_.writes;
  co_return done;
}

Task<Status> FailingStore::run_erased(Platform::Access access,
                                      std::move_only_function<Status(PlatformTx&)> work) {
  const bool fails = plan_.fails();
  if (access != Platform::Access::write) {
    if (fails) co_return std::unexpected(plan_.error());
    auto read = [&](PlatformTx& tx) { return work(tx); };
    co_return co_await platform_.read(std::move(read));
  }
  auto guarded = [&](PlatformTx& tx) -> Status {
    FUMI_CHECK(work(tx));
    if (fails) return std::unexpected(plan_.error());
    return {};
  };
  Status done = co_await platform_.write(guarded);
  if (done) ++plan_.writes;
  co_return done;
}

Task<Result<BlobRef>> FailingBlobs::put(TenantScope scope, std::string_view bytes) {
  if (plan_.fails()) co_return std::unexpected(plan_.error());
  co_return co_await inner_.put(scope, bytes);
}

// Every other failure is one of the disk, seen only when the blob should be durable.
Task<Result<PendingBlob>> FailingBlobs::begin(TenantScope scope, std::string_view bytes) {
  if (plan_.fails()) co_return std::unexpected(plan_.error());
  const bool late = plan_.fails();
  Result<PendingBlob> pending = co_await inner_.begin(scope, bytes);
  if (pending && late) {
    pending->wait_durable = [error = plan_.error()]() -> Status { return std::unexpected(error); };
  }
  co_return pending;
}

Task<Result<std::string>> FailingBlobs::get(TenantScope scope, BlobRef ref) {
  if (plan_.fails()) co_return std::unexpected(plan_.error());
  co_return co_await inner_.get(scope, ref);
}

Task<Result<std::string>> FailingBlobs::get_range(TenantScope scope, BlobRef ref, BlobRange range) {
  if (plan_.fails()) co_return std::unexpected(plan_.error());
  co_return co_await inner_.get_range(scope, ref, range);
}

}  // namespace fumi::service::testing
