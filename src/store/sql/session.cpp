#include "store/sql/session.h"

namespace fumi::sql {
namespace {
constexpr std::size_t kDynamicMax = 256;
}

const Statement& Session::prepare_dynamic(std::string text) {
  const auto found = dynamic_by_text_.find(text);
  if (found != dynamic_by_text_.end()) {
    dynamic_.splice(dynamic_.begin(), dynamic_, found->second);
    return found->second->statement;
  }
  auto kept = std::make_unique<std::string>(std::move(text));
  const Statement statement(Statement::Dynamic{}, kept->c_str());
  dynamic_.push_front(Kept{std::move(kept), statement});
  dynamic_by_text_.emplace(*dynamic_.front().text, dynamic_.begin());
  return dynamic_.front().statement;
}

void Session::trim_dynamic() {
  while (dynamic_.size() > kDynamicMax) {
    forget(dynamic_.back().statement);
    dynamic_by_text_.erase(*dynamic_.back().text);
    dynamic_.pop_back();
  }
}

}  // namespace fumi::sql
