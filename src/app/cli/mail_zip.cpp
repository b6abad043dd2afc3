// Mail in ZIP archives.
#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "api/mail_stream.h"
#include "app/cli/mail_files.h"
#include "app/cli/zip_archive.h"
#include "base/ascii.h"
#include "codec/utf8.h"
#include "mime/header.h"
#include "mime/mbox.h"
#include "mime/structure.h"

namespace fumi::app {
namespace {

using api::Json;

constexpr const char* kReading = "reading mail from a ZIP";
constexpr std::string_view kManifest = "manifest.jsonl";
constexpr std::string_view kMail = ".eml";
constexpr std::size_t kSubjectCharsMax = 40;
constexpr int kVersion = 1;

// Names that Windows keeps for devices, whatever follows their dot.
bool is_device(std::string_view level) {
  const std::string name = ascii::to_lower(level.substr(0, level.find('.')));
  static constexpr std::array<std::string_view, 4> kNames{"con", "prn", "aux", "nul"};
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return true;
  return name.size() == 4 && (name.starts_with("com") || name.starts_with("lpt")) &&
         ascii::is_digit(name[3]);
}

std::string percent(char c) { return "%" + ascii::to_upper(ascii::to_hex({&c, 1})); }

// One level of a mailbox's name as a folder's on any system; unescape() is its inverse.
std::string escape(std::string_view level) {
  std::string out;
  const bool kept = is_device(level) || ascii::iequals(level, kManifest);
  for (std::size_t i = 0; i < level.size(); ++i) {
    const char c = level[i];
    const bool edge =
        (i == 0 && (c == '.' || kept)) || (i + 1 == level.size() && (c == '.' || c == ' '));
    const bool special = std::string_view("<>:\"|?*\\%").find(c) != std::string_view::npos;
    if (edge || special || std::uint8_t(c) < ' ' || c == '\x7f')
      out += percent(c);
    else
      out += c;
  }
  return out.empty() ? "%" : out;
}

std::string unescape(std::string_view level) {
  std::string out;
  if (level == "%") return out;
  for (std::size_t i = 0; i < level.size(); ++i) {
    const auto byte =
        level[i] == '%' ? ascii::from_hex(level.substr(i + 1, 2)) : std::optional<std::string>();
    if (byte && byte->size() == 1)
      out += *byte, i += 2;
    else
      out += level[i];
  }
  return out;
}

std::string path_of_mailbox(std::string_view mailbox) {
  std::string out;
  for (const std::string_view level : ascii::split(mailbox, '/'))
    out += escape(level) + "/";
  return out;
}

// The folder that a file lies in, as a mailbox; "" for none.
std::string mailbox_of_file(std::string_view path) {
  const std::size_t end = path.rfind('/');
  if (end == std::string_view::npos) return {};
  std::string out;
  for (const std::string_view level : ascii::split(path.substr(0, end), '/'))
    out += (out.empty() ? "" : "/") + unescape(level);
  return out;
}

// For people; the number before it makes the name unique.
std::string short_subject(std::string_view mail) {
  std::string text = mime::decode_unstructured(mime::parse(mail).envelope.subject);
  std::string out;
  std::string_view rest = text;
  for (std::size_t i = 0; i < kSubjectCharsMax && !rest.empty(); ++i) {
    const char32_t c = codec::take_code_point(rest);
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
                         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    const bool special =
        c < 0x80 && std::string_view("<>:\"|?*\\/%").find(char(c)) != std::string_view::npos;
    codec::append_utf8(out, control ? U' ' : special ? U'_' : c);
  }
  return std::string(ascii::trim(out));
}

class ZipSink final : public MailSink {
 public:
  explicit ZipSink(std::unique_ptr<ZipWriter> zip) : zip_(std::move(zip)) {
    manifest_ = api::write_json(api::JsonObject{{"fumi_mail", kVersion}}) + "\n";
  }

  Status put(const MailItem& item) override {
    Json line = api::describe_mail(item);
    const std::string folder = path_of_mailbox(item.folder);
    if (folder != folder_ && folders_.emplace(folder, true).second)
      FUMI_CHECK(zip_->add_folder(folder));
    folder_ = folder;
    if (!item.bytes.empty()) {
      std::string number = std::to_string(++mails_);
      number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
      const std::string subject = short_subject(item.bytes);
      const std::string file =
          folder + number + (subject.empty() ? "" : " " + subject) + std::string(kMail);
      FUMI_CHECK(zip_->add(file, item.bytes, item.received.value_or(Instant())));
      line.set("file", file);
    }
    manifest_ += api::write_json(line) + "\n";
    return {};
  }
  Status finish() override {
    FUMI_CHECK(zip_->add(std::string(kManifest), manifest_, system_clock().now()));
    return zip_->finish();
  }

 private:
  std::unique_ptr<ZipWriter> zip_;
  std::string manifest_, folder_;
  std::map<std::string, bool> folders_;
  std::uint64_t mails_ = 0;
};

class ZipSource final : public MailSource {
 public:
  ZipSource(std::unique_ptr<ZipReader> zip, std::string path, std::string folder)
      : zip_(std::move(zip)),
        path_(std::move(path)),
        folder_(folder.empty() ? "INBOX" : std::move(folder)),
        taken_(zip_->size()) {}

  Status begin() {
    const auto manifest = zip_->find(kManifest);
    if (!manifest) return {};
    taken_[*manifest] = true;
    FUMI_TRY(manifest_, zip_->pieces(*manifest));
    FUMI_TRY(const auto first, next_line());
    const auto head = first ? api::parse_json(*first) : Result<Json>(Json());
    if (!head || head->number("fumi_mail") != kVersion)
      return wrong("it is not of this kind; take it out to import all files by their folders");
    return {};
  }
  Result<std::optional<MailItem>> next() override {
    while (manifest_) {
      FUMI_TRY(const auto line, next_line());
      if (!line) {
        manifest_.reset();
        break;
      }
      FUMI_TRY(auto item, by_manifest(*line));
      if (item) return std::optional<MailItem>(std::move(item));
    }
    return by_folders();
  }
  [[nodiscard]] std::uint64_t too_large() const override { return too_large_; }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view why) const {
    return fail(Code::invalid, kReading,
                path_ + ": " + std::string(kManifest) + " line " + std::to_string(line_) + ": " +
                    std::string(why));
  }
  // Without its line end; nullopt: the end.
  Result<std::optional<std::string>> next_line() {
    for (;;) {
      const std::size_t end = held_.find('\n', at_);
      if (end != std::string::npos && end - at_ <= api::kMailLineOctetsMax) {
        std::string line = held_.substr(at_, end - at_);
        at_ = end + 1;
        ++line_;
        return line;
      }
      held_.erase(0, at_);
      at_ = 0;
      if (held_.size() > api::kMailLineOctetsMax) return wrong("the next line is over 16 KiB");
      auto piece = manifest_->next();
      if (!piece) return wrong(piece.error().detail);
      if (piece->empty()) {
        if (!held_.empty()) return wrong("the last line has no end");
        return std::optional<std::string>();
      }
      held_ += *piece;
    }
  }
  // nullopt: too large, or empty.
  Result<std::optional<MailItem>> by_manifest(const std::string& line) {
    const auto json = api::parse_json(line);
    if (!json || json->object() == nullptr) return wrong("no JSON object");
    if (line_ > 2 * ZipReader::kEntriesMax) return wrong("too many lines");
    MailItem item;
    for (const auto& [name, value] : *json->object()) {
      const bool file = name == "file" && value.string() != nullptr;
      if (!file && api::read_mail_member(name, value, item) != api::MailMember::taken)
        return wrong("a wrong member \"" + ascii::printable(name) + "\"");
    }
    if (item.folder.empty()) return wrong("it names no folder");
    if (json->find("file") == nullptr) return std::optional<MailItem>(std::move(item));
    const std::string_view file = json->text("file");
    const auto index = zip_->find(file);
    const std::string quoted = "\"" + ascii::printable(file) + "\"";
    if (!index) return wrong(quoted + " is not in the archive");
    if (taken_[*index]) return wrong(quoted + " is named twice");
    return read(*index, std::move(item), Octets::kept);
  }
  Result<std::optional<MailItem>> by_folders() {
    for (; index_ < zip_->size(); ++index_) {
      if (taken_[index_]) continue;
      const std::string name = zip_->name(index_);
      if (name.size() < kMail.size() ||
          !ascii::iequals(std::string_view(name).substr(name.size() - kMail.size()), kMail))
        continue;
      MailItem item;
      item.folder = mailbox_of_file(name);
      if (item.folder.empty()) item.folder = folder_;
      item.role = role_of_name(item.folder);
      FUMI_TRY(auto read_item, read(index_, std::move(item), Octets::with_crlf));
      if (read_item) return read_item;
    }
    return std::optional<MailItem>();
  }
  enum class Octets { kept, with_crlf };
  Result<std::optional<MailItem>> read(std::size_t index, MailItem item, Octets octets) {
    taken_[index] = true;
    auto bytes = zip_->read(index, api::kMailOctetsMax);
    if (bytes && octets == Octets::with_crlf) bytes = mime::bare_lf_to_crlf(*bytes);
    const bool large =
        bytes ? bytes->size() > api::kMailOctetsMax : bytes.error().code == Code::too_large;
    if (large) ++too_large_;
    if (!bytes && !large) return std::unexpected(bytes.error());
    if (large || bytes->empty()) return std::optional<MailItem>();
    item.bytes = std::move(*bytes);
    return std::optional<MailItem>(std::move(item));
  }

  std::unique_ptr<ZipReader> zip_;
  std::string path_, folder_;
  std::vector<bool> taken_;  // by index: done, or no mail
  std::unique_ptr<ZipReader::Pieces> manifest_;
  std::string held_;
  std::size_t at_ = 0, index_ = 0;
  std::uint64_t line_ = 0, too_large_ = 0;
};

}  // namespace

Result<std::unique_ptr<MailSource>> open_zip(const std::string& path, const std::string& folder) {
  FUMI_TRY(auto zip, ZipReader::open(path));
  auto source = std::make_unique<ZipSource>(std::move(zip), path, folder);
  FUMI_CHECK(source->begin());
  return source;
}

Result<std::unique_ptr<MailSink>> create_zip(const std::string& path) {
  FUMI_TRY(auto zip, ZipWriter::create(path));
  return std::make_unique<ZipSink>(std::move(zip));
}

}  // namespace fumi::app
