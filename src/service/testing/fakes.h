// The outside of the services in tests: DNS, remote hosts, and storage that fails on demand.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/ports/blob_store.h"
#include "domain/ports/dns_reader.h"
#include "domain/ports/outbound.h"
#include "domain/ports/resolver.h"
#include "domain/ports/store.h"
#include "service/testing/fake_runtime.h"

namespace fumi::service::testing {

// MailResolver from a table. A name that was never told of does not exist.
class ScriptedResolver final : public MailResolver {
 public:
  void mx(const std::string& domain, std::uint32_t preference, const std::string& host);
  void address(const std::string& host, const std::string& ip);
  void null_mx(const std::string& domain);
  void fail(const std::string& name, Code code);  // MX and addresses of it
  void heal(const std::string& name) { failing_.erase(name); }

  Task<Result<MxAnswer>> mx(std::string domain) override;
  Task<Result<AddressAnswer>> addresses(std::string host) override;
  [[nodiscard]] std::size_t queries() const { return queries_; }

 private:
  std::map<std::string, MxAnswer> mx_;
  std::map<std::string, AddressAnswer> addresses_;
  std::map<std::string, Code> failing_;
  std::size_t queries_ = 0;
};

// DnsReader from a table; what was never told of is not there.
class TableDns final : public DnsReader {
 public:
  void add(const std::string& name, DnsKind kind, const std::string& value) {
    values_[{name, kind}].values.push_back(value);
  }
  void remove(const std::string& name, DnsKind kind) { values_.erase({name, kind}); }
  void secure(const std::string& name, DnsKind kind) { values_[{name, kind}].secure = true; }
  void fail(Code code) { failure_ = code; }
  void heal() { failure_.reset(); }
  [[nodiscard]] std::size_t reads() const { return reads_; }

  Task<Result<DnsValues>> read(std::string name, DnsKind kind) override;

 private:
  std::map<std::pair<std::string, DnsKind>, DnsValues> values_;
  std::optional<Code> failure_;
  std::size_t reads_ = 0;
};

// Remote hosts by IP address. One that was never told of refuses connections.
class FakeOutbound final : public Outbound {
 public:
  explicit FakeOutbound(FakeRuntime& runtime) : runtime_(runtime) {}

  enum class Tls : std::uint8_t { none, unverified, verified };
  struct Host {
    std::optional<Error> refuses;  // how connecting fails
    Tls tls = Tls::none;
    std::function<OutboundReply(const QueueRecipient&)> answer;  // none: 250
    std::uint32_t transactions_max = 1000;                       // then the connection ends
    bool hangs = false;                                          // answers only after release()
    bool takes_dsn = false;  // RFC 3461: passes on what the sender wants to know
  };
  Host& host(const std::string& ip) { return hosts_[ip]; }
  void release() {
    for (FakeRuntime::Pause* pause : hanging_)
      pause->signal();
  }

  struct Sent {
    std::string peer;
    QueueId message;
    std::vector<std::string> recipients;
    std::string body;
    OutboundTls mode;        // that the connection was made with
    std::size_t connection;  // 0, 1, 2 … in order of their making
  };
  std::vector<Sent> sent;
  std::vector<std::string> tried;  // addresses, in order
  std::size_t open = 0;
  std::size_t open_max = 0;
  // All recipients that some host took with a 2yz.
  [[nodiscard]] std::vector<std::string> delivered() const { return delivered_; }

  Task<Result<std::unique_ptr<OutboundConnection>>> connect(OutboundHost host,
                                                            OutboundTls tls) override;

 private:
  class Connection;
  FakeRuntime& runtime_;
  std::map<std::string, Host> hosts_;
  std::vector<std::string> delivered_;
  std::vector<FakeRuntime::Pause*> hanging_;
  std::size_t connections_ = 0;
};

// Fails the Nth operation (from 1) of the stores that share it; 0: none.
struct FaultPlan {
  std::size_t fail_at = 0;
  Code code = Code::unavailable;
  std::size_t operations = 0;
  std::size_t writes = 0;  // that were committed
  bool dead = false;       // as when the process is killed: nothing reaches the disk any more
  bool fails() { return ++operations == fail_at || dead; }
  void arm(std::size_t at) {
    fail_at = at;
    operations = 0;
  }
  [[nodiscard]] bool went_off() const { return fail_at != 0 && operations >= fail_at; }
  [[nodiscard]] Error error() const { return {code, "storing", "fault plan"}; }
};

// A write that fails has run, and is rolled back; a barrier in front of it has not.
class FailingStore final : public Store, public Platform {
 public:
  FailingStore(Store& store, Platform& platform, FaultPlan& plan)
      : store_(store), platform_(platform), plan_(plan) {}

 private:
  Task<Status> run_erased(Store::Access access, TenantScope scope,
                          std::move_only_function<Status(Tx&)> work, Barrier barrier) override;
  Task<Status> run_erased(Platform::Access access,
                          std::move_only_function<Status(PlatformTx&)> work) override;
  Store& store_;
  Platform& platform_;
  FaultPlan& plan_;
};

class FailingBlobs final : public BlobStore {
 public:
  FailingBlobs(BlobStore& inner, FaultPlan& plan) : inner_(inner), plan_(plan) {}
  Task<Result<BlobRef>> put(TenantScope scope, std::string_view bytes) override;
  Task<Result<PendingBlob>> begin(TenantScope scope, std::string_view bytes) override;
  Task<Result<std::string>> get(TenantScope scope, BlobRef ref) override;
  Task<Result<std::string>> get_range(TenantScope scope, BlobRef ref, BlobRange range) override;

 private:
  BlobStore& inner_;
  FaultPlan& plan_;
};

}  // namespace fumi::service::testing
