#include "app/cli/mail_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "api/mail_stream.h"
#include "base/ascii.h"
#include "crypto/hash.h"
#include "mime/maildir.h"
#include "mime/mbox.h"

namespace fumi::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReading = "reading mail from files";
constexpr const char* kWriting = "writing mail to files";
constexpr std::size_t kPieceOctets = 256 * 1024;
constexpr std::size_t kFilesMax = 10'000'000;
constexpr std::string_view kMboxEnd = ".mbox";

// The two enumerations of flags have the same values.
static_assert(Flags::seen == mime::FileFlags::seen && Flags::answered == mime::FileFlags::answered);
static_assert(Flags::flagged == mime::FileFlags::flagged);
static_assert(Flags::deleted == mime::FileFlags::deleted && Flags::draft == mime::FileFlags::draft);

Flags flags_of(const mime::FileFlags& flags) { return {flags.bits, flags.keywords}; }
mime::FileFlags flags_of(const Flags& flags) { return {flags.bits, flags.keywords}; }

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string reason(const std::string& path) { return path + ": " + std::strerror(errno); }

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// "Sent/2026" as a path below a folder: no level is "." or "..", hidden, or has a NUL.
std::string path_of_mailbox(std::string_view mailbox) {
  std::string out;
  for (const std::string_view level : ascii::split(mailbox, '/')) {
    std::string name = replace_all(std::string(level), "%", "%25");
    if (name.starts_with('.')) name.replace(0, 1, "%2E");
    std::erase(name, '\0');
    out += (out.empty() ? "" : "/") + name;
  }
  return out;
}

std::string mailbox_of_path(std::string path) {
  return replace_all(replace_all(std::move(path), "%2E", "."), "%25", "%");
}

Status sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(Code::storage_full, kWriting, reason(path));
  const bool good = ::syncfs(fd) == 0;
  ::close(fd);
  if (!good) return fail(Code::storage_full, kWriting, reason(path));
  return {};
}

Status make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(Code::storage_full, kWriting, path + ": " + error.message());
  return {};
}

// Regular files below `root` that are no symbolic links, in the order of their names.
Result<std::vector<std::string>> files_below(const std::string& root) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_symlink(error) || !at->is_regular_file(error)) continue;
    if (out.size() >= kFilesMax) return fail(Code::too_large, kReading, root + ": too many files");
    out.push_back(at->path().string());
  }
  if (error) return fail(Code::invalid, kReading, root + ": " + error.message());
  std::sort(out.begin(), out.end());
  return out;
}

class MboxSource final : public MailSource {
 public:
  struct Part {
    std::string path, mailbox;
  };
  explicit MboxSource(std::vector<Part> parts) : parts_(std::move(parts)) {}

  Result<std::optional<MailItem>> next() override {
    for (;;) {
      while (auto message = reader_.next()) {
        if (message->size == mime::MboxMessage::Size::fits && !message->bytes.empty())
          return item_of(std::move(*message));
        if (message->size == mime::MboxMessage::Size::too_large) ++too_large_;
      }
      if (!file_) {
        if (at_ >= parts_.size()) return std::optional<MailItem>();
        return open();
      }
      const std::size_t got = std::fread(piece_.data(), 1, piece_.size(), file_.get());
      reader_.feed(std::string_view(piece_).substr(0, got));
      const std::string& path = parts_[at_ - 1].path;
      if (reader_.is_no_mbox())
        return fail(Code::invalid, kReading, path + ": this is no mbox file");
      if (got > 0) continue;
      if (std::ferror(file_.get()) != 0) return fail(Code::invalid, kReading, reason(path));
      reader_.finish();
      file_.reset();
    }
  }
  [[nodiscard]] std::uint64_t too_large() const override { return too_large_; }

 private:
  Result<std::optional<MailItem>> open() {
    const Part& part = parts_[at_++];
    file_.reset(std::fopen(part.path.c_str(), "rb"));
    if (!file_) return fail(Code::invalid, kReading, reason(part.path));
    reader_ = mime::MboxReader(api::kMailOctetsMax);
    MailItem item;
    item.folder = part.mailbox;
    item.role = role_of_name(part.mailbox);
    return std::optional<MailItem>(std::move(item));
  }
  Result<std::optional<MailItem>> item_of(mime::MboxMessage message) {
    MailItem item;
    item.folder = parts_[at_ - 1].mailbox;
    item.role = role_of_name(item.folder);
    item.flags = flags_of(message.flags);
    item.received = message.received;
    item.bytes = std::move(message.bytes);
    return std::optional<MailItem>(std::move(item));
  }

  std::vector<Part> parts_;
  std::size_t at_ = 0;  // the part after the open one
  File file_;
  std::string piece_ = std::string(kPieceOctets, '\0');
  mime::MboxReader reader_;
  std::uint64_t too_large_ = 0;
};

class MaildirSource final : public MailSource {
 public:
  struct Part {
    std::string path, mailbox;
  };
  explicit MaildirSource(std::vector<Part> parts) : parts_(std::move(parts)) {}

  Result<std::optional<MailItem>> next() override {
    for (;;) {
      if (file_at_ >= files_.size()) {
        if (at_ >= parts_.size()) return std::optional<MailItem>();
        return open();
      }
      const std::string path = files_[file_at_++];
      MailItem item;
      item.folder = parts_[at_ - 1].mailbox;
      item.role = role_of_name(item.folder);
      FUMI_TRY(const bool taken, read(path, item));
      if (taken) return std::optional<MailItem>(std::move(item));
    }
  }
  [[nodiscard]] std::uint64_t too_large() const override { return too_large_; }

 private:
  Result<std::optional<MailItem>> open() {
    const Part& part = parts_[at_++];
    files_.clear();
    file_at_ = 0;
    for (const char* const below : {"/cur", "/new"}) {
      std::error_code error;
      if (!fs::is_directory(part.path + below, error)) continue;
      FUMI_TRY(auto files, files_below(part.path + below));
      files_.insert(files_.end(), files.begin(), files.end());
    }
    keywords_.clear();
    if (const File file{std::fopen((part.path + "/dovecot-keywords").c_str(), "rb")}) {
      std::string text(64 * 1024, '\0');
      text.resize(std::fread(text.data(), 1, text.size(), file.get()));
      keywords_ = mime::parse_maildir_keywords(text);
    }
    MailItem item;
    item.folder = part.mailbox;
    item.role = role_of_name(part.mailbox);
    return std::optional<MailItem>(std::move(item));
  }

  // false: there is nothing to take.
  Result<bool> read(const std::string& path, MailItem& item) {
    const File file(std::fopen(path.c_str(), "rb"));
    struct stat status{};
    if (!file || ::fstat(::fileno(file.get()), &status) != 0)
      return fail(Code::invalid, kReading, reason(path));
    if (std::uint64_t(status.st_size) > api::kMailOctetsMax) {
      ++too_large_;
      return false;
    }
    std::string bytes(std::size_t(status.st_size), '\0');
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
    if (std::ferror(file.get()) != 0) return fail(Code::invalid, kReading, reason(path));
    item.bytes = mime::bare_lf_to_crlf(bytes);
    if (item.bytes.size() > api::kMailOctetsMax) {
      ++too_large_;
      return false;
    }
    item.flags = flags_of(mime::maildir_flags(fs::path(path).filename().string(), keywords_));
    item.received = from_micros(std::int64_t(status.st_mtim.tv_sec) * 1'000'000 +
                                status.st_mtim.tv_nsec / 1000);
    return !item.bytes.empty();
  }

  std::vector<Part> parts_;
  std::size_t at_ = 0;  // the part after the open one
  std::vector<std::string> files_;
  std::size_t file_at_ = 0;
  std::vector<std::string> keywords_;
  std::uint64_t too_large_ = 0;
};

class MboxSink final : public MailSink {
 public:
  MboxSink(std::string path, MboxShape shape)
      : path_(std::move(path)), part_(path_ + ".part"), shape_(shape) {}
  ~MboxSink() override {
    file_.reset();
    std::error_code error;
    if (!finished_) fs::remove_all(part_, error);
  }
  MboxSink(const MboxSink&) = delete;
  MboxSink& operator=(const MboxSink&) = delete;

  Status begin() {
    std::error_code error;
    if (fs::exists(path_, error))
      return fail(Code::conflict, kWriting, path_ + ": it is there already");
    fs::remove_all(part_, error);  // of an export that was interrupted
    if (shape_ == MboxShape::folder) return make_folder(part_);
    return {};
  }
  Status put(const MailItem& item) override {
    if (!file_ || mailbox_ != item.folder) FUMI_CHECK(open(item.folder));
    if (item.bytes.empty()) return {};
    const std::string text =
        mime::write_mbox({item.bytes, item.received, flags_of(item.flags), {}});
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size()) return {};
    return fail(Code::storage_full, kWriting, reason(part_));
  }
  Status finish() override {
    FUMI_CHECK(close());
    std::error_code error;
    if (!fs::exists(part_, error)) FUMI_CHECK(open(""));
    FUMI_CHECK(close());
    if (::rename(part_.c_str(), path_.c_str()) != 0)
      return fail(Code::storage_full, kWriting, reason(path_));
    finished_ = true;
    const std::string parent = fs::path(path_).parent_path().string();
    return sync_folder(parent.empty() ? "." : parent);
  }

 private:
  Status open(const std::string& mailbox) {
    FUMI_CHECK(close());
    std::string path = part_;
    if (shape_ == MboxShape::folder) {
      path += "/" + path_of_mailbox(mailbox) + std::string(kMboxEnd);
      FUMI_CHECK(make_folder(fs::path(path).parent_path().string()));
    }
    file_.reset(std::fopen(path.c_str(), "ab"));
    if (!file_) return fail(Code::storage_full, kWriting, reason(path));
    mailbox_ = mailbox;
    return {};
  }
  Status close() {
    if (!file_) return {};
    const bool good = std::fflush(file_.get()) == 0 && ::fsync(::fileno(file_.get())) == 0;
    file_.reset();
    if (!good) return fail(Code::storage_full, kWriting, reason(part_));
    return {};
  }

  std::string path_, part_;
  MboxShape shape_;
  File file_;
  std::string mailbox_;
  bool finished_ = false;
};

class MaildirSink final : public MailSink {
 public:
  explicit MaildirSink(std::string path) : path_(std::move(path)) {}

  Status put(const MailItem& item) override {
    if (folder_.empty() || mailbox_ != item.folder) FUMI_CHECK(open(item.folder));
    if (item.bytes.empty()) return {};
    FUMI_CHECK(learn(item.flags.keywords));
    const std::int64_t micros = to_micros(item.received.value_or(Instant()));
    // The same message with the same date has the same name, so that another export finds it.
    const std::string digest =
        ascii::to_hex(crypto::view(crypto::sha256(item.bytes)).substr(0, 12));
    const std::string base = std::to_string(micros / 1'000'000) + ".M" +
                             std::to_string(micros % 1'000'000) + "_" + digest;
    const std::string name = base + "_" + std::to_string(++seen_[base]) + ".fumi";
    if (there_.contains(name)) return {};
    const std::string part = folder_ + "/tmp/" + name;
    const File file(std::fopen(part.c_str(), "wb"));
    const timespec when{std::time_t(micros / 1'000'000), long(micros % 1'000'000 * 1000)};
    const timespec times[2] = {when, when};
    const std::string to =
        folder_ + "/cur/" + name + mime::maildir_info(flags_of(item.flags), keywords_);
    const bool good =
        file &&
        std::fwrite(item.bytes.data(), 1, item.bytes.size(), file.get()) == item.bytes.size() &&
        std::fflush(file.get()) == 0 && ::futimens(::fileno(file.get()), times) == 0 &&
        ::rename(part.c_str(), to.c_str()) == 0;
    if (!good) return fail(Code::storage_full, kWriting, reason(part));
    return {};
  }
  Status finish() override { return sync_folder(path_); }

 private:
  Status open(const std::string& mailbox) {
    folder_ = path_;
    if (mailbox != "INBOX") {
      const auto name = mime::maildir_folder(mailbox);
      if (!name || *name == ".." || name->size() > 250)
        return fail(Code::unsupported, kWriting, mailbox + ": no Maildir++ can have this name");
      folder_ += "/" + *name;
    }
    for (const char* const below : {"/cur", "/new", "/tmp"})
      FUMI_CHECK(make_folder(folder_ + below));
    if (folder_ != path_) {  // tells a folder from a Maildir of its own
      const File mark(std::fopen((folder_ + "/maildirfolder").c_str(), "ab"));
    }
    mailbox_ = mailbox;
    seen_.clear();
    there_.clear();
    for (const char* const below : {"/cur", "/new"}) {
      FUMI_TRY(const auto files, files_below(folder_ + below));
      for (const std::string& file : files)
        there_.emplace(mime::maildir_base(fs::path(file).filename().string()));
    }
    keywords_.clear();
    if (const File file{std::fopen((folder_ + "/dovecot-keywords").c_str(), "rb")}) {
      std::string text(64 * 1024, '\0');
      text.resize(std::fread(text.data(), 1, text.size(), file.get()));
      keywords_ = mime::parse_maildir_keywords(text);
    }
    return {};
  }
  Status learn(const std::vector<std::string>& keywords) {
    const std::size_t before = keywords_.size();
    for (const std::string& keyword : keywords)
      if (keywords_.size() < mime::kMaildirKeywordsMax &&
          std::find(keywords_.begin(), keywords_.end(), keyword) == keywords_.end())
        keywords_.push_back(keyword);
    if (keywords_.size() == before) return {};
    const std::string path = folder_ + "/dovecot-keywords";
    const std::string text = mime::write_maildir_keywords(keywords_);
    const File file(std::fopen(path.c_str(), "wb"));
    if (file && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
        std::fflush(file.get()) == 0)
      return {};
    return fail(Code::storage_full, kWriting, reason(path));
  }

  std::string path_, folder_, mailbox_;
  std::vector<std::string> keywords_;
  std::set<std::string, std::less<>> there_;
  std::map<std::string, int> seen_;
};

}  // namespace

MailboxRole role_of_name(std::string_view name) {
  struct Known {
    std::string_view name;
    MailboxRole role;
  };
  for (const Known& known :
       {Known{"inbox", MailboxRole::inbox}, Known{"drafts", MailboxRole::drafts},
        Known{"下書き", MailboxRole::drafts}, Known{"sent", MailboxRole::sent},
        Known{"sent items", MailboxRole::sent}, Known{"sent messages", MailboxRole::sent},
        Known{"送信済み", MailboxRole::sent}, Known{"送信済みアイテム", MailboxRole::sent},
        Known{"trash", MailboxRole::trash}, Known{"deleted items", MailboxRole::trash},
        Known{"deleted messages", MailboxRole::trash}, Known{"ごみ箱", MailboxRole::trash},
        Known{"junk", MailboxRole::junk}, Known{"spam", MailboxRole::junk},
        Known{"junk e-mail", MailboxRole::junk}, Known{"迷惑メール", MailboxRole::junk},
        Known{"archive", MailboxRole::archive}, Known{"アーカイブ", MailboxRole::archive}})
    if (ascii::iequals(name, known.name)) return known.role;
  return MailboxRole::none;
}

Result<std::unique_ptr<MailSource>> open_mbox(const std::string& path, const std::string& folder) {
  std::error_code error;
  std::vector<MboxSource::Part> parts;
  if (!fs::is_directory(path, error)) {
    parts.push_back({path, folder.empty() ? "INBOX" : folder});
    return std::make_unique<MboxSource>(std::move(parts));
  }
  FUMI_TRY(const auto files, files_below(path));
  for (const std::string& file : files) {
    std::string name = fs::path(file).lexically_relative(path).string();
    if (!name.ends_with(kMboxEnd)) continue;
    name.resize(name.size() - kMboxEnd.size());
    parts.push_back({file, mailbox_of_path(name)});
  }
  if (parts.empty()) return fail(Code::not_found, kReading, path + ": no file ends in .mbox");
  return std::make_unique<MboxSource>(std::move(parts));
}

Result<std::unique_ptr<MailSource>> open_maildir(const std::string& path,
                                                 const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(path + "/cur", error))
    return fail(Code::not_found, kReading, path + ": this is no Maildir, it has no cur");
  std::vector<MaildirSource::Part> parts{{path, folder.empty() ? "INBOX" : folder}};
  std::vector<std::string> names;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->is_symlink(error) || !at->is_directory(error)) continue;
    names.push_back(at->path().filename().string());
  }
  if (error) return fail(Code::invalid, kReading, path + ": " + error.message());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names)
    if (const auto mailbox = mime::maildir_mailbox(name))
      parts.push_back({path + "/" + name, *mailbox});
  return std::make_unique<MaildirSource>(std::move(parts));
}

Result<std::unique_ptr<MailSink>> create_mbox(const std::string& path, MboxShape shape) {
  auto sink = std::make_unique<MboxSink>(path, shape);
  FUMI_CHECK(sink->begin());
  return sink;
}

Result<std::unique_ptr<MailSink>> create_maildir(const std::string& path) {
  FUMI_CHECK(make_folder(path));
  return std::make_unique<MaildirSink>(path);
}

}  // namespace fumi::app
