#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/http/form.h"

using namespace fumi;
using namespace fumi::http;

namespace {

std::string part(const std::string& disposition, const std::string& value,
                 const std::string& more = "") {
  return "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n" + more + "\r\n" + value +
         "\r\n";
}

const std::string kBody = part("name=\"to\"", "[{\"address\":\"a@example\"}]") +
                          part("name=empty", "") +
                          part("name=\"attachment1\"; filename=\"日本語.txt\"",
                               "line\r\n--Cogus\r\n\r\n--", "Content-Type: text/plain\r\n") +
                          "--B--\r\nepilogue";

class Recorder final : public MultipartReader::Sink {
 public:
  Status on_part(FormField field) override {
    told += "[" + field.name + "]";
    return {};
  }
  Status on_bytes(std::string_view bytes) override {
    told += bytes;
    return {};
  }
  std::string told;
};

}  // namespace

TEST_CASE("urlencoded forms") {
  const auto fields = parse_urlencoded("a=1&b=%E6%97%A5+x&&c&d=a%3Db", {});
  REQUIRE(fields);
  REQUIRE(fields->size() == 4);
  CHECK((*fields)[1].value == "日 x");
  CHECK((*fields)[2].name == "c");
  CHECK((*fields)[2].value.empty());
  CHECK((*fields)[3].value == "a=b");
  CHECK(parse_urlencoded("", {})->empty());
  CHECK(parse_urlencoded("a=%4", {}).error().code == Code::invalid);
  FormLimits limits;
  limits.fields_max = 1;
  CHECK(parse_urlencoded("a&b", limits).error().code == Code::too_large);
  limits = {};
  limits.name_octets_max = 2;
  CHECK(parse_urlencoded("abc=1", limits).error().code == Code::too_large);
}

TEST_CASE("multipart forms") {
  const auto fields = parse_multipart("preamble\r\n" + kBody, "B", {});
  REQUIRE(fields);
  REQUIRE(fields->size() == 3);
  CHECK((*fields)[0].name == "to");
  CHECK((*fields)[0].value == "[{\"address\":\"a@example\"}]");
  CHECK_FALSE((*fields)[0].file_name);
  CHECK((*fields)[1].value.empty());
  CHECK((*fields)[2].file_name == "日本語.txt");
  CHECK((*fields)[2].content_type == "text/plain");
  CHECK((*fields)[2].value == "line\r\n--Cogus\r\n\r\n--");
}

TEST_CASE("file names as clients write them") {
  struct Case {
    std::string parameters;
    std::string expected;
  };
  const std::vector<Case> cases{
      {"filename=\"a.txt\"", "a.txt"},
      {"filename=a.txt", "a.txt"},
      {"filename=\"C:\\docs\\a.txt\"", "a.txt"},
      {"filename=\"../../etc/passwd\"", "passwd"},
      {"filename=\"a%22b.txt\"", "a\"b.txt"},
      {"filename=\"a\\\"b.txt\"", "a\"b.txt"},
      {"filename=\"100%.txt\"", "100%.txt"},
      {"filename=\"\"", ""},
      {"filename=\"x\"; filename*=UTF-8''%E6%97%A5.txt", "日.txt"},
      {"filename*=Shift_JIS''%93%FA.txt", "日.txt"},
      {"filename=\"\x93\xfa\x96\x7b\x8c\xea.txt\"", "日本語.txt"},
      {"filename=\"a;b.txt\"", "a;b.txt"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.parameters);
    const auto fields = parse_multipart(part("name=f; " + each.parameters, "x") + "--B--", "B", {});
    REQUIRE(fields);
    REQUIRE(fields->size() == 1);
    CHECK((*fields)[0].file_name == each.expected);
  }
}

TEST_CASE("multipart errors and limits") {
  CHECK(parse_multipart(part("name=a", "x"), "B", {}).error().code == Code::invalid);  // not closed
  CHECK(parse_multipart(part("filename=a", "x") + "--B--", "B", {}).error().code == Code::invalid);
  CHECK(parse_multipart("--B\r\n\r\nx\r\n--B--", "B", {}).error().code == Code::invalid);
  CHECK(parse_multipart("--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--", "B", {})
            .error()
            .code == Code::invalid);
  CHECK(parse_multipart("--B\r\nno colon\r\n\r\nx\r\n--B--", "B", {}).error().code ==
        Code::invalid);
  CHECK(parse_multipart("--Bx\r\n", "B", {}).error().code == Code::invalid);
  CHECK(parse_multipart(kBody, "", {}).error().code == Code::invalid);
  CHECK(parse_multipart(kBody, std::string(201, 'b'), {}).error().code == Code::invalid);
  FormLimits limits;
  limits.fields_max = 2;
  CHECK(parse_multipart(kBody, "B", limits).error().code == Code::too_large);
  limits = {};
  limits.part_header_octets_max = 20;
  CHECK(parse_multipart(kBody, "B", limits).error().code == Code::too_large);
  CHECK(parse_multipart("--B\r\n" + std::string(30, 'a'), "B", limits).error().code ==
        Code::too_large);
  limits = {};
  limits.name_octets_max = 3;
  CHECK(parse_multipart(kBody, "B", limits).error().code == Code::too_large);
}

TEST_CASE("a reader stays in error") {
  Recorder recorder;
  MultipartReader reader("B", {}, recorder);
  CHECK_FALSE(reader.feed("--B\r\nno colon\r\n\r\n"));
  CHECK_FALSE(reader.feed("--B--"));
  CHECK_FALSE(reader.finish());
}

TEST_CASE("any chunking tells the same parts") {
  Recorder expected;
  MultipartReader at_once("B", {}, expected);
  REQUIRE(at_once.feed(kBody));
  REQUIRE(at_once.finish());
  const bool holds = rc::check([&] {
    const auto sizes =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1, 12)));
    Recorder recorder;
    MultipartReader reader("B", {}, recorder);
    std::string_view rest = kBody;
    for (std::size_t i = 0; !rest.empty(); ++i) {
      const std::size_t size = std::min(rest.size(), sizes[i % sizes.size()]);
      RC_ASSERT(reader.feed(rest.substr(0, size)).has_value());
      rest.remove_prefix(size);
    }
    RC_ASSERT(reader.finish().has_value());
    RC_ASSERT(recorder.told == expected.told);
  });
  CHECK(holds);
}
