#include "app/cli/mail_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

using namespace fumi;
using namespace fumi::app;

namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/fumi-files-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string at(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

std::vector<MailItem> read_all(Result<std::unique_ptr<MailSource>> source) {
  REQUIRE(source.has_value());
  std::vector<MailItem> out;
  for (;;) {
    auto item = (*source)->next();
    REQUIRE(item.has_value());
    if (!*item) break;
    out.push_back(std::move(**item));
  }
  std::stable_sort(out.begin(), out.end(), [](const MailItem& a, const MailItem& b) {
    return std::tie(a.folder, a.bytes) < std::tie(b.folder, b.bytes);
  });
  return out;
}

MailItem item(const std::string& folder, const std::string& text, std::uint32_t bits) {
  MailItem item;
  item.folder = folder;
  item.bytes = "Subject: " + text + "\r\n\r\nFrom here\r\n" + text + "\r\n";
  item.flags.bits = bits;
  item.flags.keywords = {"$Forwarded", "work"};
  item.received = from_micros(1'700'000'000'000'000 + std::int64_t(bits) * 1'000'000);
  return item;
}

std::vector<MailItem> account() {
  std::vector<MailItem> out;
  for (const char* const folder : {"INBOX", "Sent/2026", "送信済み", "a%.b/.c", "空"}) {
    MailItem empty;
    empty.folder = folder;
    out.push_back(empty);
    if (std::string_view(folder) == "空") continue;
    out.push_back(item(folder, "one", Flags::seen));
    out.push_back(item(folder, "three", Flags::flagged | Flags::answered | Flags::draft));
    out.push_back(item(folder, "two", Flags::deleted));
    out.push_back(item(folder, "two", Flags::deleted));
  }
  return out;
}

void write_all(Result<std::unique_ptr<MailSink>> sink, const std::vector<MailItem>& items) {
  REQUIRE(sink.has_value());
  for (const MailItem& each : items)
    REQUIRE((*sink)->put(each).has_value());
  REQUIRE((*sink)->finish().has_value());
}

void check_same(const std::vector<MailItem>& got, std::vector<MailItem> wanted) {
  std::stable_sort(wanted.begin(), wanted.end(), [](const MailItem& a, const MailItem& b) {
    return std::tie(a.folder, a.bytes) < std::tie(b.folder, b.bytes);
  });
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(wanted[i].folder);
    CHECK(got[i].folder == wanted[i].folder);
    CHECK(got[i].bytes == wanted[i].bytes);
    CHECK(got[i].flags == wanted[i].flags);
    CHECK(got[i].received == wanted[i].received);
  }
}

void put_file(const std::string& path, std::string_view text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("an account in mbox files and in a Maildir comes back the same") {
  const Folder folder;
  write_all(create_mbox(folder.at("m"), MboxShape::folder), account());
  check_same(read_all(open_mbox(folder.at("m"), "")), account());
  CHECK(fs::exists(folder.at("m/Sent/2026.mbox")));
  write_all(create_maildir(folder.at("d")), account());
  check_same(read_all(open_maildir(folder.at("d"), "")), account());
  // Again, as after an interruption: nothing is there twice.
  write_all(create_maildir(folder.at("d")), account());
  check_same(read_all(open_maildir(folder.at("d"), "")), account());
}

TEST_CASE("one mbox file is one mailbox; it is whole or not there") {
  const Folder folder;
  const std::vector<MailItem> mails{item("Work", "one", 0), item("Work", "two", Flags::seen)};
  put_file(folder.at("f.part"), "left by an interrupted export");
  {
    auto unfinished = create_mbox(folder.at("f"), MboxShape::file);
    REQUIRE(unfinished.has_value());
    REQUIRE((*unfinished)->put(mails[0]).has_value());
  }
  CHECK(fs::is_empty(folder.path));
  write_all(create_mbox(folder.at("f"), MboxShape::file), mails);
  CHECK(create_mbox(folder.at("f"), MboxShape::file).error().code == Code::conflict);
  const auto back = read_all(open_mbox(folder.at("f"), "Elsewhere"));
  REQUIRE(back.size() == 3);  // the mailbox, and two
  CHECK(back[1].folder == "Elsewhere");
  CHECK(back[1].bytes == mails[0].bytes);
  write_all(create_mbox(folder.at("empty"), MboxShape::file), {});
  CHECK(read_all(open_mbox(folder.at("empty"), "")).size() == 1);
}

TEST_CASE("files that are none of these, and links out of the folder") {
  const Folder folder;
  CHECK_FALSE(open_maildir(folder.path, "").has_value());
  CHECK_FALSE(open_mbox(folder.path, "").has_value());
  const auto missing = open_mbox(folder.at("missing"), "");
  REQUIRE(missing.has_value());
  CHECK_FALSE((*missing)->next().has_value());
  put_file(folder.at("no.mbox"), "hello\n");
  auto wrong = open_mbox(folder.at("no.mbox"), "");
  REQUIRE((*wrong)->next().has_value());  // the mailbox
  CHECK((*wrong)->next().error().code == Code::invalid);

  put_file(folder.at("secret/cur/1"), "Subject: secret\n\n");
  put_file(folder.at("d/cur/1:2,FS"), "Subject: mine\n\nx\n");
  put_file(folder.at("d/new/2"), "Subject: new\n\nx\n");
  put_file(folder.at("d/.Spam/cur/3"), "Subject: spam\n\nx\n");
  fs::create_symlink(folder.at("secret/cur/1"), folder.at("d/cur/link"));
  fs::create_directory_symlink(folder.at("secret"), folder.at("d/.Secret"));
  const auto mails = read_all(open_maildir(folder.at("d"), ""));
  std::map<std::string, MailboxRole> roles;
  std::vector<std::string> texts;
  for (const MailItem& mail : mails) {
    roles[mail.folder] = mail.role;
    if (!mail.bytes.empty()) texts.push_back(mail.bytes);
  }
  CHECK(roles == std::map<std::string, MailboxRole>{{"INBOX", MailboxRole::inbox},
                                                    {"Spam", MailboxRole::junk}});
  CHECK(texts == std::vector<std::string>{"Subject: mine\r\n\r\nx\r\n", "Subject: new\r\n\r\nx\r\n",
                                          "Subject: spam\r\n\r\nx\r\n"});
  for (const char* const evil : {"..", "../x", "/etc/x", "a/../../x"}) {
    auto sink = create_mbox(folder.at("e"), MboxShape::folder);
    REQUIRE(sink.has_value());
    static_cast<void>((*sink)->put(item(evil, "x", 0)));
    static_cast<void>((*sink)->finish());
    for (const auto& entry : fs::recursive_directory_iterator(folder.path))
      if (entry.path().extension() == ".mbox" && entry.path().filename() != "no.mbox")
        CHECK(entry.path().string().starts_with(folder.at("e/")));
    fs::remove_all(folder.at("e"));
  }
}
