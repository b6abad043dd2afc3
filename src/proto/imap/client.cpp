#include "proto/imap/client.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

namespace fumi::imap {
namespace {

constexpr const char* kDoing = "speaking with the IMAP server";
constexpr std::size_t kCapabilitiesMax = 500;

using Value = ClientValue;

template <class T>
std::optional<T> number_of(const Value& value) {
  T number = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, number);
  if (value.kind != Value::Kind::atom || read.ec != std::errc() || read.ptr != end)
    return std::nullopt;
  return number;
}

bool is_word(const Value& value) {
  return value.kind == Value::Kind::atom || value.kind == Value::Kind::text ||
         value.kind == Value::Kind::nil;  // a mailbox may be called NIL
}

}  // namespace

Result<std::optional<ClientEvent>> Client::next() {
  for (;;) {
    FUMI_TRY(auto response, reader_.next());
    if (!response) return std::optional<ClientEvent>();
    ClientEvent event;
    event.response = std::move(*response);
    const ServerResponse& r = event.response;
    if (r.code == "CAPABILITY") learn(r.code_text);
    if (r.name == "BYE") {
      return fail(Code::peer_gone, kDoing, "the server said goodbye: " + ascii::printable(r.text));
    }
    if (!greeted_) {
      if (r.kind != ServerResponse::Kind::untagged || (r.name != "OK" && r.name != "PREAUTH"))
        return fail(Code::invalid, kDoing, "this is no IMAP server");
      greeted_ = true;
      event.kind = ClientEvent::Kind::greeting;
      return std::optional<ClientEvent>(std::move(event));
    }
    if (r.kind == ServerResponse::Kind::tagged) {
      if (tag_.empty() || r.tag != tag_)
        return fail(Code::invalid, kDoing, "the server answers a command that was not given");
      tag_.clear();
      event.kind = ClientEvent::Kind::done;
      return std::optional<ClientEvent>(std::move(event));
    }
    if (r.kind == ServerResponse::Kind::continuation) event.kind = ClientEvent::Kind::challenge;
    if (r.name == "CAPABILITY") {
      std::string all;
      for (const Value& value : r.values)
        all += value.text + " ";
      learn(all);
      continue;
    }
    return std::optional<ClientEvent>(std::move(event));
  }
}

std::string Client::begin(std::string_view command) {
  tag_ = "F" + std::to_string(++commands_);
  return tag_ + " " + std::string(command) + "\r\n";
}

void Client::learn(std::string_view capabilities) {
  capabilities_.clear();
  for (const std::string_view word : ascii::split(capabilities, ' '))
    if (!word.empty() && capabilities_.size() < kCapabilitiesMax)
      capabilities_.insert(ascii::to_upper(word));
}

bool Client::has(std::string_view capability) const {
  return capabilities_.contains(ascii::to_upper(capability));
}

std::string Client::mechanisms() const {
  std::string out;
  for (const std::string& each : capabilities_)
    if (each.starts_with("AUTH=")) out += (out.empty() ? "" : " ") + each.substr(5);
  return out;
}

std::optional<std::string> quoted(std::string_view text, QuotedOctets octets) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == '\0') return std::nullopt;
    if (std::uint8_t(c) > 0x7f && octets == QuotedOctets::ascii) return std::nullopt;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool ListedMailbox::has(std::string_view attribute) const {
  return std::find(attributes.begin(), attributes.end(), attribute) != attributes.end();
}

std::optional<ListedMailbox> listed_mailbox(const ServerResponse& r, NameCharset charset) {
  if (r.name != "LIST" || r.values.size() < 3 || r.values[0].kind != Value::Kind::list ||
      !is_word(r.values[2]))
    return std::nullopt;
  ListedMailbox out;
  for (const Value& attribute : r.values[0].items)
    out.attributes.push_back(ascii::to_lower(attribute.text));
  if (r.values[1].kind == Value::Kind::text && r.values[1].text.size() == 1)
    out.separator = r.values[1].text[0];
  out.wire = r.values[2].text;
  const bool utf8 = charset == NameCharset::utf8;
  if (out.wire.empty() || !quoted(out.wire, QuotedOctets::utf8)) return std::nullopt;
  auto decoded = utf8 ? std::nullopt : codec::from_modified_utf7(out.wire);
  out.name = decoded ? std::move(*decoded) : codec::to_valid_utf8(out.wire);
  return out;
}

std::optional<Namespaces> namespaces(const ServerResponse& r) {
  if (r.name != "NAMESPACE" || r.values.size() != 3) return std::nullopt;
  Namespaces out;
  for (std::size_t kind = 0; kind < 3; ++kind) {
    const std::vector<Value>& all = r.values[kind].items;
    for (const Value& one : all) {
      if (one.items.empty()) continue;
      const std::string& prefix = one.items[0].text;
      if (kind == 0 && all.size() == 1) out.personal = prefix;
      if (kind > 0 && !prefix.empty()) out.others.push_back(prefix);
    }
  }
  return out;
}

std::optional<FetchedMessage> fetched_message(ServerResponse r) {
  if (r.name != "FETCH" || r.values.size() != 1 || r.values[0].kind != Value::Kind::list)
    return std::nullopt;
  FetchedMessage out;
  std::vector<Value>& items = r.values[0].items;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const std::string name = ascii::to_upper(items[i].text);
    Value& value = items[i + 1];
    if (name == "UID") out.uid = number_of<std::uint32_t>(value).value_or(0);
    if (name == "RFC822.SIZE") out.size = number_of<std::uint64_t>(value);
    if (name == "INTERNALDATE" && value.kind == Value::Kind::text) out.internal_date = value.text;
    if (name == "FLAGS" && value.kind == Value::Kind::list) {
      out.flags.emplace();
      for (Value& flag : value.items)
        out.flags->push_back(std::move(flag.text));
    }
    if (name != "BODY[]") continue;
    if (value.kind == Value::Kind::skipped) out.body = FetchedMessage::Body::too_large;
    if (value.kind == Value::Kind::text) {
      out.body = FetchedMessage::Body::present;
      out.bytes = std::move(value.text);
    }
  }
  if (out.uid == 0) return std::nullopt;
  return out;
}

}  // namespace fumi::imap
