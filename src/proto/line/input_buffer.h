// InputBuffer: the octets that a peer has sent and that nobody has parsed yet.
//
// Bounded, contiguous, and without memory while empty and released, so that an idle connection
// costs nothing. Views stay valid until the next append, prepare or release: consuming moves no
// octet. Not thread-safe; one session owns it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace fumi::line {

class InputBuffer {
 public:
  explicit InputBuffer(std::size_t octets_max) : octets_max_(octets_max) {}

  // Takes as many octets as fit below the limit and returns how many those were. What is not taken
  // must be offered again after something was consumed.
  [[nodiscard]] std::size_t append(std::string_view octets);

  // Room for a read straight into the buffer: up to `octets_wanted`, less at the limit, empty when
  // full. commit() says how much of it was filled.
  [[nodiscard]] std::span<char> prepare(std::size_t octets_wanted);
  void commit(std::size_t octets);

  [[nodiscard]] std::string_view view() const { return {storage_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  // Drops the first `octets` (at most size()). Moves nothing: views of them stay readable.
  void consume(std::size_t octets);
  // Overwrites octets of this buffer, consumed or not, that held a secret.
  void wipe(std::string_view octets);
  // Throws away everything unread (RFC 3207 §4.2), and the memory with it, overwritten.
  void clear();
  // Gives the memory back if nothing is unread; otherwise does nothing.
  void release_if_empty();

  [[nodiscard]] std::size_t capacity_octets() const { return capacity_; }

 private:
  std::unique_ptr<char[]> storage_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t octets_max_;
};

}  // namespace fumi::line
