#include "store/blob/s3_store.h"

#include <charconv>

#include "base/ascii.h"
#include "store/blob/detail/await.h"
#include "store/blob/detail/bytes.h"
#include "store/blob/detail/envelope.h"
#include "store/blob/detail/recent_blobs.h"
#include "store/blob/detail/s3_client.h"

namespace fumi::store {
namespace {

using crypto::TenantNumber;

constexpr std::string_view kMagic = "FBo1";
constexpr std::size_t kHeadOctets = 16;
constexpr int kGraceDaysMin = 2;
constexpr std::size_t kDayDigits = 8;  // zero-padded, so that names sort by day

std::uint64_t day_of(Instant at) {
  return static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::days>(at).time_since_epoch().count());
}

std::string day_text(std::uint64_t day) {
  const std::string digits = std::to_string(day);
  return std::string(kDayDigits - std::min(digits.size(), kDayDigits), '0') + digits;
}

bool valid(const S3BlobOptions& o) {
  const bool http = o.endpoint.starts_with("http://") || o.endpoint.starts_with("https://");
  const auto authority = o.endpoint.find("://") + 3;
  return http && o.endpoint.size() > authority && !o.bucket.empty() && !o.region.empty() &&
         !o.access_key.empty() && !o.secret_key.empty() && o.workers > 0 &&
         o.endpoint.find_first_of("?#@ \r\n") == std::string::npos &&
         o.endpoint.find('/', authority) >= o.endpoint.size() - 1 &&
         o.bucket.find_first_of("/ \r\n") == std::string::npos && !o.prefix.ends_with('/') &&
         !o.prefix.starts_with('/') && o.blob_octets_max <= detail::kBlobOctetsMax;
}

}  // namespace

struct S3BlobStore::State {
  State(crypto::KeyRing& key_ring, const Clock& time, S3BlobOptions given)
      : keys(key_ring),
        clock(time),
        options(std::move(given)),
        recent(options.recent_max, options.recent_age_max),
        client(options, time),
        workers(options.workers, options.waiting_max) {}
  ~State() { client.stop(); }

  crypto::KeyRing& keys;
  const Clock& clock;
  const S3BlobOptions options;
  detail::RecentBlobs recent;
  detail::S3Client client;
  detail::Workers workers;  // last: its threads use the others

  [[nodiscard]] std::string tenant_prefix(TenantId tenant) const {
    return options.prefix + (options.prefix.empty() ? "" : "/") + tenant.text() + "/";
  }
  [[nodiscard]] std::string key(TenantId tenant, const BlobRef& ref) const {
    return tenant_prefix(tenant) + day_text(ref.locator) + "/" +
           ascii::to_hex(crypto::view(ref.hash));
  }
  [[nodiscard]] Result<BlobRef> write(TenantScope scope, std::string_view bytes);
  [[nodiscard]] Result<std::string> read(TenantScope scope, const BlobRef& ref);
};

S3BlobStore::S3BlobStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
S3BlobStore::~S3BlobStore() = default;

Result<std::unique_ptr<S3BlobStore>> S3BlobStore::open(crypto::KeyRing& keys, const Clock& clock,
                                                       S3BlobOptions options) {
  if (!valid(options)) {
    return fail(Code::invalid, "opening the object store", "an option is missing or out of range");
  }
  auto state = std::make_unique<State>(keys, clock, std::move(options));
  return std::unique_ptr<S3BlobStore>(new S3BlobStore(std::move(state)));
}

Result<BlobRef> S3BlobStore::State::write(TenantScope scope, std::string_view bytes) {
  if (bytes.size() > options.blob_octets_max) {
    return fail(Code::too_large, "writing a blob", std::to_string(bytes.size()) + " octets");
  }
  const std::uint64_t tenant = scope.tenant.value();
  FUMI_TRY(const auto tenant_keys, keys.get(TenantNumber(tenant)));
  const Instant now = clock.now();
  BlobRef ref{
      .hash = tenant_keys->blob_hash(bytes), .octets = bytes.size(), .locator = day_of(now)};
  if (const auto known = recent.find(tenant, ref.hash, now)) {
    ref.locator = known->locator;
    return ref;
  }
  std::string object(kHeadOctets, '\0');
  const auto sealing = detail::seal_envelope(*tenant_keys, tenant, ref.hash, bytes,
                                             detail::Compression::when_it_helps, object);
  kMagic.copy(object.data(), kMagic.size());
  detail::put(object.data() + 4, sealing.flags);
  detail::put(object.data() + 8, sealing.octets);
  FUMI_CHECK(client.put(key(scope.tenant, ref), object));
  recent.add(tenant, ref.hash, {ref.locator, 0, now});
  return ref;
}

Result<std::string> S3BlobStore::State::read(TenantScope scope, const BlobRef& ref) {
  constexpr auto kDoing = "reading a blob";
  const std::uint64_t tenant = scope.tenant.value();
  FUMI_TRY(const auto tenant_keys, keys.get(TenantNumber(tenant)));
  if (ref.octets > detail::kBlobOctetsMax) return fail(Code::not_found, kDoing);
  const std::uint64_t longest = kHeadOctets + detail::envelope_octets_max(ref.octets);
  auto object = client.get(key(scope.tenant, ref), longest);
  if (!object && object.error().code == Code::too_large) {
    return fail(Code::corrupt, kDoing, "the object is too long");
  }
  if (!object) return object;
  if (object->size() < kHeadOctets || !object->starts_with(kMagic)) {
    return fail(Code::corrupt, kDoing, "not a blob");
  }
  const detail::Sealing sealing{.tenant = tenant,
                                .hash = ref.hash,
                                .octets = detail::take<std::uint64_t>(object->data() + 8),
                                .flags = detail::take<std::uint32_t>(object->data() + 4)};
  if (sealing.octets != ref.octets) return fail(Code::corrupt, kDoing, "wrong length");
  return detail::open_envelope(*tenant_keys, sealing,
                               std::string_view(*object).substr(kHeadOctets));
}

Task<Result<BlobRef>> S3BlobStore::put(TenantScope scope, std::string_view bytes) {
  Result<BlobRef> out;
  std::move_only_function<Status()> job = [this, scope, bytes, &out]() -> Status {
    out = state_->write(scope, bytes);
    return {};
  };
  const Status ran = co_await detail::run_on(state_->workers, std::move(job));
  if (!ran) co_return std::unexpected(ran.error());
  co_return out;
}

Task<Result<PendingBlob>> S3BlobStore::begin(TenantScope scope, std::string_view bytes) {
  const Result<BlobRef> ref = co_await put(scope, bytes);
  if (!ref) co_return std::unexpected(ref.error());
  PendingBlob pending;
  pending.ref = *ref;
  pending.wait_durable = [] { return Status(); };
  co_return pending;
}

Task<Result<std::string>> S3BlobStore::get(TenantScope scope, BlobRef ref) {
  Result<std::string> out;
  std::move_only_function<Status()> job = [this, scope, &ref, &out]() -> Status {
    out = state_->read(scope, ref);
    return {};
  };
  const Status ran = co_await detail::run_on(state_->workers, std::move(job));
  if (!ran) co_return std::unexpected(ran.error());
  co_return out;
}

Task<Result<std::string>> S3BlobStore::get_range(TenantScope scope, BlobRef ref, BlobRange range) {
  Result<std::string> out = co_await get(scope, ref);
  if (!out) co_return out;
  const std::uint64_t offset = std::min<std::uint64_t>(range.offset, out->size());
  co_return out->substr(offset, range.octets);
}

Status S3BlobStore::probe() {
  FUMI_TRY([[maybe_unused]] const auto page, state_->client.list(state_->options.prefix, "", 1));
  return {};
}

std::string S3BlobStore::object_key(TenantId tenant, const BlobRef& ref) const {
  return state_->key(tenant, ref);
}

Result<S3SweepReport> S3BlobStore::sweep(TenantId tenant, int grace_days, const IsLive& is_live) {
  constexpr auto kDoing = "sweeping the object store";
  if (grace_days < kGraceDaysMin) return fail(Code::invalid, kDoing, "grace below two days");
  const std::string prefix = state_->tenant_prefix(tenant);
  const std::uint64_t today = day_of(state_->clock.now());
  S3SweepReport report;
  std::string continuation;
  do {
    FUMI_TRY(const auto page, state_->client.list(prefix, continuation));
    for (const detail::S3Object& object : page.objects) {
      // PREFIX/TENANT/ 8 digits / 64 hex digits; what has another form isn't ours to delete.
      const std::string_view rest = std::string_view(object.key).substr(prefix.size());
      const auto hash = ascii::from_hex(rest.substr(std::min(rest.size(), kDayDigits + 1)));
      BlobRef ref;
      const auto [end, error] =
          std::from_chars(rest.data(), rest.data() + rest.size(), ref.locator);
      if (!hash || hash->size() != ref.hash.size() || error != std::errc{} ||
          end != rest.data() + kDayDigits) {
        continue;
      }
      hash->copy(reinterpret_cast<char*>(ref.hash.data()), ref.hash.size());
      if (ref.locator + std::uint64_t(grace_days) > today) return report;  // names sort by day
      ++report.objects;
      FUMI_TRY(const bool live, is_live(ref));
      if (live) continue;
      FUMI_CHECK(state_->client.remove(object.key));
      ++report.deleted;
      report.octets_freed += object.octets;
    }
    continuation = page.next;
  } while (!continuation.empty());
  return report;
}

}  // namespace fumi::store
