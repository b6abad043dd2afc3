#include "proto/pop3/reply.h"

namespace fumi::pop3 {
namespace {

constexpr std::array<LanguageName, 2> kLanguages{LanguageName{Language::english, "en", "English"},
                                                 LanguageName{Language::japanese, "ja", "日本語"}};

struct Pair {
  std::string_view english, japanese;
};

// "%1" and "%2" are numbers. Every Text has its case: the compiler says which is missing.
constexpr Pair pair_of(Text text) {  // lint: function-length-ok a table
  switch (text) {
    case Text::bye:
      return {"Goodbye", "さようなら"};
    case Text::unknown_command:
      return {"Unknown command", "知らないコマンドです"};
    case Text::wrong_state:
      return {"Not in this state", "今は使えないコマンドです"};
    case Text::syntax:
      return {"Syntax error", "文法の誤りです"};
    case Text::line_too_long:
      return {"Line is too long", "行が長すぎます"};
    case Text::too_many_errors:
      return {"Too many bad commands", "誤ったコマンドが多すぎます"};
    case Text::capabilities:
      return {"Capabilities follow", "機能の一覧です"};
    case Text::send_password:
      return {"Send the password", "パスワードを送ってください"};
    case Text::user_first:
      return {"USER comes first", "先に USER が要ります"};
    case Text::tls_first:
      return {"Start TLS first", "先に TLS を始めてください"};
    case Text::maildrop:
      return {"%1 messages (%2 octets)", "メール %1 通 (%2 オクテット)"};
    case Text::wrong_password:
      return {"Wrong name or password", "名前かパスワードが違います"};
    case Text::not_allowed_here:
      return {"Access is not allowed from here at this time",
              "この場所・時間帯からは利用できません"};
    case Text::too_many_failures:
      return {"Too many failed attempts, try again later",
              "失敗が多すぎます。時間をおいてください"};
    case Text::cancelled:
      return {"Authentication cancelled", "認証を取りやめました"};
    case Text::not_base64:
      return {"Malformed authentication data", "認証データの形が正しくありません"};
    case Text::unknown_mechanism:
      return {"Mechanism is not supported", "その認証方式は使えません"};
    case Text::mechanisms:
      return {"Mechanisms follow", "認証方式の一覧です"};
    case Text::begin_tls:
      return {"Begin TLS", "TLS を始めてください"};
    case Text::no_tls:
      return {"TLS is not on offer", "TLS は始められません"};
    case Text::tls_after_utf8:
      return {"STLS must come before UTF8", "STLS は UTF8 より先に要ります"};
    case Text::no_such_message:
      return {"No such message", "そのメールはありません"};
    case Text::deleted_already:
      return {"Message %1 is marked as deleted already", "%1 番はもう削除の印がついています"};
    case Text::deleted:
      return {"Message %1 is marked as deleted", "%1 番に削除の印をつけました"};
    case Text::undeleted:
      return {"No message is marked as deleted", "削除の印をすべて外しました"};
    case Text::noop:
      return {"Nothing done", "何もしませんでした"};
    case Text::octets:
      return {"%1 octets", "%1 オクテット"};
    case Text::top:
      return {"The top follows", "先頭部分です"};
    case Text::utf8_on:
      return {"UTF-8 it is", "UTF-8 にしました"};
    case Text::languages:
      return {"Languages follow", "言語の一覧です"};
    case Text::language_set:
      return {"Language is English", "言語を日本語にしました"};
    case Text::unknown_language:
      return {"That language is not spoken here", "その言語は使えません"};
    case Text::in_use:
      return {"The maildrop is in use by another POP3 session",
              "別の POP3 接続がメールボックスを使っています"};
    case Text::login_delay:
      return {"Too soon after the last login", "前回のログインから間がありません"};
    case Text::gone:
      return {"The message was removed meanwhile by another program",
              "そのメールは別のプログラムが削除しました"};
    case Text::needs_utf8:
      return {"The header is in UTF-8: send UTF8 before logging in",
              "ヘッダーが UTF-8 です。ログインの前に UTF8 を送ってください"};
    case Text::temporary:
      return {"Temporary failure on our side, try again later",
              "サーバー側の一時的な障害です。時間をおいてください"};
    case Text::damaged:
      return {"The stored message is damaged; please tell the operator",
              "保存されたメールが壊れています。管理者に知らせてください"};
    case Text::not_removed:
      return {"Nothing was removed: temporary failure, try again later",
              "一時的な障害のため、何も削除していません"};
  }
  return {};
}

}  // namespace

std::span<const LanguageName> languages() { return kLanguages; }

std::string_view to_string(ResponseCode code) {
  switch (code) {
    case ResponseCode::none:
      return "";
    case ResponseCode::in_use:
      return "[IN-USE] ";
    case ResponseCode::login_delay:
      return "[LOGIN-DELAY] ";
    case ResponseCode::sys_temp:
      return "[SYS/TEMP] ";
    case ResponseCode::sys_perm:
      return "[SYS/PERM] ";
    case ResponseCode::auth:
      return "[AUTH] ";
    case ResponseCode::utf8:
      return "[UTF8] ";
  }
  return "";
}

std::string render(Language language, Text text, std::uint64_t first, std::uint64_t second) {
  const Pair pair = pair_of(text);
  const std::string_view from = language == Language::english ? pair.english : pair.japanese;
  std::string out;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != '%') {
      out += from[i];
    } else {
      out += std::to_string(from[++i] == '1' ? first : second);
    }
  }
  return out;
}

}  // namespace fumi::pop3
