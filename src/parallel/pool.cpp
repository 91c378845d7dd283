#include "parallel/pool.hpp"

#include <algorithm>
#include <exception>

#include "kernad/interrupt.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kernad::parallel {
namespace {

// Spinning while waiting for the next job saves the time that it takes to wake a sleeping thread, about 50 us.
constexpr std::chrono::microseconds kSpinTime{100};
constexpr std::chrono::microseconds kSoonAgain{500};  // including the time that a call takes on slow processors
// Waking a thread can cost the caller as much as the work itself, and after a long pause the thread may start late or
// on the same core: worthwhile only in a long series of calls.
constexpr std::uint32_t kInARow = 16;
constexpr int kSpinsPerClock = 32;  // between two looks at the clock

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Pool::Pool(int threads) {
  const auto count = static_cast<std::size_t>(std::max(1, threads)) - 1;
  workers_.reserve(count);
  try {
    for (std::size_t worker = 1; worker <= count; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
  } catch (const std::exception&) {
    // The system has no more threads, or no memory for one: those that started do the work.
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  announce(nullptr, 1);  // to the spinning workers
  job_is_there_.notify_all();
}

/// Publishes a job of `tasks` tasks, or only wakes threads for one to come. Wakes no more threads than have tasks to
/// do.
void Pool::announce(Job* job, std::size_t tasks) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    job_ = job;
    number = ++jobs_;
  }
  announced_.store(number, std::memory_order_release);
  // A worker that stops spinning right now finds the job by its number before it sleeps.
  const std::size_t useful = std::min(workers_.size(), tasks - 1);
  for (std::size_t spinning = spinning_.load(std::memory_order_relaxed); spinning < useful; ++spinning)
    job_is_there_.notify_one();
}

void Pool::run(std::size_t tasks, Task task) {
  if (workers_.empty() || tasks <= 1) {
    for (std::size_t i = 0; i < tasks; ++i) {
      InterruptScope::ask();
      task(i, 0);
    }
    return;
  }
  Job job{task, tasks, {}, {}};
  announce(&job, tasks);
  work(job, 0);
  {
    const std::lock_guard lock(mutex_);
    job_ = nullptr;
  }
  for (std::uint32_t inside; (inside = inside_.load(std::memory_order_acquire)) != 0;) inside_.wait(inside);
  job.error.rethrow();
}

bool Pool::has_spinning_worker(std::size_t tasks) {
  if (workers_.empty()) return false;
  if (spinning_.load(std::memory_order_relaxed) != 0) return true;
  const auto now = std::chrono::steady_clock::now();
  in_a_row_ = now - last_asked_ < kSoonAgain ? in_a_row_ + 1 : 0;
  last_asked_ = now;
  if (in_a_row_ == kInARow) {
    announce(nullptr, tasks);
    in_a_row_ = 0;
  }
  return false;
}

/// Returns when there is another job, or after kSpinTime.
void Pool::spin_wait(std::uint64_t seen) {
  spinning_.fetch_add(1, std::memory_order_relaxed);
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  const auto changed = [&] { return announced_.load(std::memory_order_acquire) > seen; };
  do {
    for (int look = 0; look < kSpinsPerClock && !changed(); ++look) pause();
  } while (!changed() && std::chrono::steady_clock::now() < end);
  spinning_.fetch_sub(1, std::memory_order_relaxed);
}

void Pool::serve(std::size_t worker) {
  std::uint64_t seen = 0;
  while (true) {
    spin_wait(seen);
    std::unique_lock lock(mutex_);
    job_is_there_.wait(lock, [&] { return ending_ || jobs_ != seen; });
    if (ending_) return;
    seen = jobs_;
    if (job_ == nullptr) continue;  // other workers took all tasks, or there is no job yet
    Job& job = *job_;
    inside_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    work(job, worker);
    if (inside_.fetch_sub(1, std::memory_order_release) == 1) inside_.notify_one();
  }
}

void Pool::work(Job& job, std::size_t worker) {
  // After a failure no more tasks are handed out; those with a smaller number have been handed out already.
  for (std::size_t i; !job.error.failed() && (i = job.next.fetch_add(1, std::memory_order_relaxed)) < job.tasks;) {
    try {
      InterruptScope::ask();  // of the caller's thread: the others have no scope
      job.task(i, worker);
    } catch (...) {
      job.error.keep(i);
    }
  }
}

}  // namespace kernad::parallel
