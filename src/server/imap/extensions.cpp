// Steps of IMAP extensions that have files of their own, or none.
#include "net/deflate_stream.h"
#include "server/imap/session.h"

namespace fumi::server {

// Whether the step was one of these; it is done then.
Task<bool> ImapSession::act_extension(imap::Step& step) {
  progress_at_ = std::chrono::steady_clock::now() + host_.options.progress_after;
  if (std::holds_alternative<imap::StartCompress>(step)) {
    const net::DeflateOptions options;
    stream_ = net::make_deflate(std::move(stream_), options);
  } else if (std::holds_alternative<imap::StopCompress>(step)) {
    stream_ = net::end_deflate(std::move(stream_));
  } else if (auto* multi = std::get_if<imap::MultiSearch>(&step)) {
    co_await on_multi_search(std::move(*multi));
  } else if (auto* catenate = std::get_if<imap::Catenate>(&step)) {
    co_await on_catenate(std::move(*catenate));
  } else if (auto* get = std::get_if<imap::GetMetadata>(&step)) {
    co_await on_get_metadata(std::move(*get));
  } else if (auto* set = std::get_if<imap::SetMetadata>(&step)) {
    co_await on_set_metadata(std::move(*set));
  } else if (auto* notify = std::get_if<imap::Notify>(&step)) {
    co_await on_notify(std::move(*notify));
  } else if (auto* sort = std::get_if<imap::Sort>(&step)) {
    co_await on_sort(std::move(*sort));
  } else if (auto* thread = std::get_if<imap::Thread>(&step)) {
    co_await on_thread(std::move(*thread));
  } else {
    co_return co_await act_on_rights(step);
  }
  co_return true;
}

Task<bool> ImapSession::tell_progress(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (now < progress_at_) co_return true;
  progress_at_ = now + host_.options.progress_after;
  engine_.progress(done, total);
  co_return co_await flush();
}

}  // namespace fumi::server
