#include "server/pop3/session.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "proto/pop3/message.h"

namespace fumi::server {
namespace {

constexpr std::size_t kReadOctets = 4096;  // as Engine::feed() promises room for
constexpr std::size_t kLocatedAhead = 32;  // messages looked up in one transaction
constexpr Duration kLocatedFor = std::chrono::seconds(1);

std::vector<Uid> uids_of(const std::vector<std::uint32_t>& numbers) {
  std::vector<Uid> uids;
  uids.reserve(numbers.size());
  for (const std::uint32_t number : numbers)
    uids.push_back({number});
  return uids;
}

}  // namespace

pop3::Options engine_options(const Pop3Options& options) {
  pop3::Options out;
  out.plaintext =
      options.plaintext == Pop3Plaintext::allow ? pop3::Plaintext::allow : pop3::Plaintext::refuse;
  if (options.expire_days > 0) out.expire_days = options.expire_days;
  out.login_delay_s = static_cast<std::uint32_t>(
      std::chrono::ceil<std::chrono::seconds>(options.login_delay).count());
  return out;
}

// The only place where errors become POP3 answers (RFC 2449 §8, RFC 3206).
pop3::Refusal Pop3Session::to_pop3(const Error& error) {
  using pop3::ResponseCode;
  using pop3::Text;
  switch (error.code) {
    case Code::denied:
      return {ResponseCode::auth, Text::not_allowed_here};
    case Code::unauthenticated:
      return {ResponseCode::auth, Text::wrong_password};
    case Code::invalid:
      return {ResponseCode::none, Text::not_base64};
    case Code::rate_limited:  // not [AUTH]: the client must not ask for another password
      return {ResponseCode::sys_temp, Text::too_many_failures};
    case Code::not_found:
      return {ResponseCode::none, Text::gone};
    case Code::corrupt:
      return {ResponseCode::sys_perm, Text::damaged};
    default:
      return {ResponseCode::sys_temp, Text::temporary};
  }
}

Pop3Session::Pop3Session(Pop3Host& host, std::unique_ptr<net::Stream> stream, pop3::Channel channel)
    : host_(host), stream_(std::move(stream)), engine_(host.engine, channel), channel_(channel) {}

Task<void> Pop3Session::run() {
  host_.metrics.connections.add();
  if (channel_ == pop3::Channel::tls) {
    stream_->set_deadline(host_.options.login_timeout);
    const Status shaken = co_await stream_->start_tls_server(host_.tls);
    if (!shaken) co_return;
  }
  engine_.greet();
  for (;;) {
    pop3::Step step = engine_.next();
    const bool sent = co_await flush();
    if (!sent) co_return;
    if (std::holds_alternative<pop3::Disconnect>(step)) break;
    if (std::holds_alternative<pop3::Flush>(step)) continue;
    if (std::holds_alternative<pop3::NeedInput>(step)) {
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

Task<bool> Pop3Session::flush() {
  if (engine_.output().empty()) co_return true;
  const std::string_view nothing;
  co_return co_await write(nothing);
}

Task<bool> Pop3Session::write(std::string_view behind) {
  const std::string out = std::exchange(engine_.output(), {});
  stream_->set_deadline(host_.options.idle_timeout);
  const Status sent = co_await stream_->write_all(out, behind);
  co_return sent.has_value();
}

// RFC 1939 §3: who is silent for too long is closed without a word, and nothing is removed.
// Draining ends a session so, too: what it marked stays, and the client comes again.
//
// DEVIATION: before login the patience is shorter than the ten minutes of RFC 1939 §3, so that
// connections cost a stranger something.
Task<bool> Pop3Session::fill() {
  stream_->set_deadline(opened_ ? host_.options.idle_timeout : host_.options.login_timeout);
  // A POP3 server speaks only when it is asked: the connection just ends, and nothing is removed.
  if (opened_ && opened_->ticket.why() != service::SessionEnd::none) co_return false;
  const Status ready = co_await stream_->readable();
  if (!ready) co_return false;
  std::string buffer(kReadOctets, '\0');
  const Result<std::size_t> got = co_await stream_->read_some(buffer);
  if (!got || *got == 0) co_return false;
  co_return engine_.feed(std::string_view(buffer).substr(0, *got)) == *got;
}

Task<bool> Pop3Session::act(pop3::Step& step) {
  if (std::holds_alternative<pop3::StartTls>(step)) co_return co_await on_stls();
  if (auto* login = std::get_if<pop3::Login>(&step)) {
    co_await on_login(std::move(*login));
  } else if (auto* auth = std::get_if<pop3::AuthStart>(&step)) {
    const service::LoginKinds people;
    login_ =
        std::make_unique<Login>(host_.login, *stream_, people, "pop3", stream_->peer().address);
    LoginStep next = co_await login_->start(std::move(auth->mechanism), std::move(auth->initial));
    co_await on_auth(std::move(next));
  } else if (auto* response = std::get_if<pop3::AuthResponse>(&step)) {
    LoginStep next = co_await login_->respond(std::move(response->bytes));
    co_await on_auth(std::move(next));
  } else if (std::holds_alternative<pop3::AuthCancelled>(step)) {
    login_.reset();
  } else if (auto* retrieve = std::get_if<pop3::Retrieve>(&step)) {
    co_return co_await on_retrieve(*retrieve);
  } else if (auto* update = std::get_if<pop3::Update>(&step)) {
    co_await on_update(std::move(*update));
  }
  co_return true;
}

Task<bool> Pop3Session::on_stls() {
  stream_->set_deadline(host_.options.login_timeout);
  const Status shaken = co_await stream_->start_tls_server(host_.tls);
  if (!shaken) {
    log::info("pop3", "TLS handshake failed",
              {{"client", stream_->peer().address}, {"why", shaken.error().detail}});
    co_return false;
  }
  engine_.tls_started();
  co_return true;
}

Task<void> Pop3Session::on_login(pop3::Login login) {
  const service::LoginAttempt attempt{"pop3", stream_->peer().address, std::move(login.user)};
  const service::LoginKinds people;
  Result<service::Principal> principal =
      co_await host_.login.access.password(attempt, std::move(login.password), people);
  if (!principal) {
    engine_.refuse(to_pop3(principal.error()));
    co_return;
  }
  co_await enter(std::move(*principal));
}

Task<void> Pop3Session::on_auth(LoginStep step) {
  if (auto* challenge = std::get_if<LoginChallenge>(&step)) {
    engine_.challenge(challenge->octets);
    co_return;
  }
  login_.reset();
  if (auto* failed = std::get_if<LoginFailed>(&step)) {
    engine_.refuse(to_pop3(failed->error));
    co_return;
  }
  co_await enter(std::move(std::get<LoginDone>(step).principal));
}

// RFC 1939 §4: locks the maildrop and takes the snapshot that the session will see.
Task<void> Pop3Session::enter(service::Principal principal) {
  auto hold = host_.locks.hold(principal.account, host_.clock.now(), host_.options.login_delay);
  if (!hold) {
    const bool in_use = hold.error() == MaildropLocks::Denied::in_use;
    engine_.refuse(in_use
                       ? pop3::Refusal{pop3::ResponseCode::in_use, pop3::Text::in_use}
                       : pop3::Refusal{pop3::ResponseCode::login_delay, pop3::Text::login_delay});
    co_return;
  }
  const service::MailAccount who{principal.scope(), principal.account};
  auto changed = std::make_shared<net::AsyncEvent>();
  ChangeBus::Subscription subscription = host_.mailboxes.bus().subscribe(
      principal.account, [changed](const Change&) { changed->set(); });
  auto inbox = co_await host_.mailboxes.watch(who, "INBOX");
  if (!inbox) {
    log::warning("pop3", "maildrop not readable", {{"why", inbox.error().text()}});
    engine_.refuse({pop3::ResponseCode::sys_temp, pop3::Text::temporary});
    co_return;
  }
  pop3::Maildrop maildrop;
  // Unique and never given twice in this maildrop (RFC 1939 §7), as UIDs are under their
  // UIDVALIDITY. An EMAILID would not do: copies of a message in one mailbox share it.
  maildrop.id_prefix = std::to_string(inbox->mailbox.uid_validity.value) + '-';
  const service::MailboxSnapshot& now = *inbox->now;
  maildrop.messages.reserve(now.size());
  for (std::uint32_t at = 0; at < now.size(); at += std::uint32_t(now.rows_from(at).size())) {
    for (const service::IndexRow& row : now.rows_from(at))
      maildrop.messages.push_back({row.uid, row.octets});
  }
  opened_.emplace(std::move(*hold), std::move(principal), inbox->mailbox.id, std::move(changed),
                  std::move(subscription));
  opened_->ticket =
      host_.login.live.enter(opened_->principal, AccessDoor::pop3, stream_->peer().address,
                             [stream = stream_.get()] { stream->drain(); });
  host_.metrics.logins.add();
  engine_.open(std::move(maildrop));
}

// A client that fetches in turn has the next messages looked up along with the one it asks for. Any
// change of the account empties the table, so that what somebody has expunged is not found in it;
// word of other nodes' changes may come late, so it is not used for long.
Task<Result<std::optional<BlobRef>>> Pop3Session::locate(std::uint32_t uid) {
  const Instant now = host_.clock.now();
  const bool old = now < opened_->located_at || now - opened_->located_at > kLocatedFor;
  if (opened_->changed->take() || old) opened_->located.clear();
  const std::uint32_t last = std::exchange(opened_->last, uid);
  const auto known = opened_->located.find(uid);
  if (known != opened_->located.end()) co_return known->second;
  const std::vector<std::uint32_t> next = engine_.following(last + 1, 1);
  const bool in_turn = last != 0 && !next.empty() && next.front() == uid;
  std::vector<Uid> wanted = uids_of(engine_.following(uid, in_turn ? kLocatedAhead : 1));
  auto found = co_await host_.mailboxes.emails(opened_->who(), opened_->inbox, std::move(wanted));
  if (!found) co_return std::unexpected(std::move(found).error());
  opened_->located.clear();
  opened_->located_at = now;
  for (const auto& [entry, email] : *found)
    opened_->located.emplace(entry.uid.value, email.blob);
  const auto here = opened_->located.find(uid);
  if (here == opened_->located.end()) co_return std::nullopt;
  co_return here->second;
}

// RETR and TOP. \Seen is not set: many clients leave mail on the server and fetch all of it once,
// which says nothing about whether a person has read it (option pop3.seen).
Task<bool> Pop3Session::on_retrieve(pop3::Retrieve retrieve) {
  const Result<std::optional<BlobRef>> blob = co_await locate(retrieve.uid);
  if (!blob) {
    engine_.refuse(to_pop3(blob.error()));
    co_return true;
  }
  if (!*blob) {
    engine_.refuse({pop3::ResponseCode::none, pop3::Text::gone});
    co_return true;
  }
  const auto body = co_await host_.mailboxes.body(opened_->who(), **blob);
  if (!body) {
    log::warning("pop3", "message not readable", {{"why", body.error().text()}});
    engine_.refuse(to_pop3(body.error()));
    co_return true;
  }
  const bool ascii_only = host_.options.utf8_headers == Pop3Utf8Headers::refuse && !engine_.utf8();
  // DEVIATION: by default headers in UTF-8 go to every client, which RFC 6856 §2.1 forbids. CLIENT:
  // hardly any knows the UTF8 command, and fetchmail stops at the first message that is refused.
  if (ascii_only && pop3::needs_utf8(*body)) {
    engine_.refuse({pop3::ResponseCode::utf8, pop3::Text::needs_utf8});
    co_return true;
  }
  const std::string_view part = retrieve.lines ? pop3::top_of(*body, *retrieve.lines) : *body;
  const bool sent = co_await send(part);
  if (!sent) co_return false;
  if (!retrieve.lines) {
    host_.metrics.retrieved.add();
    if (host_.options.seen == Pop3Seen::set) retrieved_.push_back({retrieve.uid});
  }
  co_return true;
}

Task<bool> Pop3Session::send(std::string_view message) {
  engine_.begin_message(message.size());
  pop3::MessageEncoder encoder(message);
  while (!encoder.done()) {
    const std::string_view run = encoder.next(engine_.output());
    if (encoder.done()) break;  // the end goes with what the engine says next
    const bool sent = co_await write(run);
    if (!sent) co_return false;
  }
  engine_.end_message();
  co_return true;
}

// RFC 1939 §6: +OK only when all of it is durable.
Task<void> Pop3Session::on_update(pop3::Update update) {
  service::Departure departure{uids_of(update.removed), {}};
  std::ranges::sort(retrieved_);
  const auto twice = std::ranges::unique(retrieved_);
  retrieved_.erase(twice.begin(), twice.end());
  std::ranges::set_difference(retrieved_, departure.removed, std::back_inserter(departure.seen));
  // The lock goes before the answer: the client may come again at once.
  const Opened maildrop = std::move(*std::exchange(opened_, std::nullopt));
  if (departure.removed.empty() && departure.seen.empty()) {
    engine_.updated();
    co_return;
  }
  const auto gone =
      co_await host_.mailboxes.depart(maildrop.who(), maildrop.inbox, std::move(departure));
  if (!gone) {
    log::warning("pop3", "messages not removed", {{"why", gone.error().text()}});
    engine_.refuse({pop3::ResponseCode::sys_temp, pop3::Text::not_removed});
    co_return;
  }
  host_.metrics.removed.add(double(gone->size()));
  engine_.updated();
}

Task<void> serve_pop3(Pop3Host& host, std::unique_ptr<net::Stream> stream, pop3::Channel channel) {
  Pop3Session session(host, std::move(stream), channel);
  co_await session.run();
}

}  // namespace fumi::server
