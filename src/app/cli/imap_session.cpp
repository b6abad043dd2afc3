#include "app/cli/imap_session.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "codec/base64.h"
#include "net/connector.h"
#include "net/tls.h"
#include "proto/http/target.h"
#include "proto/sasl/client_exchange.h"
#include "proto/sasl/scram.h"

namespace fumi::app {
namespace {

using imap::ClientEvent;
using imap::ServerResponse;

constexpr const char* kDoing = "importing from an IMAP server";
constexpr std::size_t kReadOctets = 128 * 1024;
constexpr std::size_t kAddressesMax = 8;
constexpr std::size_t kChallengesMax = 8;

std::unexpected<Error> refused(Code code, const std::string& what, const ServerResponse& answer) {
  return fail(code, kDoing, what + ": " + answer.name + " " + ascii::printable(answer.text));
}

Status ignore(ServerResponse) { return {}; }

bool is_worth_trying_elsewhere(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::timeout ||
         error.code == Code::peer_gone;
}

}  // namespace

Result<ImapServer> ImapServer::parse(std::string_view url) {
  ImapServer out;
  std::string_view rest = url;
  if (ascii::istarts_with(rest, "imaps://")) {
    rest.remove_prefix(8);
    out.port = 993;
  } else if (ascii::istarts_with(rest, "imap://")) {
    rest.remove_prefix(7);
    out.security = Security::starttls;
    out.port = 143;
  } else {
    return fail(Code::invalid, kDoing, "write imaps://user@host or imap://user@host");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos || at == 0)
    return fail(Code::invalid, kDoing, "the address names no user");
  const auto user = http::percent_decode(rest.substr(0, at), http::Plus::literal);
  rest.remove_prefix(at + 1);
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos)
      return fail(Code::invalid, kDoing, "the address has no host");
    out.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    out.host = rest.substr(0, colon);
    port = rest.substr(colon);
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), out.port);
    if (port[0] != ':' || error != std::errc() || end != port.data() + port.size() || out.port == 0)
      return fail(Code::invalid, kDoing, "the address has a wrong port");
  }
  const bool good = std::all_of(out.host.begin(), out.host.end(), [](char c) {
    return ascii::is_alnum(c) || c == '.' || c == '-' || c == ':' || c == '_';
  });
  if (out.host.empty() || !good) return fail(Code::invalid, kDoing, "the address has no host");
  if (!user || !sasl::is_prepared(*user, 150))
    return fail(Code::invalid, kDoing, "the address has a wrong user");
  out.user = *user;
  return out;
}

std::string ImapServer::name() const {
  return "imap " + user + "@" + ascii::to_lower(host) + ":" + std::to_string(port);
}

Result<std::vector<Endpoint>> endpoints_of(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (code != 0)
    return fail(Code::unavailable, kDoing, host + ": " + std::string(::gai_strerror(code)));
  std::vector<Endpoint> out;
  for (const addrinfo* at = found; at != nullptr && out.size() < kAddressesMax; at = at->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0)
      continue;
    const auto address = IpAddress::parse(text.data());
    if (address) out.push_back(Endpoint::of(*address, port));
  }
  ::freeaddrinfo(found);
  if (out.empty()) return fail(Code::unavailable, kDoing, host + ": it has no address");
  return out;
}

Task<Result<std::unique_ptr<ImapSession>>> ImapSession::open(const ImapServer& server) {
  const auto all = endpoints_of(server.host, server.port);
  if (!all) co_return std::unexpected(all.error());
  Error last{Code::unavailable, kDoing, "no address answers"};
  for (const Endpoint& to : *all) {
    const net::ConnectOptions options;
    Result<std::unique_ptr<net::Stream>> stream = co_await net::connect(to, options);
    if (!stream) {
      last = stream.error();
      continue;
    }
    Result<std::unique_ptr<ImapSession>> session = co_await open(std::move(*stream), server);
    if (session || !is_worth_trying_elsewhere(session.error())) co_return session;
    last = session.error();
  }
  co_return std::unexpected(last);
}

Task<Result<std::unique_ptr<ImapSession>>> ImapSession::open(std::unique_ptr<net::Stream> stream,
                                                             const ImapServer& server) {
  std::unique_ptr<ImapSession> session(new ImapSession(std::move(stream), server));
  Status started = co_await session->start();
  if (!started) co_return std::unexpected(std::move(started).error());
  co_return session;
}

Task<Status> ImapSession::start() {
  if (server_.security == ImapServer::Security::tls) {
    Status secured = co_await start_tls();
    if (!secured) co_return secured;
  }
  Status greeted = co_await greet();
  if (!greeted) co_return greeted;
  Status logged_in = co_await log_in();
  if (!logged_in) co_return logged_in;
  // What the capabilities were before says nothing (RFC 9051 §6.2.2).
  Status learned = co_await learn_capabilities();
  if (!learned) co_return learned;
  const bool only_utf8 = client_.has("UTF8=ONLY");
  if (only_utf8) {  // RFC 6855 §6
    Result<ServerResponse> enabled = co_await command("ENABLE UTF8=ACCEPT", ignore);
    if (!enabled) co_return std::unexpected(std::move(enabled).error());
  }
  if (only_utf8 || (client_.has("IMAP4REV2") && !client_.has("IMAP4REV1")))
    names_ = imap::NameCharset::utf8;
  if (!client_.has("NAMESPACE") && !client_.has("IMAP4REV2")) co_return Status();
  const auto take = [this](ServerResponse response) -> Status {
    if (auto spaces = imap::namespaces(response)) spaces_ = std::move(*spaces);
    return {};
  };
  Result<ServerResponse> told = co_await command("NAMESPACE", take);
  if (!told) co_return std::unexpected(std::move(told).error());
  co_return Status();
}

Task<Status> ImapSession::greet() {
  Result<ClientEvent> greeting = co_await event();
  if (!greeting) co_return std::unexpected(std::move(greeting).error());
  if (greeting->response.name == "PREAUTH")
    co_return fail(Code::unsupported, kDoing, "the server has logged somebody in before we asked");
  if (server_.security != ImapServer::Security::starttls) co_return Status();
  Result<ServerResponse> ready = co_await command("STARTTLS", ignore);
  if (!ready) co_return std::unexpected(std::move(ready).error());
  if (ready->name != "OK") co_return refused(Code::unsupported, "the server has no TLS", *ready);
  if (client_.holds_input())
    co_return fail(Code::denied, kDoing, "the server, or somebody between, spoke before TLS began");
  client_.forget_capabilities();
  co_return co_await start_tls();
}

Task<Status> ImapSession::start_tls() {
  net::TlsClientConfig config;
  config.ca_file = server_.ca_file;
  auto context = net::TlsClientContext::open(std::move(config));
  if (!context) co_return std::unexpected(std::move(context).error());
  net::TlsClientOptions options;
  options.server_name = server_.host;
  options.verify = net::TlsVerify::pkix;
  stream_->set_deadline(server_.patience);
  co_return co_await stream_->start_tls_client(**context, std::move(options));
}

Task<Status> ImapSession::learn_capabilities() {
  if (client_.knows_capabilities()) co_return Status();
  Result<ServerResponse> told = co_await command("CAPABILITY", ignore);
  if (!told) co_return std::unexpected(std::move(told).error());
  co_return Status();
}

Task<Status> ImapSession::log_in() {
  Status learned = co_await learn_capabilities();
  if (!learned) co_return learned;
  const std::string offered = client_.mechanisms();
  if (!server_.token.empty()) {
    if (client_.has("AUTH=OAUTHBEARER")) co_return co_await authenticate("OAUTHBEARER");
    if (client_.has("AUTH=XOAUTH2")) co_return co_await authenticate("XOAUTH2");
    co_return fail(Code::unsupported, kDoing, "the server takes no OAuth tokens");
  }
  sasl::ChannelBindings bindings;
  if (const auto tls = stream_->tls_info()) bindings = {tls->exporter, tls->server_end_point};
  // In clear only where that was asked for by name: the command warns of it.
  const auto mechanism = sasl::choose_mechanism(offered, bindings, sasl::ClearPasswords::allowed);
  if (mechanism) co_return co_await authenticate(std::string(sasl::to_string(*mechanism)));
  if (client_.has("LOGINDISABLED"))
    co_return fail(Code::unsupported, kDoing, "the server has no way to log in that we know");
  co_return co_await say_login();
}

Task<Status> ImapSession::say_login() {
  constexpr auto kAscii = imap::QuotedOctets::ascii;
  const auto user = imap::quoted(server_.user, kAscii);
  const auto password = imap::quoted(server_.password.reveal(), kAscii);
  if (!user || !password) {
    co_return fail(Code::unsupported, kDoing,
                   "the server has only LOGIN, which can't carry this name or password");
  }
  client_.forget_capabilities();
  std::string text = "LOGIN " + *user + " " + *password;
  Result<ServerResponse> answer = co_await command(std::move(text), ignore);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->name == "OK") co_return Status();
  co_return refused(Code::denied, "the server refuses the password", *answer);
}

// RFC 9051 §6.2.2; the first response on the command's line where RFC 4959 allows it.
Task<Status> ImapSession::authenticate(std::string mechanism) {
  const std::string token(server_.token.reveal());
  const auto known = sasl::find_mechanism(mechanism);
  std::optional<sasl::ClientExchange> exchange;
  std::optional<std::string> first;
  if (!server_.token.empty()) {
    // RFC 7628 §3.1, and what came before it.
    first = mechanism == "XOAUTH2"
                ? "user=" + server_.user + "\x01" + "auth=Bearer " + token + "\x01\x01"
                : "n,a=" + sasl::scram::encode_name(server_.user) + ",\x01host=" + server_.host +
                      "\x01port=" + std::to_string(server_.port) + "\x01" + "auth=Bearer " + token +
                      "\x01\x01";
  } else {
    sasl::ChannelBindings bindings;
    if (const auto tls = stream_->tls_info()) bindings = {tls->exporter, tls->server_end_point};
    exchange.emplace(*known, sasl::Credentials{"", server_.user, server_.password}, bindings,
                     sasl::make_nonce());
    first = exchange->initial();
  }
  std::string text = "AUTHENTICATE " + mechanism;
  if (first && client_.has("SASL-IR")) {
    text += first->empty() ? " =" : " " + codec::base64_encode(*first);
    first.reset();
  }
  client_.forget_capabilities();
  Status begun = co_await begin(std::move(text));
  if (!begun) co_return begun;
  for (std::size_t turn = 0; turn < kChallengesMax; ++turn) {
    Result<ClientEvent> next = co_await event();
    if (!next) co_return std::unexpected(std::move(next).error());
    if (next->kind == ClientEvent::Kind::data) continue;
    if (next->kind == ClientEvent::Kind::done) {
      if (!next->is_ok())
        co_return refused(Code::denied, "the server refuses the password or token", next->response);
      co_return exchange ? exchange->ensure_complete() : Status();
    }
    const auto challenge = codec::base64_decode(next->response.text);
    std::string answer;
    if (first) {
      answer = codec::base64_encode(*first);
      first.reset();
    } else if (exchange) {
      const auto response = exchange->respond(challenge.value_or(""));
      if (!response) co_return std::unexpected(response.error());
      answer = codec::base64_encode(*response);
    } else if (mechanism == "OAUTHBEARER") {
      answer = "AQ==";  // RFC 7628 §3.2.3: a refusal is to be acknowledged
    }
    answer += "\r\n";
    Status sent = co_await send(std::move(answer));
    if (!sent) co_return sent;
  }
  co_return fail(Code::invalid, kDoing, "the server never has enough of asking for the password");
}

Task<Status> ImapSession::send(std::string text) {
  stream_->set_deadline(server_.patience);
  co_return co_await stream_->write_all(text);
}

Task<Result<ClientEvent>> ImapSession::event() {
  std::string piece;
  for (;;) {
    Result<std::optional<ClientEvent>> next = client_.next();
    if (!next) co_return std::unexpected(std::move(next).error());
    if (*next) co_return std::move(**next);
    piece.resize(kReadOctets);
    stream_->set_deadline(server_.patience);
    const std::span<char> into(piece);
    Result<std::size_t> got = co_await stream_->read_some(into);
    if (!got) co_return std::unexpected(std::move(got).error());
    if (*got == 0) co_return fail(Code::peer_gone, kDoing, "the server has closed the connection");
    client_.feed(std::string_view(piece).substr(0, *got));
  }
}

Task<Status> ImapSession::begin(std::string text) {
  std::string line = client_.begin(text);
  co_return co_await send(std::move(line));
}

Task<Result<ServerResponse>> ImapSession::finish(OnData data) {
  for (;;) {
    Result<ClientEvent> next = co_await event();
    if (!next) co_return std::unexpected(std::move(next).error());
    if (next->kind == ClientEvent::Kind::done) co_return std::move(next->response);
    if (next->kind != ClientEvent::Kind::data)
      co_return fail(Code::invalid, kDoing, "the server waits for something that we don't have");
    Status taken = data(std::move(next->response));
    if (!taken) co_return std::unexpected(std::move(taken).error());
  }
}

Task<Result<ServerResponse>> ImapSession::command(std::string text, OnData data) {
  Status begun = co_await begin(std::move(text));
  if (!begun) co_return std::unexpected(std::move(begun).error());
  co_return co_await finish(std::move(data));
}

Task<Result<std::vector<imap::ListedMailbox>>> ImapSession::mailboxes() {
  std::vector<imap::ListedMailbox> out;
  const auto take = [&](ServerResponse response) -> Status {
    auto one = imap::listed_mailbox(response, names_);
    if (!one || one->has("\\noselect") || one->has("\\nonexistent")) return {};
    const bool other =
        std::any_of(spaces_.others.begin(), spaces_.others.end(),
                    [&](const std::string& prefix) { return one->wire.starts_with(prefix); });
    if (other) return {};
    if (out.size() >= kMailboxesMax)
      return fail(Code::too_large, kDoing, "the server has too many mailboxes");
    out.push_back(std::move(*one));
    return {};
  };
  std::string text = "LIST \"\" \"*\"";
  if (client_.has("SPECIAL-USE") && (client_.has("LIST-EXTENDED") || client_.has("IMAP4REV2")))
    text += " RETURN (SPECIAL-USE)";  // RFC 6154 §3
  Result<ServerResponse> answer = co_await command(std::move(text), take);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->name != "OK")
    co_return refused(Code::unsupported, "the server lists no mailboxes", *answer);
  co_return out;
}

Task<Result<ImapSession::Examined>> ImapSession::examine(std::string wire_name) {
  Examined out;
  const auto take = [&](ServerResponse response) -> Status {
    if (response.name == "EXISTS") out.messages = response.number;
    if (response.code == "UIDVALIDITY") {
      const std::string& text = response.code_text;
      std::from_chars(text.data(), text.data() + text.size(), out.uid_validity);
    }
    return {};
  };
  const auto name = imap::quoted(wire_name, imap::QuotedOctets::utf8);
  std::string text = "EXAMINE " + name.value_or("\"\"");
  Result<ServerResponse> answer = co_await command(std::move(text), take);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->name != "OK")
    co_return refused(Code::not_found, "the server doesn't open the mailbox", *answer);
  if (out.uid_validity == 0)  // RFC 9051 §2.3.1.1: it must tell
    co_return fail(Code::unsupported, kDoing, "the server's mailbox has no UIDVALIDITY");
  co_return out;
}

}  // namespace fumi::app
