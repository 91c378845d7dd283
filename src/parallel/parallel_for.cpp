#include "parallel/parallel_for.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "files/cgroup.hpp"
#include "kernad/error.hpp"
#include "parallel/pool.hpp"

namespace kernad::parallel {
namespace {

constexpr int kMaxThreads = 1024;

int cpus_of_process() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int usable_cpus() {
  // Read once: a container's limit stays, and reading it takes longer than scoring a row.
  static const std::uint64_t allowed = files::cgroup_cpu_limit().value_or(kMaxThreads);
  return std::min(cpus_of_process(), static_cast<int>(std::min<std::uint64_t>(allowed, kMaxThreads)));
}

}  // namespace

void parallel_for(std::size_t tasks, int threads, Task task) {
  const std::size_t wanted = std::min(tasks, static_cast<std::size_t>(std::max(1, threads)));
  Pool(static_cast<int>(wanted)).run(tasks, task);
}

int resolve_threads(int requested) {
  if (requested > 0) return requested;
  const char* text = std::getenv("KERNAD_NUM_THREADS");
  if (text == nullptr || *text == '\0') return usable_cpus();
  const std::string_view view(text);
  int threads = 0;
  const auto [end, code] = std::from_chars(view.data(), view.data() + view.size(), threads);
  if (code != std::errc() || end != view.data() + view.size() || threads < 1 || threads > kMaxThreads) {
    throw InvalidParameter("KERNAD_NUM_THREADS is '" + std::string(view) + "'; valid: a whole number from 1 to " +
                           std::to_string(kMaxThreads));
  }
  return threads;
}

int checked_thread_count(int threads) {
  if (threads < 0 || threads > kMaxThreads) {
    throw InvalidParameter("threads is " + std::to_string(threads) + "; valid: 0 (as many as the machine has) to " +
                           std::to_string(kMaxThreads));
  }
  return threads;
}

}  // namespace kernad::parallel
