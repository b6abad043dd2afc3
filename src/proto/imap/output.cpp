#include "proto/imap/output.h"

#include <utility>

namespace fumi::imap {

void Output::splice(std::string_view octets) {
  if (octets.empty()) return;
  splices_.push_back({buffer_.size(), octets});
  spliced_ += octets.size();
}

void Output::append(Output&& more) {
  if (empty()) {
    *this = std::exchange(more, Output());
    return;
  }
  for (const Splice& splice : more.splices_)
    splices_.push_back({buffer_.size() + splice.at, splice.octets});
  spliced_ += more.spliced_;
  buffer_.append(more.buffer_);
  more.clear();
}

std::vector<std::string_view> Output::pieces() const {
  std::vector<std::string_view> out;
  std::string_view rest = buffer_;
  std::size_t at = 0;
  for (const Splice& splice : splices_) {
    if (splice.at > at) out.push_back(rest.substr(at, splice.at - at));
    out.push_back(splice.octets);
    at = splice.at;
  }
  if (at < rest.size()) out.push_back(rest.substr(at));
  return out;
}

std::string Output::take() {
  std::string out;
  out.reserve(size());
  for (const std::string_view piece : pieces())
    out.append(piece);
  clear();
  return out;
}

void Output::clear() {
  std::string().swap(buffer_);  // assigning would keep the memory
  splices_ = std::vector<Splice>();
  spliced_ = 0;
}

std::size_t Output::heap_octets() const {
  return buffer_.capacity() + splices_.capacity() * sizeof(Splice);
}

}  // namespace fumi::imap
