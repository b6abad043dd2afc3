// THREAD=REFERENCES, step by step (RFC 5256 §3). The steps are public and in their order.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/imap/thread.h"

namespace fumi::imap::detail {

class ThreadTree {
 public:
  explicit ThreadTree(const std::vector<ThreadItem>& items);  // which must stay

  void link();            // (1)
  void gather();          // (2)
  void prune();           // (3)
  void sort_roots();      // (4)
  void merge_subjects();  // (5)
  void sort_all();        // (6)
  [[nodiscard]] ThreadForest forest() &&;

 private:
  using Place = std::uint32_t;
  static constexpr Place kNone = 0xffff'ffff;
  struct Node {
    const ThreadItem* item = nullptr;  // none: a dummy
    Place parent = kNone;
    std::vector<Place> children;
    bool in_root = true;  // of a root: it was not merged into another thread
  };

  [[nodiscard]] Place of_id(std::string_view id);
  [[nodiscard]] bool makes_loop(Place parent, Place child);
  void set_parent(Place parent, Place child);
  void leave_parent(Place child);
  [[nodiscard]] const ThreadItem* shown(Place place) const;  // itself, or a dummy's first child
  void sort(std::vector<Place>& places) const;
  [[nodiscard]] bool is_reply(Place place) const;
  void merge(Place current, Place& kept);

  const std::vector<ThreadItem>& items_;
  std::vector<Node> nodes_;  // the items' first, in their order
  std::unordered_map<std::string_view, Place> by_id_;
  std::vector<Place> roots_;
  std::size_t steps_left_;
};

}  // namespace fumi::imap::detail
