#include <algorithm>
#include <limits>

#include "net/detail/deflate.h"

namespace fumi::net::detail {
namespace {

constexpr int kRawWindow = -15;  // RFC 4978 §4: raw, 32 KB
constexpr int kMemory = 8;
constexpr std::size_t kWindowOctets = 32'768;

Bytef* bytes_of(const char* at) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(at));  // zlib reads only
}
uInt length_of(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Status Deflater::give(std::string_view bytes, Flush flush) {
  if (!z_) {
    z_.emplace();
    const int made =
        deflateInit2(&*z_, level_, Z_DEFLATED, kRawWindow, kMemory, Z_DEFAULT_STRATEGY);
    if (made != Z_OK) {
      z_.reset();
      return fail(Code::internal, "compressing", "no memory");
    }
  }
  z_->next_in = bytes_of(bytes.data());
  z_->avail_in = length_of(bytes.size());
  flush_ = flush == Flush::sync ? Z_SYNC_FLUSH : Z_NO_FLUSH;
  more_ = !bytes.empty();
  return {};
}

std::size_t Deflater::take(std::span<char> into) {
  if (!more_ || !z_) return 0;
  z_->next_out = reinterpret_cast<Bytef*>(into.data());
  z_->avail_out = length_of(into.size());
  // Z_BUF_ERROR says that there was nothing left to do; other errors can't be (zlib.h).
  [[maybe_unused]] const int done = deflate(&*z_, flush_);
  more_ = z_->avail_out == 0;  // room left over: all is said
  return into.size() - z_->avail_out;
}

void Deflater::rest() {
  if (z_) deflateEnd(&*z_);
  z_.reset();
}

Status Inflater::begin() {
  z_.emplace();
  if (inflateInit2(&*z_, kRawWindow) != Z_OK) {
    z_.reset();
    return fail(Code::internal, "decompressing", "no memory");
  }
  if (!history_.empty()) {
    inflateSetDictionary(&*z_, bytes_of(history_.data()), length_of(history_.size()));
    history_ = std::string();
  }
  return {};
}

Result<std::size_t> Inflater::take(std::string_view& input, std::span<char> into) {
  // Without input and without output left over it has nothing to do; asked all the same, it would
  // not say any more that it stands between two blocks.
  if (ended_ || into.empty() || (input.empty() && !more_)) return 0;
  if (!z_) FUMI_CHECK(begin());
  z_->next_in = bytes_of(input.data());
  z_->avail_in = length_of(input.size());
  z_->next_out = reinterpret_cast<Bytef*>(into.data());
  z_->avail_out = length_of(into.size());
  const int done = inflate(&*z_, Z_SYNC_FLUSH);
  input = input.substr(input.size() - z_->avail_in);
  if (done == Z_STREAM_END) ended_ = true;
  more_ = z_->avail_out == 0;
  if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) {
    return fail(Code::invalid, "decompressing", z_->msg == nullptr ? "broken" : z_->msg);
  }
  return into.size() - z_->avail_out;
}

void Inflater::rest() {
  if (!z_) return;
  // zlib.h, inflate(): 128 between two blocks, 64 in the last one, below it bits not yet used.
  constexpr int kBetweenBlocks = 128;
  if (z_->data_type != kBetweenBlocks || more_) return;
  std::string kept(kWindowOctets, '\0');
  uInt size = 0;
  if (inflateGetDictionary(&*z_, bytes_of(kept.data()), &size) != Z_OK) return;
  history_.assign(kept, 0, size);
  end();
}

void Inflater::end() {
  if (z_) inflateEnd(&*z_);
  z_.reset();
}

}  // namespace fumi::net::detail
