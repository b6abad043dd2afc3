// Metrics: counters, gauges and histograms by name and labels, in the Prometheus text format.
//
//   auto accepted = registry.counters("fumi_connections_total", "Accepted connections",
//   {"listener"}); obs::Counter smtp = accepted.with({"smtp"});   // once, outside the hot path:
//   takes a lock smtp.add();                                    // hot path: one atomic operation
//
// Families are declared once, at start; a second declaration of a name, or a wrong number of label
// values, is a bug and asserts. Names end in _total, _seconds or _bytes as Prometheus asks. Label
// values must come from small closed sets, never from peers: behind kSeriesMax a family gives all
// further combinations one series whose labels are "other". Handles are values, valid while the
// registry lives; everything may be called from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace fumi::obs {

inline constexpr std::size_t kSeriesMax = 1000;

class Counter {
 public:
  Counter() = default;  // counts nothing: for parts that are built without a registry
  explicit Counter(prometheus::Counter* target) : target_(target) {}
  void add(double by = 1.0) const;  // by >= 0
  [[nodiscard]] double value() const;

 private:
  prometheus::Counter* target_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(prometheus::Gauge* target) : target_(target) {}
  void set(double value) const;
  void add(double by) const;
  [[nodiscard]] double value() const;

 private:
  prometheus::Gauge* target_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(prometheus::Histogram* target) : target_(target) {}
  void observe(double value) const;

 private:
  prometheus::Histogram* target_ = nullptr;
};

template <class Metric>
class Family {
 public:
  // Values in the order in which the label names were declared.
  [[nodiscard]] Metric with(std::initializer_list<std::string_view> values) const;

  struct Impl;
  explicit Family(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<Impl> impl_;  // shared with the registry
};
extern template class Family<Counter>;
extern template class Family<Gauge>;
extern template class Family<Histogram>;

// Buckets in seconds from 50 µs to a minute: for durations of mail steps.
[[nodiscard]] std::vector<double> latency_buckets();
// Buckets in bytes from 1 KiB to 64 MiB.
[[nodiscard]] std::vector<double> size_buckets();

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Family<Counter> counters(const std::string& name, const std::string& help,
                           std::vector<std::string> labels);
  Family<Gauge> gauges(const std::string& name, const std::string& help,
                       std::vector<std::string> labels);
  Family<Histogram> histograms(const std::string& name, const std::string& help,
                               std::vector<std::string> labels, std::vector<double> bounds);
  // Without labels.
  Counter counter(const std::string& name, const std::string& help);
  Gauge gauge(const std::string& name, const std::string& help);
  Histogram histogram(const std::string& name, const std::string& help, std::vector<double> bounds);

  // Called at each expose(), before it reads: sets gauges that are cheaper to ask for than to keep.
  void on_expose(std::function<void()> refresh);

  [[nodiscard]] std::string expose() const;  // text exposition format 0.0.4

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// process_resident_memory_bytes, process_open_fds, process_max_fds, process_cpu_seconds_total,
// process_start_time_seconds: read from /proc at each expose().
void register_process_metrics(Registry& registry);

}  // namespace fumi::obs
