// How the server engine takes a message: DATA (RFC 5321 §4.1.1.4) and BDAT (RFC 3030 §2).
#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "proto/smtp/server.h"

namespace fumi::smtp {

Server::Handled Server::on_data(std::string_view /*argument*/) {
  if (phase_ == Phase::mail) return refuse(554, {5, 5, 1}, "No valid recipients");
  if (body_ == Body::binary_mime) {
    return refuse(503, {5, 5, 1}, "BINARYMIME needs BDAT");  // RFC 3030 §3
  }
  chunked_ = false;
  return await(Awaiting::data_begin, DataBegin{DataBegin::Transfer::data});
}

// RFC 3030 §2: bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]
Server::Handled Server::on_bdat(std::string_view argument) {
  std::uint64_t octets = 0;
  const auto [end, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), octets);
  const bool bad = error != std::errc{};
  std::string_view marker = argument.substr(std::size_t(end - argument.data()));
  while (marker.starts_with(' '))
    marker.remove_prefix(1);
  const bool attached = !bad && !marker.empty() && *end != ' ';
  if (bad || attached || (!marker.empty() && !ascii::iequals(marker, "LAST"))) {
    // Where the next command begins is unknown: reading on would obey the message's own text.
    reply(501, {5, 5, 4}, "Malformed BDAT; closing connection");
    return close(Close::Cause::lost_framing);
  }
  if (octets > options_->size_max + options_->size_slack) {
    return close_with(Close::Cause::too_much_data, {4, 3, 4}, "Chunk far over the size limit");
  }
  chunk_left_ = octets;
  chunk_last_ = !marker.empty();
  chunk_refusal_.reset();
  if (phase_ == Phase::turned_away) {
    chunk_refusal_ = Reply{503, {5, 5, 1}, "This session is refused; send QUIT"};
  } else if (!offered().has(Extension::chunking) || !esmtp_) {
    chunk_refusal_ = Reply{502, {5, 5, 1}, "BDAT is not offered"};
  } else if (phase_ == Phase::mail) {
    chunk_refusal_ = Reply{554, {5, 5, 1}, "No valid recipients"};
  } else if (phase_ != Phase::rcpt && phase_ != Phase::chunks) {
    chunk_refusal_ = Reply{503, {5, 5, 1}, "Send MAIL and RCPT first"};
  }
  mode_ = Mode::chunk;
  if (chunk_refusal_) {
    received_ = 0;
    return std::nullopt;
  }
  if (phase_ == Phase::chunks) return std::nullopt;
  chunked_ = true;
  return await(Awaiting::data_begin, DataBegin{DataBegin::Transfer::bdat});
}

void Server::begin_message() {
  facts_ = {};
  received_ = 0;
  too_large_ = false;
  if (chunked_) {
    phase_ = Phase::chunks;
    mode_ = Mode::chunk;
    return;
  }
  dots_.reset();
  mode_ = Mode::text;
  due_ = true;
  reply(354, {}, "Start mail input; end with <CRLF>.<CRLF>");
}

Server::Handled Server::read_text() {
  const line::DotDecoder::Piece piece = dots_.next(input_.view());
  input_.consume(piece.octets);
  if (piece.end) return end_message();
  return take_message(piece.text);
}

Server::Handled Server::read_chunk() {
  const std::string_view octets = line::take_counted(input_.view(), chunk_left_);
  input_.consume(octets.size());
  if (!octets.empty() && !chunk_refusal_) {
    if (Handled step = take_message(octets)) return step;
  }
  return chunk_left_ == 0 && mode_ == Mode::chunk && !reset_due_ ? end_chunk() : std::nullopt;
}

// Counts, scans and passes on. Exactly size_max octets of a message that is too large are passed
// on, however it was cut.
Server::Handled Server::take_message(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::uint64_t room = options_->size_max - std::min(options_->size_max, received_);
  received_ += text.size();
  if (too_large_) return std::nullopt;
  if (text.size() > room) {
    too_large_ = true;
    reset_due_ = Reset::Cause::too_large;
    text = text.substr(0, room);
    if (text.empty()) return std::nullopt;
  }
  facts_.scan(text);
  return DataChunk{text};
}

Server::Handled Server::end_message() {
  mode_ = Mode::command;
  due_ = true;
  if (too_large_) {
    phase_ = Phase::hello;
    reply(552, {5, 3, 4}, "Message size exceeds the limit");
    return std::nullopt;
  }
  const bool bare = facts_.bare_lf() || facts_.bare_cr();
  if (bare && body_ != Body::binary_mime && options_->bare_ends == BareEnds::refused) {
    phase_ = Phase::hello;
    reply(554, {5, 6, 0}, "Message has a CR or LF that is not part of CRLF");
    return Reset{Reset::Cause::bare_line_ending};
  }
  return await(Awaiting::data_end, DataEnd{facts_});
}

Server::Handled Server::end_chunk() {
  mode_ = Mode::command;
  if (chunk_refusal_) {
    const Reply refusal = std::move(*chunk_refusal_);
    chunk_refusal_.reset();
    // A refusal by order counts as an error; one by the host does not.
    if (refusal.code == 503 || refusal.code == 502) {
      return refuse(refusal.code, refusal.enhanced, refusal.text);
    }
    reply(refusal.code, refusal.enhanced, refusal.text);
    return std::nullopt;
  }
  if (chunk_last_ || too_large_) return end_message();
  reply(250, {2, 0, 0}, std::to_string(received_) + " octets received");
  return std::nullopt;
}

}  // namespace fumi::smtp
