// `fumi extract-text` alone, and a witness that tries what the sandbox must refuse.
#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "extract/detail/sandbox.h"
#include "extract/helper.h"

namespace {

// Prints what it could do though it must not.
void try_everything() {
  const auto tell = [](const char* what) {
    static_cast<void>(!write(STDOUT_FILENO, what, std::strlen(what)));
  };
  if (open("/etc/passwd", O_RDONLY) >= 0) tell("read a file\n");
  if (open("/tmp/fumi-extract-witness", O_WRONLY | O_CREAT, 0600) >= 0) tell("made a file\n");
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0) tell("made a socket\n");
  if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0) tell("made a unix socket\n");
  if (fork() >= 0) tell("forked\n");
  char name[] = "/bin/true";
  char* arguments[] = {name, nullptr};
  execve(name, arguments, nullptr);
  tell(kill(getppid(), 0) == 0 ? "reached its parent\n" : "");
  if (dup(STDOUT_FILENO) >= 0) tell("has room for descriptors\n");
  const int rights = PROT_READ | PROT_WRITE | PROT_EXEC;
  if (mmap(nullptr, 4096, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
    tell("made code\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "witness") == 0) {
    if (!fumi::extract::detail::enter_document_sandbox()) std::_Exit(fumi::extract::kUnsafe);
    try_everything();
    std::_Exit(0);
  }
  std::_Exit(fumi::extract::is_helper(argc, argv) ? fumi::extract::run_helper(argc, argv) : 64);
}
