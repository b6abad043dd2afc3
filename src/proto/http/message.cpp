#include "proto/http/message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"

namespace fumi::http {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods{{
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::put, "PUT"},
    {Method::patch, "PATCH"},
    {Method::delete_, "DELETE"},
    {Method::options, "OPTIONS"},
}};

// tchar of RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMore = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return ascii::is_alnum(c) || kMore.find(c) != std::string_view::npos;
  });
}

// q=0.5 in thousandths; no q is 1000.
int quality(std::string_view parameters) {
  for (const std::string_view piece : ascii::split(parameters, ';')) {
    const std::string_view parameter = ascii::trim(piece);
    if (!ascii::istarts_with(parameter, "q=")) continue;
    int whole = 0;
    const std::string_view number = parameter.substr(2);
    std::string digits;
    for (const char c : number)
      if (ascii::is_digit(c)) digits += c;
    digits.resize(4, '0');
    std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    return std::min(whole, 1000);
  }
  return 1000;
}

// Quality of a language by the most exact range that names it; 0: none does.
int quality_of(std::string_view accept, std::string_view language) {
  int named = -1;
  int any = 0;
  for (const std::string_view item : ascii::split(accept, ',')) {
    const std::size_t semicolon = item.find(';');
    const std::string_view range = ascii::trim(item.substr(0, semicolon));
    const int q = semicolon == std::string_view::npos ? 1000 : quality(item.substr(semicolon + 1));
    if (range == "*") any = std::max(any, q);
    const bool same = ascii::istarts_with(range, language) &&
                      (range.size() == language.size() || range[language.size()] == '-');
    if (same) named = std::max(named, q);
  }
  return named >= 0 ? named : any;
}

// The value behind "name=": a token or a quoted-string (RFC 9110 §5.6.4). Takes it off `rest`.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest[0] != '"') {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    value = ascii::trim(rest.substr(0, end));
    rest.remove_prefix(end);
    if (!is_token(value)) return std::nullopt;
    return value;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  if (i == rest.size()) return std::nullopt;
  rest.remove_prefix(i + 1);
  return value;
}

}  // namespace

std::string_view to_string(Method method) { return kMethods[std::size_t(method)].second; }

std::optional<Method> method_of(std::string_view name) {
  for (const auto& [method, text] : kMethods)
    if (text == name) return method;
  return std::nullopt;
}

void Fields::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const Field& field) { return ascii::iequals(field.name, name); });
  add(std::string(name), std::move(value));
}

const std::string* Fields::find(std::string_view name) const {
  for (const Field& field : fields_)
    if (ascii::iequals(field.name, name)) return &field.value;
  return nullptr;
}

std::string_view Fields::value(std::string_view name) const {
  const std::string* found = find(name);
  return found ? std::string_view(*found) : std::string_view();
}

std::size_t Fields::count(std::string_view name) const {
  return std::size_t(std::ranges::count_if(
      fields_, [&](const Field& field) { return ascii::iequals(field.name, name); }));
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
  for (const Field& field : fields_) {
    if (!ascii::iequals(field.name, name)) continue;
    for (const std::string_view item : ascii::split(field.value, ','))
      if (ascii::iequals(ascii::trim(item), token)) return true;
  }
  return false;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const Parameter& each : query)
    if (each.name == name) return each.value;
  return std::nullopt;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

std::string_view MediaType::parameter(std::string_view name) const {
  for (const Parameter& each : parameters)
    if (each.name == name) return each.value;
  return {};
}

std::optional<MediaType> media_type(std::string_view value) {
  MediaType out;
  std::size_t end = std::min(value.find(';'), value.size());
  out.type = ascii::to_lower(ascii::trim(value.substr(0, end)));
  const std::size_t slash = out.type.find('/');
  if (slash == std::string::npos || !is_token(std::string_view(out.type).substr(0, slash)) ||
      !is_token(std::string_view(out.type).substr(slash + 1)))
    return std::nullopt;
  std::string_view rest = value.substr(end);
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the semicolon
    while (!rest.empty() && ascii::is_space(rest[0]))
      rest.remove_prefix(1);
    if (rest.empty() || rest[0] == ';') continue;  // "; ;" and a trailing ";" do no harm
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string name = ascii::to_lower(ascii::trim(rest.substr(0, equals)));
    if (!is_token(name)) return std::nullopt;
    rest.remove_prefix(equals + 1);
    auto taken = take_value(rest);
    if (!taken) return std::nullopt;
    out.parameters.push_back({std::move(name), std::move(*taken)});
    while (!rest.empty() && ascii::is_space(rest[0]))
      rest.remove_prefix(1);
    if (!rest.empty() && rest[0] != ';') return std::nullopt;
  }
  return out;
}

bool prefers_language(std::string_view accept_language, std::string_view language,
                      std::string_view other) {
  const int wanted = quality_of(accept_language, language);
  const int instead = quality_of(accept_language, other);
  if (wanted == 0 || wanted < instead) return false;
  if (wanted > instead) return true;
  // Equal: the one that is named first.
  const std::string lower = ascii::to_lower(accept_language);
  const std::size_t first = lower.find(language);
  return first != std::string::npos && first < lower.find(other);
}

}  // namespace fumi::http
