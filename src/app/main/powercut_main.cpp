// fumi-powercut: the same program over a disk that loses power (store/fault), for tests/e2e.
//
// Killing it (SIGKILL) is a power cut: every write that was not synced is gone. It takes signals:
//   SIGUSR1   a torn power cut: each unsynced sector survives or not, then the process is gone
//   SIGUSR2   the disk is full: no file grows any more
//   SIGWINCH  there is space again
// Environment: FUMI_POWERCUT_SEED chooses what a torn cut leaves; FUMI_POWERCUT_SYNC=ignored makes
// the disk lie (syncs say yes and do nothing), by which the tests show that they can see a loss.
// Never part of a release.
#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stop_token>
#include <thread>

#include "app/commands.h"
#include "store/fault/fault_disk.h"
#include "store/fault/fault_vfs.h"

namespace {

constexpr timespec kSignalPoll{0, 50'000'000};

// The root of the disk is the data folder: the argument of --data.
std::string data_folder(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--data") == 0) return argv[i + 1];
  }
  return {};
}

std::uint64_t seed() {
  const char* text = std::getenv("FUMI_POWERCUT_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

sigset_t fault_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGUSR1, SIGUSR2, SIGWINCH})
    sigaddset(&signals, number);
  return signals;
}

void obey(const std::stop_token& stop, fumi::fault::FaultDisk& disk) {
  const sigset_t signals = fault_signals();
  while (!stop.stop_requested()) {
    const int number = sigtimedwait(&signals, nullptr, &kSignalPoll);
    if (number == SIGUSR1) {
      disk.power_cut(fumi::fault::PowerCut::torn);
      std::raise(SIGKILL);
    }
    if (number == SIGUSR2) disk.set_space(0);
    if (number == SIGWINCH) disk.heal();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string root = data_folder(argc, argv);
  if (root.empty()) return fumi::app::run_command_line(argc, argv, {});
  const sigset_t signals = fault_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::filesystem::create_directories(root);
  fumi::fault::FaultDisk disk(root, seed());
  const fumi::fault::FaultVfs vfs(disk, "fumi-powercut");
  const char* sync = std::getenv("FUMI_POWERCUT_SYNC");
  if (sync != nullptr && std::strcmp(sync, "ignored") == 0) disk.ignore_syncs();
  const std::jthread obedient([&disk](const std::stop_token& stop) { obey(stop, disk); });
  return fumi::app::run_command_line(argc, argv, {disk, "fumi-powercut"});
}
