#include <doctest/doctest.h>

#include "obs/metrics.h"
#include "obs/span.h"

namespace fumi::obs {
namespace {

bool has(const std::string& text, std::string_view line) {
  return text.find(line) != std::string::npos;
}

TEST_CASE("counters, gauges and histograms appear in the exposition") {
  Registry registry;
  const auto family = registry.counters("fumi_probe_total", "Probes", {"kind", "outcome"});
  const Counter counter = family.with({"smtp", "ok"});
  counter.add();
  counter.add(2);
  family.with({"smtp", "ok"}).add();  // the same series
  registry.gauge("fumi_depth", "Depth").set(7);
  const Histogram histogram = registry.histogram("fumi_step_seconds", "Step", {0.1, 1});
  histogram.observe(0.5);
  const std::string text = registry.expose();
  CHECK(has(text, "# TYPE fumi_probe_total counter"));
  CHECK(has(text, R"(fumi_probe_total{kind="smtp",outcome="ok"} 4)"));
  CHECK(has(text, "fumi_depth 7"));
  CHECK(has(text, R"(fumi_step_seconds_bucket{le="0.1"} 0)"));
  CHECK(has(text, R"(fumi_step_seconds_bucket{le="1"} 1)"));
  CHECK(counter.value() == 4);
}

TEST_CASE("a family does not grow without limit") {
  Registry registry;
  const auto family = registry.counters("fumi_probe_total", "Probes", {"name"});
  for (std::size_t i = 0; i < kSeriesMax + 10; ++i)
    family.with({std::to_string(i)}).add();
  CHECK(family.with({"other"}).value() == 10);
}

TEST_CASE("label values are escaped") {
  Registry registry;
  registry.counters("fumi_probe_total", "Probes", {"name"}).with({"a\"b\nc"}).add();
  CHECK(has(registry.expose(), R"(name="a\"b\nc")"));
}

TEST_CASE("handles without a registry count nothing and don't crash") {
  Counter().add();
  Gauge().set(1);
  Histogram().observe(1);
  CHECK(Counter().value() == 0);
}

TEST_CASE("a span observes the time between its ends once") {
  Registry registry;
  const Histogram histogram = registry.histogram("fumi_step_seconds", "Step", {1, 2, 4});
  FakeClock clock(from_micros(0));
  {
    Span span(histogram, clock);
    clock.advance(std::chrono::milliseconds(1500));
    span.end();
    clock.advance(std::chrono::hours(1));
  }
  {
    Span span(histogram, clock);
    span.abandon();
  }
  const std::string text = registry.expose();
  CHECK(has(text, "fumi_step_seconds_count 1"));
  CHECK(has(text, "fumi_step_seconds_sum 1.5"));
}

TEST_CASE("process metrics are real numbers") {
  Registry registry;
  register_process_metrics(registry);
  int asked = 0;
  registry.on_expose([&] { ++asked; });
  const std::string text = registry.expose();
  CHECK(asked == 1);
  CHECK(has(text, "process_resident_memory_bytes "));
  CHECK_FALSE(has(text, "process_resident_memory_bytes 0\n"));
  CHECK_FALSE(has(text, "process_open_fds 0\n"));
  CHECK(has(text, "process_cpu_seconds_total "));
}

}  // namespace
}  // namespace fumi::obs
