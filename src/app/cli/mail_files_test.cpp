#include "app/cli/mail_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "app/cli/zip_archive.h"

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
  write_all(create_zip(folder.at("z.zip")), account());
  check_same(read_all(open_zip(folder.at("z.zip"), "")), account());
  CHECK(create_zip(folder.at("z.zip")).error().code == Code::conflict);
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

TEST_CASE("a ZIP's names are fit for any system, and mean the mailbox without the manifest") {
  const Folder folder;
  const std::vector<MailItem> mails{item("CON/a:b. /.x", "one", 0),
                                    item("manifest.jsonl", "two", 0), item("INBOX", "a/b: c?", 0)};
  write_all(create_zip(folder.at("z.zip")), mails);
  check_same(read_all(open_zip(folder.at("z.zip"), "")), mails);
  const auto zip = ZipReader::open(folder.at("z.zip"));
  REQUIRE(zip.has_value());
  auto without = ZipWriter::create(folder.at("w.zip"));
  REQUIRE(without.has_value());
  for (std::size_t i = 0; i < (*zip)->size(); ++i) {
    const std::string name = (*zip)->name(i);
    if (name == "manifest.jsonl") continue;
    CAPTURE(name);
    CHECK(name.find_first_of("<>:\"|?*\\") == std::string::npos);
    CHECK_FALSE(name.starts_with("CON/"));
    CHECK_FALSE(name.starts_with("manifest.jsonl/"));
    if (!name.ends_with('/'))
      REQUIRE((*without)->add(name, *(*zip)->read(i, 1000), Instant()).has_value());
  }
  REQUIRE((*without)->add("loose.EML", "Subject: loose\n\nx\n", Instant()).has_value());
  REQUIRE((*without)->add("INBOX/readme.txt", "no mail", Instant()).has_value());
  REQUIRE((*without)->finish().has_value());
  std::map<std::string, std::string> found;
  for (const MailItem& mail : read_all(open_zip(folder.at("w.zip"), "箱")))
    found[mail.folder] += mail.bytes;
  CHECK(found == std::map<std::string, std::string>{{"CON/a:b. /.x", mails[0].bytes},
                                                    {"manifest.jsonl", mails[1].bytes},
                                                    {"INBOX", mails[2].bytes},
                                                    {"箱", "Subject: loose\r\n\r\nx\r\n"}});
}

TEST_CASE("a ZIP's manifest that is wrong says where") {
  const Folder folder;
  const std::string head = "{\"fumi_mail\":1}\n";
  const auto error_of = [&](const std::string& manifest) -> std::string {
    fs::remove(folder.at("z.zip"));
    auto zip = ZipWriter::create(folder.at("z.zip"));
    REQUIRE((*zip)->add("a.eml", "Subject: a\r\n\r\n", Instant()).has_value());
    REQUIRE((*zip)->add("manifest.jsonl", manifest, Instant()).has_value());
    REQUIRE((*zip)->finish().has_value());
    auto source = open_zip(folder.at("z.zip"), "");
    if (!source) return source.error().detail;
    for (;;) {
      const auto next = (*source)->next();
      if (!next) return next.error().detail;
      if (!*next) return "";
    }
  };
  CHECK(error_of(head + "{\"folder\":\"A\",\"file\":\"a.eml\"}\n").empty());
  struct Row {
    std::string manifest, why;
  };
  for (const Row& row :
       {Row{"", "not of this kind"}, Row{"{\"fumi_mail\":2}\n", "not of this kind"},
        Row{head + "{\"folder\":\"A\"", "no end"}, Row{head + "[]\n", "no JSON object"},
        Row{head + "{\"file\":\"a.eml\"}\n", "names no folder"},
        Row{head + "{\"folder\":\"A\",\"file\":\"b.eml\"}\n", "\"b.eml\" is not in"},
        Row{head + "{\"folder\":\"A\",\"octets\":5}\n", "\"octets\""},
        Row{head + "{\"folder\":\"A\",\"flags\":[\"\\\\Odd\"]}\n", "\"flags\""},
        Row{head + std::string(20'000, ' '), "16 KiB"},
        Row{head + "{\"folder\":\"A\",\"file\":\"a.eml\"}\n{\"folder\":\"A\",\"file\":\"a.eml\"}\n",
            "named twice"}}) {
    CAPTURE(row.manifest.substr(0, 80));
    const std::string why = error_of(row.manifest);
    CAPTURE(why);
    CHECK(why.find(row.why) != std::string::npos);
    CHECK(why.find("line") != std::string::npos);
  }
}
