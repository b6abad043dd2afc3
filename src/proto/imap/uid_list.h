// UidList: the UIDs of a mailbox at one moment, ascending. Immutable, so that every session that
// has the mailbox selected shares one list: the host's own index implements it, and a view costs
// no memory a message. Calls come from any thread at once.
#pragma once

#include <cstdint>
#include <span>

namespace fumi::imap {

class UidList {
 public:
  virtual ~UidList() = default;
  [[nodiscard]] virtual std::uint32_t size() const = 0;
  // Position (from 0) of the first UID that is not less; size() if there is none.
  [[nodiscard]] virtual std::uint32_t index_at_or_after(std::uint32_t uid) const = 0;
  // The UIDs from position `first` on, as many as `out` has room for; first + out.size() <= size().
  virtual void copy(std::uint32_t first, std::span<std::uint32_t> out) const = 0;
};

}  // namespace fumi::imap
