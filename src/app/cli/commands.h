// The commands that are clients of the admin API, and `fumi audit verify`.
//
//   ClientContext client = ClientContext::from_environment();
//   add_client_commands(app, client);
//   CLI11_PARSE(app, argc, argv);      // usage errors: exit 2
//   return client.status;              // of the command that ran
//
// FUMI_URL (default http://127.0.0.1:8081), FUMI_TOKEN or --token-file; --json prints what the API
// answered. Exit status: 0 done, 1 refused, 2 usage.
#pragma once

#include <CLI/App.hpp>  // lint: third-party-ok main and the commands share one parser
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/cli/http_client.h"
#include "app/cli/messages.h"
#include "base/secret.h"

namespace fumi::app {

struct ClientContext {
  std::string url = "http://127.0.0.1:8081";
  Secret token;
  Language language = Language::english;
  int status = 0;
  // Standard output and error; tests put their own here.
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> error;
  // How calls are made; empty: libcurl.
  std::function<Result<HttpAnswer>(const HttpCall&)> send;

  [[nodiscard]] static ClientContext from_environment();
};

// `context` must outlive the parse.
void add_client_commands(CLI::App& app, ClientContext& context);

}  // namespace fumi::app
