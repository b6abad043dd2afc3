#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/time.h"

namespace fumi::log {
namespace {

Level threshold = Level::info;
Format format = Format::text;

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("fumi", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::warn);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

// Control characters would let a peer forge log lines; both formats escape them.
void quote(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet == 0x7f) {
      out += "\\u00";
      out += kDigits[octet >> 4U];
      out += kDigits[octet & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

void configure(Level level, Format how) {
  threshold = level;
  format = how;
}

bool enabled(Level level) { return level >= threshold; }

void write(Level level, std::string_view area, std::string_view event, Fields fields) {
  if (!enabled(level)) return;
  std::string line;
  const std::string at = to_rfc3339(system_clock().now());
  if (format == Format::json) {
    line += R"({"at":")" + at + R"(","level":")";
    line += name_of(level);
    line += R"(","area":)";
    quote(line, area);
    line += R"(,"event":)";
    quote(line, event);
    for (const Field& field : fields) {
      line += ',';
      quote(line, field.name());
      line += ':';
      if (field.is_number()) {
        line += std::to_string(field.number());
      } else {
        quote(line, field.text());
      }
    }
    line += '}';
  } else {
    line += at;
    line += ' ';
    line += name_of(level);
    line += ' ';
    line += area;
    line += ": ";
    line += event;
    for (const Field& field : fields) {
      line += ' ';
      line += field.name();
      line += '=';
      if (field.is_number()) {
        line += std::to_string(field.number());
      } else if (is_plain(field.text())) {
        line += field.text();
      } else {
        quote(line, field.text());
      }
    }
  }
  sink().log(
      level == Level::error || level == Level::warning ? spdlog::level::warn : spdlog::level::info,
      line);
}

}  // namespace fumi::log
