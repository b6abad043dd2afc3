#include "net/resolver.h"

#include <unbound.h>
#include <unistd.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <unordered_map>

#include "base/ascii.h"
#include "net/detail/asio.h"
#include "net/detail/unique_fd.h"
#include "net/timer.h"

namespace fumi::net {

using namespace detail;  // NOLINT

namespace {

constexpr int kClassIn = 1;
constexpr int kRcodeNxdomain = 3;
constexpr std::size_t kRecordsMax = 1000;  // of one answer

struct Query {
  AsyncEvent done{AsyncEvent::Mode::latch};
  DnsAnswer answer;  // written before `done` is set, read after
  int id = 0;
};

struct FreeResult {
  void operator()(ub_result* result) const { ub_resolve_free(result); }
};

std::string without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return ascii::to_lower(name);
}

DnsStatus status_of(const ub_result& result) {
  if (result.bogus != 0) return DnsStatus::servfail;
  if (result.havedata != 0) return DnsStatus::ok;
  if (result.nxdomain != 0 || result.rcode == kRcodeNxdomain) return DnsStatus::nxdomain;
  return result.rcode == 0 ? DnsStatus::nodata : DnsStatus::servfail;
}

DnsAnswer answer_of(int error, const ub_result* result) {
  DnsAnswer out;
  if (error != 0 || result == nullptr) {
    out.why = ub_strerror(error);
    return out;
  }
  out.status = status_of(*result);
  out.ttl = std::chrono::seconds(std::max(0, result->ttl));
  if (result->bogus != 0) {
    out.security = DnsSecurity::bogus;
    out.why = result->why_bogus != nullptr ? result->why_bogus : "bogus";
    return out;
  }
  if (result->secure != 0) out.security = DnsSecurity::secure;
  if (out.status == DnsStatus::servfail) out.why = "rcode " + std::to_string(result->rcode);
  if (result->canonname != nullptr) {
    std::string canonical = without_dot(result->canonname);
    if (canonical != without_dot(result->qname)) out.canonical = std::move(canonical);
  }
  if (result->data == nullptr || out.status != DnsStatus::ok) return out;
  for (std::size_t i = 0; i < kRecordsMax && result->data[i] != nullptr; ++i) {
    out.records.emplace_back(result->data[i], static_cast<std::size_t>(result->len[i]));
  }
  return out;
}

}  // namespace

struct Resolver::Impl {
  explicit Impl(Executor executor_of) : executor(executor_of), answers(executor_of) {}
  Status configure();
  void watch(std::shared_ptr<Impl> self);
  Result<std::shared_ptr<Query>> begin(const std::string& name, DnsType type);
  void forget(const std::shared_ptr<Query>& query);
  void close();
  static void on_answer(void* context, int error, ub_result* result);

  Executor executor;
  ResolverConfig config;
  // Everything below is under the mutex. libunbound's callbacks come inside ub_process(), so under
  // it too, and never again after ub_cancel().
  std::mutex mutex;
  ub_ctx* context = nullptr;
  // Queries by the pointer that libunbound gives back; shared with those who wait.
  std::unordered_map<void*, std::shared_ptr<Query>> queries;
  // On a duplicate of libunbound's fd: asio's registration and libunbound close theirs separately.
  asio::posix::basic_stream_descriptor<Executor> answers;
};

void Resolver::Impl::on_answer(void* context, int error, ub_result* result) {
  const std::unique_ptr<ub_result, FreeResult> owned(result);
  auto* query = static_cast<Query*>(context);
  query->answer = answer_of(error, result);
  query->done.set();
}

Status Resolver::Impl::configure() {
  constexpr const char* kDoing = "setting up DNS";
  context = ub_ctx_create();
  if (context == nullptr) return fail(Code::internal, kDoing, "no context");
  ub_ctx_async(context, 1);  // a thread of its own, not a process
  const auto checked = [&](int error, const std::string& what) -> Status {
    if (error == 0) return {};
    return fail(Code::invalid, kDoing, what + ": " + ub_strerror(error));
  };
  if (config.source == ResolverConfig::Source::system) {
    FUMI_CHECK(checked(ub_ctx_resolvconf(context, nullptr), "resolv.conf"));
    FUMI_CHECK(checked(ub_ctx_hosts(context, nullptr), "hosts"));
  }
  if (config.source == ResolverConfig::Source::forwarders) {
    if (config.forwarders.empty()) return fail(Code::invalid, kDoing, "no forwarder is given");
    for (const std::string& forwarder : config.forwarders) {
      FUMI_CHECK(checked(ub_ctx_set_fwd(context, forwarder.c_str()), forwarder));
    }
  }
  if (config.source != ResolverConfig::Source::recursion) {
    // Caching resolvers on this machine are what operators have.
    FUMI_CHECK(checked(ub_ctx_set_option(context, "do-not-query-localhost:", "no"), "localhost"));
    // Names of private networks are theirs to answer, not libunbound's built-in NXDOMAIN.
    FUMI_CHECK(checked(ub_ctx_set_option(context, "unblock-lan-zones:", "yes"), "private zones"));
  }
  FUMI_CHECK(checked(ub_ctx_set_option(context, "edns-buffer-size:", "1232"), "edns"));
  if (!config.trust_anchor_file.empty()) {
    // libunbound only opens it with the first question: say now what is wrong.
    if (::access(config.trust_anchor_file.c_str(), R_OK) != 0) {
      return fail(Code::invalid, kDoing, config.trust_anchor_file + ": can't be read");
    }
    FUMI_CHECK(checked(ub_ctx_add_ta_file(context, config.trust_anchor_file.c_str()),
                       config.trust_anchor_file));
  }
  // This reads the trust anchor too and ends the configuration: it must come last. "test." is
  // built in as well (RFC 6761 §6.2), and reserved names are for those who asked for a forwarder.
  if (config.source != ResolverConfig::Source::recursion) {
    FUMI_CHECK(checked(ub_ctx_zone_remove(context, "test."), "trust anchor or zones"));
  }
  const int fd = ::dup(ub_fd(context));
  if (fd < 0) return fail(Code::unavailable, kDoing, "no file descriptor is left");
  answers.assign(fd);
  return {};
}

void Resolver::Impl::watch(std::shared_ptr<Impl> self) {
  answers.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = std::move(self)](const boost::system::error_code& error) {
                       if (error) return;
                       const std::lock_guard lock(self->mutex);
                       if (self->context == nullptr) return;
                       ub_process(self->context);
                       std::erase_if(self->queries,
                                     [](const auto& entry) { return entry.second->done.is_set(); });
                       self->watch(self);
                     });
}

Result<std::shared_ptr<Query>> Resolver::Impl::begin(const std::string& name, DnsType type) {
  constexpr const char* kDoing = "asking DNS";
  const auto query = std::make_shared<Query>();
  const std::lock_guard lock(mutex);
  if (context == nullptr) return fail(Code::unavailable, kDoing, "stopped");
  if (queries.size() >= config.in_flight_max) {
    return fail(Code::unavailable, kDoing, "too many questions in flight");
  }
  const int error = ub_resolve_async(context, name.c_str(), static_cast<int>(type), kClassIn,
                                     query.get(), &Impl::on_answer, &query->id);
  if (error != 0) return fail(Code::unavailable, kDoing, ub_strerror(error));
  queries.emplace(query.get(), query);
  return query;
}

void Resolver::Impl::forget(const std::shared_ptr<Query>& query) {
  const std::lock_guard lock(mutex);
  if (queries.erase(query.get()) > 0 && context != nullptr && !query->done.is_set()) {
    ub_cancel(context, query->id);
  }
}

void Resolver::Impl::close() {
  const std::lock_guard lock(mutex);
  if (context == nullptr) return;
  for (const auto& [key, query] : queries)
    ub_cancel(context, query->id);
  queries.clear();
  ub_ctx_delete(context);  // joins its thread
  context = nullptr;
}

Resolver::Resolver(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Resolver>> Resolver::open(Executor executor, ResolverConfig config) {
  const auto impl = std::make_shared<Impl>(executor);
  impl->config = std::move(config);
  std::unique_ptr<Resolver> resolver(new Resolver(impl));
  FUMI_CHECK(impl->configure());
  asio::post(executor, [impl] { impl->watch(impl); });
  return resolver;
}

Resolver::~Resolver() {
  impl_->close();
  asio::post(impl_->executor, [impl = impl_] {
    boost::system::error_code ignored;
    impl->answers.close(ignored);
  });
}

Task<Result<DnsAnswer>> Resolver::query(std::string name, DnsType type) {
  const std::shared_ptr<Impl> impl = impl_;
  if (!is_dns_name(name)) co_return fail(Code::invalid, "asking DNS", "not a name");
  Result<std::shared_ptr<Query>> begun = impl->begin(name, type);
  if (!begun) co_return fail(std::move(begun));
  const std::shared_ptr<Query> query = std::move(*begun);
  Status waited = co_await query->done.wait_for(impl->config.deadline);
  if (waited) co_return query->answer;
  impl->forget(query);
  if (waited.error().code != Code::timeout) co_return fail(std::move(waited));
  DnsAnswer late;
  late.status = DnsStatus::timeout;
  late.why = "no answer in time";
  co_return late;
}

}  // namespace fumi::net
