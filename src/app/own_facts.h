// What a server knows of itself: its certificates, what DNS should say of it, a secret of its own.
#pragma once

#include "app/settings.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/tls.h"
#include "service/tenancy/domain_check.h"

namespace fumi::app {

// Makes a self-signed certificate in the data folder where none is configured. invalid: an entry
// that names no pair of files.
[[nodiscard]] Result<net::TlsServerConfig> tls_config(const Settings& settings);

// Keys the salts that names without an account seem to have; the same after a restart.
[[nodiscard]] Secret fake_salt_key(const Settings& settings);

// What DNS should say of this installation.
[[nodiscard]] service::MailHostFacts mail_host_facts(const Settings& settings);

}  // namespace fumi::app
