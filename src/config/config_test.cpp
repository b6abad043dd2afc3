#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/catalogue.h"
#include "config/reload.h"
#include "config/show.h"

namespace fumi::config {
namespace {

using namespace std::chrono_literals;

enum class Engine { sqlite, postgres };

struct SampleOptions {
  bool greet = false;
  std::uint32_t recipients_max = 0;
  std::int16_t offset = 0;
  std::string banner;
  Duration idle{};
  ByteCount message_max;
  std::vector<std::string> networks;
  Engine engine = Engine::sqlite;
  std::filesystem::path folder;
  SecretFile key;
  std::string token;
};

void describe(Schema<SampleOptions>& s) {
  s.option(&SampleOptions::greet, "smtp.in.greet", true).live().doc("Greet peers.");
  s.option(&SampleOptions::recipients_max, "smtp.in.recipients_max", 1000)
      .range(100, 50'000)
      .live()
      .sim_values({100, 101})
      .doc("Recipients per transaction | limit.");
  s.option(&SampleOptions::offset, "smtp.in.offset", -5).doc("Any small number.");
  s.option(&SampleOptions::banner, "smtp.in.banner", "Fumi").doc("Text of the greeting.");
  s.option(&SampleOptions::idle, "smtp.in.idle", 5min).range(1s, 1h).doc("Longest silence.");
  s.option(&SampleOptions::message_max, "smtp.in.message_max", mib(25))
      .range(kib(64), gib(1))
      .doc("Size.");
  s.option(&SampleOptions::networks, "smtp.in.networks", {"127.0.0.1/32"}).doc("Trusted peers.");
  s.choice(&SampleOptions::engine, "store.engine", Engine::sqlite,
           {{"sqlite", Engine::sqlite}, {"postgres", Engine::postgres}})
      .doc("Which engine.");
  s.option(&SampleOptions::folder, "store.folder", "/var/lib/fumi").doc("Where data is.");
  s.option(&SampleOptions::key, "store.root_key", SecretFile{}).doc("File of the root key.");
  s.option(&SampleOptions::token, "store.token", "").secret().live().doc("A token.");
}

struct OtherOptions {
  std::uint16_t port = 0;
};
void describe(Schema<OtherOptions>& s) {
  s.option(&OtherOptions::port, "imap.port", 143).range(1, 65'535).doc("Port.");
}

Catalogue sample_catalogue() {
  Catalogue catalogue;
  catalogue.add<SampleOptions>();
  catalogue.add<OtherOptions>();
  return catalogue;
}

Document parsed(std::string_view toml) {
  auto document = Document::parse(toml, "/etc/fumi/fumi.toml");
  REQUIRE_MESSAGE(document.has_value(), (document ? "" : document.error().text()));
  return *document;
}

// The detail of the error that binding and checking the text gives; "" when all is well.
std::string problem(std::string_view toml) {
  const auto document = Document::parse(toml, "f.toml");
  if (!document) return document.error().detail;
  const Status status = sample_catalogue().check(*document);
  return status ? "" : status.error().detail;
}

TEST_CASE("an empty document gives the declared defaults") {
  const auto options = bind<SampleOptions>(Document{});
  REQUIRE(options);
  CHECK(options->greet);
  CHECK(options->recipients_max == 1000);
  CHECK(options->offset == -5);
  CHECK(options->banner == "Fumi");
  CHECK(options->idle == 5min);
  CHECK(options->message_max == mib(25));
  CHECK(options->networks == std::vector<std::string>{"127.0.0.1/32"});
  CHECK(options->engine == Engine::sqlite);
  CHECK(options->folder == "/var/lib/fumi");
  CHECK_FALSE(options->key.is_set());
}

TEST_CASE("every type is read from a file") {
  const Document document = parsed(R"(
[smtp.in]
greet = false
recipients_max = 2_000
offset = -32768
banner = "文"
idle = "1m30s"
message_max = "64KiB"
networks = ["10.0.0.0/8", "::1/128"]
[store]
engine = "postgres"
folder = "data"
root_key = "/secrets/root"
token = "t0p"
)");
  const auto options = bind<SampleOptions>(document);
  REQUIRE(options);
  CHECK_FALSE(options->greet);
  CHECK(options->recipients_max == 2000);
  CHECK(options->offset == -32768);
  CHECK(options->banner == "文");
  CHECK(options->idle == 90s);
  CHECK(options->message_max == kib(64));
  CHECK(options->networks.size() == 2);
  CHECK(options->engine == Engine::postgres);
  CHECK(options->folder == "/etc/fumi/data");  // relative to the file's folder
  CHECK(options->key.path == "/secrets/root");
  CHECK(options->token == "t0p");
  CHECK(sample_catalogue().check(document));
}

TEST_CASE("what is wrong is said with its place") {
  struct Row {
    std::string_view toml;
    std::string_view says;
  };
  const Row rows[] = {
      {"[smtp.in]\nrecipients_mx = 5\n",
       "f.toml:2: unknown option smtp.in.recipients_mx; did you mean smtp.in.recipients_max?"},
      {"[smtp]\nrecipients_max = 500\n", "did you mean smtp.in.recipients_max?"},
      {"\n\nnothing_like_it_at_all = 1\n", "f.toml:3: unknown option nothing_like_it_at_all"},
      {"smtp.in.recipients_max = 99", "f.toml:1: smtp.in.recipients_max: 99 is outside 100..50000"},
      {"smtp.in.recipients_max = 50001", "outside 100..50000"},
      {"smtp.in.recipients_max = \"500\"", "expected whole number, got a text"},
      {"smtp.in.recipients_max = 5.5", "expected whole number, got a number with a fraction"},
      {"smtp.in.recipients_max = 1979-05-27", "got a date or time"},
      {"smtp.in.offset = 32768", "outside -32768..32767"},
      {"smtp.in.greet = 1", "expected true or false, got a number"},
      {"smtp.in.banner = [\"a\"]", "expected text, got a list"},
      {"smtp.in.idle = 30", "expected duration, got a number"},
      {"smtp.in.idle = \"30\"", "expected a duration such as"},
      {"smtp.in.idle = \"2h\"", "2h is outside 1s..1h"},
      {"smtp.in.message_max = \"25M\"", "expected a size such as"},
      {"smtp.in.networks = [\"a\", 1]", "got an array that is not of texts"},
      {"smtp.in.networks = \"a\"", "expected list of texts, got a text"},
      {"store.engine = \"mysql\"", "expected sqlite | postgres, got \"mysql\""},
      {"imap.port = 0", "outside 1..65535"},
      {"imap.port = 1\nimap.port = 2", "f.toml:2: "},
      {"imap.port = 1\n\"imap.port\" = 2", "imap.port is set twice"},
      {"imap.port = \n", "f.toml:1: "},
      {"[*]\nimap.port = 1\n= [1]\n", "f.toml:1: malformed key or table name"},
      {"imap.port = 1\nimap \xe2\xbb\xbf = 1\n", "f.toml:2: "},
      {"imap.port = 1\n\n[ =]", "f.toml:3: malformed key or table name"},
      {"store.token = [\"hunter2\"]", "store.token: expected text"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.toml);
    const std::string said = problem(row.toml);
    CHECK_MESSAGE(said.find(row.says) != std::string::npos, said);
  }
  CHECK(problem("store.token = [\"hunter2\"]").find("hunter2") == std::string::npos);
  CHECK(problem("nothing_like_it_at_all = 1").find("did you mean") == std::string::npos);
}

TEST_CASE("all problems are reported at once, by check and by bind") {
  const std::string_view toml = "smtp.in.offset = 99999\nsmtp.in.idle = 1\nx.y = 1\n";
  const std::string said = problem(toml);
  CHECK(std::ranges::count(said, '\n') == 2);
  const auto options = bind<SampleOptions>(parsed(toml));
  REQUIRE_FALSE(options);
  CHECK(options.error().code == Code::invalid);
  CHECK(std::ranges::count(options.error().detail, '\n') == 1);  // bind doesn't know of x.y
}

TEST_CASE("hostile files are refused") {
  CHECK(Document::parse(std::string(1'048'577, '#'), "f").error().code == Code::too_large);
  std::string deep = "a = ";
  deep.append(5000, '[');
  CHECK_FALSE(Document::parse(deep, "f"));
  std::string many;
  for (int i = 0; i < 10'001; ++i)
    many += "k" + std::to_string(i) + " = 1\n";
  CHECK(Document::parse(many, "f").error().detail.ends_with("too many options"));
  CHECK_FALSE(Document::parse("a = \"\xff\xfe\"", "f"));
}

TEST_CASE("precedence: command line, environment, file, default") {
  const Catalogue catalogue = sample_catalogue();
  Document document = parsed("imap.port = 1\nsmtp.in.offset = 1\nsmtp.in.banner = \"one\"\n");
  REQUIRE(document.set("imap.port = 3"));
  const char* environment[] = {"PATH=/bin",
                               "FUMI_TOKEN=x",
                               "FUMI_SET_IMAP_PORT=2",
                               "FUMI_SET_SMTP_IN_OFFSET=2",
                               "FUMI_SET_SMTP_IN_NETWORKS=a, b,,c",
                               "FUMI_SET_SMTP_IN_GREET=off",
                               "FUMI_SET_STORE_FOLDER=data",
                               nullptr};
  REQUIRE(catalogue.take_environment(document, environment));
  REQUIRE(catalogue.check(document));
  CHECK(bind<OtherOptions>(document)->port == 3);
  const auto options = bind<SampleOptions>(document);
  REQUIRE(options);
  CHECK(options->offset == 2);
  CHECK(options->banner == "one");
  CHECK(options->networks == std::vector<std::string>{"a", "b", "c"});
  CHECK_FALSE(options->greet);
  CHECK(options->folder == "data");
}

TEST_CASE("the command line and the environment refuse what they don't know") {
  const Catalogue catalogue = sample_catalogue();
  Document document;
  CHECK(document.set("imap.port").error().code == Code::invalid);
  CHECK(document.set("=1").error().code == Code::invalid);
  REQUIRE(document.set("imap.port=1"));
  CHECK(document.set("imap.port=2").error().code == Code::conflict);
  const char* unknown[] = {"FUMI_SET_IMAP_PROT=2", nullptr};
  CHECK(catalogue.take_environment(document, unknown).error().code == Code::invalid);
  CHECK(catalogue.take_environment(document, nullptr));
  REQUIRE(document.set("smtp.in.recipients_max=12x"));
  REQUIRE(document.set("smtp.in.greet=maybe"));
  const std::string said = catalogue.check(document).error().detail;
  CHECK(said.find("command line: smtp.in.greet: expected true or false") != std::string::npos);
  CHECK(said.find("command line: smtp.in.recipients_max: expected a whole number") !=
        std::string::npos);
}

TEST_CASE("durations and sizes: what is refused") {
  for (const std::string_view text :
       {"", "s", "5", "5 s", " 5s", "-5s", "5x", "5s5m", "1m1m", "1.5h", "1h-1s", "99999999999999d",
        "9223372036854775808us", "106751991d999999999999h"}) {
    CAPTURE(text);
    CHECK(parse_duration(text).error().code == Code::invalid);
  }
  for (const std::string_view text :
       {"", "MiB", "5", "5 MiB", "-1B", "5mib", "1MiB1B", "9000000000TiB"}) {
    CAPTURE(text);
    CHECK(parse_bytes(text).error().code == Code::invalid);
  }
  CHECK(parse_duration("0s") == Duration(0));
  CHECK(parse_duration("1d2h3m4s5ms6us") == Duration(93'784'005'006));
  CHECK(parse_bytes("3kB") == ByteCount{3000});
  CHECK(format_duration(90s) == "1m30s");
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(48h) == "2d");
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_bytes(kib(1536)) == "1536KiB");
  CHECK(format_bytes(ByteCount{3000}) == "3000B");
}

TEST_CASE("property: format and parse are inverse") {
  CHECK(rc::check("durations", [] {
    const auto micros =
        *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
    const auto factor =
        *rc::gen::element<std::int64_t>(1, 1000, 1'000'000, 60'000'000, 3'600'000'000);
    const Duration duration(micros / factor * factor);
    RC_ASSERT(parse_duration(format_duration(duration)).value() == duration);
  }));
  CHECK(rc::check("sizes", [] {
    const auto octets =
        *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
    const auto shift = *rc::gen::inRange<unsigned>(0, 40);
    const ByteCount bytes{std::uint64_t(octets) >> shift << shift};
    RC_ASSERT(parse_bytes(format_bytes(bytes)).value() == bytes);
  }));
  CHECK(rc::check("no text makes a parser fall over", [](const std::string& text) {
    (void)parse_duration(text);
    (void)parse_bytes(text);
    (void)problem(text);
  }));
}

TEST_CASE("show redacts and names the source") {
  const Catalogue catalogue = sample_catalogue();
  const Document document =
      parsed("store.token = \"hunter2\"\n[imap]\nport = 993\n[smtp.in]\nidle = \"9h\"\n");
  const std::string text = show_text(catalogue, document);
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("(set, not shown)") != std::string::npos);
  CHECK(text.find("/etc/fumi/fumi.toml:3") != std::string::npos);
  CHECK(text.find("smtp.in.idle            (wrong)") != std::string::npos);
  const std::string json = show_json(catalogue, document);
  CHECK(json.find("hunter2") == std::string::npos);
  CHECK(
      json.find(
          R"("name":"imap.port","type":"whole number","value":"993","source":"/etc/fumi/fumi.toml:3",)"
          R"("default":"143","range":"1..65535","applies":"restart")") != std::string::npos);
  const std::string reference = options_markdown(catalogue);
  CHECK(reference.find("## [smtp.in]") != std::string::npos);
  CHECK(reference.find("| `recipients_max` | whole number | `1000` | 100..50000 | live | "
                       "Recipients per transaction \\| limit. |") != std::string::npos);
}

TEST_CASE("reload tells live changes from those that need a restart") {
  const Catalogue catalogue = sample_catalogue();
  const Document before = parsed("imap.port = 1\nstore.token = \"old\"\nsmtp.in.offset = 4\n");
  const Document after =
      parsed("\nsmtp.in.offset = 4\nstore.token = \"new\"\nsmtp.in.recipients_max = 200\n");
  const auto found = changes(catalogue, before, after);
  REQUIRE(found);
  const std::vector<Change> expected{
      {"imap.port", Applies::restart, "1", "143"},
      {"smtp.in.recipients_max", Applies::live, "1000", "200"},
      {"store.token", Applies::live, "(set, not shown)", "(set, not shown)"},
  };
  CHECK(*found == expected);
  CHECK(changes(catalogue, before, before)->empty());
  CHECK_FALSE(changes(catalogue, before, parsed("imap.port = 0")));

  SampleOptions current = *bind<SampleOptions>(before);
  SampleOptions next = *bind<SampleOptions>(after);
  next.offset = 77;
  schema<SampleOptions>().take_live(current, next);
  CHECK(current.recipients_max == 200);
  CHECK(current.token == "new");
  CHECK(current.offset == 4);
}

TEST_CASE("files: the document and secrets") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("fumi-config-test-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto write = [&](std::string_view name, std::string_view text) {
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  };
  CHECK(Document::load(folder / "absent").error().code == Code::not_found);
  CHECK(Document::load(folder).error().code == Code::denied);
  const auto document = Document::load(write("fumi.toml", "store.root_key = \"root.key\"\n"));
  REQUIRE(document);
  const auto options = bind<SampleOptions>(*document);
  REQUIRE(options);
  CHECK(options->key.path == folder / "root.key");
  CHECK(options->key.read().error().code == Code::not_found);
  write("root.key", "s3cret\r\n");
  CHECK(options->key.read()->reveal() == "s3cret");
  write("root.key", "\n");
  CHECK(options->key.read().error().code == Code::invalid);
  write("root.key", std::string(65'537, 'x'));
  CHECK(options->key.read().error().code == Code::invalid);
  CHECK(SecretFile{}.read().error().code == Code::invalid);
  CHECK(SecretFile{folder}.read().error().code == Code::denied);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fumi::config
