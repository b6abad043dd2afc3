#include "server/imap/session.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/log.h"
#include "proto/imap/fetch_writer.h"
#include "server/imap/detail/rows.h"

namespace fumi::server {
namespace {

constexpr std::size_t kReadOctets = 16 * 1024;
constexpr Duration kFarewell = std::chrono::seconds(5);

struct FlagName {
  std::string_view name;
  std::uint32_t bit;
};
constexpr std::array<FlagName, 5> kFlagNames{
    FlagName{"\\Seen", Flags::seen}, FlagName{"\\Answered", Flags::answered},
    FlagName{"\\Flagged", Flags::flagged}, FlagName{"\\Deleted", Flags::deleted},
    FlagName{"\\Draft", Flags::draft}};

}  // namespace

Flags flags_of(const std::vector<std::string>& names) {
  Flags change;
  for (const std::string& name : names) {
    if (!name.starts_with('\\')) {
      change.keywords.push_back(name);
      continue;
    }
    for (const FlagName& flag : kFlagNames) {
      if (ascii::iequals(flag.name, name)) change.bits |= flag.bit;
    }
  }
  return apply({}, FlagsOperation::replace, change);
}

std::vector<std::string> names_of(const Flags& flags) {
  std::vector<std::string> names;
  for (const FlagName& flag : kFlagNames) {
    if (flags.has(flag.bit)) names.emplace_back(flag.name);
  }
  names.insert(names.end(), flags.keywords.begin(), flags.keywords.end());
  return names;
}

// The only place where errors become IMAP answers (RFC 5530).
imap::Reply ImapSession::to_imap(const Error& error) {
  using Plain = imap::code::Plain;
  switch (error.code) {
    case Code::not_found:
      return imap::no("No such mailbox", Plain::nonexistent);
    case Code::conflict:
      return imap::no("That name is taken", Plain::already_exists);
    case Code::denied:
      return imap::no("Not permitted", Plain::no_perm);
    case Code::quota:
      return imap::no("The mailbox is full", Plain::over_quota);
    case Code::too_large:
      return imap::no("Too large", Plain::too_big);
    case Code::invalid:
      return imap::no("Not possible: " + error.detail, Plain::cannot);
    case Code::unauthenticated:
      return imap::no("Wrong name or password", Plain::authentication_failed);
    case Code::rate_limited:
      return imap::no("Too many failed attempts, try again later", Plain::unavailable);
    case Code::corrupt:
      return imap::no("Stored data is damaged", Plain::corruption);
    default:
      return imap::no("Temporary failure on our side, try again later", Plain::unavailable);
  }
}

ImapSession::ImapSession(ImapHost& host, std::unique_ptr<net::Stream> stream, imap::Channel channel)
    : host_(host), stream_(std::move(stream)), engine_(host.engine, channel) {
  if (channel == imap::Channel::clear) engine_.greet();
}

Task<void> ImapSession::run() {
  host_.metrics.connections.add();
  if (engine_.writer().output().empty()) {
    stream_->set_deadline(host_.options.login_timeout);
    const Status shaken = co_await stream_->start_tls_server(host_.tls);
    if (!shaken) co_return;
    engine_.greet();
  }
  for (;;) {
    imap::Step step = engine_.next();
    const bool sent = co_await flush();
    if (!sent) co_return;
    if (std::holds_alternative<imap::Disconnect>(step)) break;
    if (std::holds_alternative<imap::NeedInput>(step)) {
      const bool more = co_await fill();
      if (!more) co_return;
      continue;
    }
    const bool alive = co_await act(step);
    if (!alive) co_return;
  }
  // The last word is said; whether the peer hears the end of it changes nothing.
  [[maybe_unused]] const Status ended = co_await stream_->shutdown_write();
}

Task<bool> ImapSession::flush() {
  imap::Output& output = engine_.writer().output();
  if (output.empty()) co_return true;
  stream_->set_deadline(host_.options.idle_timeout);
  const std::vector<std::string_view> pieces = output.pieces();
  for (const std::string_view piece : pieces) {
    const Status sent = co_await stream_->write_all(piece);
    if (!sent) co_return false;
  }
  output.clear();
  held_.clear();
  co_return true;
}

// What goes wrong with the peer becomes a last word where one can still be said.
bool ImapSession::say_farewell(const Error& error) {
  if (error.code != Code::timeout && error.code != Code::cancelled) return false;
  if (ticket_.why() != service::SessionEnd::none) {
    engine_.bye(std::string(service::to_string(ticket_.why())),
                imap::code::plain(imap::code::Plain::alert));
    stream_->set_deadline(kFarewell);
    return true;
  }
  engine_.bye(error.code == Code::timeout ? "Autologout, idle for too long" : "Server closing",
              imap::code::plain(imap::code::Plain::unavailable));
  stream_->set_deadline(kFarewell);
  return true;
}

Task<bool> ImapSession::fill() {
  stream_->set_deadline(principal_ ? host_.options.idle_timeout : host_.options.login_timeout);
  Status ready;
  if (engine_.is_quiet() && ticket_.why() != service::SessionEnd::none)
    co_return say_farewell(Error{Code::cancelled, "waiting for a command", {}});
  const bool listens = engine_.is_idling() || (notify_ && engine_.is_quiet());
  if (listens && changed_) {
    const Result<net::Wake> woken = co_await stream_->readable_or(*changed_);
    if (woken && *woken == net::Wake::event) {
      co_await tell_unasked();
      co_return true;
    }
    if (!woken) ready = std::unexpected(woken.error());
  } else if (engine_.is_quiet()) {
    ready = co_await stream_->readable();
  }
  // Draining ends the wait of a client that rests, but not the one for the rest of a command: an
  // APPEND that is half here may finish.
  if (!ready) co_return say_farewell(ready.error());
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadOctets);
  const std::span<char> room(buffer.get(), kReadOctets);
  const Result<std::size_t> got = co_await stream_->read_some(room);
  if (!got) co_return say_farewell(got.error());
  if (*got == 0) co_return false;
  engine_.feed(std::string_view(buffer.get(), *got));
  co_return true;
}

Task<bool> ImapSession::on_starttls() {
  stream_->set_deadline(host_.options.login_timeout);
  const Status shaken = co_await stream_->start_tls_server(host_.tls);
  if (!shaken) {
    log::info("imap", "TLS handshake failed",
              {{"client", stream_->peer().address}, {"why", shaken.error().detail}});
    co_return false;
  }
  engine_.tls_started();
  co_return true;
}

Task<bool> ImapSession::act(imap::Step& step) {
  host_.metrics.commands.add();
  const bool done = co_await act_extension(step);
  if (done) co_return true;
  if (auto* chunk = std::get_if<imap::AppendChunk>(&step)) {
    if (!appending_.empty()) appending_.back().bytes.append(chunk->octets);
  } else if (std::holds_alternative<imap::AppendEnd>(step) ||
             std::holds_alternative<imap::Idle>(step)) {
    // The engine goes on by itself.
  } else if (std::holds_alternative<imap::Noop>(step)) {
    co_await finish(imap::ok("NOOP done"));
  } else if (std::holds_alternative<imap::Id>(step)) {
    const std::array<std::pair<std::string, std::string>, 1> fields{{{"name", "Fumi"}}};
    engine_.writer().id(fields);
    co_await finish(imap::ok("ID done"));
  } else if (std::holds_alternative<imap::StartTls>(step)) {
    co_return co_await on_starttls();
  } else if (auto* auth = std::get_if<imap::AuthStart>(&step)) {
    const service::LoginKinds people;
    login_ =
        std::make_unique<Login>(host_.login, *stream_, people, "imap", stream_->peer().address);
    LoginStep next = co_await login_->start(std::move(auth->mechanism), std::move(auth->initial));
    co_await on_auth(std::move(next));
  } else if (auto* response = std::get_if<imap::AuthResponse>(&step)) {
    LoginStep next = co_await login_->respond(std::move(response->bytes));
    co_await on_auth(std::move(next));
  } else if (std::holds_alternative<imap::AuthCancelled>(step)) {
    login_.reset();
  } else if (auto* login = std::get_if<imap::Login>(&step)) {
    co_await on_login(std::move(*login));
  } else {
    co_await act_authenticated(step);
  }
  co_return true;
}

namespace {

// RFC 5530 §3: who has proven who they are and still may not hears why.
imap::Reply not_allowed(const Error& error) {
  return imap::no(error.detail, imap::code::Plain::authorization_failed);
}

}  // namespace

Task<void> ImapSession::on_login(imap::Login login) {
  const service::LoginAttempt attempt{"imap", stream_->peer().address, std::move(login.user)};
  const service::LoginKinds people;
  Result<service::Principal> principal =
      co_await host_.login.access.password(attempt, std::move(login.password), people);
  if (!principal) {
    const Error& error = principal.error();
    engine_.finish(error.code == Code::denied ? not_allowed(error) : to_imap(error));
    co_return;
  }
  logged_in(*principal);
  engine_.finish(imap::ok("Logged in"));
}

Task<void> ImapSession::on_auth(LoginStep step) {
  if (auto* challenge = std::get_if<LoginChallenge>(&step)) {
    engine_.challenge(challenge->octets);
    co_return;
  }
  login_.reset();
  if (auto* failed = std::get_if<LoginFailed>(&step)) {
    if (failed->error.code == Code::invalid) {
      engine_.finish(
          imap::no("Malformed authentication data", imap::code::Plain::authentication_failed));
    } else if (failed->error.code == Code::denied) {
      engine_.finish(not_allowed(failed->error));
    } else {
      engine_.finish(to_imap(failed->error));
    }
    co_return;
  }
  logged_in(std::get<LoginDone>(step).principal);
  engine_.finish(imap::ok("Logged in"));
}

void ImapSession::logged_in(const service::Principal& principal) {
  principal_ = principal;
  host_.metrics.logins.add();
  ticket_ = host_.login.live.enter(principal, AccessDoor::imap, stream_->peer().address,
                                   [stream = stream_.get()] { stream->drain(); });
  changed_ = std::make_shared<net::AsyncEvent>();
  subscription_ = host_.mailboxes.bus().subscribe(
      principal.account, [event = changed_](const Change&) { event->set(); });
}

void ImapSession::log_out() {
  selected_.reset();
  notify_.reset();
  subscription_ = {};
  changed_.reset();
  ticket_ = {};
  principal_.reset();
}

Task<void> ImapSession::finish(imap::Reply reply) {
  co_await tell_news();
  engine_.finish(std::move(reply));
}

Task<void> ImapSession::tell_news() {
  if (notify_) co_await tell_notices();
  if (!selected_) co_return;
  const bool news = changed_->take();
  const bool asked = engine_.verb() == "NOOP" || engine_.verb() == "CHECK" ||
                     engine_.verb() == "NOTIFY";  // RFC 5465 §3.1
  if (asked) {
    co_await sync(service::Mailboxes::Freshness::certain);
  } else if (news || selected_->stale) {
    co_await sync();
  }
  co_await tell(engine_.updates_allowed());
}

Task<void> ImapSession::catch_up() {
  if (changed_->take() || selected_->stale) co_await sync();
}

void ImapSession::not_synced(const Error& why) {
  selected_->stale = true;
  if (why.code == Code::not_found || why.code == Code::denied) {
    engine_.bye("The mailbox is not there any more; please reconnect");
    return;
  }
  // The next command, or the next change, tries again.
  log::warning("imap", "changes not readable", {{"why", why.text()}});
}

// Brings the view up to date with the mailbox: costs what changed, not what is there.
Task<void> ImapSession::sync(service::Mailboxes::Freshness freshness) {
  if (!selected_) co_return;
  const Status allowed = co_await follow_rights();
  if (!allowed) {
    not_synced(allowed.error());
    co_return;
  }
  std::shared_ptr<service::MailboxIndex> index = selected_->index;
  auto fresh = co_await host_.mailboxes.refresh(whose(), std::move(index), freshness);
  selected_->stale = !fresh.has_value();
  if (!fresh) {
    not_synced(fresh.error());
    co_return;
  }
  if (*fresh == selected_->now) co_return;
  const auto news = service::MailboxSnapshot::difference(*selected_->now, **fresh);
  const std::uint32_t uid_next = selected_->now->uid_next().value;
  for (const service::IndexRow& row : news.changed) {
    const imap::Uid uid{row.uid};
    if (row.uid >= uid_next) {
      selected_->view.arrived(uid);  // once; its flags come with the client's FETCH
    } else if (std::ranges::find(selected_->told, row.changed()) == selected_->told.end()) {
      selected_->view.changed(uid);
    }
  }
  for (const Uid uid : news.vanished)
    selected_->view.expunged(imap::Uid{uid.value});
  selected_->told.clear();
  selected_->now = std::move(*fresh);
  selected_->view.now_is(uids_in(selected_->now));
}

Task<void> ImapSession::tell(imap::Updates allowed) {
  if (!selected_ || allowed == imap::Updates::none) co_return;
  if (!selected_->view.has_changes(allowed)) co_return;
  const imap::SelectedView::Changes changes = selected_->view.take(allowed);
  imap::write_changes(engine_.writer(), changes);
  const service::Mailboxes::Snapshot now = selected_->now;
  const imap::Features on = engine_.features();
  service::RowCursor rows(*now);
  FlagTexts flags(*now);
  for (const imap::SelectedView::Item& item : changes.fetch) {
    const service::IndexRow* const row = rows.find(Uid{item.uid.value});
    if (row == nullptr) continue;
    imap::FetchWriter fetch(engine_.writer(), item.number, item.uid);
    fetch.flag_list(flags.of(*row));
    if ((on.qresync || notify_) && !on.uid_only) fetch.uid(item.uid);
    if (on.condstore || on.qresync) fetch.modseq({row->modseq});
    fetch.end();
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return;  // the loop's next flush finds the same
  }
  if (notify_ && changes.arrived > 0) co_await tell_new(changes.arrived);
}

Task<void> serve_imap(ImapHost& host, std::unique_ptr<net::Stream> stream, imap::Channel channel) {
  ImapSession session(host, std::move(stream), channel);
  co_await session.run();
}

}  // namespace fumi::server
