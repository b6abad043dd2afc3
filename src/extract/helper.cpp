#include "extract/helper.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <string>

#include "extract/detail/document.h"
#include "extract/detail/sandbox.h"

namespace fumi::extract {
namespace {

constexpr const char kPdfToText[] = "/usr/bin/pdftotext";
constexpr int kUsage = 64;
constexpr int kNiceness = 10;
constexpr std::size_t kChunk = 256 * 1024;

// What is read grows with the file, whose size the parent has checked.
bool read_all(std::string& into) {
  for (;;) {
    const std::size_t before = into.size();
    into.resize(before + kChunk);
    const ssize_t got = read(STDIN_FILENO, into.data() + before, kChunk);
    into.resize(before + (got > 0 ? std::size_t(got) : 0));
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return false;
  }
}

bool write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) bytes.remove_prefix(std::size_t(put));
  }
  return true;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

bool tell(const ExtractedText& found) {
  const std::string head =
      std::to_string(int(found.outcome)) + "\n" + found.form + "\n" + found.reason + "\n";
  return write_all(head) && write_all(found.text);
}

int document(std::uint64_t text_octets_max) {
  if (!detail::enter_document_sandbox()) return kUnsafe;
  detail::DocumentLimits limits;
  limits.text_octets_max = text_octets_max;
  ExtractedText found;
  try {
    std::string input;
    if (!read_all(input)) return kUsage;
    std::string_view rest = input;
    const std::string_view type = take_line(rest);
    const std::string_view name = take_line(rest);
    found = detail::read_document(type, name, rest, limits);
  } catch (const std::bad_alloc&) {
    found = ExtractedText();
    found.outcome = ExtractedText::Outcome::over_limit;
    found.reason = "too much memory";
  }
  return tell(found) ? 0 : 1;
}

int pdf() {
  if (access(kPdfToText, X_OK) != 0) return kNoReader;
  if (!detail::enter_pdf_sandbox(kPdfToText)) return kUnsafe;
  const char* arguments[] = {kPdfToText, "-enc", "UTF-8", "-eol", "unix", "-", "-", nullptr};
  char* const environment[] = {nullptr};
  execve(kPdfToText, const_cast<char* const*>(arguments), environment);
  return kUnsafe;
}

}  // namespace

bool is_helper(int argc, const char* const* argv) {
  return argc == 4 && std::strcmp(argv[1], kHelperCommand) == 0;
}

int run_helper(int argc, const char* const* argv) {
  if (!is_helper(argc, argv)) return kUsage;
  std::uint64_t text_octets_max = 0;
  const char* const end = argv[3] + std::strlen(argv[3]);
  if (std::from_chars(argv[3], end, text_octets_max).ptr != end) return kUsage;
  const std::string_view what = argv[2];
  // Sessions go first. Where that isn't allowed it runs on as it is.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kNiceness));
  if (what == "document") return document(text_octets_max);
  return what == "pdf" ? pdf() : kUsage;
}

}  // namespace fumi::extract
