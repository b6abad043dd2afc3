// Structured log lines: an area, an event, and named values. Never message content, never secrets.
//
// One line of JSON (or of aligned text on a terminal) on stderr a call. Thread-safe. The facade
// hides spdlog, so that including it costs nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace fumi::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

class Field {
 public:
  Field(std::string_view name, std::string_view value) : name_(name), text_(value) {}
  Field(std::string_view name, const char* value) : name_(name), text_(value) {}
  Field(std::string_view name, const std::string& value) : name_(name), text_(value) {}
  template <class T>
    requires std::is_integral_v<T>
  Field(std::string_view name, T value)
      : name_(name), number_(std::int64_t(value)), is_number_(true) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::int64_t number() const { return number_; }
  [[nodiscard]] bool is_number() const { return is_number_; }

 private:
  std::string_view name_;
  std::string_view text_;
  std::int64_t number_ = 0;
  bool is_number_ = false;
};

using Fields = std::initializer_list<Field>;

// Sets the threshold and the format; call once at start, before threads. Default: info, text.
void configure(Level threshold, Format format);
[[nodiscard]] bool enabled(Level level);

void write(Level level, std::string_view area, std::string_view event, Fields fields);
inline void debug(std::string_view area, std::string_view event, Fields fields = {}) {
  if (enabled(Level::debug)) write(Level::debug, area, event, fields);
}
inline void info(std::string_view area, std::string_view event, Fields fields = {}) {
  write(Level::info, area, event, fields);
}
inline void warning(std::string_view area, std::string_view event, Fields fields = {}) {
  write(Level::warning, area, event, fields);
}
inline void error(std::string_view area, std::string_view event, Fields fields = {}) {
  write(Level::error, area, event, fields);
}

}  // namespace fumi::log
