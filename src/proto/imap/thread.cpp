#include "proto/imap/thread.h"

#include <algorithm>

#include "codec/casemap.h"
#include "mime/base_subject.h"
#include "mime/header.h"
#include "proto/imap/detail/thread_tree.h"
#include "proto/imap/sort.h"

namespace fumi::imap {
namespace {

constexpr std::size_t kReferencesMax = 20;
constexpr std::size_t kMsgIdOctetsMax = 500;
constexpr std::size_t kSubjectOctetsMax = 1'000;

}  // namespace

std::string normalised_msg_id(std::string_view text) {
  const std::size_t open = text.find('<');
  if (open == std::string_view::npos) return {};
  const std::size_t close = text.find('>', open);
  if (close == std::string_view::npos || close == open + 1) return {};
  if (close - open > kMsgIdOctetsMax) return {};
  std::string out;
  bool escaped = false;
  for (const char c : text.substr(open + 1, close - open - 1)) {
    if (!escaped && c == '\\') {
      escaped = true;
      continue;
    }
    if (escaped || c != '"') out += c;
    escaped = false;
  }
  return out;
}

ThreadItem thread_item(std::uint32_t number, Instant arrival, const mime::Summary& summary) {
  ThreadItem item;
  item.number = number;
  item.sent = sent_date(summary, arrival);
  const mime::BaseSubject base =
      mime::base_subject(mime::decode_unstructured(summary.envelope.subject));
  item.subject = codec::unicode_casemap(std::string_view(base.text).substr(0, kSubjectOctetsMax));
  item.reply = base.kind == mime::BaseSubject::Kind::reply_or_forward ? ThreadItem::Reply::yes
                                                                      : ThreadItem::Reply::no;
  item.message_id = normalised_msg_id(summary.envelope.message_id);
  const auto& all = summary.references;
  const std::size_t first = all.size() - std::min(all.size(), kReferencesMax);
  for (std::size_t i = first; i < all.size(); ++i) {
    std::string id = normalised_msg_id(all[i]);
    if (!id.empty()) item.references.push_back(std::move(id));
  }
  return item;
}

std::string ThreadForest::text() const {
  constexpr std::uint32_t kClose = 0xffff'ffff;
  std::string out;
  std::vector<std::uint32_t> todo(roots.rbegin(), roots.rend());
  while (!todo.empty()) {
    std::uint32_t at = todo.back();
    todo.pop_back();
    if (at == kClose) {
      out += ')';
      continue;
    }
    out += '(';
    // thread-members = nz-number *(SP nz-number) [SP thread-nested]
    for (bool first = true;; first = false) {
      const Node& node = nodes[at];
      if (!first) out += ' ';
      if (node.number != 0) out += std::to_string(node.number);
      if (node.children.size() != 1) {
        if (node.number != 0 && !node.children.empty()) out += ' ';
        todo.push_back(kClose);
        todo.insert(todo.end(), node.children.rbegin(), node.children.rend());
        break;
      }
      at = node.children.front();
    }
  }
  return out;
}

ThreadForest thread_ordered_subject(const std::vector<ThreadItem>& items) {
  std::vector<const ThreadItem*> sorted;
  sorted.reserve(items.size());
  for (const ThreadItem& item : items)
    sorted.push_back(&item);
  std::ranges::sort(sorted, [](const ThreadItem* a, const ThreadItem* b) {
    const int order = a->subject.compare(b->subject);
    if (order != 0) return order < 0;
    return a->sent != b->sent ? a->sent < b->sent : a->number < b->number;
  });
  struct Start {
    const ThreadItem* first;
    std::uint32_t node;
  };
  ThreadForest forest;
  std::vector<Start> starts;
  for (const ThreadItem* item : sorted) {
    const auto node = static_cast<std::uint32_t>(forest.nodes.size());
    forest.nodes.push_back({item->number, {}});
    if (starts.empty() || starts.back().first->subject != item->subject) {
      starts.push_back({item, node});
    } else {
      forest.nodes[starts.back().node].children.push_back(node);
    }
  }
  std::ranges::sort(starts, [](const Start& a, const Start& b) {
    if (a.first->sent != b.first->sent) return a.first->sent < b.first->sent;
    return a.first->number < b.first->number;
  });
  for (const Start& start : starts)
    forest.roots.push_back(start.node);
  return forest;
}

ThreadForest thread_references(const std::vector<ThreadItem>& items) {
  detail::ThreadTree tree(items);
  tree.link();
  tree.gather();
  tree.prune();
  tree.sort_roots();
  tree.merge_subjects();
  tree.sort_all();
  return std::move(tree).forest();
}

ThreadForest thread(Thread::Algorithm algorithm, const std::vector<ThreadItem>& items) {
  return algorithm == Thread::Algorithm::references ? thread_references(items)
                                                    : thread_ordered_subject(items);
}

}  // namespace fumi::imap
