// Client: what the commands have in common: calls, errors, tables. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "app/cli/commands.h"

namespace fumi::app {

inline constexpr int kExitDone = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsage = 2;

// Options that every client command takes.
struct CommonOptions {
  bool json = false;
  std::string token_file;
};

using Query = std::vector<std::pair<std::string, std::string>>;
// "/path?a=b", percent-encoded; parameters with an empty value are left out.
[[nodiscard]] std::string with_query(std::string path, const Query& query);
// "/accounts/" + the encoded address.
[[nodiscard]] std::string path_of(std::string_view prefix, std::string_view name,
                                  std::string_view suffix = {});

class Client {
 public:
  Client(ClientContext& context, CommonOptions& options) : context_(context), options_(options) {}

  // nullopt: it failed, the reason was told and the exit status set. A 204 gives null.
  std::optional<api::Json> call(const std::string& method, const std::string& path,
                                const api::Json& body = {}, Duration most = kPatience);
  // As call(), with a body that is no JSON.
  std::optional<api::Json> upload(const std::string& path, std::string body, std::string type,
                                  Duration most);
  // The answer goes to the sink.
  bool download(const std::string& path, std::function<Status(std::string_view)> sink);
  // All pages of a list; with --json each item on a line has been printed when it returns nullopt.
  std::optional<std::vector<api::Json>> list(const std::string& path, Query query);

  [[nodiscard]] bool json() const { return options_.json; }
  [[nodiscard]] bool japanese() const { return context_.language == Language::japanese; }
  [[nodiscard]] std::string word(Text which) const {
    return std::string(text(which, context_.language));
  }
  void print(std::string_view line);  // and a line end
  void print_json(const api::Json& value);
  // "acme created", or the answer with --json.
  void tell(const api::Json& answer, std::string_view name, Text done);
  void note(std::string_view line);  // to standard error
  void refuse(std::string_view why, int status = kExitRefused);
  void fail_quietly();  // exit status 1; the answer has said why
  // Columns as wide as their widest cell; East Asian characters count two.
  void table(const std::vector<std::string>& heads, std::vector<std::vector<std::string>> rows);

  // A password from a file, standard input ("-"), or the terminal ("").
  std::optional<std::string> read_password(const std::string& file);

  static constexpr Duration kPatience = std::chrono::seconds(60);

 private:
  std::optional<api::Json> exchange(HttpCall call);
  bool load_token();
  Result<HttpAnswer> send(const HttpCall& call);
  void refuse_answer(const HttpAnswer& answer);

  ClientContext& context_;
  CommonOptions& options_;
};

// "2026-11-23 10:02:03" in the machine's zone, from RFC 3339.
[[nodiscard]] std::string local_time(std::string_view rfc3339);
// "1h" ago, a local date, or RFC 3339 as it is; nullopt: none of these. `now` in UTC.
[[nodiscard]] std::optional<std::string> parse_since(const std::string& text, Instant now);
[[nodiscard]] std::string human_octets(std::int64_t octets);
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace fumi::app
