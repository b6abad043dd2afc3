#include "app/settings.h"

#include <unistd.h>

#include <array>
#include <filesystem>

#include "config/schema.h"

namespace fumi::app {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

template <class T>
Status bind_into(const config::Document& document, T& target) {
  FUMI_TRY(target, config::bind<T>(document));
  return {};
}

}  // namespace

std::string Settings::data(const std::string& name) const { return (server.data / name).string(); }

std::string Settings::root_key_file() const {
  return store.root_key.is_set() ? store.root_key.path.string() : data("root.key");
}

Result<config::Document> load_document(const SettingsSource& source,
                                       const config::Catalogue& catalogue) {
  config::Document document;
  std::string file = source.config_file;
  if (file.empty() && !source.data.empty()) {
    const auto beside = std::filesystem::path(source.data) / "fumi.toml";
    if (std::filesystem::exists(beside)) file = beside.string();
  }
  if (!file.empty()) {
    FUMI_TRY(document, config::Document::load(file));
  }
  FUMI_CHECK(catalogue.take_environment(document, environ));
  for (const std::string& assignment : source.assignments)
    FUMI_CHECK(document.set(assignment));
  if (!source.data.empty()) FUMI_CHECK(document.set("server.data=" + source.data));
  if (!source.root_key.empty()) FUMI_CHECK(document.set("store.root_key=" + source.root_key));
  if (source.ports_base != 0) {
    FUMI_CHECK(document.set("listen.ports_base=" + std::to_string(source.ports_base)));
  }
  FUMI_CHECK(catalogue.check(document));
  return document;
}

Result<Settings> read_settings(const config::Document& document) {
  Settings settings;
  FUMI_CHECK(bind_into(document, settings.server));
  FUMI_CHECK(bind_into(document, settings.store));
  FUMI_CHECK(bind_into(document, settings.listen));
  FUMI_CHECK(bind_into(document, settings.tls));
  FUMI_CHECK(bind_into(document, settings.dns));
  FUMI_CHECK(bind_into(document, settings.records));
  FUMI_CHECK(bind_into(document, settings.access));
  FUMI_CHECK(bind_into(document, settings.sessions));
  FUMI_CHECK(bind_into(document, settings.spool));
  FUMI_CHECK(bind_into(document, settings.deliver));
  FUMI_CHECK(bind_into(document, settings.search));
  FUMI_CHECK(bind_into(document, settings.vacation));
  FUMI_CHECK(bind_into(document, settings.extract));
  FUMI_CHECK(bind_into(document, settings.smtp));
  FUMI_CHECK(bind_into(document, settings.mailbox_index));
  FUMI_CHECK(bind_into(document, settings.imap));
  FUMI_CHECK(bind_into(document, settings.pop3));
  FUMI_CHECK(bind_into(document, settings.http));
  FUMI_CHECK(bind_into(document, settings.jmap));
  settings.listen = with_base(std::move(settings.listen));
  if (settings.server.hostname.empty()) settings.server.hostname = machine_name();
  settings.spool.hostname = settings.server.hostname;
  settings.vacation.hostname = settings.server.hostname;
  if (settings.server.data.empty()) {
    return fail(Code::invalid, "reading the configuration",
                "server.data is not set: name the data folder with --data DIR or in the file");
  }
  return settings;
}

}  // namespace fumi::app
