#include "app/cli/commands.h"

#include "app/cli/client.h"
#include "app/cli/groups.h"

namespace fumi::app {

CLI::App* add_command(CLI::App& group, Commands& commands, const std::string& name,
                      const std::string& help, std::function<void(Client&)> run) {
  CLI::App* const command = group.add_subcommand(name, help);
  command->add_flag("--json", commands.options.json, "Print what the API answered");
  command->add_option("--token-file", commands.options.token_file,
                      "A file with the token, instead of FUMI_TOKEN");
  command->callback([&commands, run = std::move(run)] {
    Client client(commands.context, commands.options);
    run(client);
  });
  return command;
}

CLI::App& add_group(CLI::App& app, const std::string& name, const std::string& help,
                    const std::string& examples) {
  CLI::App* const group = app.add_subcommand(name, help);
  group->require_subcommand(1);
  if (!examples.empty()) group->footer("Examples:\n" + examples);
  return *group;
}

void add_client_commands(CLI::App& app, ClientContext& context) {
  // Owned by the callbacks of the app, which keep what the options write into.
  const auto commands = std::make_shared<Commands>(context);
  add_tenant_commands(app, commands);
  add_account_commands(app, commands);
  add_role_commands(app, commands);
  add_acl_commands(app, commands);
  add_access_commands(app, commands);
  add_mail_commands(app, commands);
  add_search_commands(app, commands);
  add_transfer_commands(app, commands);
  add_audit_commands(app, commands);
}

}  // namespace fumi::app
