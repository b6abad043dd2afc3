// Helper processes: that they can do nothing else, and that nothing they meet does harm.
#include "extract/helpers.h"

#include <doctest/doctest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <thread>

#include "codec/utf8.h"
#include "extract/helper.h"
#include "extract/testing/files.h"

namespace fumi::extract {
namespace {

using Outcome = ExtractedText::Outcome;

Helpers::Config config() {
  Helpers::Config config;
  config.program = FUMI_EXTRACT_HELPER;
  return config;
}

ExtractedText extract(std::string name, std::string bytes, std::uint64_t most = 1 << 20) {
  Helpers helpers(config());
  const auto found =
      helpers.extract({"application/octet-stream", std::move(name), std::move(bytes)}, most);
  if (!found) FAIL(found.error().text());
  return *found;
}

TEST_CASE("documents, text and PDF give their text") {
  const ExtractedText word = extract("a.docx", testing::docx(testing::paragraph("東京の会議")));
  CHECK(word.outcome == Outcome::whole);
  CHECK(word.form == "docx");
  CHECK(word.text.find("東京の会議") != std::string::npos);
  // Charsets are tables of ICU's: they are there without files.
  CHECK(extract("a.txt", "\x93\x8c\x8b\x9e\x82\xcc\x89\xef\x8b\x63").text == "東京の会議");
  CHECK(extract(std::string(300, 'x') + ".txt", "long name").text == "long name");
  const ExtractedText pdf = extract("a.pdf", testing::pdf("quarterly report"));
  CHECK(pdf.outcome == Outcome::whole);
  CHECK(pdf.form == "pdf");
  CHECK(pdf.text.find("quarterly report") != std::string::npos);
  CHECK(pdf.text.find("請求書") != std::string::npos);
  CHECK(pdf.text.find("会議") != std::string::npos);
  const ExtractedText other = extract("a.exe", "MZ");
  CHECK(other.outcome == Outcome::unsupported);
  CHECK(other.reason == "not a known format");
}

TEST_CASE("the helper can reach nothing: no file, socket, process, signal or new code") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  char program[] = FUMI_EXTRACT_HELPER;
  char what[] = "witness";
  char* arguments[] = {program, what, nullptr};
  char* environment[] = {nullptr};
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, program, &actions, nullptr, arguments, environment) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string said(4096, '\0');
  said.resize(std::size_t(read(ends[0], said.data(), said.size())));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(said.empty());
  CHECK_FALSE(std::filesystem::exists("/tmp/fumi-extract-witness"));
}

TEST_CASE("PDF: encrypted, cut off, empty, without end, and too much of it") {
  const std::string good = testing::pdf("words");
  std::string secret = good;
  const std::size_t root = secret.find("/Root");
  secret.insert(root, "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <" +
                          std::string(64, 'a') + "> /U <" + std::string(64, 'b') +
                          "> >> /ID [<00><00>] ");
  const ExtractedText locked = extract("a.pdf", secret);
  CHECK(locked.outcome == Outcome::encrypted);
  const ExtractedText nothing = extract("a.pdf", "%PDF-1.4\n");
  CHECK(nothing.outcome == Outcome::damaged);
  CHECK(extract("a.pdf", good.substr(0, 40)).outcome == Outcome::damaged);

  std::string wordy = "BT /F1 6 Tf ";
  for (int i = 0; i < 5'000; ++i) {
    wordy += "1 0 0 1 " + std::to_string(20 + i % 10 * 55) + " " +
             std::to_string(20 + i / 10 * 1.5) + " Tm (word" + std::to_string(i) + ") Tj ";
  }
  const ExtractedText cut = extract("a.pdf", testing::pdf("", wordy + "ET"), 10'000);
  CHECK(cut.outcome == Outcome::over_limit);
  CHECK(cut.text.size() <= 10'000);
  CHECK(codec::is_utf8(cut.text));

  Helpers::Config hasty = config();
  hasty.timeout = std::chrono::milliseconds(150);
  Helpers helpers(hasty);
  std::string busy = "BT /F1 12 Tf ";
  for (int i = 0; i < 600'000; ++i)
    busy += std::to_string(i % 600) + " " + std::to_string(i * 7 % 790) + " Td (x) Tj ";
  const auto late = helpers.extract({"", "a.pdf", testing::pdf("", busy + "ET")}, 1 << 20);
  REQUIRE(late.has_value());
  CHECK(late->outcome == Outcome::over_limit);
  CHECK(late->reason == "took too long");
}

TEST_CASE("a file of zeros, of noise, or larger than allowed") {
  CHECK(extract("a.docx", std::string(1'000'000, '\0')).outcome == Outcome::unsupported);
  CHECK(extract("a.txt", "").outcome == Outcome::whole);
  std::string noise = "PK\x03\x04";
  for (std::uint32_t i = 1, x = 1; i < 100'000; ++i) {
    x = x * 1664525U + 1013904223U;
    noise += char(x >> 24U);
  }
  CHECK(extract("a.docx", noise).outcome == Outcome::damaged);
  Helpers::Config small = config();
  small.file_octets_max = 10;
  Helpers helpers(small);
  const auto large = helpers.extract({"", "a.txt", std::string(11, 'x')}, 100);
  REQUIRE(large.has_value());
  CHECK(large->outcome == Outcome::over_limit);
  CHECK(helpers.started() == 0);
}

TEST_CASE("what a helper says is checked: broken, mad and mute ones") {
  struct Mad {
    const char* script;
    Outcome outcome;
    const char* reason;
  };
  const Mad mad[] = {
      {"#!/bin/sh\nexit 3\n", Outcome::damaged, "it broke its reader"},
      {"#!/bin/sh\nexit 72\n", Outcome::unsupported, "no reader of it is installed"},
      {"#!/bin/sh\nkill -SEGV $$\n", Outcome::damaged, "it broke its reader"},
      {"#!/bin/sh\nkill -XCPU $$\n", Outcome::over_limit, "took too long"},
      {"#!/bin/sh\nprintf '9\\nx\\n\\n'\n", Outcome::damaged, "it broke its reader"},
      {"#!/bin/sh\nprintf '1\\nx\\n\\nab\\000\\377'\n", Outcome::whole, ""},
      {"#!/bin/sh\nexec >/dev/null 2>&1\nread x </dev/zero\n", Outcome::over_limit,
       "took too long"},
  };
  const auto path =
      std::filesystem::temp_directory_path() / ("fumi-extract-mad-" + std::to_string(getpid()));
  for (const Mad& one : mad) {
    CAPTURE(one.script);
    std::FILE* file = std::fopen(path.c_str(), "w");
    REQUIRE(file != nullptr);
    std::fputs(one.script, file);
    std::fclose(file);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    Helpers::Config run = config();
    run.program = path;
    run.timeout = std::chrono::seconds(2);
    Helpers helpers(run);
    const auto found = helpers.extract({"", "a.txt", "x"}, 100);
    REQUIRE(found.has_value());
    CHECK(found->outcome == one.outcome);
    CHECK(found->reason == one.reason);
    CHECK(codec::is_utf8(found->text));
    CHECK(found->text.find('\0') == std::string::npos);
  }
  std::filesystem::remove(path);
}

TEST_CASE("no helper, an unsafe one, and stopping are this machine's errors") {
  Helpers::Config none = config();
  none.program = "/nonexistent/fumi";
  Helpers without(none);
  CHECK(without.extract({"", "a.txt", "x"}, 100).error().code == Code::unavailable);

  Helpers helpers(config());
  helpers.stop();
  CHECK(helpers.extract({"", "a.txt", "x"}, 100).error().code == Code::cancelled);
}

TEST_CASE("stop() ends what runs") {
  Helpers::Config patient = config();
  patient.timeout = std::chrono::seconds(60);
  Helpers helpers(patient);
  std::string busy = "BT /F1 12 Tf ";
  for (int i = 0; i < 900'000; ++i)
    busy += std::to_string(i % 600) + " " + std::to_string(i * 7 % 790) + " Td (x) Tj ";
  Result<ExtractedText> found = fail(Code::internal, "testing", "not run");
  std::thread working(
      [&] { found = helpers.extract({"", "a.pdf", testing::pdf("", busy + "ET")}, 1 << 20); });
  while (helpers.started() == 0)
    std::this_thread::yield();
  helpers.stop();
  working.join();
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().code == Code::cancelled);
}

TEST_CASE("only a command line of the right form makes a helper") {
  const std::array<const char*, 4> good{"fumi", "extract-text", "pdf", "100"};
  CHECK(is_helper(4, good.data()));
  const std::array<const char*, 4> other{"fumi", "serve", "pdf", "100"};
  CHECK_FALSE(is_helper(4, other.data()));
  CHECK_FALSE(is_helper(1, good.data()));
  const std::array<const char*, 4> bad_number{"fumi", "extract-text", "pdf", "1x"};
  CHECK(run_helper(4, bad_number.data()) == 64);
  const std::array<const char*, 4> bad_word{"fumi", "extract-text", "gif", "1"};
  CHECK(run_helper(4, bad_word.data()) == 64);
}

}  // namespace
}  // namespace fumi::extract
