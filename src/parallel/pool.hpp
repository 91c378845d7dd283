// Threads that wait for work, for callers that repeatedly have some.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "parallel/first_error.hpp"
#include "parallel/task.hpp"

namespace kernad::parallel {

/// run() from one thread at a time. The threads end with the pool.
class Pool {
 public:
  /// Starts threads - 1 threads, since the caller's counts as one, or as many as the system allows.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A task's `worker` is below this number.
  [[nodiscard]] std::size_t threads() const { return workers_.size() + 1; }

  /// Calls task(i, worker) once for every i < tasks; see parallel_for. Returns without waiting for threads that have
  /// not yet woken up when there is nothing left for them to do. Allocates nothing.
  void run(std::size_t tasks, Task task);

  /// Whether a thread is spinning while it waits for work, so that even a few microseconds of work are worth sharing:
  /// usually for 100 microseconds after it has worked. After many calls, each soon after the one before, this wakes as
  /// many threads as a coming job of `tasks` tasks would need.
  [[nodiscard]] bool has_spinning_worker(std::size_t tasks);

 private:
  struct Job {
    Task task;
    std::size_t tasks;
    std::atomic<std::size_t> next = 0;
    FirstError error;
  };

  void serve(std::size_t worker);
  void spin_wait(std::uint64_t seen);
  void announce(Job* job, std::size_t tasks);
  static void work(Job& job, std::size_t worker);

  std::mutex mutex_;
  std::condition_variable job_is_there_;
  Job* job_ = nullptr;      // while workers may join it
  std::uint64_t jobs_ = 0;  // number of jobs so far
  bool ending_ = false;
  std::atomic<std::uint64_t> announced_ = 0;  // jobs_, for spinning without the mutex; set after its release
  std::atomic<std::uint32_t> inside_ = 0;     // workers on the job
  std::atomic<std::uint32_t> spinning_ = 0;   // workers that spin while there is no job
  std::chrono::steady_clock::time_point last_asked_;
  std::uint32_t in_a_row_ = 0;  // calls of has_spinning_worker() in quick succession that found none
  std::vector<std::jthread> workers_;
};

}  // namespace kernad::parallel
