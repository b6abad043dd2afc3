// What waits to be sent: one buffer, and views of message bodies between its octets, so that a
// large literal goes from the store's memory to the socket without a copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fumi::imap {

class Output {
 public:
  void put(std::string_view text) { buffer_.append(text); }
  void put(char c) { buffer_ += c; }
  // Sends `octets` from where they lie; they must stay there until clear().
  void splice(std::string_view octets);

  // Octets that wait, spliced ones included.
  [[nodiscard]] std::size_t size() const { return buffer_.size() + spliced_; }
  [[nodiscard]] std::size_t spliced() const { return spliced_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // The pieces in order, for a gathering write. Valid until the next put(), splice() or clear().
  [[nodiscard]] std::vector<std::string_view> pieces() const;
  // Behind what waits here; what it has spliced must stay as its own.
  void append(Output&& more);
  // All of it in one string, and clear().
  [[nodiscard]] std::string take();
  // Sent: forgets it, and gives memory back (idle connections hold none).
  void clear();

  [[nodiscard]] std::size_t heap_octets() const;

 private:
  struct Splice {
    std::size_t at = 0;  // in buffer_
    std::string_view octets;
  };
  std::string buffer_;
  std::vector<Splice> splices_;
  std::size_t spliced_ = 0;
};

}  // namespace fumi::imap
