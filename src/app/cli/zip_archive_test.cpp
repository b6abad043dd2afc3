#include "app/cli/zip_archive.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace fumi;
using namespace fumi::app;

namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/fumi-zip-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string at(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void write(const std::string& path, const std::vector<std::pair<std::string, std::string>>& files) {
  auto zip = ZipWriter::create(path);
  REQUIRE(zip.has_value());
  for (const auto& [name, bytes] : files)
    REQUIRE((*zip)->add(name, bytes, from_micros(1'790'000'000'000'000)).has_value());
  REQUIRE((*zip)->finish().has_value());
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1))
    text.replace(at, from.size(), to);
  return text;
}

// The directory's header of the first entry.
std::size_t directory_of(const std::string& zip) { return zip.find("PK\x01\x02"); }

}  // namespace

TEST_CASE("what is written is read, by name and piece by piece") {
  const Folder folder;
  const std::string large(300'000, 'x');
  write(folder.at("a.zip"), {{"INBOX/1.eml", "one"}, {"送信済み/2.eml", large}, {"empty", ""}});
  CHECK(ZipWriter::create(folder.at("a.zip")).error().code == Code::conflict);
  const auto zip = ZipReader::open(folder.at("a.zip"));
  REQUIRE(zip.has_value());
  CHECK((*zip)->size() == 3);
  const auto second = (*zip)->find("送信済み/2.eml");
  REQUIRE(second.has_value());
  CHECK((*zip)->octets(*second) == large.size());
  const auto pieces = (*zip)->pieces(*second);
  REQUIRE(pieces.has_value());
  std::string got = *(*pieces)->next();
  CHECK(*(*zip)->read(*(*zip)->find("INBOX/1.eml"), 3) == "one");  // while the other is open
  for (auto piece = (*pieces)->next(); !piece->empty(); piece = (*pieces)->next())
    got += *piece;
  CHECK(got == large);
  CHECK((*zip)->read(*second, large.size() - 1).error().code == Code::too_large);
  CHECK_FALSE((*zip)->find("missing").has_value());
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("an archive that is not finished leaves nothing") {
  const Folder folder;
  {
    const auto zip = ZipWriter::create(folder.at("a.zip"));
    REQUIRE(zip.has_value());
    REQUIRE((*zip)->add("1.eml", "one", Instant()).has_value());
    CHECK_FALSE((*zip)->add("1.eml", "again", Instant()).has_value());
  }
  CHECK(fs::is_empty(folder.path));
  CHECK(ZipWriter::create(folder.at("no/a.zip")).error().code == Code::storage_full);
}

TEST_CASE("more entries than 16 bits count, and a directory of more than is allowed") {
  const Folder folder;
  auto zip = ZipWriter::create(folder.at("a.zip"));
  REQUIRE(zip.has_value());
  constexpr int kCount = 66'000;
  for (int i = 0; i < kCount; ++i)
    REQUIRE((*zip)->add(std::to_string(i), std::to_string(i), Instant()).has_value());
  REQUIRE((*zip)->finish().has_value());
  const auto back = ZipReader::open(folder.at("a.zip"));
  REQUIRE(back.has_value());
  CHECK((*back)->size() == kCount);
  CHECK(*(*back)->read(*(*back)->find("65999"), 10) == "65999");
  std::string bytes = get(folder.at("a.zip"));
  const std::size_t end = bytes.rfind("PK\x06\x06");  // Zip64's
  REQUIRE(end != std::string::npos);
  bytes.replace(end + 32, 4, std::string("\x40\x42\x0f\0", 4));  // 1,000,000
  put(folder.at("b.zip"), bytes);
  const auto refused = ZipReader::open(folder.at("b.zip"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::too_large);
  CHECK(refused.error().detail.find("1000000 entries") != std::string::npos);
}

TEST_CASE("hostile archives are refused by the entry's name") {
  const Folder folder;
  const auto refusal = [&](const std::string& bytes) {
    put(folder.at("bad.zip"), bytes);
    const auto zip = ZipReader::open(folder.at("bad.zip"));
    return zip ? std::string("taken") : zip.error().detail;
  };
  const auto has = [](const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  };
  struct Row {
    const char* name;
    const char* why;
  };
  for (const Row& row :
       {Row{"../up.eml", "leads out"}, Row{"a/../../up.eml", "leads out"},
        Row{"/abs.eml", "absolute"}, Row{"C:/abs.eml", "absolute"}, Row{"C:\\abs.eml", "absolute"},
        Row{"..\\up.eml", "leads out"}, Row{"a//b.eml", "empty level"},
        Row{"a/./b.eml", "empty level"}, Row{"a\nb.eml", "control"}}) {
    CAPTURE(row.name);
    fs::remove(folder.at("n.zip"));
    write(folder.at("n.zip"), {{"good.eml", "x"}, {row.name, "x"}});
    CHECK(has(refusal(get(folder.at("n.zip"))), row.why));
  }
  write(folder.at("a.zip"), {{"a.eml", std::string(5000, 'a')}, {"b.eml", "b"}});
  const std::string good = get(folder.at("a.zip"));
  CHECK(refusal(good) == "taken");
  CHECK(has(refusal(replaced(good, "b.eml", "a.eml")), "\"a.eml\" is there twice"));
  std::string bad = good;
  bad[directory_of(bad) + 8] = char(bad[directory_of(bad) + 8] | 1);
  CHECK(has(refusal(bad), "\"a.eml\" is encrypted"));
  bad = good;  // both say that they are 4 GiB
  for (std::size_t at = directory_of(bad); at != std::string::npos;
       at = bad.find("PK\x01\x02", at + 1))
    bad.replace(at + 24, 4, "\xfe\xff\xff\xff");
  CHECK(has(refusal(bad), "times its size (\"a.eml\" the most)"));
  for (const std::size_t cut :
       {std::size_t(0), std::size_t(10), good.size() / 2, good.size() - 1}) {
    CAPTURE(cut);
    CHECK(refusal(good.substr(0, cut)) != "taken");
  }
  CHECK(refusal("From a@b\n\nno ZIP at all, and longer than a ZIP's end") != "taken");
  CHECK(ZipReader::open(folder.at("missing")).error().code == Code::not_found);
}

TEST_CASE("contents that are damaged, or not as long as the directory says") {
  const Folder folder;
  write(folder.at("a.zip"), {{"a.eml", std::string(5000, 'a')}});
  const auto read = [&](const std::string& bytes) {
    put(folder.at("bad.zip"), bytes);
    const auto zip = ZipReader::open(folder.at("bad.zip"));
    REQUIRE(zip.has_value());
    return (*zip)->read(0, 10'000);
  };
  const std::string good = get(folder.at("a.zip"));
  CHECK(read(good)->size() == 5000);
  std::string bad = good;
  bad[directory_of(bad) + 16] ^= 1;  // the CRC
  const auto damaged = read(bad);
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().detail.find("\"a.eml\"") != std::string::npos);
  bad = good;
  bad.replace(directory_of(bad) + 24, 4, std::string("\x0a\0\0\0", 4));  // says 10 octets
  CHECK_FALSE(read(bad).has_value());
}

TEST_CASE("a name in the code page of Windows in Japan") {
  const Folder folder;
  write(folder.at("a.zip"), {{"abcd.eml", "x"}});
  put(folder.at("b.zip"), replaced(get(folder.at("a.zip")), "abcd", "\x93\xfa\x96\x7b"));
  const auto zip = ZipReader::open(folder.at("b.zip"));
  REQUIRE(zip.has_value());
  CHECK((*zip)->name(0) == "日本.eml");
}
