#include "proto/http/request_reader.h"

#include <boost/asio/buffer.hpp>  // lint: third-party-ok what the parser takes; no I/O
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/ascii.h"
#include "proto/http/target.h"

namespace fumi::http {

namespace beast = boost::beast::http;

struct RequestReader::Impl {
  using Parser = beast::request_parser<beast::string_body>;
  std::optional<Parser> parser;

  void restart(const ReaderLimits& limits) {
    parser.emplace();
    parser->header_limit(limits.header_octets_max);
    parser->body_limit(boost::none);  // ours, by accept()
    parser->eager(false);
  }
};

namespace {

int status_of(const boost::system::error_code& error) {
  if (error == beast::error::header_limit) return 431;
  if (error == beast::error::body_limit) return 413;
  if (error == beast::error::bad_version) return 505;
  return 400;
}

// What Beast lets pass and we don't. nullopt: fine.
std::optional<Bad> check_framing(const beast::fields& fields, Version version) {
  std::size_t hosts = 0;
  std::size_t codings = 0;
  std::size_t lengths = 0;
  bool chunked = false;
  for (const auto& field : fields) {
    if (field.name() == beast::field::host) ++hosts;
    if (field.name() == beast::field::content_length) ++lengths;
    if (field.name() == beast::field::transfer_encoding) {
      ++codings;
      const auto value = field.value();
      chunked = ascii::iequals(ascii::trim({value.data(), value.size()}), "chunked");
    }
    for (const char c : field.value())
      if (c == '\0' || c == '\r' || c == '\n') return Bad{400, "a control character in the header"};
  }
  if (codings > 0 && version == Version::http10)
    return Bad{400, "Transfer-Encoding in HTTP/1.0"};  // RFC 9112 §6.1
  if (codings > 1 || (codings == 1 && !chunked)) return Bad{501, "only chunked is taken"};
  if (codings > 0 && lengths > 0) return Bad{400, "both Content-Length and Transfer-Encoding"};
  if (lengths > 1) return Bad{400, "more than one Content-Length"};
  if (hosts > 1) return Bad{400, "more than one Host"};
  if (hosts == 0 && version == Version::http11) return Bad{400, "Host is missing"};
  return std::nullopt;
}

}  // namespace

RequestReader::RequestReader(ReaderLimits limits)
    : limits_(limits), impl_(std::make_unique<Impl>()) {
  impl_->restart(limits_);
}
RequestReader::~RequestReader() = default;

std::span<char> RequestReader::prepare(std::size_t octets) {
  if (begin_ > 0) {
    input_.erase(0, begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (input_.size() < end_ + octets) input_.resize(end_ + octets);
  return {input_.data() + end_, octets};
}

void RequestReader::commit(std::size_t octets) { end_ += octets; }

std::string RequestReader::take_rest() {
  std::string rest = input_.substr(begin_, end_ - begin_);
  input_.clear();
  begin_ = end_ = scanned_ = 0;
  return rest;
}

const Request& RequestReader::request() const { return request_; }

Request RequestReader::take() { return std::move(request_); }

bool RequestReader::keep_alive() const { return keep_alive_; }

bool RequestReader::in_request() const {
  return phase_ == Phase::head ? begin_ < end_ : phase_ != Phase::done;
}

void RequestReader::accept(std::uint64_t body_octets_max, Body body) {
  if (phase_ != Phase::decide) return;
  body_ = body;
  body_octets_ = 0;
  body_octets_max_ = body_octets_max;
  phase_ = Phase::body;
}

Step RequestReader::bad(int status, std::string why) {
  phase_ = Phase::broken;
  keep_alive_ = false;
  return Bad{status, std::move(why)};
}

Step RequestReader::next() {
  switch (phase_) {
    case Phase::decide:
      return Head{};
    case Phase::body:
      return read_body();
    case Phase::broken:
      return Bad{400, "the connection's framing is lost"};
    case Phase::done:
      impl_->restart(limits_);
      request_ = Request();
      phase_ = Phase::head;
      break;
    case Phase::head:
      break;
  }
  if (begin_ == end_) {
    input_.clear();  // an idle connection holds no buffer
    input_.shrink_to_fit();
    begin_ = end_ = 0;
    return Need{};
  }
  return read_head();
}

Step RequestReader::read_head() {
  // A server should ignore empty lines in front of a request (RFC 9112 §2.2).
  while (end_ - begin_ >= 2 && input_[begin_] == '\r' && input_[begin_ + 1] == '\n') {
    begin_ += 2;
    scanned_ = 0;
  }
  if (begin_ == end_) return Need{};
  // Frame first: the parser sees whole headers only, so that chunking can't change what it does.
  const std::string_view seen(input_.data() + begin_, end_ - begin_);
  std::size_t header_octets = 0;
  for (; scanned_ < seen.size() && header_octets == 0; ++scanned_) {
    if (seen[scanned_] != '\n') continue;
    if (scanned_ == 0 || seen[scanned_ - 1] != '\r') return bad(400, "a line ends without CR");
    if (scanned_ >= 3 && seen.substr(scanned_ - 3, 4) == "\r\n\r\n") header_octets = scanned_ + 1;
  }
  const std::size_t line_octets_max = limits_.target_octets_max + 32;
  if (seen.size() > line_octets_max && seen.find('\n') > line_octets_max)
    return bad(414, "the request target is too long");
  if (header_octets == 0 && seen.size() <= limits_.header_octets_max) return Need{};
  if (header_octets == 0 || header_octets > limits_.header_octets_max)
    return bad(431, "the header is too large");
  auto& parser = *impl_->parser;
  boost::system::error_code error;
  begin_ += parser.put(boost::asio::buffer(seen.data(), header_octets), error);
  scanned_ = 0;
  if (error) return bad(status_of(error), error.message());
  if (!parser.is_header_done()) return bad(400, "the header is malformed");

  const auto& message = parser.get();
  request_.version = message.version() == 10 ? Version::http10 : Version::http11;
  const auto name = message.method_string();
  const auto method = method_of({name.data(), name.size()});
  if (message.version() != 10 && message.version() != 11) return bad(505, "not HTTP/1.0 or 1.1");
  if (auto wrong = check_framing(message, request_.version))
    return bad(wrong->status, std::move(wrong->why));
  if (!method) return bad(501, "the method is not known here");
  request_.method = *method;
  const auto raw = message.target();
  if (raw.size() > limits_.target_octets_max) return bad(414, "the request target is too long");
  auto target = parse_target({raw.data(), raw.size()});
  if (!target) return bad(400, target.error().detail);
  request_.path = std::move(target->path);
  request_.segments = std::move(target->segments);
  request_.query = std::move(target->query);
  for (const auto& field : message) {
    if (request_.headers.size() == limits_.fields_max) return bad(431, "too many header fields");
    const auto field_name = field.name_string();
    const auto value = field.value();
    request_.headers.add(std::string(field_name.data(), field_name.size()),
                         std::string(value.data(), value.size()));
  }
  keep_alive_ = message.keep_alive();
  phase_ = Phase::decide;
  return Head{};
}

bool RequestReader::take_streamed() {
  std::string& come = impl_->parser->get().body();
  if (body_ == Body::whole || come.empty()) return false;
  body_octets_ += come.size();
  piece_ = std::move(come);
  come.clear();
  return true;
}

Step RequestReader::read_body() {
  auto& parser = *impl_->parser;
  const auto length = parser.content_length();
  if (length && *length > body_octets_max_) return bad(413, "the body is too large");
  if (!parser.is_done() && begin_ == end_ && body_octets_ == 0 && parser.get().body().empty() &&
      request_.version == Version::http11 && request_.headers.has_token("Expect", "100-continue")) {
    output_ = "HTTP/1.1 100 Continue\r\n\r\n";
    request_.headers.set("Expect", "");  // once
  }
  while (!parser.is_done()) {
    boost::system::error_code error;
    const std::size_t taken =
        begin_ == end_
            ? 0
            : parser.put(boost::asio::buffer(input_.data() + begin_, end_ - begin_), error);
    begin_ += taken;
    if (body_octets_ + parser.get().body().size() > body_octets_max_)
      return bad(413, "the body is too large");
    if (parser.is_done()) break;
    if (error && error != beast::error::need_more) return bad(status_of(error), error.message());
    if (take_streamed()) return Piece{};
    if (begin_ == end_ || error == beast::error::need_more || taken == 0) {
      const bool stuck = parser.chunked() && end_ - begin_ > limits_.header_octets_max;
      if (stuck) return bad(400, "a chunk's line or the trailer is too long");
      return Need{};
    }
  }
  if (take_streamed()) return Piece{};
  request_.body = std::move(parser.get().body());
  phase_ = Phase::done;
  return Complete{};
}

}  // namespace fumi::http
