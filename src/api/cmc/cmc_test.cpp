// The request and answer shapes that the public client libraries force (customers-mail-cloud §1.3).
#include <doctest/doctest.h>

#include "api/cmc/parameters.h"

namespace fumi::cmc {
namespace {

http::Request json_request(std::string body) {
  http::Request request;
  request.method = http::Method::post;
  request.headers.set("Content-Type", "application/json; charset=UTF-8");
  request.body = std::move(body);
  return request;
}

http::Request multipart_request(std::initializer_list<std::pair<std::string, std::string>> fields,
                                std::string raw_parts = {}) {
  http::Request request;
  request.method = http::Method::post;
  request.headers.set("Content-Type", "multipart/form-data; boundary=xyz");
  for (const auto& [name, value] : fields) {
    request.body +=
        "--xyz\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  request.body += raw_parts + "--xyz--\r\n";
  return request;
}

service::SendRequest good(const http::Request& request) {
  auto parameters = read_parameters(request);
  if (!parameters) FAIL(parameters.error().message(Language::en));
  auto read = read_send_request(std::move(*parameters));
  if (!read) FAIL(read.error().message(Language::en));
  return std::move(*read);
}

Fault bad(const http::Request& request) {
  auto parameters = read_parameters(request);
  if (!parameters) return parameters.error();
  auto read = read_send_request(std::move(*parameters));
  REQUIRE_FALSE(read.has_value());
  return read.error();
}

constexpr const char* kRest =
    R"("from":{"name":"送信","address":"a@b.example"},"subject":"件名","text":"本文")";

TEST_CASE("addresses come as bare text, object, list, or any of them as JSON text") {
  for (const char* to : {R"("x@y.example")", R"({"name":"X","address":"x@y.example"})",
                         R"([{"name":"X","address":"x@y.example"}])",
                         R"("[{\"name\":\"X\",\"address\":\"x@y.example\"}]")",
                         R"([{"address":"x@y.example","company":"merge keys are ignored"}])"}) {
    CAPTURE(to);
    const auto request = good(json_request("{\"to\":" + std::string(to) + "," + kRest + "}"));
    REQUIRE(request.to.size() == 1);
    CHECK(request.to.front().address == "x@y.example");
    CHECK(request.from.name == "送信");
    CHECK(request.subject == "件名");
  }
}

TEST_CASE("a list of plain addresses is refused with 11-006 and the field's name") {
  const Fault fault =
      bad(json_request(R"({"to":"x@y.example","cc":["z@y.example"],)" + std::string(kRest) + "}"));
  CHECK(fault.code() == "11-006");
  CHECK(fault.field == "cc");
}

TEST_CASE("empty text, null, empty lists and unknown parameters count as absent") {
  const auto request = good(json_request(
      R"({"to":"x@y.example","cc":[],"bcc":null,"html":"","envfrom":"","reply_to":{"a":1},)" +
      std::string(kRest) + "}"));
  CHECK(request.cc.empty());
  CHECK(request.bcc.empty());
  CHECK_FALSE(request.html.has_value());
  CHECK(request.envelope_from.empty());
}

TEST_CASE("replyto is an object or a bare address; headers a list or a map") {
  const auto list =
      good(json_request(R"({"to":"x@y.example","replyto":{"name":"R","address":"r@b.example"},)"
                        R"("headers":[{"name":"X-Api-Data","value":"order-1"}],)" +
                        std::string(kRest) + "}"));
  REQUIRE(list.reply_to.has_value());
  CHECK(list.reply_to->address == "r@b.example");
  REQUIRE(list.headers.size() == 1);
  CHECK(list.headers.front().value == "order-1");
  const auto map = good(json_request(
      R"({"to":"x@y.example","replyto":"r@b.example","headers":{"X-Api-Data":"order-2"},)" +
      std::string(kRest) + "}"));
  CHECK(map.reply_to->address == "r@b.example");
  CHECK(map.headers.front().name == "X-Api-Data");
}

TEST_CASE("multipart: JSON text in fields, files counted by attachments") {
  const auto request = good(multipart_request(
      {{"to", R"([{"name":"","address":"x@y.example"}])"},
       {"from", R"({"name":"","address":"a@b.example"})"},
       {"subject", "s"},
       {"text", "t"},
       {"attachments", "1"}},
      "--xyz\r\nContent-Disposition: form-data; name=\"attachment1\"; filename=\"請求書.pdf\"\r\n"
      "Content-Type: application/pdf\r\n\r\n%PDF\r\n"));
  REQUIRE(request.files.size() == 1);
  CHECK(request.files.front().name == "請求書.pdf");
  CHECK(request.files.front().type == "application/pdf");
  CHECK(request.files.front().bytes == "%PDF");
}

TEST_CASE("what is missing, too many or too long is named") {
  struct Row {
    std::string body;
    const char* code;
    const char* field;
  };
  std::string eleven = "[";
  for (int i = 0; i < 11; ++i) {
    eleven += (i == 0 ? "" : ",") + std::string(R"({"name":"","address":"x@y.example"})");
  }
  eleven += "]";
  const Row rows[] = {
      {R"({"from":"a@b.example","subject":"s","text":"t"})", "10-001", "to"},
      {R"({"to":"x@y.example","from":"a@b.example","text":"t"})", "10-001", "subject"},
      {R"({"to":"x@y.example","from":"a@b.example","subject":"s"})", "10-001", "text"},
      {"{\"to\":" + eleven + "," + kRest + "}", "11-002", "to"},
      {R"({"to":"x@y.example","charset":"Shift_JIS",)" + std::string(kRest) + "}", "11-006",
       "charset"},
      {R"({"to":"x@y.example","attachments":"2",)" + std::string(kRest) + "}", "10-001",
       "attachment1"},
      {R"({"to":"x@y.example","attachments":11,)" + std::string(kRest) + "}", "11-002",
       "attachments"},
      {R"({"to":"x@y.example","from":"a@b.example","text":"t","subject":")" +
           std::string(513, 'x') + "\"}",
       "11-001", "subject"},
      {"[]", "11-006", ""},
      {"{", "11-006", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const Fault fault = bad(json_request(row.body));
    CHECK(fault.code() == row.code);
    CHECK(fault.field == row.field);
  }
}

TEST_CASE("errors hold one key, strings only, in the caller's language, angles escaped") {
  const Fault fault{Fault::Kind::no_dkim, "", "<a@b.example>"};
  CHECK(fault.http_status() == 400);
  CHECK(
      write_fault(fault, Language::en, Format::json) ==
      R"({"errors":[{"code":"13-006","field":"","message":"Can not send email with specified from )"
      R"(address (\u003Ca@b.example\u003E). Please set up DKIM for its domain."}]})");
  CHECK(write_fault(fault, Language::ja, Format::json).find("DKIMを設定") != std::string::npos);
  CHECK(
      write_fault(fault, Language::en, Format::xml) ==
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"
      "<errors><error><code>13-006</code><field></field><message>Can not send email with specified "
      "from address (&lt;a@b.example&gt;). Please set up DKIM for its domain.</message></error>"
      "</errors>");
}

}  // namespace
}  // namespace fumi::cmc
