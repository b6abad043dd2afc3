// The commands that run in this process: init, serve, config show, store check, version. Commands
// that talk to a running server are in cli/.
#pragma once

#include "app/settings.h"
#include "app/storage.h"

namespace CLI {
class App;
}

namespace fumi::app {

inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;
inline constexpr int kUsage = 2;

// Adds them; the chosen one's exit status lands in `status`. All three references must outlive the
// parse. `base`: what lies under the stores.
void add_local_commands(CLI::App& app, SettingsSource& source, const StorageBase& base,
                        int& status);

// Parses and runs the whole command line.
int run_command_line(int argc, char** argv, const StorageBase& base);

}  // namespace fumi::app
