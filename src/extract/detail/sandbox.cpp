#include "extract/detail/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <span>

// The sanitizers' shadow memory is larger than any limit.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FUMI_SHADOW_MEMORY 1
#endif
#endif

namespace fumi::extract::detail {
namespace {

bool limit(int what, std::uint64_t most) {
  const rlimit both{most, most};
  return setrlimit(static_cast<__rlimit_resource>(what), &both) == 0;
}

bool set_limits(std::uint64_t descriptors) {
  bool good = limit(RLIMIT_CPU, kCpuSeconds) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
              limit(RLIMIT_NPROC, 0) && limit(RLIMIT_MEMLOCK, 0) &&
              limit(RLIMIT_NOFILE, descriptors);
#ifndef FUMI_SHADOW_MEMORY
  good = good && limit(RLIMIT_AS, kMemoryOctets);
#endif
  return good;
}

bool give_up_privileges() {
  return prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// Landlock: which files may be used, by what kind of access.
struct Allowed {
  const char* path;
  std::uint64_t rights;
};
constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kReadFolder = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kExecute = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;

bool allow(int rules, const Allowed& what) {
  const int at = open(what.path, O_PATH | O_CLOEXEC);
  if (at < 0) return errno == ENOENT;  // not on this system: nothing to allow
  landlock_path_beneath_attr rule{what.rights, at};
  const bool good =
      syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  close(at);
  return good;
}

bool restrict_files(std::span<const Allowed> allowed) {
  landlock_ruleset_attr all{};
  all.handled_access_fs =
      LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
      LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
      LANDLOCK_ACCESS_FS_MAKE_SYM;
  const int rules =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, sizeof all.handled_access_fs, 0));
  if (rules < 0) return false;
  bool good = true;
  for (const Allowed& one : allowed)
    good = good && allow(rules, one);
  good = good && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
  close(rules);
  return good;
}

// Everything that isn't allowed fails with EPERM: a library that asks for a nicety goes on without.
class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {}
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void allow(std::initializer_list<int> calls) {
    for (const int call : calls)
      good_ = good_ && seccomp_rule_add(context_, SCMP_ACT_ALLOW, call, 0) == 0;
  }
  // Where this argument has none of these bits; where it is this.
  void allow_without(int call, unsigned argument, std::uint64_t bits) {
    allow_where(call, {argument, SCMP_CMP_MASKED_EQ, bits, 0});
  }
  void allow_equal(int call, unsigned argument, std::uint64_t value) {
    allow_where(call, {argument, SCMP_CMP_EQ, value, 0});
  }
  [[nodiscard]] bool load() { return good_ && seccomp_load(context_) == 0; }

 private:
  void allow_where(int call, scmp_arg_cmp where) {
    good_ = good_ && seccomp_rule_add(context_, SCMP_ACT_ALLOW, call, 1, where) == 0;
  }
  scmp_filter_ctx context_;
  bool good_ = context_ != nullptr;
};

void allow_memory_and_streams(Filter& filter) {
  filter.allow({SCMP_SYS(read),
                SCMP_SYS(write),
                SCMP_SYS(readv),
                SCMP_SYS(writev),
                SCMP_SYS(pread64),
                SCMP_SYS(lseek),
                SCMP_SYS(close),
                SCMP_SYS(fstat),
                SCMP_SYS(brk),
                SCMP_SYS(munmap),
                SCMP_SYS(mremap),
                SCMP_SYS(madvise),
                SCMP_SYS(futex),
                SCMP_SYS(getrandom),
                SCMP_SYS(rt_sigprocmask),
                SCMP_SYS(rt_sigreturn),
                SCMP_SYS(sigaltstack),
                SCMP_SYS(clock_gettime),
                SCMP_SYS(gettimeofday),
                SCMP_SYS(getpid),
                SCMP_SYS(gettid),
                SCMP_SYS(sched_yield),
                SCMP_SYS(sched_getaffinity),
                SCMP_SYS(exit),
                SCMP_SYS(exit_group)});
}

}  // namespace

bool enter_document_sandbox() {
  if (!give_up_privileges() || !restrict_files({}) || !set_limits(3)) return false;
  Filter filter;
  allow_memory_and_streams(filter);
  filter.allow_without(SCMP_SYS(mmap), 2, PROT_EXEC);
  filter.allow_without(SCMP_SYS(mprotect), 2, PROT_EXEC);
  return filter.load();
}

bool enter_pdf_sandbox(const char* program) {
  constexpr const char* kLoader =
#if defined(__aarch64__)
      "/lib/ld-linux-aarch64.so.1";
#else
      "/lib64/ld-linux-x86-64.so.2";
#endif
  const Allowed files[] = {{program, kExecute},
                           {kLoader, kExecute},
                           {"/lib", kReadFolder},
                           {"/lib64", kReadFolder},
                           {"/usr/lib", kReadFolder},
                           {"/usr/lib64", kReadFolder},
                           {"/usr/share/poppler", kReadFolder},
                           {"/etc/ld.so.cache", kReadFile},
                           {"/etc/ld.so.preload", kReadFile}};
  if (!give_up_privileges() || !restrict_files(files) || !set_limits(32)) return false;
  Filter filter;
  allow_memory_and_streams(filter);
  filter.allow({SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(stat), SCMP_SYS(newfstatat),
                SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
                SCMP_SYS(readlink), SCMP_SYS(getdents64), SCMP_SYS(rt_sigaction),
                SCMP_SYS(set_tid_address), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
                SCMP_SYS(arch_prctl), SCMP_SYS(uname), SCMP_SYS(fcntl)});
  constexpr std::uint64_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  filter.allow_without(SCMP_SYS(open), 1, kWriting);
  filter.allow_without(SCMP_SYS(openat), 2, kWriting);
  filter.allow_equal(SCMP_SYS(prlimit64), 2, 0);  // asks, doesn't set
  filter.allow_equal(SCMP_SYS(execve), 0, reinterpret_cast<std::uintptr_t>(program));
  return filter.load();
}

}  // namespace fumi::extract::detail
