#include "store/postgres/listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "base/ascii.h"
#include "base/log.h"

namespace fumi::sql {
namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finish>;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

bool is_channel(std::string_view name) {
  return !name.empty() && name.size() <= 63 && !ascii::is_digit(name[0]) &&
         std::ranges::all_of(
             name, [](char c) { return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '_'; });
}

std::string message_of(PGconn* connection) {
  const std::string_view text = ascii::trim(PQerrorMessage(connection));
  return ascii::printable(text.substr(0, text.find('\n')), 300);
}

// Only a server that takes writes hears its own commits. The operator's string overrides the rest.
Connection connect(const std::string& settings) {
  const char* const names[] = {"application_name",
                               "connect_timeout",
                               "keepalives_idle",
                               "keepalives_interval",
                               "keepalives_count",
                               "tcp_user_timeout",
                               "dbname",
                               "client_encoding",
                               "target_session_attrs",
                               nullptr};
  const char* const values[] = {"fumi listener",  "3",    "10",         "5",    "3", "15000",
                                settings.c_str(), "UTF8", "read-write", nullptr};
  return Connection(PQconnectdbParams(names, values, 1));
}

}  // namespace

class PostgresListener::Worker {
 public:
  Worker(PostgresListenerOptions options, PostgresListenerEvents events, int stop)
      : options_(std::move(options)),
        events_(std::move(events)),
        stop_(stop),
        thread_([this] { run(); }) {}

  ~Worker() {
    stopping_ = true;
    const std::uint64_t one = 1;
    (void)!::write(stop_, &one, sizeof one);  // the counter of an eventfd has room
    thread_.join();
    ::close(stop_);
  }

  [[nodiscard]] bool is_listening() const { return listening_; }

 private:
  void run();
  [[nodiscard]] Status listen();
  [[nodiscard]] Status hear(PGconn* connection);
  [[nodiscard]] Status probe(PGconn* connection);
  void hand_on(PGconn* connection);
  // Until the socket can be read (true), or the time is over or the listener stops (false).
  [[nodiscard]] bool wait(int socket, Duration most);

  const PostgresListenerOptions options_;
  const PostgresListenerEvents events_;
  const int stop_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> listening_ = false;
  std::thread thread_;  // last: it uses the others
};

void PostgresListener::Worker::run() {
  Duration backoff = options_.backoff_first;
  while (!stopping_) {
    const Status ended = listen();
    if (listening_.exchange(false)) backoff = options_.backoff_first;
    if (stopping_) return;
    log::warning("store", "not hearing the other nodes; connecting again",
                 {{"why", ended ? "" : ended.error().text()}});
    (void)wait(-1, backoff);
    backoff = std::min(backoff * 2, options_.backoff_max);
  }
}

// One connection's life.
Status PostgresListener::Worker::listen() {
  const Connection connection = connect(options_.connection);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return fail(Code::unavailable, "connecting to listen", message_of(connection.get()));
  }
  const std::string text = "LISTEN " + options_.channel;
  const Answer answer(PQexec(connection.get(), text.c_str()));
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) {
    return fail(Code::unavailable, "listening", message_of(connection.get()));
  }
  listening_ = true;
  events_.on_gap();
  return hear(connection.get());
}

Status PostgresListener::Worker::hear(PGconn* connection) {
  for (;;) {
    hand_on(connection);
    const bool readable = wait(PQsocket(connection), options_.probe_interval);
    if (stopping_) return {};
    if (!readable) {
      FUMI_CHECK(probe(connection));
    } else if (PQconsumeInput(connection) == 0) {
      return fail(Code::unavailable, "listening", message_of(connection));
    }
  }
}

Status PostgresListener::Worker::probe(PGconn* connection) {
  const Answer answer(PQexec(connection, "SELECT pg_is_in_recovery()"));
  if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
    return fail(Code::unavailable, "listening", message_of(connection));
  }
  if (std::string_view(PQgetvalue(answer.get(), 0, 0)) == "f") return {};
  return fail(Code::unavailable, "listening", "the server has become a standby");
}

void PostgresListener::Worker::hand_on(PGconn* connection) {
  while (PGnotify* const heard = PQnotifies(connection)) {
    if (options_.channel == heard->relname) events_.on_payload(heard->extra);
    PQfreemem(heard);
  }
}

bool PostgresListener::Worker::wait(int socket, Duration most) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  while (!stopping_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting[2] = {{stop_, POLLIN, 0}, {socket, POLLIN, 0}};  // poll ignores socket -1
    const int ready = ::poll(waiting, 2, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return false;
    if (ready > 0 && waiting[1].revents != 0) return true;
  }
  return false;
}

PostgresListener::PostgresListener(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
PostgresListener::~PostgresListener() = default;

bool PostgresListener::is_listening() const { return worker_->is_listening(); }

Result<std::unique_ptr<PostgresListener>> PostgresListener::start(PostgresListenerOptions options,
                                                                  PostgresListenerEvents events) {
  if (!is_channel(options.channel)) return fail(Code::invalid, "listening", "bad channel name");
  const int stop = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop < 0) return fail(Code::unavailable, "listening", "out of descriptors");
  return std::unique_ptr<PostgresListener>(
      new PostgresListener(std::make_unique<Worker>(std::move(options), std::move(events), stop)));
}

}  // namespace fumi::sql
