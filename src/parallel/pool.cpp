#include "parallel/pool.hpp"

#include <algorithm>
#include <exception>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kernad::parallel {
namespace {

// About as long as it takes to wake a sleeping thread: waiting longer awake would cost more than it can save.
constexpr int kLooksBeforeSleep = 2000;

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
    // The system gives no more threads, or no memory for one: those that started do the work.
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    jobs_.fetch_add(1, std::memory_order_relaxed);
  }
  job_is_there_.notify_all();
}

void Pool::run(std::size_t tasks, Task task) {
  if (workers_.empty() || tasks <= 1) {
    for (std::size_t i = 0; i < tasks; ++i) task(i, 0);
    return;
  }
  Job job{task, tasks, {}, {}};
  {
    const std::lock_guard lock(mutex_);
    job_ = &job;
    jobs_.fetch_add(1, std::memory_order_relaxed);
  }
  job_is_there_.notify_all();
  work(job, 0);
  std::unique_lock lock(mutex_);
  job_ = nullptr;
  all_have_left_.wait(lock, [this] { return inside_ == 0; });
  job.error.rethrow();
}

void Pool::serve(std::size_t worker) {
  std::uint64_t seen = 0;
  while (true) {
    for (int look = 0; look < kLooksBeforeSleep && jobs_.load(std::memory_order_relaxed) == seen; ++look) pause();
    std::unique_lock lock(mutex_);
    job_is_there_.wait(lock, [&] { return ending_ || jobs_.load(std::memory_order_relaxed) != seen; });
    if (ending_) return;
    seen = jobs_.load(std::memory_order_relaxed);
    if (job_ == nullptr) continue;  // the others were faster
    Job& job = *job_;
    ++inside_;
    lock.unlock();
    work(job, worker);
    lock.lock();
    if (--inside_ == 0) all_have_left_.notify_one();
  }
}

void Pool::work(Job& job, std::size_t worker) {
  // A failure stops the handing out of tasks; those with a smaller number have been handed out already.
  for (std::size_t i; !job.error.failed() && (i = job.next.fetch_add(1, std::memory_order_relaxed)) < job.tasks;) {
    try {
      job.task(i, worker);
    } catch (...) {
      job.error.keep(i);
    }
  }
}

}  // namespace kernad::parallel
