#include "app/own_facts.h"

#include <cstdio>
#include <filesystem>

#include "base/ascii.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "net/certificate_digest.h"

namespace fumi::app {

Result<net::TlsServerConfig> tls_config(const Settings& settings) {
  net::TlsServerConfig config;
  for (const std::string& pair : settings.tls.certificates) {
    const std::size_t colon = pair.find(':');
    if (colon == std::string::npos) {
      return fail(Code::invalid, "reading tls.certificates",
                  "\"" + pair + "\" is not of the form chain.pem:key.pem");
    }
    config.certificates.push_back({pair.substr(0, colon), pair.substr(colon + 1)});
  }
  if (!config.certificates.empty()) return config;
  const net::TlsCertificateFiles own{settings.data("self-signed.pem"),
                                     settings.data("self-signed.key")};
  if (!std::filesystem::exists(own.key_file)) {
    FUMI_CHECK(
        net::write_self_signed(own, {settings.server.hostname, "localhost", "127.0.0.1"}, 825));
    log::warning("tls", "no certificate configured: made a self-signed one",
                 {{"file", own.chain_file}});
  }
  config.certificates.push_back(own);
  return config;
}

Secret fake_salt_key(const Settings& settings) {
  const auto root = settings.root_key_file();
  std::FILE* file = std::fopen(root.c_str(), "rb");
  std::string bytes(4096, '\0');
  if (file == nullptr) return Secret(crypto::random_bytes(32));
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  return Secret(crypto::hkdf_sha256(bytes, "fumi", "scram fake salt", 32));
}

service::MailHostFacts mail_host_facts(const Settings& settings) {
  service::MailHostFacts facts;
  facts.hostname = settings.server.hostname;
  facts.imaps = settings.listen.imaps;
  facts.submissions = settings.listen.submissions;
  facts.submission = settings.listen.submission;
  const Result<net::TlsServerConfig> config = tls_config(settings);
  if (!config) return facts;
  for (const net::TlsCertificateFiles& files : config->certificates) {
    const Result<std::string> digest = net::spki_sha256(files.chain_file);
    if (digest) facts.tlsa.push_back("3 1 1 " + ascii::to_hex(*digest));
  }
  return facts;
}

}  // namespace fumi::app
