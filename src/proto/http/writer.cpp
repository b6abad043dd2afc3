#include "proto/http/writer.h"

#include <array>
#include <cstdio>

namespace fumi::http {
namespace {

void put_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value)
    out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  out += "\r\n";
}

}  // namespace

std::string http_date(Instant at) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  std::array<char, 64> buffer{};
  const int octets = std::snprintf(
      buffer.data(), buffer.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      kDays[std::chrono::weekday(day).c_encoding()], unsigned(date.day()),
      kMonths[unsigned(date.month()) - 1], int(date.year()), int(time.hours().count()),
      int(time.minutes().count()), int(time.seconds().count()));
  return {buffer.data(), std::size_t(octets)};
}

std::string write_head(const Response& response, Version version, Connection connection,
                       Framing framing, Instant now) {
  std::string out = version == Version::http10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  put_field(out, "Date", http_date(now));
  for (const Fields::Field& field : response.headers)
    put_field(out, field.name, field.value);
  const bool bodyless = response.status == 204 || response.status == 304 || response.status < 200;
  if (!bodyless && framing == Framing::length)
    put_field(out, "Content-Length", std::to_string(response.body.size()));
  if (!bodyless && framing == Framing::chunked) put_field(out, "Transfer-Encoding", "chunked");
  if (connection == Connection::close)
    put_field(out, "Connection", "close");
  else if (version == Version::http10)
    put_field(out, "Connection", "keep-alive");
  out += "\r\n";
  return out;
}

std::string chunk_head(std::size_t octets) {
  std::array<char, 32> buffer{};
  const int count = std::snprintf(buffer.data(), buffer.size(), "%zx\r\n", octets);
  return {buffer.data(), std::size_t(count)};
}

}  // namespace fumi::http
