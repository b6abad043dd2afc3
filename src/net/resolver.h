// Resolver: DNS by libunbound, validating DNSSEC in the process (needed for DANE, RFC 7672 §2.1).
//
// One libunbound context with its own thread and cache; all calls into it happen on one io
// executor, answers are posted to the executor of whoever asked.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/dns.h"

namespace fumi::net {

struct ResolverConfig {
  enum class Source { system, forwarders, recursion };
  Source source = Source::system;       // resolv.conf · `forwarders` · from the root by ourselves
  std::vector<std::string> forwarders;  // "127.0.0.1@5353", "2001:db8::53"
  std::string trust_anchor_file;        // "" does not validate: every answer is insecure
  Duration deadline = std::chrono::seconds(20);
  std::size_t in_flight_max = 4096;
};

class Resolver final : public DnsClient {
 public:
  // The executor must run until stop() has returned or the resolver has died.
  [[nodiscard]] static Result<std::unique_ptr<Resolver>> open(Executor executor,
                                                              ResolverConfig config);
  // No question may be waiting: stop scopes first. Waits for libunbound's thread.
  ~Resolver() override;

  Task<Result<DnsAnswer>> query(std::string name, DnsType type) override;

  struct Impl;  // private; named for its callbacks

 private:
  explicit Resolver(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with operations posted to the executor
};

}  // namespace fumi::net
