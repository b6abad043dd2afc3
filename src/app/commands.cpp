#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "api/admin/admin_routes.h"
#include "app/blocking.h"
#include "app/cli/commands.h"
#include "app/server.h"
#include "base/ascii.h"
#include "base/log.h"
#include "config/show.h"
#include "crypto/token.h"
#include "store/mail/check.h"

namespace fumi::app {
namespace {

int refused(const Error& error) {
  std::fprintf(stderr, "fumi: %s\n", error.text().c_str());
  return kRefused;
}

Result<Settings> settings_of(const SettingsSource& source) {
  const config::Catalogue catalogue = make_catalogue();
  FUMI_TRY(const config::Document document, load_document(source, catalogue));
  FUMI_TRY(Settings settings, read_settings(document));
  log::configure(settings.server.log_level, settings.server.log_format);
  return settings;
}

// Makes the installation: folder, root key, schema, first operator. Prints the token alone.
int init(const SettingsSource& source, const StorageBase& base) {
  const Result<Settings> settings = settings_of(source);
  if (!settings) return refused(settings.error());
  auto storage = Storage::open(*settings, Create::yes, base, nullptr);
  if (!storage) return refused(storage.error());
  crypto::NewToken token = crypto::make_token("op");
  Operator person;
  person.id = (*storage)->ids().next<OperatorId>();
  person.name = "first operator";
  person.token_hash = ascii::to_hex(crypto::view(token.stored));
  person.created = system_clock().now();
  Platform& platform = (*storage)->store();
  auto work = [&person](PlatformTx& tx) { return tx.platform().create_operator(person); };
  const Status made = wait_for(platform.write(std::move(work)));
  if (!made) return refused(made.error());
  std::printf("%s\n", std::string(token.text.reveal()).c_str());
  std::fprintf(stderr,
               "fumi: %s is ready. The line above is the operator's token, shown this once.\n"
               "Next: fumi serve --data %s, and then FUMI_TOKEN=<token> fumi tenant create acme\n",
               settings->server.data.c_str(), settings->server.data.c_str());
  return kDone;
}

int serve(const SettingsSource& source, const StorageBase& base) {
  block_signals();
  Result<Settings> settings = settings_of(source);
  if (!settings) return refused(settings.error());
  auto server = Server::open(std::move(*settings), base);
  if (!server) return refused(server.error());
  return (*server)->run();
}

enum class Form { text, json, markdown };

int show_config(const SettingsSource& source, Form form) {
  const config::Catalogue catalogue = make_catalogue();
  std::string out;
  if (form == Form::markdown) {
    out = config::options_markdown(catalogue);
  } else {
    const Result<config::Document> document = load_document(source, catalogue);
    if (!document) return refused(document.error());
    out = form == Form::json ? config::show_json(catalogue, *document)
                             : config::show_text(catalogue, *document);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return kDone;
}

void progress(const char* what, std::uint64_t done, std::uint64_t all) {
  if (all == 0) return;
  std::fprintf(stderr, "\rfumi: %s %llu%%", what,
               static_cast<unsigned long long>(done * 100 / all));
}

int check_store(const SettingsSource& source, const StorageBase& base) {
  const Result<Settings> settings = settings_of(source);
  if (!settings) return refused(settings.error());
  auto storage = Storage::open(*settings, Create::no, base, nullptr);
  if (!storage) return refused(storage.error());
  const store::BlobExists exists = [&storage](TenantId tenant,
                                              const BlobRef& blob) -> Result<bool> {
    const BlobRange nothing;
    const TenantScope scope{tenant, {}};
    const auto found = wait_for((*storage)->blobs().get_range(scope, blob, nothing));
    if (!found && found.error().code == Code::not_found) return false;
    return true;  // damage is the blob check's finding
  };
  const Result<store::CheckReport> report = store::check_store((*storage)->store(), exists);
  if (!report) return refused(report.error());
  std::uint64_t findings = report->findings_total;
  for (const store::Finding& finding : report->findings) {
    std::printf("%s: tenant %s: %s\n", finding.name.c_str(), finding.tenant.text().c_str(),
                finding.detail.c_str());
  }
  std::uint64_t records = 0;
  if (store::SegmentBlobStore* segments = (*storage)->segments()) {
    const auto tell = [](std::uint64_t done, std::uint64_t all) {
      progress("reading blobs", done, all);
      return true;
    };
    const auto blobs = segments->check(store::CheckDepth::contents, tell);
    std::fprintf(stderr, "\n");
    if (!blobs) return refused(blobs.error());
    records = blobs->records;
    findings += blobs->damages;
    for (const store::BlobDamage& damage : blobs->damage) {
      std::printf("blob-damage: segment %u at %llu: %s\n", damage.segment,
                  static_cast<unsigned long long>(damage.offset), damage.detail.c_str());
    }
  }
  std::printf(
      "checked %llu entries, %llu emails, %llu queued messages, %llu blobs: %llu findings\n",
      static_cast<unsigned long long>(report->entries),
      static_cast<unsigned long long>(report->emails),
      static_cast<unsigned long long>(report->queued), static_cast<unsigned long long>(records),
      static_cast<unsigned long long>(findings));
  return findings == 0 ? kDone : kRefused;
}

void add_source(CLI::App& command, SettingsSource& source) {
  command.add_option("--config", source.config_file, "configuration file (TOML)");
  command.add_option("--data", source.data, "data folder; its fumi.toml is read if there is one");
  command.add_option("--set", source.assignments,
                     "set one option: --set smtp.in.recipients_max=500");
}

}  // namespace

void add_local_commands(CLI::App& app, SettingsSource& source, const StorageBase& base,
                        int& status) {
  CLI::App* command =
      app.add_subcommand("init", "create the store and keys; prints the operator token");
  add_source(*command, source);
  command->add_option("--root-key", source.root_key,
                      "where the root key is made (default: DATA/root.key)");
  command->footer("Example:\n  fumi init --data /var/lib/fumi");
  command->callback([&] { status = init(source, base); });

  command = app.add_subcommand(
      "serve", "run the server in the foreground; SIGTERM drains, SIGHUP reads certificates again");
  add_source(*command, source);
  command
      ->add_option("--ports-base", source.ports_base,
                   "open ports N+25, N+587, N+465, N+10, N+143, N+993, N+80, N+81")
      ->check(CLI::Range(1, 64'000));
  command->footer(
      "Examples:\n  fumi serve --data ./data\n  fumi serve --config /etc/fumi/fumi.toml");
  command->callback([&] { status = serve(source, base); });

  CLI::App* config = app.add_subcommand("config", "the configuration");
  config->require_subcommand(1);
  command =
      config->add_subcommand("show", "every option with value, source, default, range and text");
  add_source(*command, source);
  const CLI::App* show = command;
  command->add_flag("--json")->description("as JSON");
  command->add_flag("--markdown")
      ->description("the reference of all options, as docs/options.md holds it");
  command->callback([&source, &status, show] {
    const Form form = show->count("--markdown") > 0 ? Form::markdown
                      : show->count("--json") > 0   ? Form::json
                                                    : Form::text;
    status = show_config(source, form);
  });

  command =
      config->add_subcommand("api", "the admin API: its OpenAPI document, or TypeScript types");
  const CLI::App* form = command;
  command->add_flag("--typescript")->description("types, as docs/api/admin.d.ts holds them");
  command->callback([&status, form] {
    const std::string out = form->count("--typescript") > 0 ? api::admin::typescript_types()
                                                            : api::admin::openapi_document();
    std::fwrite(out.data(), 1, out.size(), stdout);
    status = kDone;
  });

  CLI::App* store = app.add_subcommand("store", "the store on disk");
  store->require_subcommand(1);
  command = store->add_subcommand(
      "check", "verify rows, chains and blobs; the server must not be running on embedded storage");
  add_source(*command, source);
  command->callback([&] { status = check_store(source, base); });

  command = app.add_subcommand("version", "print the version");
  command->callback([] { std::printf("fumi %s\n", FUMI_VERSION); });
}

int run_command_line(int argc, char** argv, const StorageBase& base) {
  CLI::App app{"Fumi: a multi-tenant mail platform.", "fumi"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("fumi ") + FUMI_VERSION);
  SettingsSource source;
  int status = kDone;
  add_local_commands(app, source, base, status);
  ClientContext client = ClientContext::from_environment();
  add_client_commands(app, client);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  return status != kDone ? status : client.status;
}

}  // namespace fumi::app
