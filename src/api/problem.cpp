#include "api/problem.h"

#include <algorithm>
#include <array>

#include "api/schema.h"
#include "base/log.h"

namespace fumi::api {
namespace {

constexpr std::string_view kTypePrefix = "urn:fumi:problem:";

struct ProblemBody {
  std::string type, title;
  int status = 0;
  std::string detail;
  std::optional<std::string> field, pointer;
};

void describe(Schema<ProblemBody>& s) {
  s.named("Problem", "What went wrong (RFC 9457).");
  s.field(&ProblemBody::type, "type", "Names the kind of problem.")
      .example("urn:fumi:problem:not-found");
  s.field(&ProblemBody::title, "title", "The kind of problem in words.");
  s.field(&ProblemBody::status, "status", "The HTTP status.").range(400, 599);
  s.field(&ProblemBody::detail, "detail", "This problem in words.");
  s.field(&ProblemBody::field, "field", "The request's field that is to blame.");
  s.field(&ProblemBody::pointer, "pointer", "The same as a JSON Pointer into the body.")
      .example("/recipients/2/address");
}

Problem make(int status, std::string_view type, std::string_view title, std::string detail) {
  return {status,
          std::string(kTypePrefix) + std::string(type),
          std::string(title),
          std::move(detail),
          "",
          ""};
}

struct Title {
  std::string_view type;
  std::string_view japanese;
};
constexpr std::array kTitles{
    Title{"invalid", "リクエストに誤りがあります"},
    Title{"not-found", "見つかりません"},
    Title{"conflict", "すでに存在するか、変更されています"},
    Title{"denied", "権限がありません"},
    Title{"unauthenticated", "認証情報がないか、正しくありません"},
    Title{"quota", "空き容量がありません"},
    Title{"too-large", "上限を超えています"},
    Title{"rate-limited", "回数が多すぎます"},
    Title{"unsupported", "この操作には対応していません"},
    Title{"unavailable", "現在利用できません。あとでもう一度お試しください"},
    Title{"storage-full", "サーバーのディスクに空きがありません"},
    Title{"timeout", "時間切れです"},
    Title{"internal", "サーバー内部のエラーです"},
    Title{"in-use", "キーが使用中です"},
    Title{"key-reused", "キーが別のリクエストで使われています"},
    Title{"changed", "読み取り後に変更されています"}};

std::string title_in(const Problem& problem, Language language) {
  if (language == Language::english) return problem.title;
  const std::string_view type = std::string_view(problem.type).substr(kTypePrefix.size());
  const auto found = std::ranges::find(kTitles, type, &Title::type);
  return found == kTitles.end() ? problem.title : std::string(found->japanese);
}

// "recipients[2].address" as "/recipients/2/address" (RFC 6901 §3).
std::string pointer_of(std::string_view field) {
  std::string out = "/";
  for (const char c : field) {
    if (c == '.' || c == '[')
      out += '/';
    else if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else if (c != ']')
      out += c;
  }
  return out;
}

}  // namespace

Language language_of(const http::Request& request) {
  const bool japanese =
      http::prefers_language(request.headers.value("Accept-Language"), "ja", "en");
  return japanese ? Language::japanese : Language::english;
}

Problem to_http(const Error& error) {
  const std::string& detail = error.detail;
  switch (error.code) {
    case Code::invalid:
      return make(400, "invalid", "The request is wrong", detail);
    case Code::not_found:
      return make(404, "not-found", "There is no such thing", detail);
    case Code::conflict:
      return make(409, "conflict", "It exists already or has changed", detail);
    case Code::denied:
      return make(403, "denied", "You may not do this", detail);
    case Code::unauthenticated:
      return make(401, "unauthenticated", "Credentials are missing or wrong", detail);
    case Code::quota:
      return make(507, "quota", "There is no room left", detail);
    case Code::too_large:
      return make(413, "too-large", "It is over a limit", detail);
    case Code::rate_limited:
      return make(429, "rate-limited", "Too much at once", detail);
    case Code::unsupported:
      return make(501, "unsupported", "This is not done here", detail);
    case Code::unavailable:
    case Code::cancelled:
      return make(503, "unavailable", "Not now, try again", "a part of the server is away");
    case Code::storage_full:
      return make(507, "storage-full", "The server's disk is full", "try again later");
    case Code::timeout:
      return make(504, "timeout", "It took too long", "try again");
    case Code::peer_gone:
    case Code::corrupt:
    case Code::internal:
      break;
  }
  log::error("api", "an internal error was answered", {{"why", error.text()}});
  return make(500, "internal", "The server failed", "the server's log tells more");
}

Problem to_http(const FieldProblem& problem) {
  Problem out = make(400, "invalid", "The request is wrong",
                     problem.field.empty() ? problem.what : problem.field + " " + problem.what);
  out.field = problem.field;
  if (!problem.what_ja.empty())
    out.detail_ja =
        problem.field.empty() ? problem.what_ja : problem.field + ": " + problem.what_ja;
  return out;
}

http::Response problem_response(const Problem& problem, Language language) {
  const bool japanese = language == Language::japanese && !problem.detail_ja.empty();
  ProblemBody body;
  body.type = problem.type;
  body.title = title_in(problem, language);
  body.status = problem.status;
  body.detail = japanese ? problem.detail_ja : problem.detail;
  if (!problem.field.empty()) {
    body.field = problem.field;
    body.pointer = pointer_of(problem.field);
  }
  http::Response response;
  response.status = problem.status;
  response.headers.add("Content-Type", "application/problem+json");
  if (problem.status == 401) response.headers.add("WWW-Authenticate", "Bearer realm=\"fumi\"");
  if (problem.status == 429 || problem.status == 503) response.headers.add("Retry-After", "5");
  response.body = write_json(to_json(body));
  return response;
}

const SchemaInfo& problem_schema() { return info_of<ProblemBody>(); }

}  // namespace fumi::api
