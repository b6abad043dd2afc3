// TestCluster: a PostgreSQL server of the tests' own, on a Unix socket in a temporary folder.
//
// Needs the server's programs (Debian: /usr/lib/postgresql/15/bin); as root it runs them as user
// `postgres`. One cluster a process: initdb takes a second. It stops with the process.
#pragma once

#include <string>

#include "base/result.h"

namespace fumi::sql {

class TestCluster {
 public:
  // The process's cluster, started at the first call; null, with a line on stderr, if there is no
  // PostgreSQL on this machine. Tests then return: "skipped" must be seen, hence the line.
  [[nodiscard]] static TestCluster* shared();

  // Makes an empty database and gives its connection string.
  [[nodiscard]] Result<std::string> create_database();
  [[nodiscard]] Status stop();   // at once: connections break
  [[nodiscard]] Status start();  // again, on the same socket

  TestCluster(const TestCluster&) = delete;
  TestCluster& operator=(const TestCluster&) = delete;
  ~TestCluster();

 private:
  TestCluster() = default;
  [[nodiscard]] Status make();

  std::string folder_;
  std::string binaries_;
  int pid_ = -1;
  int databases_ = 0;
};

}  // namespace fumi::sql
