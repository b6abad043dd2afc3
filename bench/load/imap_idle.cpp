// Holds logged-in IMAP connections in IDLE, in clear or in TLS, on 127.0.0.1.
//
//   imap_idle PORT --sessions N [--tls yes|no] [--users 100] [--suffix @bench.test] [--password x]
//
// Logs in at most 20 at a time (users u0.., in turn), selects INBOX, sends IDLE and prints one line
// when all stand; holds them until standard input ends. The handshakes and the TLS buffers of this
// side live in this process and are no part of what is measured.
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "imap_idle: %s\n", what.c_str());
  std::exit(1);
}

enum class Stage { connecting, greeting, login, select, idle, standing };

struct Session {
  int fd = -1;
  SSL* tls = nullptr;
  Stage stage = Stage::connecting;
  std::string in;
};

struct Settings {
  int port = 0;
  long sessions = 100, users = 100;
  bool tls = false;
  std::string suffix, password = "x";
};

class Load {
 public:
  explicit Load(Settings settings) : settings_(std::move(settings)) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (settings_.tls) {
      context_ = SSL_CTX_new(TLS_client_method());
      SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
    }
  }

  void stand_up() {
    sessions_.resize(settings_.sessions);
    for (int i = 0; i < 20; i++)
      open_next();
    std::vector<epoll_event> events(256);
    while (standing_ < settings_.sessions) {
      const int n = epoll_wait(epoll_, events.data(), int(events.size()), 30'000);
      if (n == 0) die("nothing happened for 30 s with " + std::to_string(standing_) + " standing");
      for (int k = 0; k < n; k++)
        progress(sessions_[events[k].data.u32], events[k].data.u32);
    }
  }

 private:
  void open_next() {
    if (next_ >= settings_.sessions) return;
    const std::uint32_t index = std::uint32_t(next_++);
    Session& session = sessions_[index];
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(std::uint16_t(settings_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    session.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (session.fd < 0) die(std::strerror(errno));
    if (connect(session.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      die(std::strerror(errno));
    fcntl(session.fd, F_SETFL, O_NONBLOCK);
    session.stage = Stage::greeting;
    if (settings_.tls) {
      session.stage = Stage::connecting;
      session.tls = SSL_new(context_);
      SSL_set_fd(session.tls, session.fd);
      SSL_set_connect_state(session.tls);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, session.fd, &event);
    if (session.tls != nullptr) progress(session, index);
  }

  void progress(Session& session, std::uint32_t index) {
    if (session.stage == Stage::connecting) {
      ERR_clear_error();
      const int done = SSL_do_handshake(session.tls);
      if (done != 1) {
        if (SSL_get_error(session.tls, done) == SSL_ERROR_WANT_READ) return;
        die("the TLS handshake failed");
      }
      session.stage = Stage::greeting;
    }
    char buffer[16384];
    for (;;) {
      ssize_t got = 0;
      if (session.tls != nullptr) {
        ERR_clear_error();
        got = SSL_read(session.tls, buffer, sizeof buffer);
        if (got <= 0 && SSL_get_error(session.tls, int(got)) == SSL_ERROR_WANT_READ) break;
      } else {
        got = recv(session.fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EAGAIN) break;
      }
      if (got <= 0)
        die("the server closed a connection with " + std::to_string(standing_) + " standing");
      session.in.append(buffer, std::size_t(got));
    }
    std::size_t end = 0;
    while ((end = session.in.find("\r\n")) != std::string::npos) {
      const std::string line = session.in.substr(0, end);
      session.in.erase(0, end + 2);
      on_line(session, index, line);
    }
  }

  void on_line(Session& session, std::uint32_t index, std::string_view line) {
    switch (session.stage) {
      case Stage::greeting:
        if (!line.starts_with("* OK")) die("greeted with " + std::string(line));
        say(session, Stage::login,
            "a LOGIN u" + std::to_string(index % settings_.users) + settings_.suffix + " " +
                settings_.password);
        break;
      case Stage::login:
        if (line.starts_with("* ")) break;
        if (!line.starts_with("a OK")) die("login: " + std::string(line));
        say(session, Stage::select, "b SELECT INBOX");
        break;
      case Stage::select:
        if (line.starts_with("* ")) break;
        if (!line.starts_with("b OK")) die("select: " + std::string(line));
        say(session, Stage::idle, "c IDLE");
        break;
      case Stage::idle:
        if (line.starts_with("* ")) break;
        if (!line.starts_with("+")) die("idle: " + std::string(line));
        session.stage = Stage::standing;
        session.in.shrink_to_fit();
        standing_++;
        open_next();
        break;
      default:
        break;
    }
  }

  static void say(Session& session, Stage next, const std::string& text) {
    const std::string line = text + "\r\n";
    session.stage = next;
    const ssize_t sent = session.tls != nullptr
                             ? SSL_write(session.tls, line.data(), int(line.size()))
                             : send(session.fd, line.data(), line.size(), 0);
    if (sent != ssize_t(line.size())) die("cannot send");
  }

  Settings settings_;
  int epoll_ = -1;
  SSL_CTX* context_ = nullptr;
  std::vector<Session> sessions_;
  long next_ = 0, standing_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    die("usage: imap_idle PORT --sessions N [--tls yes|no] [--users N] [--suffix S] [--password "
        "P]");
  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Settings settings;
  settings.port = std::atoi(argv[1]);
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--sessions")
      settings.sessions = std::atol(value.c_str());
    else if (name == "--users")
      settings.users = std::atol(value.c_str());
    else if (name == "--tls")
      settings.tls = value == "yes";
    else if (name == "--suffix")
      settings.suffix = value;
    else if (name == "--password")
      settings.password = value;
    else
      die("unknown option " + std::string(name));
  }
  const auto begun = std::chrono::steady_clock::now();
  Load load(std::move(settings));
  load.stand_up();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("ready secs=%.2f\n", took.count());
  std::fflush(stdout);
  char rest[64];
  while (read(0, rest, sizeof rest) > 0) {
  }
  return 0;
}
