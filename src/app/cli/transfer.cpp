// fumi mail import and export
#include <unistd.h>

#include <chrono>

#include "api/mail_stream.h"
#include "app/cli/groups.h"
#include "app/cli/imap_source.h"
#include "app/cli/mail_files.h"

namespace fumi::app {
namespace {

using api::Json;

constexpr std::size_t kBatchOctets = 4U << 20U;
constexpr std::size_t kBatchItems = 200;
constexpr Duration kBatchPatience = std::chrono::minutes(10);

// A line about how far it is, once a second, where a person looks on.
class Progress {
 public:
  explicit Progress(Client& client)
      : client_(client), shown_(!client.json() && ::isatty(STDERR_FILENO) != 0) {}

  void mails(std::uint64_t count) {
    if (!is_due()) return;
    client_.note(std::to_string(count) + " " + client_.word(Text::mails_read) + ", " + rate(count));
  }
  // "INBOX (1/12) 300/2000, 120/s, 3 min left"
  void mails(std::uint64_t count, const ImapSource::Position& at) {
    if (!is_due()) return;
    const double seconds = std::chrono::duration<double>(last_ - begun_).count();
    const auto left = double(at.mails - at.done) * seconds / double(count == 0 ? 1 : count) / 60;
    client_.note(at.folder + " (" + std::to_string(at.folder_number) + "/" +
                 std::to_string(at.folders) + ") " + std::to_string(at.done) + "/" +
                 std::to_string(at.mails) + ", " + rate(count) + ", " +
                 std::to_string(std::uint64_t(left) + 1) + " " +
                 client_.word(Text::mail_minutes_left));
  }

 private:
  bool is_due() {
    if (!shown_) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::seconds(1)) return false;
    last_ = now;
    return true;
  }
  [[nodiscard]] std::string rate(std::uint64_t count) const {
    const double seconds = std::chrono::duration<double>(last_ - begun_).count();
    return std::to_string(std::uint64_t(double(count) / seconds)) + "/s";
  }

  Client& client_;
  bool shown_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = begun_;
};

// "mbox inbox.mbox"
std::string kind_of(const Commands& c) {
  if (!c.imap.empty()) return "imap";
  if (!c.mbox.empty()) return "mbox " + c.mbox;
  return c.zip.empty() ? "maildir " + c.maildir : "zip " + c.zip;
}

Result<std::unique_ptr<MailSource>> open_source(const Commands& c) {
  if (!c.mbox.empty()) return open_mbox(c.mbox, c.folder);
  return c.zip.empty() ? open_maildir(c.maildir, c.folder) : open_zip(c.zip, c.folder);
}

Result<std::unique_ptr<MailSink>> create_sink(const Commands& c) {
  if (!c.mbox.empty())
    return create_mbox(c.mbox, c.folder.empty() ? MboxShape::folder : MboxShape::file);
  return c.zip.empty() ? create_maildir(c.maildir) : create_zip(c.zip);
}

// A secret's file, or the terminal for "".
std::optional<Secret> read_secret(Client& client, const std::string& file) {
  auto text = client.read_password(file);
  if (!text) return std::nullopt;
  return Secret(std::move(*text));
}

// nullopt: told why.
std::optional<ImapImport> imap_import(Client& client, const Commands& c) {
  ImapImport out;
  auto server = ImapServer::parse(c.imap);
  if (!server) {
    client.refuse("--imap " + c.imap + ": " + server.error().detail, kExitUsage);
    return std::nullopt;
  }
  out.server = std::move(*server);
  out.server.ca_file = c.ca_file;
  if (c.imap_clear) {
    out.server.security = ImapServer::Security::none;
    client.note(client.word(Text::password_in_clear));
  }
  const bool token = !c.imap_token_file.empty();
  auto secret = read_secret(client, token ? c.imap_token_file : c.password_file);
  if (!secret) return std::nullopt;
  (token ? out.server.token : out.server.password) = std::move(*secret);
  out.only = c.imap_only;
  out.except = c.imap_except;
  out.mails_per_second = c.mails_per_second;
  if (c.sync_flags) out.flags = ImapImport::Flags::sync;
  for (const std::string& each : c.imap_map) {
    const std::size_t at = each.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == each.size()) {
      client.refuse("--map " + each + ": " + client.word(Text::bad_mapping), kExitUsage);
      return std::nullopt;
    }
    out.map[each.substr(0, at)] = each.substr(at + 1);
  }
  return out;
}

class Import {
 public:
  Import(Client& client, const Commands& c) : client_(client), c_(c), progress_(client) {}

  // Whether all came in; what went wrong was told.
  bool run() {
    std::string kind = kind_of(c_);
    if (c_.imap.empty()) {
      auto source = open_source(c_);
      if (!source) {
        client_.refuse(source.error().text());
        return true;  // nothing has begun
      }
      source_ = std::move(*source);
    } else if (!open_imap(kind)) {
      return true;
    }
    Json body;
    body.set("source", kind.substr(0, 200));
    const auto job = client_.call("POST", path_of("/accounts/", c_.name, "/imports"), body);
    if (!job) return true;
    path_ = path_of("/accounts/", c_.name, "/imports/") + std::string(job->text("id"));
    if (!read(*source_)) return false;
    if (!send()) return false;
    const auto done = client_.call("POST", path_ + "/finish");
    if (!done) return false;
    if (imap_ == nullptr && source_->too_large() > 0)
      client_.refuse(client_.word(Text::mails_too_large) + " " +
                     std::to_string(source_->too_large()));
    if (imap_ != nullptr) tell_problems();
    tell(*done);
    return true;
  }

 private:
  // false: told why.
  bool open_imap(std::string& kind) {
    auto import = imap_import(client_, c_);
    if (!import) return false;
    kind = import->server.name();
    auto source = ImapSource::open(std::move(*import),
                                   [this](const std::string& folder) { return known(folder); });
    if (!source) {
      client_.refuse(source.error().text());
      return false;
    }
    imap_ = source->get();
    source_ = std::move(*source);
    return true;
  }
  Result<KnownUids> known(const std::string& folder) {
    // What is on its way has to be in before it is asked what is.
    if (!send()) return fail(Code::cancelled, "importing", "");
    const auto answer = client_.call("GET", with_query(path_ + "/known", {{"folder", folder}}));
    if (!answer) return fail(Code::cancelled, "importing", "");
    return KnownUids{std::uint32_t(answer->number("uid_validity")),
                     std::string(answer->text("uids"))};
  }
  void tell_problems() {
    if (imap_->problem_count() == 0) return;
    client_.refuse(client_.word(Text::mails_not_given) + " " +
                   std::to_string(imap_->problem_count()));
    for (const ImapSource::Problem& each : imap_->problems())
      client_.note("  " + each.folder + (each.uid == 0 ? "" : " UID " + std::to_string(each.uid)) +
                   ": " + each.why);
    if (imap_->problem_count() > imap_->problems().size())
      client_.note("  " + client_.word(Text::mails_at_most_told));
  }
  bool read(MailSource& source) {
    for (;;) {
      auto item = source.next();
      if (!item) {
        // Code::cancelled: the Fumi server's refusal, which was told.
        if (item.error().code != Code::cancelled) client_.refuse(item.error().text());
        return false;
      }
      if (!*item) return true;
      if (!(*item)->bytes.empty()) ++mails_, ++mails_read_;
      batch_ += api::write_mail_item(**item);
      if (++items_ < kBatchItems && batch_.size() < kBatchOctets) continue;
      if (!send()) return false;
      if (imap_ != nullptr)
        progress_.mails(mails_read_, imap_->position());
      else
        progress_.mails(mails_read_);
    }
  }
  bool send() {
    if (items_ == 0) return true;
    batch_ += api::write_mail_end(mails_);
    const auto answer =
        client_.upload(path_ + "/mail", std::move(batch_), api::kMailStreamType, kBatchPatience);
    batch_.clear();
    items_ = 0;
    mails_ = 0;
    return answer.has_value();
  }
  void tell(const Json& done) {
    if (client_.json()) return client_.print_json(done);
    std::string updated;
    if (done.number("updated") > 0)
      updated =
          ", " + client_.word(Text::mails_updated) + " " + std::to_string(done.number("updated"));
    client_.print(c_.name + ": " + client_.word(Text::done_imported) + " (" +
                  client_.word(Text::mails_new) + " " + std::to_string(done.number("imported")) +
                  ", " + client_.word(Text::mails_there) + " " +
                  std::to_string(done.number("skipped")) + updated + ")");
  }

  Client& client_;
  const Commands& c_;
  Progress progress_;
  std::unique_ptr<MailSource> source_;
  ImapSource* imap_ = nullptr;  // source_, if it is one
  std::string path_, batch_;
  std::size_t items_ = 0;
  std::uint64_t mails_ = 0, mails_read_ = 0;
};

void import_mail(Client& client, const Commands& c) {
  Import import(client, c);
  if (!import.run()) client.note(client.word(Text::mails_repeat));
}

void export_mail(Client& client, const Commands& c) {
  const std::string path = c.mbox + c.maildir + c.zip;  // one of them
  auto sink = create_sink(c);
  if (!sink) return client.refuse(sink.error().text());
  api::MailStreamReader reader;
  Progress progress(client);
  std::uint64_t mails = 0;
  const auto take = [&](std::string_view bytes) -> Status {
    reader.feed(bytes);
    for (;;) {
      FUMI_TRY(const auto item, reader.next());
      if (!item) return {};
      FUMI_CHECK((*sink)->put(*item));
      if (!item->bytes.empty()) progress.mails(++mails);
    }
  };
  const Query query{{"folder", c.folder}};
  if (!client.download(with_query(path_of("/accounts/", c.name, "/exports"), query), take)) return;
  if (!reader.is_complete()) return client.refuse(client.word(Text::export_broke_off));
  const Status finished = (*sink)->finish();
  if (!finished) return client.refuse(finished.error().text());
  if (client.json())
    return client.print_json(api::JsonObject{{"mails", std::int64_t(mails)}, {"path", path}});
  client.print(c.name + ": " + client.word(Text::done_exported) + " " + path + " (" +
               std::to_string(mails) + " " + client.word(Text::mails_read) + ")");
}

void add_imap_options(CLI::App& in, Commands& c) {
  constexpr const char* kGroup = "Another IMAP server";
  in.footer(
      "Examples:\n"
      "  fumi mail import hanako@acme.example --mbox inbox.mbox --folder Old\n"
      "  fumi mail import hanako@acme.example --imap imaps://hanako@mail.old.example \\\n"
      "      --password-file old-password\n"
      "  fumi mail import hanako@acme.example --imap imaps://hanako@mail.old.example \\\n"
      "      --password-file old-password --map \"Sent Items=Sent\" --except Trash --sync-flags\n"
      "The same command again brings what is new since, and goes on after an interruption.");
  const auto add = [&](CLI::Option* option) { option->group(kGroup); };
  add(in.add_option("--password-file", c.password_file,
                    "The password there; - is standard input; without it the terminal is asked"));
  add(in.add_option("--oauth-token-file", c.imap_token_file,
                    "An OAuth 2.0 access token instead (OAUTHBEARER, XOAUTH2)"));
  add(in.add_option("--only", c.imap_only, "This mailbox alone; may be repeated"));
  add(in.add_option("--except", c.imap_except, "Not this mailbox; may be repeated"));
  add(in.add_option("--map", c.imap_map, "THERE=HERE: what a mailbox is called here"));
  add(in.add_flag("--sync-flags", c.sync_flags,
                  "Bring what changed there since in the flags of what came before"));
  add(in.add_option("--mails-per-second", c.mails_per_second, "At most so many; 0 is no limit"));
  add(in.add_option("--ca-file", c.ca_file, "Authorities (PEM) that may sign its certificate"));
  add(in.add_flag("--no-tls", c.imap_clear, "Speak in clear; for a server on this machine"));
}

}  // namespace

void add_transfer_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group =
      add_group(app, "mail", "Mail into an account, and out of it",
                "  fumi mail import hanako@acme.example --mbox inbox.mbox\n"
                "  fumi mail import hanako@acme.example --maildir ~/Maildir\n"
                "  fumi mail import hanako@acme.example --zip hanako.zip\n"
                "  fumi mail import hanako@acme.example --imap imaps://hanako@mail.old.example\n"
                "  fumi mail export hanako@acme.example --mbox hanako.mail\n"
                "  fumi mail export hanako@acme.example --zip hanako.zip");
  CLI::App* in =
      add_command(group, *c, "import",
                  "Bring in mail from files or another server; repeat it after an interruption",
                  [c](Client& client) { import_mail(client, *c); });
  in->add_option(
      "--folder", c->folder,
      "The mailbox of a single mbox file, of the Maildir's root, or of files in no folder "
      "of a ZIP; INBOX without it");
  CLI::App* out = add_command(group, *c, "export", "Write an account's mail to files",
                              [c](Client& client) { export_mail(client, *c); });
  out->add_option("--folder", c->folder, "This mailbox alone; an mbox is one file then");
  for (CLI::App* command : {in, out}) {
    command->add_option("address", c->name, "The account")->required();
    CLI::Option_group* form = command->add_option_group("form", "Which files");
    form->add_option("--mbox", c->mbox, "An mbox file, or a folder of files NAME.mbox");
    form->add_option("--maildir", c->maildir, "A Maildir++, as Dovecot and Courier have them");
    form->add_option("--zip", c->zip, "A ZIP archive of .eml files in folders");
    if (command == in)
      form->add_option("--imap", c->imap,
                       "Another IMAP server: imaps://user@host, or imap://user@host with STARTTLS");
    form->require_option(1);
  }
  add_imap_options(*in, *c);
}

}  // namespace fumi::app
