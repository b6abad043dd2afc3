// Fetches every message of many maildrops by POP3, in clear, from 127.0.0.1, and leaves them there.
//
//   pop3_fetch PORT --sessions C [--rounds 3] [--group 1] [--users 100] [--suffix @bench.test]
//   [--password x]
//
// C sessions at once, each a thread with a user of its own (u0..): it logs in, sends RETR for each
// message, up to `group` of them ahead of their answers (RFC 2449 §6.6), and QUIT; `rounds` times.
// Prints messages, octets and seconds in all, and the time of a RETR (of a group, divided by it).
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  int port = 0;
  long sessions = 1, rounds = 3, group = 1, users = 100;
  std::string suffix, password = "x";
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "pop3_fetch: %s\n", what.c_str());
  std::exit(1);
}

class Connection {
 public:
  explicit Connection(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("connect");
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ok();
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) die("send");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // A line that must say +OK.
  std::string ok() {
    for (;;) {
      const std::size_t end = in_.find("\r\n", at_);
      if (end != std::string::npos) {
        std::string line = in_.substr(at_, end - at_);
        at_ = end + 2;
        if (!line.starts_with("+OK")) die("the server said: " + line);
        return line;
      }
      fill();
    }
  }
  // +OK and the text behind it; returns its octets.
  std::size_t text() {
    ok();
    std::size_t looked = at_ >= 2 ? at_ - 2 : 0;
    for (;;) {
      const std::size_t end = in_.find("\r\n.\r\n", looked);
      if (end != std::string::npos) {
        const std::size_t octets = end + 2 - at_;
        at_ = end + 5;
        return octets;
      }
      const std::size_t kept = in_.size() - at_;
      fill();
      looked = kept >= 4 ? kept - 4 : 0;
    }
  }

 private:
  void fill() {  // what was read goes first, so that at_ is 0 afterwards
    in_.erase(0, at_);
    at_ = 0;
    const std::size_t had = in_.size();
    in_.resize(had + 65'536);
    const ssize_t got = ::recv(fd_, in_.data() + had, 65'536, 0);
    if (got <= 0) die("the server closed");
    in_.resize(had + static_cast<std::size_t>(got));
  }

  int fd_;
  std::string in_;
  std::size_t at_ = 0;
};

struct Tally {
  std::size_t messages = 0, octets = 0;
  std::vector<double> ms;
};

void fetch_all(const Settings& settings, long user, Tally& tally) {
  Connection c(settings.port);
  c.say("USER u" + std::to_string(user) + settings.suffix + "\r\n");
  c.ok();
  c.say("PASS " + settings.password + "\r\n");
  c.ok();
  c.say("STAT\r\n");
  const long count = std::atol(c.ok().c_str() + 4);
  for (long first = 1; first <= count; first += settings.group) {
    const long last = std::min(count, first + settings.group - 1);
    std::string commands;
    for (long n = first; n <= last; ++n)
      commands += "RETR " + std::to_string(n) + "\r\n";
    const auto began = Clock::now();
    c.say(commands);
    for (long n = first; n <= last; ++n)
      tally.octets += c.text();
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
    tally.ms.push_back(ms / double(last - first + 1));
    tally.messages += static_cast<std::size_t>(last - first + 1);
  }
  c.say("QUIT\r\n");
  c.ok();
}

double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(part * double(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

Settings settings_of(int argc, char** argv) {
  Settings settings;
  if (argc < 2) die("usage: pop3_fetch PORT --sessions C …");
  settings.port = std::atoi(argv[1]);
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--sessions") {
      settings.sessions = std::stol(value);
    } else if (name == "--rounds") {
      settings.rounds = std::stol(value);
    } else if (name == "--group") {
      settings.group = std::stol(value);
    } else if (name == "--users") {
      settings.users = std::stol(value);
    } else if (name == "--suffix") {
      settings.suffix = value;
    } else if (name == "--password") {
      settings.password = value;
    } else {
      die("unknown option " + name);
    }
  }
  if (settings.sessions > settings.users) die("more sessions than users: maildrops are exclusive");
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = settings_of(argc, argv);
  std::vector<Tally> tallies(static_cast<std::size_t>(settings.sessions));
  const auto began = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (long user = 0; user < settings.sessions; ++user) {
      threads.emplace_back([&settings, user, &tally = tallies[static_cast<std::size_t>(user)]] {
        for (long round = 0; round < settings.rounds; ++round)
          fetch_all(settings, user, tally);
      });
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  Tally all;
  for (Tally& tally : tallies) {
    all.messages += tally.messages;
    all.octets += tally.octets;
    all.ms.insert(all.ms.end(), tally.ms.begin(), tally.ms.end());
  }
  std::printf("messages=%zu octets=%zu seconds=%.3f messages_s=%.0f p50_ms=%.3f p99_ms=%.3f\n",
              all.messages, all.octets, seconds, double(all.messages) / seconds,
              percentile(all.ms, 0.5), percentile(all.ms, 0.99));
}
