// Runs tests/wire/jmap/*.t in memory; the format is described in tests/wire/jmap/README.md. The
// same scripts run over TCP against the server.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "api/jmap/methods.h"
#include "api/jmap/testing/jmap_world.h"
#include "base/source_dir.h"

namespace fumi::jmap::testing {
namespace {

struct Line {
  int number = 0;
  std::string kind;  // "C", "S", "B*65" …
  std::string text;
};

std::vector<Line> read_script(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Line> lines;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (text.empty() || text.front() == '#') continue;
    if (text.front() == ' ') {
      REQUIRE_FALSE(lines.empty());
      lines.back().text += text;
      continue;
    }
    const std::size_t colon = text.find(": ");
    REQUIRE_MESSAGE(colon != std::string::npos, path.string(), ":", number);
    lines.push_back({number, text.substr(0, colon), text.substr(colon + 2)});
  }
  return lines;
}

class Script {
 public:
  Script(JmapWorld& world, const std::filesystem::path& path)
      : w_(world), file_(path.filename().string()), lines_(read_script(path)) {
    known_ = {
        {"account", w_.account_id()}, {"me", "hanako@acme.example"}, {"other", w_.rival.text()}};
  }

  void run() {
    for (std::size_t at = 0; at < lines_.size();) {
      const std::size_t before = at;
      if (lines_[at].kind == "C")
        at = calls(at);
      else
        at = body(at);
      REQUIRE_MESSAGE(at > before, where(at), "this line has no place here");
    }
  }

 private:
  [[nodiscard]] std::string where(std::size_t at) const {
    return file_ + ":" + std::to_string(lines_[std::min(at, lines_.size() - 1)].number) + " ";
  }

  std::string meaning(const std::string& text) {
    std::string out = text;
    for (const auto& [name, value] : known_) {
      const std::string token = "{{" + name + "}}";
      for (std::size_t i = out.find(token); i != std::string::npos; i = out.find(token, i))
        out.replace(i, token.size(), value);
    }
    return out;
  }

  Json parse(std::size_t at, const std::string& text) {
    auto json = codec::parse_json(text);
    REQUIRE_MESSAGE(json.has_value(), where(at), "no JSON: ", text);
    return std::move(*json);
  }

  std::size_t calls(std::size_t at) {
    JsonArray invocations;
    std::size_t call = at;
    for (; call < lines_.size() && lines_[call].kind == "C"; ++call) {
      const std::string text = meaning(lines_[call].text);
      REQUIRE_MESSAGE(text.find("{{") == std::string::npos, where(call), text);
      Json invocation = parse(call, text);
      invocation.array()->emplace_back(std::to_string(call - at));
      invocations.push_back(std::move(invocation));
    }
    JsonArray uses;
    for (const std::string& name : w_.api.capabilities())
      uses.emplace_back(name);
    Json request = JsonObject{{"using", std::move(uses)}, {"methodCalls", std::move(invocations)}};
    const http::Response response =
        w_.http("POST", "/jmap/api", codec::write_json(request), w_.login());
    REQUIRE_MESSAGE(response.status == 200, where(at), response.body);
    const Json answer = parse(at, response.body);
    const JsonArray& responses = *answer.find("methodResponses")->array();
    std::size_t line = call;
    for (const Json& each : responses) {
      const bool named = line < lines_.size() && lines_[line].kind == "S";
      REQUIRE_MESSAGE(named, where(line), "not named: ", codec::write_json(each));
      Json told = JsonArray{each.array()->at(0), each.array()->at(1)};
      expect(line, told);
      ++line;
    }
    return line;
  }

  std::size_t body(std::size_t at) {
    std::string type = "application/json";
    if (lines_[at].kind == "T") type = lines_[at++].text;
    const Line& line = lines_.at(at);
    REQUIRE_MESSAGE(line.kind.starts_with('B'), where(at), "a body");
    std::string text = meaning(line.text);
    if (line.kind.size() > 2) {
      std::string many;
      for (int i = std::stoi(line.kind.substr(2)); i > 0; --i)
        many += text + (i > 1 ? "," : "");
      text = R"({"using":["urn:ietf:params:jmap:core"],"methodCalls":[)" + many + "]}";
    }
    JmapWorld::Headers headers = w_.login();
    headers.emplace_back("Content-Type", type);
    const http::Response response = w_.http("POST", "/jmap/api", text, headers);
    const std::size_t expected = at + 1;
    REQUIRE_MESSAGE((expected < lines_.size() && lines_[expected].kind == "E"), where(expected));
    const std::string& pattern = lines_[expected].text;
    CHECK_MESSAGE(std::to_string(response.status) == pattern.substr(0, 3), where(expected));
    const Json told = parse(expected, response.body);
    const Json wanted = parse(expected, pattern.substr(4));
    CHECK_MESSAGE(matches(wanted, told), where(expected), response.body);
    return expected + 1;
  }

  void expect(std::size_t at, const Json& told) {
    const Json wanted = parse(at, lines_[at].text);
    CHECK_MESSAGE(matches(wanted, told), where(at), codec::write_json(told));
  }

  bool matches(const Json& wanted, const Json& told) {
    if (const std::string* text = wanted.string()) return matches_text(*text, told);
    if (wanted.object() != nullptr) {
      return told.object() != nullptr &&
             std::ranges::all_of(*wanted.object(), [&](const JsonMember& member) {
               const Json* value = told.find(meaning(member.name));
               return value != nullptr && matches(member.value, *value);
             });
    }
    if (wanted.array() != nullptr) return matches_array(*wanted.array(), told.array());
    return wanted == told;
  }

  bool matches_text(const std::string& text, const Json& told) {
    if (text == "*") return true;
    const bool variable = text.starts_with("{{") && text.ends_with("}}");
    const std::string name = variable ? text.substr(2, text.size() - 4) : "";
    if (variable && !known_.contains(name) && told.string() != nullptr) {
      known_[name] = *told.string();
      return true;
    }
    return told.string() != nullptr && *told.string() == meaning(text);
  }

  bool matches_array(const JsonArray& wanted, const JsonArray* told) {
    if (told == nullptr) return false;
    const bool some = !wanted.empty() && wanted.front() == Json("...");
    if (!some && wanted.size() != told->size()) return false;
    for (std::size_t i = some ? 1 : 0; i < wanted.size(); ++i) {
      const auto fits = [&](const Json& each) {
        const auto kept = known_;
        if (matches(wanted[i], each)) return true;
        known_ = kept;  // a name that only half an element gave
        return false;
      };
      if (some ? std::ranges::none_of(*told, fits) : !fits((*told)[i])) return false;
    }
    return true;
  }

  JmapWorld& w_;
  std::string file_;
  std::vector<Line> lines_;
  std::map<std::string, std::string> known_;
};

TEST_CASE("wire scripts") {
  int scripts = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(fumi::testing::source_dir() / "tests/wire/jmap")) {
    if (entry.path().extension() != ".t") continue;
    ++scripts;
    CAPTURE(entry.path().string());
    JmapWorld world;
    Script script(world, entry.path());
    script.run();
  }
  CHECK(scripts >= 7);
}

// Every method is in a script.
TEST_CASE("each method that there is has its place in a wire script") {
  std::string all;
  for (const auto& entry :
       std::filesystem::directory_iterator(fumi::testing::source_dir() / "tests/wire/jmap")) {
    std::ifstream file(entry.path());
    all += std::string(std::istreambuf_iterator<char>(file), {});
  }
  for (const auto table :
       {core_methods, mailbox_methods, email_methods, query_methods, set_methods, identity_methods,
        submission_methods, blob_methods, contact_methods, push_methods}) {
    for (const Method& method : table()) {
      CAPTURE(method.name);
      CHECK(all.find("C: [\"" + std::string(method.name) + "\"") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace fumi::jmap::testing
