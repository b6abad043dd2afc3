#include <cstdlib>

#include "app/commands.h"
#include "extract/helper.h"

int main(int argc, char** argv) {
  // Before anything opens a file or starts a thread; nobody types it, so no help tells of it.
  if (fumi::extract::is_helper(argc, argv)) std::_Exit(fumi::extract::run_helper(argc, argv));
  return fumi::app::run_command_line(argc, argv, {});
}
