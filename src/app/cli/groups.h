// How the groups of commands are built. Private to the module.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/client.h"

namespace fumi::app {

// What options are parsed into; one object for all commands, as only one runs.
struct Commands {
  explicit Commands(ClientContext& the_context) : context(the_context) {}
  ClientContext& context;
  CommonOptions options;
  std::string name, tenant, second, password_file, display_name, quota, file;
  std::string mbox, maildir, zip, folder;
  std::string imap, ca_file;  // password_file and imap_token_file go with it
  std::string imap_token_file;
  std::vector<std::string> imap_only, imap_except, imap_map;
  std::uint32_t mails_per_second = 0;
  bool imap_clear = false, sync_flags = false;
  std::string message, from, to, status, since, until, domain, stream = "operation";
  std::string mailbox, rights, denied;
  std::vector<std::string> doors, networks, windows;
  std::string zone = "Asia/Tokyo", holidays;
  bool follow = false, set_password = false, shared = false, combined = false;
  bool prove = false;
  std::string note, account;
  int hours = 1;
  std::vector<std::string> limits;
};
// Shared by the callbacks of all commands.
using SharedCommands = std::shared_ptr<Commands>;

CLI::App* add_command(CLI::App& group, Commands& commands, const std::string& name,
                      const std::string& help, std::function<void(Client&)> run);
CLI::App& add_group(CLI::App& app, const std::string& name, const std::string& help,
                    const std::string& examples);

void add_tenant_commands(CLI::App& app, const SharedCommands& commands);
void add_limit_commands(CLI::App& tenant_group, const SharedCommands& commands);
void add_account_commands(CLI::App& app, const SharedCommands& commands);
void add_role_commands(CLI::App& app, const SharedCommands& commands);
void add_acl_commands(CLI::App& app, const SharedCommands& commands);
void add_access_commands(CLI::App& app, const SharedCommands& commands);
void add_mail_commands(CLI::App& app, const SharedCommands& commands);
void add_search_commands(CLI::App& app, const SharedCommands& commands);
void add_transfer_commands(CLI::App& app, const SharedCommands& commands);
void add_audit_commands(CLI::App& app, const SharedCommands& commands);

}  // namespace fumi::app
