#include "obs/metrics.h"

#include <dirent.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>

#include "base/assert.h"

namespace fumi::obs {

void Counter::add(double by) const {
  if (target_ != nullptr) target_->Increment(by);
}
double Counter::value() const { return target_ == nullptr ? 0 : target_->Value(); }

void Gauge::set(double value) const {
  if (target_ != nullptr) target_->Set(value);
}
void Gauge::add(double by) const {
  if (target_ != nullptr) target_->Increment(by);
}
double Gauge::value() const { return target_ == nullptr ? 0 : target_->Value(); }

void Histogram::observe(double value) const {
  if (target_ != nullptr) target_->Observe(value);
}

namespace {

template <class Metric>
struct TargetOf;
template <>
struct TargetOf<Counter> {
  using type = prometheus::Counter;
};
template <>
struct TargetOf<Gauge> {
  using type = prometheus::Gauge;
};
template <>
struct TargetOf<Histogram> {
  using type = prometheus::Histogram;
};

}  // namespace

template <class Metric>
struct Family<Metric>::Impl {
  using Target = typename TargetOf<Metric>::type;
  Target& make(const prometheus::Labels& labels) {
    if constexpr (std::is_same_v<Metric, Histogram>) {
      return family->Add(labels, bounds);
    } else {
      return family->Add(labels);
    }
  }
  std::mutex mutex;
  prometheus::Family<Target>* family = nullptr;
  std::vector<std::string> names;
  std::vector<double> bounds;
  std::map<std::vector<std::string>, Target*> series;
};

template <class Metric>
Metric Family<Metric>::with(std::initializer_list<std::string_view> values) const {
  FUMI_ASSERT(values.size() == impl_->names.size());
  std::vector<std::string> key(values.begin(), values.end());
  const std::lock_guard lock(impl_->mutex);
  if (const auto found = impl_->series.find(key); found != impl_->series.end()) {
    return Metric(found->second);
  }
  if (impl_->series.size() >= kSeriesMax) {
    for (std::string& value : key)
      value = "other";
    if (const auto found = impl_->series.find(key); found != impl_->series.end()) {
      return Metric(found->second);
    }
  }
  prometheus::Labels labels;
  for (std::size_t i = 0; i < key.size(); ++i)
    labels.emplace(impl_->names[i], key[i]);
  auto& target = impl_->make(labels);
  impl_->series.emplace(std::move(key), &target);
  return Metric(&target);
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

std::vector<double> latency_buckets() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
          0.1,     0.25,   0.5,     1,      2.5,   5,      10,    30,   60};
}

std::vector<double> size_buckets() {
  std::vector<double> out;
  for (double size = 1024; size <= 64.0 * 1024 * 1024; size *= 4)
    out.push_back(size);
  return out;
}

struct Registry::Impl {
  template <class Metric, class Builder>
  Family<Metric> declare(Builder builder, const std::string& name, const std::string& help,
                         std::vector<std::string> labels, std::vector<double> bounds) {
    const std::lock_guard lock(mutex);
    FUMI_ASSERT(names.insert(name).second);
    auto impl = std::make_shared<typename Family<Metric>::Impl>();
    impl->family = &builder.Name(name).Help(help).Register(registry);
    impl->names = std::move(labels);
    impl->bounds = std::move(bounds);
    return Family<Metric>(std::move(impl));
  }
  mutable std::mutex mutex;
  std::set<std::string> names;
  std::vector<std::function<void()>> refresh;
  prometheus::Registry registry;
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Family<Counter> Registry::counters(const std::string& name, const std::string& help,
                                   std::vector<std::string> labels) {
  return impl_->declare<Counter>(prometheus::BuildCounter(), name, help, std::move(labels), {});
}

Family<Gauge> Registry::gauges(const std::string& name, const std::string& help,
                               std::vector<std::string> labels) {
  return impl_->declare<Gauge>(prometheus::BuildGauge(), name, help, std::move(labels), {});
}

Family<Histogram> Registry::histograms(const std::string& name, const std::string& help,
                                       std::vector<std::string> labels,
                                       std::vector<double> bounds) {
  return impl_->declare<Histogram>(prometheus::BuildHistogram(), name, help, std::move(labels),
                                   std::move(bounds));
}

Counter Registry::counter(const std::string& name, const std::string& help) {
  return counters(name, help, {}).with({});
}

Gauge Registry::gauge(const std::string& name, const std::string& help) {
  return gauges(name, help, {}).with({});
}

Histogram Registry::histogram(const std::string& name, const std::string& help,
                              std::vector<double> bounds) {
  return histograms(name, help, {}, std::move(bounds)).with({});
}

void Registry::on_expose(std::function<void()> refresh) {
  const std::lock_guard lock(impl_->mutex);
  impl_->refresh.push_back(std::move(refresh));
}

std::string Registry::expose() const {
  std::vector<std::function<void()>> refresh;
  {
    const std::lock_guard lock(impl_->mutex);
    refresh = impl_->refresh;  // called unlocked: they may ask anything
  }
  for (const auto& call : refresh)
    call();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

namespace {

double resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long total = 0;
  long resident = 0;
  const int fields = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return fields == 2 ? static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE))
                     : 0;
}

double open_fds() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int count = 0;
  while (::readdir(folder) != nullptr)
    ++count;
  ::closedir(folder);
  return count - 3;  // ".", "..", and the folder's own
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double max_fds() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void register_process_metrics(Registry& registry) {
  const Gauge resident = registry.gauge("process_resident_memory_bytes", "Resident memory");
  const Gauge fds = registry.gauge("process_open_fds", "Open file descriptors");
  const Gauge fds_max = registry.gauge("process_max_fds", "Limit on open file descriptors");
  const Counter cpu = registry.counter("process_cpu_seconds_total", "CPU time, user and system");
  const Gauge start = registry.gauge("process_start_time_seconds", "Start, seconds since 1970");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  start.set(std::chrono::duration<double>(now).count());
  const auto once_at_a_time = std::make_shared<std::mutex>();  // shared by copies of the closure
  registry.on_expose([=] {
    const std::lock_guard lock(*once_at_a_time);
    resident.set(resident_bytes());
    fds.set(open_fds());
    fds_max.set(max_fds());
    cpu.add(std::max(0.0, cpu_seconds() - cpu.value()));
  });
}

}  // namespace fumi::obs
