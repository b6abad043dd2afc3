#include "extract/helpers.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "codec/utf8.h"
#include "extract/detail/document.h"
#include "extract/helper.h"

namespace fumi::extract {
namespace {

using Outcome = ExtractedText::Outcome;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* kDoing = "extracting text";
constexpr std::size_t kComplaintsMax = 4096;
constexpr std::size_t kHeadMax = 1024;  // what stands before the text

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_ = -1;
};

std::unexpected<Error> cant(const char* what, int number) {
  return fail(Code::unavailable, kDoing, std::string(what) + ": " + std::strerror(number));
}

// The bytes as a file that nobody can change any more, at its beginning.
Result<Descriptor> sealed_memory(std::string_view bytes) {
  Descriptor memory(memfd_create("fumi-extract", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.get() < 0) return cant("memory", errno);
  while (!bytes.empty()) {
    const ssize_t put = write(memory.get(), bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) return cant("memory", errno);
    if (put > 0) bytes.remove_prefix(std::size_t(put));
  }
  if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
          0 ||
      lseek(memory.get(), 0, SEEK_SET) != 0) {
    return cant("memory", errno);
  }
  return memory;
}

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return cant("pipe", errno);
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// A child with these three descriptors and no other, no environment, no blocked signal.
Result<pid_t> spawn(const std::string& program, const char* what, std::uint64_t text_octets_max,
                    std::array<int, 3> streams) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (int i = 0; i < 3; ++i)
    posix_spawn_file_actions_adddup2(&actions, streams[std::size_t(i)], i);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  // Nothing is ever opened by a relative name; this folder is nobody's and can't be written to.
  posix_spawn_file_actions_addchdir_np(&actions, "/proc/self/fdinfo");
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const std::string most = std::to_string(text_octets_max);
  const char* arguments[] = {"fumi", kHelperCommand, what, most.c_str(), nullptr};
  char* const environment[] = {nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, &attributes,
                                const_cast<char* const*>(arguments), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return cant("helper process", error);
  return child;
}

// Takes what there is; false at the end.
bool drain(Descriptor& from, std::string& into, std::size_t most) {
  std::array<char, 65536> chunk;
  const ssize_t got = read(from.get(), chunk.data(), chunk.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  const std::size_t room = most - std::min(most, into.size());
  into.append(chunk.data(), std::min(std::size_t(got), room));
  return true;
}

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, 200));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return codec::to_valid_utf8(line);
}

}  // namespace

struct Helpers::Ran {
  enum class End : std::uint8_t { itself, too_late, too_much, stopped } end = End::itself;
  int status = 0;  // waitpid()'s
  std::string out;
  std::string complaints;

  [[nodiscard]] bool exited_with(int number) const {
    return end == End::itself && WIFEXITED(status) && WEXITSTATUS(status) == number;
  }
  // Of an end by force, or by a limit of the kernel's; nullptr: it ended otherwise.
  [[nodiscard]] const char* limit_met() const {
    if (end == End::too_late) return "took too long";
    if (end == End::too_much) return "too much text";
    if (!WIFSIGNALED(status)) return nullptr;
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU || signal == SIGKILL) return "took too long";
    return nullptr;
  }
};

Helpers::Helpers(Config config)
    : config_(std::move(config)), stop_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Helpers::~Helpers() {
  if (stop_event_ >= 0) close(stop_event_);
}

void Helpers::stop() { eventfd_write(stop_event_, 1); }

Result<Helpers::Ran> Helpers::run(const char* what, const std::string& input,
                                  std::uint64_t text_octets_max) {
  FUMI_TRY(Descriptor memory, sealed_memory(input));
  FUMI_TRY(Pipe out, make_pipe());
  FUMI_TRY(Pipe complaints, make_pipe());
  FUMI_TRY(const pid_t child, spawn(config_.program, what, text_octets_max,
                                    {memory.get(), out.write.get(), complaints.write.get()}));
  ++started_;
  out.write.reset();
  complaints.write.reset();
  memory.reset();
  Ran ran;
  const std::size_t most = std::size_t(text_octets_max) + kHeadMax;
  const auto deadline = SteadyClock::now() + config_.timeout;
  const Descriptor ended(int(syscall(SYS_pidfd_open, child, 0)));
  std::array<pollfd, 4> waiting{pollfd{out.read.get(), POLLIN, 0},
                                pollfd{complaints.read.get(), POLLIN, 0},
                                pollfd{stop_event_, POLLIN, 0}, pollfd{ended.get(), POLLIN, 0}};
  if (ended.get() < 0) ran.end = Ran::End::stopped;
  while (ended.get() >= 0 && (waiting[0].fd >= 0 || waiting[1].fd >= 0 || waiting[3].fd >= 0)) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) {
      ran.end = Ran::End::too_late;
      break;
    }
    if (poll(waiting.data(), waiting.size(), int(std::min<std::int64_t>(left.count(), 60'000))) <
        0) {
      continue;  // a signal
    }
    if (waiting[2].revents != 0) {
      ran.end = Ran::End::stopped;
      break;
    }
    if (waiting[0].revents != 0 && !drain(out.read, ran.out, most + 1)) waiting[0].fd = -1;
    if (waiting[1].revents != 0 && !drain(complaints.read, ran.complaints, kComplaintsMax)) {
      waiting[1].fd = -1;
    }
    if (waiting[3].revents != 0) waiting[3].fd = -1;
    if (ran.out.size() > most) {
      ran.end = Ran::End::too_much;
      break;
    }
  }
  if (ran.end != Ran::End::itself) kill(child, SIGKILL);
  while (waitpid(child, &ran.status, 0) < 0 && errno == EINTR) {
  }
  if (ran.end == Ran::End::stopped) return fail(Code::cancelled, kDoing, "shutting down");
  if (ran.exited_with(kUnsafe)) {
    return fail(Code::unavailable, kDoing, "this system can't confine the helper process");
  }
  return ran;
}

namespace {

ExtractedText outcome_of(Outcome outcome, std::string_view form, std::string reason) {
  ExtractedText found;
  found.outcome = outcome;
  found.form = form;
  found.reason = std::move(reason);
  return found;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// What the helper wrote; nullopt: it isn't that.
std::optional<ExtractedText> parse_answer(std::string_view out) {
  const std::string_view number = take_line(out);
  int outcome = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), outcome);
  if (parsed.ec != std::errc() || outcome < int(Outcome::whole) ||
      outcome > int(Outcome::over_limit)) {
    return std::nullopt;
  }
  ExtractedText found;
  found.outcome = static_cast<Outcome>(outcome);
  found.form = one_line(take_line(out).substr(0, 16));
  found.reason = one_line(take_line(out));
  found.text = out;
  return found;
}

// pdftotext's ways to end: 0, or 1 and a complaint; 3 for permissions that forbid copying.
ExtractedText pdf_answer(const std::string& complaints, int exit_status, std::string text) {
  ExtractedText found;
  found.form = "pdf";
  found.text = std::move(text);
  found.outcome = Outcome::whole;
  if (exit_status == 0) return found;
  if (complaints.find("Incorrect password") != std::string::npos || exit_status == 3) {
    found.outcome = Outcome::encrypted;
    found.reason = "with a password";
    return found;
  }
  const bool memory = complaints.find("Out of memory") != std::string::npos;
  found.outcome = memory ? Outcome::over_limit : Outcome::damaged;
  found.reason = memory ? "too much memory" : "can't be read as PDF";
  return found;
}

// It must be UTF-8 without NULs, no longer than allowed, whoever made it.
void make_safe(ExtractedText& found, std::uint64_t text_octets_max) {
  std::erase(found.text, '\0');
  if (!codec::is_utf8(found.text)) found.text = codec::to_valid_utf8(found.text);
  detail::DocumentLimits limits;
  limits.text_octets_max = text_octets_max;
  detail::keep_to_limit(found, limits);
}

}  // namespace

Result<ExtractedText> Helpers::extract(const AttachedFile& file, std::uint64_t text_octets_max) {
  if (file.bytes.size() > config_.file_octets_max) {
    return outcome_of(Outcome::over_limit, {}, "too large a file");
  }
  const bool is_pdf = detail::is_pdf(file.bytes);
  Result<Ran> ran = fail(Code::internal, kDoing, "not run");
  if (is_pdf) {
    ran = run("pdf", file.bytes, text_octets_max);
  } else {
    // The name's ending is the hint.
    const std::string_view name = file.name;
    const std::string head =
        one_line(file.type) + "\n" +
        one_line(name.substr(name.size() - std::min<std::size_t>(name.size(), 100))) + "\n";
    ran = run("document", head + file.bytes, text_octets_max);
  }
  if (!ran) return std::unexpected(std::move(ran).error());
  if (ran->exited_with(kNoReader)) {
    return outcome_of(Outcome::unsupported, is_pdf ? "pdf" : "", "no reader of it is installed");
  }
  ExtractedText found;
  if (is_pdf) {
    found = pdf_answer(ran->complaints, WIFEXITED(ran->status) ? WEXITSTATUS(ran->status) : -1,
                       std::move(ran->out));
  } else if (auto answer = parse_answer(ran->out)) {
    found = std::move(*answer);
  } else {
    found = outcome_of(Outcome::damaged, {}, "it broke its reader");
  }
  if (const char* limit = ran->limit_met()) {
    found.outcome = Outcome::over_limit;
    found.reason = limit;
  } else if (WIFSIGNALED(ran->status) || (!is_pdf && !ran->exited_with(0))) {
    found.outcome = Outcome::damaged;
    found.reason = "it broke its reader";
  }
  make_safe(found, text_octets_max);
  return found;
}

}  // namespace fumi::extract
