#include "proto/imap/detail/thread_tree.h"

#include <algorithm>

namespace fumi::imap::detail {
namespace {
constexpr std::size_t kStepsMax = 20'000'000;  // some 50 ms
}  // namespace

ThreadTree::ThreadTree(const std::vector<ThreadItem>& items)
    : items_(items), steps_left_(kStepsMax) {
  nodes_.reserve(items.size() * 2);
  for (const ThreadItem& item : items) {
    const auto place = static_cast<Place>(nodes_.size());
    nodes_.emplace_back().item = &item;
    // The first message of an id has it; later ones stand for themselves.
    if (!item.message_id.empty()) by_id_.try_emplace(item.message_id, place);
  }
}

ThreadTree::Place ThreadTree::of_id(std::string_view id) {
  const auto [at, is_new] = by_id_.try_emplace(id, static_cast<Place>(nodes_.size()));
  if (is_new) nodes_.emplace_back();  // a dummy
  return at->second;
}

// Whether `parent` descends from `child`, or is it.
bool ThreadTree::makes_loop(Place parent, Place child) {
  if (parent == child) return true;
  if (nodes_[child].children.empty()) return false;
  for (Place at = nodes_[parent].parent; at != kNone; at = nodes_[at].parent) {
    if (at == child || steps_left_ == 0) return true;
    --steps_left_;
  }
  return false;
}

void ThreadTree::set_parent(Place parent, Place child) {
  nodes_[child].parent = parent;
  nodes_[parent].children.push_back(child);
}

void ThreadTree::leave_parent(Place child) {
  const Place parent = nodes_[child].parent;
  if (parent == kNone) return;
  std::vector<Place>& siblings = nodes_[parent].children;
  const auto at = std::find(siblings.rbegin(), siblings.rend(), child);
  steps_left_ -= std::min(steps_left_, static_cast<std::size_t>(at - siblings.rbegin()));
  *at = siblings.back();  // their order is made in the end
  siblings.pop_back();
  nodes_[child].parent = kNone;
}

void ThreadTree::link() {
  for (Place i = 0; i < items_.size(); ++i) {
    Place before = kNone;
    for (const std::string& id : items_[i].references) {
      const Place at = of_id(id);
      // (A): what has a parent keeps it.
      if (before != kNone && nodes_[at].parent == kNone && !makes_loop(before, at)) {
        set_parent(before, at);
      }
      before = at;
    }
    // (B): the last reference is the parent, whatever others said of this message.
    if (before != kNone && nodes_[i].parent == before) continue;
    if (steps_left_ == 0) continue;
    leave_parent(i);
    if (before != kNone && !makes_loop(before, i)) set_parent(before, i);
  }
  by_id_.clear();
}

void ThreadTree::gather() {
  for (Place i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parent == kNone) roots_.push_back(i);
  }
}

void ThreadTree::prune() {
  // Parents before children, so that backwards it is children first.
  std::vector<Place> order = roots_;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::vector<Place>& children = nodes_[order[i]].children;
    order.insert(order.end(), children.begin(), children.end());
  }
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    std::vector<Place> kept;
    for (const Place child : nodes_[*at].children) {
      if (nodes_[child].item != nullptr) {
        kept.push_back(child);
        continue;
      }
      kept.insert(kept.end(), nodes_[child].children.begin(), nodes_[child].children.end());
      nodes_[child].children.clear();
    }
    nodes_[*at].children = std::move(kept);
  }
  std::vector<Place> kept;
  for (const Place root : roots_) {
    const std::vector<Place>& children = nodes_[root].children;
    if (nodes_[root].item != nullptr || children.size() > 1) {
      kept.push_back(root);
    } else if (children.size() == 1) {
      kept.push_back(children.front());
    }
  }
  roots_ = std::move(kept);
}

const ThreadItem* ThreadTree::shown(Place place) const {
  const Node& node = nodes_[place];
  return node.item != nullptr ? node.item : nodes_[node.children.front()].item;
}

void ThreadTree::sort(std::vector<Place>& places) const {
  std::ranges::sort(places, [this](Place a, Place b) {
    const ThreadItem* left = shown(a);
    const ThreadItem* right = shown(b);
    return left->sent != right->sent ? left->sent < right->sent : left->number < right->number;
  });
}

void ThreadTree::sort_roots() {
  for (const Place root : roots_) {
    if (nodes_[root].item == nullptr) sort(nodes_[root].children);
  }
  sort(roots_);
}

bool ThreadTree::is_reply(Place place) const {
  const ThreadItem* item = nodes_[place].item;
  return item != nullptr && item->reply == ThreadItem::Reply::yes;
}

// (5) (C): puts `current` to the thread of the same subject, or both under a new dummy.
void ThreadTree::merge(Place current, Place& kept) {
  const bool current_dummy = nodes_[current].item == nullptr;
  const bool kept_dummy = nodes_[kept].item == nullptr;
  nodes_[current].in_root = false;
  if (current_dummy && kept_dummy) {
    std::vector<Place> children = std::move(nodes_[current].children);
    nodes_[kept].children.insert(nodes_[kept].children.end(), children.begin(), children.end());
    nodes_[current].children.clear();
    return;
  }
  if (kept_dummy || (is_reply(current) && !is_reply(kept))) {
    nodes_[kept].children.push_back(current);
    return;
  }
  const auto dummy = static_cast<Place>(nodes_.size());
  nodes_.emplace_back().children = {kept, current};
  nodes_[kept].in_root = false;
  roots_.push_back(dummy);
  kept = dummy;
}

void ThreadTree::merge_subjects() {
  std::unordered_map<std::string_view, Place> table;
  for (const Place root : roots_) {
    const std::string_view subject = shown(root)->subject;
    if (subject.empty()) continue;
    const auto [at, is_new] = table.try_emplace(subject, root);
    if (is_new || nodes_[at->second].item == nullptr) continue;
    const bool better = nodes_[root].item == nullptr || (is_reply(at->second) && !is_reply(root));
    if (better) at->second = root;
  }
  const std::size_t count = roots_.size();  // merge() puts dummies behind
  for (std::size_t i = 0; i < count; ++i) {
    const Place current = roots_[i];
    const auto at = table.find(shown(current)->subject);
    if (at == table.end() || at->second == current) continue;
    if (nodes_[current].in_root) merge(current, at->second);
  }
  std::erase_if(roots_, [this](Place root) { return !nodes_[root].in_root; });
}

void ThreadTree::sort_all() {
  for (Node& node : nodes_)
    sort(node.children);
  sort(roots_);
}

ThreadForest ThreadTree::forest() && {
  ThreadForest out;
  out.nodes.reserve(nodes_.size());
  for (Node& node : nodes_) {
    out.nodes.push_back({node.item == nullptr ? 0 : node.item->number, std::move(node.children)});
  }
  out.roots = std::move(roots_);
  return out;
}

}  // namespace fumi::imap::detail
