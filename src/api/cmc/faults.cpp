#include "api/cmc/faults.h"

#include "api/json.h"

namespace fumi::cmc {
namespace {

struct Row {
  Fault::Kind kind;
  const char* code;
  int status;
  const char* en;  // %: the detail
  const char* ja;
};

constexpr Row kRows[] = {
    {Fault::Kind::missing, "10-001", 400, "The parameter is required.", "パラメータは必須です。"},
    {Fault::Kind::too_long, "11-001", 400, "The value is too long (at most %).",
     "値が長すぎます(上限 %)。"},
    {Fault::Kind::too_many, "11-002", 400, "There are too many values (at most %).",
     "指定できる件数(%)を超えています。"},
    {Fault::Kind::wrong_format, "11-006", 400, "The parameter has a wrong format: %",
     "パラメータの形式が正しくありません: %"},
    {Fault::Kind::unauthenticated, "13-001", 401, "api_user or api_key is wrong.",
     "api_user または api_key が正しくありません。"},
    {Fault::Kind::not_permitted, "13-002", 403, "This API user may not use the sending API.",
     "このAPIユーザーには送信APIの利用が許可されていません。"},
    {Fault::Kind::too_busy, "13-003", 429,
     "Too many connections at once for this API user (at most %).",
     "このAPIユーザーの同時接続数の上限(%)を超えています。"},
    {Fault::Kind::refused, "13-004", 400, "The message can not be sent: %",
     "メールを送信できません: %"},
    {Fault::Kind::no_dkim, "13-006", 400,
     "Can not send email with specified from address (%). Please set up DKIM for its domain.",
     "指定されたFromアドレス(%)では送信できません。ドメインのDKIMを設定してください。"},
    {Fault::Kind::temporary, "90-001", 503,
     "Temporary failure on our side. Please try again later.",
     "一時的な障害が発生しました。しばらくしてから再度お試しください。"},
};

const Row& row_of(Fault::Kind kind) {
  for (const Row& row : kRows) {
    if (row.kind == kind) return row;
  }
  return kRows[std::size(kRows) - 1];
}

}  // namespace

int Fault::http_status() const { return row_of(kind).status; }

std::string Fault::code() const { return row_of(kind).code; }

std::string Fault::message(Language language) const {
  std::string text = language == Language::ja ? row_of(kind).ja : row_of(kind).en;
  const std::size_t at = text.find('%');
  if (at != std::string::npos) text.replace(at, 1, detail);
  return text;
}

std::string xml_escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n') out += c;
    }
  }
  return out;
}

std::string write_fault(const Fault& fault, Language language, Format format) {
  const std::string message = fault.message(language);
  if (format == Format::xml) {
    return R"(<?xml version="1.0" encoding="UTF-8" standalone="yes"?>)"
           "<errors><error><code>" +
           fault.code() + "</code><field>" + xml_escape(fault.field) + "</field><message>" +
           xml_escape(message) + "</message></error></errors>";
  }
  api::Json error;
  error.set("code", fault.code()).set("field", fault.field).set("message", message);
  api::Json answer;
  answer.set("errors", api::JsonArray{std::move(error)});
  return api::write_json(answer, api::Layout::compact, api::Angles::escaped);
}

}  // namespace fumi::cmc
