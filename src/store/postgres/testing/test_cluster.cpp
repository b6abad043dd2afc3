#include "store/postgres/test_cluster.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace fumi::sql {
namespace {

namespace fs = std::filesystem;

std::string find_binaries() {
  for (const char* version : {"17", "16", "15", "14"}) {
    const std::string path = std::string("/usr/lib/postgresql/") + version + "/bin";
    if (fs::exists(path + "/initdb")) return path;
  }
  return {};
}

enum class Life { own, ours };  // ours: it dies with the thread that started it

// Starts a program as the user who may run PostgreSQL (never root); its output goes to `log`.
pid_t spawn(const std::vector<std::string>& command, const std::string& folder, Life life) {
  const passwd* const user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  std::vector<char*> arguments;
  for (const auto& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string log = folder + "/log";
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  if (life == Life::ours) {
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() != parent) ::_exit(126);
  }
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

Status run(const std::vector<std::string>& command, const std::string& folder) {
  const pid_t pid = spawn(command, folder, Life::own);
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return {};
  return fail(Code::internal, "running " + command[0], "see " + folder + "/log");
}

}  // namespace

TestCluster* TestCluster::shared() {
  static const std::unique_ptr<TestCluster> cluster = [] {
    std::unique_ptr<TestCluster> made(new TestCluster());
    if (const Status status = made->make(); !status) {
      std::fprintf(stderr, "SKIPPED: no PostgreSQL for this test: %s\n",
                   status.error().text().c_str());
      made.reset();
    }
    return made;
  }();
  return cluster.get();
}

Status TestCluster::make() {
  binaries_ = find_binaries();
  if (binaries_.empty()) return fail(Code::not_found, "looking for PostgreSQL", "not installed");
  const passwd* const user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  if (::geteuid() == 0 && user == nullptr) {
    return fail(Code::not_found, "looking for PostgreSQL", "no user postgres");
  }
  std::error_code missing;
  folder_ =
      fs::is_directory("/dev/shm", missing) ? "/dev/shm/fumi-pg-XXXXXX" : "/tmp/fumi-pg-XXXXXX";
  if (::mkdtemp(folder_.data()) == nullptr) {
    return fail(Code::internal, "making a folder for PostgreSQL");
  }
  if (user != nullptr && ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
    return fail(Code::internal, "giving PostgreSQL its folder");
  }
  FUMI_CHECK(run({binaries_ + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A", "trust",
                  "-N", "-E", "UTF8", "--locale=C"},
                 folder_));
  std::ofstream settings(folder_ + "/data/postgresql.conf", std::ios::app);
  settings << "listen_addresses = ''\nunix_socket_directories = '" << folder_
           << "'\nfsync = off\nfull_page_writes = off\nmax_connections = 200\n"
              "shared_buffers = 32MB\nautovacuum = off\n";
  settings.close();
  FUMI_CHECK(start());
  // What a program should connect with: superusers pass row-level security by.
  return run({binaries_ + "/createuser", "-h", folder_, "-U", "postgres", "fumi"}, folder_);
}

Status TestCluster::start() {
  pid_ = spawn({binaries_ + "/postgres", "-D", folder_ + "/data"}, folder_, Life::ours);
  for (int i = 0; i < 600; ++i) {
    if (run({binaries_ + "/pg_isready", "-q", "-h", folder_, "-U", "postgres", "-d", "postgres"},
            folder_)) {
      return {};
    }
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return fail(Code::unavailable, "starting PostgreSQL", "see " + folder_ + "/log");
}

Status TestCluster::stop() {
  if (pid_ < 0) return {};
  ::kill(pid_, SIGINT);  // "fast": breaks connections, then a clean shutdown
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return {};
}

Result<std::string> TestCluster::create_database() {
  const std::string name = "test" + std::to_string(++databases_);
  FUMI_CHECK(
      run({binaries_ + "/createdb", "-h", folder_, "-U", "postgres", "-O", "fumi", name}, folder_));
  return "host=" + folder_ + " user=fumi dbname=" + name;
}

TestCluster::~TestCluster() {
  (void)stop().has_value();
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace fumi::sql
