// SearchSnippet/get (RFC 8621 §5).
#include <array>
#include <set>

#include "api/jmap/email_filter.h"
#include "api/jmap/email_view.h"
#include "api/jmap/methods.h"
#include "api/jmap/text_match.h"
#include "base/ascii.h"
#include "codec/html_text.h"
#include "codec/utf8.h"
#include "mime/body.h"
#include "mime/header.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kSnippetOctets = 255;
constexpr std::size_t kSnippetLook = 512 * 1024;  // octets of a body that snippets are cut from

std::string shown_body(const mime::Summary& summary, std::string_view raw) {
  std::string out;
  for (const mime::Part* part : body_parts(summary.root).text) {
    if (part->type != "text") continue;
    const std::string content = mime::text_content(*part, raw);
    out += part->subtype == "html" ? codec::html_text(content) : content;
    out += "\n\n";
    if (out.size() >= kSnippetLook) break;
  }
  return std::string(ascii::trim(codec::utf8_prefix(out, kSnippetLook)));
}

Task<Answer> snippets(Call& call) {
  auto ids = list_argument(call.arguments, "emailIds");
  if (!ids) co_return std::unexpected(std::move(ids).error());
  if (!*ids) co_return invalid_arguments("emailIds is missing");
  if ((*ids)->size() > limits_of(call.host.options).get_max) co_return refuse("requestTooLarge");
  EmailFilter filter;
  if (const Json* given = call.arguments.find("filter"); given && !given->is_null()) {
    auto compiled = EmailFilter::compile(*given);
    if (!compiled) co_return std::unexpected(std::move(compiled).error());
    filter = std::move(*compiled);
  }
  const std::vector<std::string> words = filter.shown_words();
  std::vector<FoundEmail> emails;
  Work work = [&](Tx& tx) -> Answer {
    std::vector<EmailId> wanted;
    for (const std::string& text : **ids)
      if (const auto id = id_of<EmailId>(text)) wanted.push_back(*id);
    FUMI_JMAP_TRY(emails, call.view.find(tx, wanted));
    return Json();
  };
  Answer read = co_await reading(call, std::move(work));
  if (!read) co_return read;
  JsonArray list;
  std::set<std::string> found;
  for (const FoundEmail& email : emails) {
    const TenantScope scope = call.scope();
    Result<std::string> raw = co_await call.host.blobs.get(scope, email.email.blob);
    if (!raw) co_return std::unexpected(to_jmap(raw.error()));
    const mime::Summary summary = mime::parse(*raw);
    const std::string subject =
        snippet(mime::decode_unstructured(summary.envelope.subject), words, kSnippetOctets);
    const std::string body = snippet(shown_body(summary, *raw), words, kSnippetOctets);
    Json one = JsonObject{{"emailId", email.email.id.text()}};
    one.set("subject", subject.empty() ? Json() : Json(subject));
    one.set("preview", body.empty() ? Json() : Json(body));
    list.push_back(std::move(one));
    found.insert(email.email.id.text());
  }
  JsonArray not_found;
  for (const std::string& id : **ids)
    if (!found.contains(id)) not_found.emplace_back(id);
  Json answer = JsonObject{{"accountId", call.account_text()}};
  answer.set("list", std::move(list));
  answer.set("notFound", not_found.empty() ? Json() : Json(std::move(not_found)));
  co_return answer;
}

}  // namespace

std::span<const Method> snippet_methods() {
  static constexpr std::array kMethods{
      Method{"SearchSnippet/get", capability::kMail, &snippets},
  };
  return kMethods;
}

}  // namespace fumi::jmap
