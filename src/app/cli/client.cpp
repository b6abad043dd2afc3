#include "app/cli/client.h"

#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "api/field.h"
#include "base/ascii.h"
#include "codec/utf8.h"
#include "config/values.h"
#include "proto/http/target.h"

namespace fumi::app {
namespace {

constexpr std::size_t kSecretOctetsMax = 64 * 1024;

std::optional<std::string> read_all(std::istream& in) {
  std::string content(kSecretOctetsMax + 1, '\0');
  in.read(content.data(), std::streamsize(content.size()));
  content.resize(std::size_t(in.gcount()));
  if (in.bad() || content.size() > kSecretOctetsMax) return std::nullopt;
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r'))
    content.pop_back();
  return content;
}

// One line from the terminal without echo.
std::optional<std::string> ask(const std::string& prompt) {
  std::fputs(prompt.c_str(), stderr);
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return std::nullopt;
  termios quiet = before;
  quiet.c_lflag &= ~tcflag_t(ECHO);
  if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0) return std::nullopt;
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar())
    if (line.size() < kSecretOctetsMax) line += char(c);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputc('\n', stderr);
  return line;
}

bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
         (c >= 0x20000 && c <= 0x3fffd);
}

// What a peer or a user wrote may hold terminal escapes.
std::string harmless(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    const char32_t c = codec::take_code_point(raw);
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
                         (c >= 0x2066 && c <= 0x2069);
    codec::append_utf8(out, control ? U' ' : c);
  }
  return out;
}

}  // namespace

std::string with_query(std::string path, const Query& query) {
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path += separator + name + "=" + http::percent_encode(value);
    separator = '&';
  }
  return path;
}

std::string path_of(std::string_view prefix, std::string_view name, std::string_view suffix) {
  return std::string(prefix) + http::percent_encode(name) + std::string(suffix);
}

ClientContext ClientContext::from_environment() {
  ClientContext context;
  if (const char* url = std::getenv("FUMI_URL"); url != nullptr && *url != '\0') context.url = url;
  while (context.url.ends_with('/'))
    context.url.pop_back();
  if (const char* token = std::getenv("FUMI_TOKEN")) context.token = Secret(token);
  context.language = language_of_environment();
  context.out = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  context.error = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
  return context;
}

bool Client::load_token() {
  if (!options_.token_file.empty()) {
    std::ifstream file(options_.token_file, std::ios::binary);
    auto token = file ? read_all(file) : std::nullopt;
    if (!token || token->empty()) {
      refuse(word(Text::unreadable_token_file) + ": " + options_.token_file, kExitUsage);
      return false;
    }
    context_.token = Secret(std::move(*token));
  }
  if (!context_.token.empty()) return true;
  refuse(word(Text::no_token), kExitUsage);
  return false;
}

Result<HttpAnswer> Client::send(const HttpCall& call) {
  if (context_.send) return context_.send(call);
  return HttpClient(context_.url, context_.token).send(call);
}

std::optional<api::Json> Client::call(const std::string& method, const std::string& path,
                                      const api::Json& body, Duration most) {
  HttpCall call;
  call.method = method;
  call.path = "/api/admin/v1" + path;
  if (!body.is_null()) call.body = api::write_json(body);
  call.most = most;
  return exchange(std::move(call));
}

std::optional<api::Json> Client::upload(const std::string& path, std::string body, std::string type,
                                        Duration most) {
  HttpCall call;
  call.method = "POST";
  call.path = "/api/admin/v1" + path;
  call.body = std::move(body);
  call.type = std::move(type);
  call.most = most;
  return exchange(std::move(call));
}

std::optional<api::Json> Client::exchange(HttpCall call) {
  if (!load_token()) return std::nullopt;
  const Result<HttpAnswer> answer = send(call);
  if (!answer) {
    refuse(word(Text::unreachable) + ": " + answer.error().text());
    return std::nullopt;
  }
  if (answer->status < 200 || answer->status > 299) {
    refuse_answer(*answer);
    return std::nullopt;
  }
  if (answer->body.empty()) return api::Json();
  auto json = api::parse_json(answer->body);
  if (!json) {
    refuse(word(Text::bad_answer));
    return std::nullopt;
  }
  return std::move(*json);
}

bool Client::download(const std::string& path, std::function<Status(std::string_view)> sink) {
  if (!load_token()) return false;
  HttpCall call;
  call.method = "GET";
  call.path = "/api/admin/v1" + path;
  call.sink = std::move(sink);
  const Result<HttpAnswer> answer = send(call);
  if (!answer) {
    refuse(answer.error().text());
    return false;
  }
  if (answer->status == 200) return true;
  refuse_answer(*answer);
  return false;
}

void Client::refuse_answer(const HttpAnswer& answer) {
  const auto problem = api::parse_json(answer.body);
  if (!problem || problem->text("title").empty()) {
    refuse(word(Text::bad_answer) + " (HTTP " + std::to_string(answer.status) + ")");
    return;
  }
  if (json()) print_json(*problem);
  std::string why(problem->text("title"));
  if (!problem->text("detail").empty()) why += ": " + std::string(problem->text("detail"));
  refuse(harmless(why));
}

std::optional<std::vector<api::Json>> Client::list(const std::string& path, Query query) {
  std::vector<api::Json> items;
  query.emplace_back("after", "");
  for (;;) {
    const auto page = call("GET", with_query(path, query));
    if (!page) return std::nullopt;
    const api::Json* found = page->find("items");
    if (found == nullptr || found->array() == nullptr) {
      refuse(word(Text::bad_answer));
      return std::nullopt;
    }
    for (const api::Json& item : *found->array()) {
      if (json()) print_json(item);
      items.push_back(item);
    }
    query.back().second = page->text("next");
    if (query.back().second.empty()) break;
  }
  if (json()) return std::nullopt;
  return items;
}

void Client::print(std::string_view line) { context_.out(harmless(line) + "\n"); }
void Client::print_json(const api::Json& value) { context_.out(api::write_json(value) + "\n"); }
void Client::note(std::string_view line) { context_.error("fumi: " + harmless(line) + "\n"); }

void Client::tell(const api::Json& answer, std::string_view name, Text done) {
  if (!json())
    print(std::string(name) + ": " + word(done));
  else if (!answer.is_null())
    print_json(answer);
}

void Client::refuse(std::string_view why, int status) {
  note(why);
  context_.status = status;
}

void Client::fail_quietly() { context_.status = kExitRefused; }

void Client::table(const std::vector<std::string>& heads,
                   std::vector<std::vector<std::string>> rows) {
  rows.insert(rows.begin(), heads);
  std::vector<std::size_t> widths(heads.size(), 0);
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = harmless(row[i]);
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - display_width(row[i]) + 2, ' ');
    }
    print(line);
  }
}

std::optional<std::string> Client::read_password(const std::string& file) {
  if (!file.empty()) {
    std::optional<std::string> password;
    if (file == "-") {
      std::string content;
      for (int c = std::getchar(); c != EOF && content.size() <= kSecretOctetsMax;
           c = std::getchar())
        content += char(c);
      while (!content.empty() && (content.back() == '\n' || content.back() == '\r'))
        content.pop_back();
      password = std::move(content);
    } else {
      std::ifstream in(file, std::ios::binary);
      if (in) password = read_all(in);
    }
    if (!password || password->empty()) {
      refuse(word(Text::unreadable_password) + ": " + file, kExitUsage);
      return std::nullopt;
    }
    return password;
  }
  if (::isatty(STDIN_FILENO) == 0) {
    refuse(word(Text::no_terminal), kExitUsage);
    return std::nullopt;
  }
  auto first = ask(word(Text::ask_password));
  auto second = first ? ask(word(Text::ask_password_again)) : std::nullopt;
  if (!first || !second) {
    refuse(word(Text::unreadable_password), kExitUsage);
    return std::nullopt;
  }
  if (*first != *second) {
    refuse(word(Text::passwords_differ), kExitUsage);
    return std::nullopt;
  }
  return first;
}

std::string local_time(std::string_view rfc3339) {
  const auto micros = api::parse_rfc3339_micros(rfc3339);
  if (!micros) return std::string(rfc3339);
  const std::time_t seconds = *micros / 1'000'000;
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return std::string(rfc3339);
  char buffer[64];
  const std::size_t octets = std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &parts);
  return {buffer, octets};
}

std::optional<std::string> parse_since(const std::string& text, Instant now) {
  if (const auto ago = config::parse_duration(text)) return to_rfc3339(now - *ago);
  if (!api::parse_rfc3339_micros(text)) return std::nullopt;
  if (text.size() != 10) return text;
  std::tm parts{};  // a date: midnight where the person sits
  if (::strptime(text.c_str(), "%Y-%m-%d", &parts) == nullptr) return std::nullopt;
  parts.tm_isdst = -1;
  return to_rfc3339(from_micros(std::int64_t(std::mktime(&parts)) * 1'000'000));
}

std::string human_octets(std::int64_t octets) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = double(octets);
  std::size_t unit = 0;
  for (; value >= 1024 && unit < 4; ++unit)
    value /= 1024;
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return buffer;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty())
    width += is_wide(codec::take_code_point(text)) ? 2 : 1;
  return width;
}

}  // namespace fumi::app
