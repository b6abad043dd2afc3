// SORT's and THREAD's arguments, and threads of whatever refers to whatever: each message once.
#include <algorithm>
#include <cstdlib>

#include "proto/imap/detail/commands.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fumi::imap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Limits limits;
  for (const auto parse : {detail::parse_sort, detail::parse_uid_thread}) {
    detail::Parser p(text, {}, limits);
    const auto step = parse(p);
    if (!step && p.reply().status == Reply::Status::ok) std::abort();
  }
  std::vector<ThreadItem> items;
  for (std::size_t i = 0; i + 4 <= size; i += 4) {
    ThreadItem item;
    item.number = static_cast<std::uint32_t>(items.size() + 1);
    item.message_id = std::string(1, text[i]);
    item.references = {std::string(1, text[i + 1]), std::string(1, text[i + 2])};
    item.subject = std::string(data[i + 3] % 3U, 'x');
    item.reply = data[i + 3] % 2U == 0 ? ThreadItem::Reply::yes : ThreadItem::Reply::no;
    items.push_back(std::move(item));
  }
  const ThreadForest forest = thread_references(items);
  std::size_t seen = 0;
  std::vector<std::uint32_t> todo = forest.roots;
  while (!todo.empty()) {
    const auto& node = forest.nodes[todo.back()];
    todo.pop_back();
    if (node.number != 0 && ++seen > items.size()) std::abort();
    todo.insert(todo.end(), node.children.begin(), node.children.end());
  }
  if (seen != items.size()) std::abort();
  return 0;
}
