// What the tests share: io threads, temporary folders, free ports.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <string>

#include "net/io_pool.h"
#include "net/listener.h"
#include "net/task_scope.h"
#include "net/tls.h"

namespace fumi::net::testing {

class Rig {
 public:
  explicit Rig(std::size_t threads = 2) : pool(threads) { pool.start(); }
  // Runs the coroutine on the first io thread and waits for it.
  template <class T>
  T run(Task<T> task) {
    auto result = boost::asio::co_spawn(pool.executor(0), std::move(task), boost::asio::use_future);
    return result.get();
  }
  IoPool pool;
};

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fumi-net-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

// chain and key files "<name>.crt" and "<name>.key" in the folder.
inline TlsCertificateFiles make_certificate(const TempFolder& folder, const std::string& name,
                                            const std::vector<std::string>& names, int days = 30) {
  TlsCertificateFiles files;
  files.chain_file = folder / (name + ".crt");
  files.key_file = folder / (name + ".key");
  const Status written = write_self_signed(files, names, days);
  if (!written) throw std::runtime_error(written.error().text());
  return files;
}

inline ListenerConfig local_listener(const std::string& name) {
  ListenerConfig config;
  config.name = name;
  config.connections_per_ip_max = 10'000;
  return config;
}

inline Endpoint endpoint_of(const Listener& listener) {
  return Endpoint::of(*IpAddress::parse("127.0.0.1"), listener.port());
}

// Polls for something that other threads bring about; false after ten seconds.
template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace fumi::net::testing
