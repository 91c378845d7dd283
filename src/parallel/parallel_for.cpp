#include "parallel/parallel_for.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "kernad/error.hpp"

namespace kernad::parallel {
namespace {

constexpr int kMaxThreads = 1024;

/// The exception of the smallest task that failed.
class FirstError {
 public:
  void keep(std::size_t task) {
    const std::lock_guard lock(mutex_);
    if (task < task_) {
      task_ = task;
      error_ = std::current_exception();
    }
    failed_.store(true, std::memory_order_relaxed);
  }
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> failed_ = false;
  std::size_t task_ = std::numeric_limits<std::size_t>::max();
  std::exception_ptr error_;
};

int usable_cpus() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

void parallel_for(std::size_t tasks, int threads, const std::function<void(std::size_t, std::size_t)>& task) {
  const std::size_t workers = std::min(tasks, static_cast<std::size_t>(std::max(1, threads)));
  if (workers <= 1) {
    for (std::size_t i = 0; i < tasks; ++i) task(i, 0);
    return;
  }
  std::atomic<std::size_t> next = 0;
  FirstError error;
  const auto work = [&](std::size_t worker) {
    // A failure stops the handing out of tasks; those with a smaller number have been handed out already.
    for (std::size_t i; !error.failed() && (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) {
      try {
        task(i, worker);
      } catch (...) {
        error.keep(i);
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    pool.reserve(workers - 1);
    try {
      for (std::size_t worker = 1; worker < workers; ++worker) pool.emplace_back(work, worker);
    } catch (const std::system_error&) {
      // The system gives no more threads: those that started do the work.
    }
    work(0);
  }
  error.rethrow();
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
