// Steps of IMAP extensions that have files of their own, or none.
#include "net/deflate_stream.h"
#include "server/imap/session.h"

namespace fumi::server {

// Whether the step was one of these; it is done then.
Task<bool> ImapSession::act_extension(imap::Step& step) {
  if (std::holds_alternative<imap::StartCompress>(step)) {
    const net::DeflateOptions options;
    stream_ = net::make_deflate(std::move(stream_), options);
  } else if (std::holds_alternative<imap::StopCompress>(step)) {
    stream_ = net::end_deflate(std::move(stream_));
  } else if (auto* sort = std::get_if<imap::Sort>(&step)) {
    co_await on_sort(std::move(*sort));
  } else if (auto* thread = std::get_if<imap::Thread>(&step)) {
    co_await on_thread(std::move(*thread));
  } else {
    co_return false;
  }
  co_return true;
}

}  // namespace fumi::server
