#include "app/server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "app/storage.h"

namespace fumi::app {
namespace {

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

// The first line that a server says to who connects.
std::string greeting_of(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  std::string line;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    std::array<char, 512> buffer;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0) line.assign(buffer.data(), std::size_t(got));
  }
  ::close(fd);
  return line;
}

struct Fixture {
  Fixture() {
    std::filesystem::remove_all(folder);
    SettingsSource source;
    source.data = folder;
    const config::Catalogue catalogue = make_catalogue();
    auto document = load_document(source, catalogue);
    REQUIRE(document.has_value());
    auto read = read_settings(*document);
    REQUIRE(read.has_value());
    settings = std::move(*read);
    settings.listen = {};
    settings.listen.address = "127.0.0.1";
    settings.server.hostname = "mx.fumi.example";
    settings.server.log_level = log::Level::error;
    log::configure(log::Level::error, log::Format::text);
    REQUIRE(Storage::open(settings, Create::yes, {}, nullptr).has_value());
  }
  ~Fixture() { std::filesystem::remove_all(folder); }
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("fumi-server-test-" + std::to_string(::getpid()));
  Settings settings;
};

TEST_CASE("a port that is taken is an error at once, whatever was opened before it") {
  Fixture f;
  f.settings.listen.smtp = free_port();
  f.settings.listen.submission = f.settings.listen.smtp;
  const auto opened = Server::open(f.settings, {});
  REQUIRE_FALSE(opened.has_value());
}

TEST_CASE("the server opens its doors, serves, and drains on SIGTERM") {
  Fixture f;
  f.settings.listen.smtp = free_port();
  f.settings.listen.imap = free_port();
  f.settings.listen.pop3 = free_port();
  block_signals();
  auto opened = Server::open(f.settings, {});
  REQUIRE(opened.has_value());
  int status = -1;
  std::jthread running([&] { status = (*opened)->run(); });
  CHECK(greeting_of(f.settings.listen.smtp).starts_with("220 mx.fumi.example"));
  CHECK(greeting_of(f.settings.listen.imap).starts_with("* OK"));
  CHECK(greeting_of(f.settings.listen.pop3).starts_with("+OK"));
  ::kill(::getpid(), SIGTERM);
  running.join();
  CHECK(status == 0);
  CHECK(greeting_of(f.settings.listen.smtp).empty());
}

}  // namespace
}  // namespace fumi::app
