#include "app/cli/messages.h"

#include <array>
#include <cstdlib>

namespace fumi::app {
namespace {

struct Entry {
  Text which;
  std::string_view english;
  std::string_view japanese;
};

constexpr std::array<Entry, std::size_t(Text::count_)> kTexts{{
    {Text::no_token,
     "no operator token: set FUMI_TOKEN or give --token-file (fumi init printed it)",
     "オペレータートークンがありません。FUMI_TOKEN を設定するか、--token-file "
     "を指定してください(fumi init "
     "が表示したもの)"},
    {Text::unreadable_token_file, "the token file can't be read",
     "トークンファイルを読み込めません"},
    {Text::unreachable, "the server can't be reached", "サーバーに接続できません"},
    {Text::bad_answer, "the server's answer is not understood; is FUMI_URL right?",
     "サーバーの応答を解釈できません。FUMI_URL を確認してください"},
    {Text::unreadable_password, "the password can't be read", "パスワードを読み込めません"},
    {Text::passwords_differ, "the two passwords differ", "2 回のパスワードが一致しません"},
    {Text::ask_password, "Password: ", "パスワード: "},
    {Text::ask_password_again, "Again: ", "もう一度: "},
    {Text::no_terminal, "no terminal to ask for the password: give --password-file",
     "パスワードを入力する端末がありません。--password-file を指定してください"},
    {Text::bad_size, "not a size; write 500MiB, 1GiB, or 0 for no limit",
     "容量の形式が正しくありません。500MiB、1GiB、または無制限の 0 のように指定してください"},
    {Text::bad_time, "not a time; write 1h, 2026-11-23 or 2026-11-23T01:02:03Z",
     "時刻の形式が正しくありません。1h、2026-11-23、2026-11-23T01:02:03Z のように指定してください"},
    {Text::bad_hours, "not hours; write \"mon-fri 09:00-18:00\" or \"all 22:00-06:00\"",
     "時間帯の形式が正しくありません。\"mon-fri 09:00-18:00\" や \"all 22:00-06:00\" "
     "のように指定してください"},
    {Text::unwritable_file, "the file can't be written", "ファイルに書き込めません"},
    {Text::unreadable_file, "the file can't be read", "ファイルを読み込めません"},
    {Text::key_shown_once, "The line above is the key. It is shown this once.",
     "上の行がキーです。表示されるのはこの一度だけです。"},
    {Text::done_created, "created", "作成しました"},
    {Text::done_changed, "changed", "変更しました"},
    {Text::done_deleted, "deleted", "削除しました"},
    {Text::done_retried, "will be tried again now", "すぐに再送を試みます"},
    {Text::done_cancelled, "taken out of the queue", "キューから取り消しました"},
    {Text::done_exported, "exported to", "書き出し先:"},
    {Text::done_rebuilding, "search index is being made anew", "検索索引を作り直しています"},
    {Text::done_imported, "imported", "取り込みました"},
    {Text::mails_read, "mails", "通"},
    {Text::mails_new, "new", "新規"},
    {Text::mails_there, "there already", "取り込み済み"},
    {Text::mails_too_large,
     "mails over 64 MiB were left out:", "64 MiB を超えるメールは取り込みませんでした。件数:"},
    {Text::mails_repeat,
     "not complete; the same command goes on where this ended, nothing comes twice",
     "途中で終わりました。同じコマンドを再実行すると続きから取り込みます(重複はしません)"},
    {Text::mails_updated, "with new flags", "フラグ更新"},
    {Text::mails_not_given,
     "mails that the server did not give:", "サーバーから取得できなかったメールがあります。件数:"},
    {Text::mails_at_most_told, "and more", "ほか"},
    {Text::mail_minutes_left, "min left", "分(残り)"},
    {Text::bad_mapping, "not a mapping; write \"Sent Items=Sent\"",
     "対応付けの形式が正しくありません。\"Sent Items=Sent\" のように指定してください"},
    {Text::password_in_clear,
     "warning: without TLS the password and the mail can be read on the way",
     "警告: TLS を使わないため、パスワードとメールの内容が経路上で読まれるおそれがあります"},
    {Text::export_broke_off, "not complete: the server's stream broke off",
     "途中で終わりました。サーバーからの転送が中断されました"},
    {Text::audit_intact, "intact, records:", "改ざんは見つかりませんでした。記録数:"},
    {Text::audit_broken, "NOT INTACT, findings:", "改ざんまたは欠落があります。件数:"},
    {Text::nothing_found, "nothing found", "見つかりませんでした"},
    {Text::head_name, "NAME", "名前"},
    {Text::head_status, "STATUS", "状態"},
    {Text::head_created, "CREATED", "作成日時"},
    {Text::head_address, "ADDRESS", "アドレス"},
    {Text::head_used, "USED", "使用量"},
    {Text::head_quota, "QUOTA", "上限"},
    {Text::head_id, "ID", "ID"},
    {Text::head_from, "FROM", "差出人"},
    {Text::head_recipients, "RECIPIENTS", "宛先"},
    {Text::head_next_try, "NEXT TRY", "次の試行"},
    {Text::head_answer, "LAST ANSWER", "最後の応答"},
    {Text::head_size, "SIZE", "サイズ"},
    {Text::head_tenant, "TENANT", "テナント"},
    {Text::head_type, "TYPE", "種類"},
    {Text::head_value, "VALUE", "値"},
    {Text::head_mails, "MAILS", "メール数"},
    {Text::head_indexed, "INDEXED", "索引済み"},
    {Text::head_files_waiting, "FILES WAITING", "添付待ち"},
    {Text::head_files_unread, "UNREADABLE", "読めない添付"},
    {Text::head_mailbox, "MAILBOX", "メールボックス"},
    {Text::head_who, "WHO", "対象"},
    {Text::head_rights, "RIGHTS", "権限"},
    {Text::head_denied, "DENIED", "拒否"},
    {Text::head_effect, "EFFECT", "可否"},
    {Text::head_doors, "DOORS", "経路"},
    {Text::head_hours, "HOURS", "時間帯"},
    {Text::head_until, "UNTIL", "有効期限"},
    {Text::head_need, "NEED", "必要性"},
    {Text::head_advice, "ADVICE", "対処"},
    {Text::head_limit, "LIMIT", "上限項目"},
    {Text::head_in_use, "IN USE", "使用中"},
    {Text::head_waiting, "WAITING", "待機中"},
    {Text::head_ten_minutes, "10 MINUTES", "直近10分"},
    {Text::head_day, "24 HOURS", "直近24時間"},
    {Text::head_lifted, "LIFTED UNTIL", "制限解除期限"},
    {Text::dns_not_good, "something that is required is missing or wrong",
     "必須の設定に不足または誤りがあります"},
    {Text::done_verified, "verified", "所有を確認しました"},
    {Text::not_verified, "not verified; publish", "所有を確認できません。次を公開してください:"},
    {Text::publish_challenge, "Publish this, then run fumi domain verify:",
     "次を公開してから fumi domain verify を実行してください:"},
    {Text::bad_limit, "write name=value, with a number or a size",
     "「名前=値」の形式で、数値または容量を指定してください"},
    {Text::whole_tenant, "(tenant)", "(テナント全体)"},
    {Text::head_role, "ROLE", "権限"},
    {Text::head_domain, "DOMAIN", "ドメイン"},
    {Text::head_last_used, "LAST USED", "最終利用"},
    {Text::head_expires, "EXPIRES", "有効期限"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i)
    if (std::size_t(kTexts[i].which) != i || kTexts[i].japanese.empty()) return false;
  return true;
}
static_assert(in_order(), "one entry for each Text, in its order, in both languages");

}  // namespace

Language language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("ja") ? Language::japanese : Language::english;
  }
  return Language::english;
}

std::string_view text(Text which, Language language) {
  const Entry& entry = kTexts[std::size_t(which)];
  return language == Language::japanese ? entry.japanese : entry.english;
}

}  // namespace fumi::app
