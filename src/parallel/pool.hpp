// Threads that wait for work, for a caller who has some again and again.
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
  /// Starts threads - 1 of them, the caller's own being one, or as many as the system gives.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// What a task's `worker` is below.
  [[nodiscard]] std::size_t threads() const { return workers_.size() + 1; }

  /// Calls task(i, worker) once for every i < tasks; see parallel_for. Returns without waiting for threads that have
  /// not yet woken up when there is nothing left for them to do. Allocates nothing.
  void run(std::size_t tasks, Task task);

  /// Whether a thread spins while it waits for work, so that even some microseconds of work are worth sharing: for 100
  /// microseconds after it has worked, most often. Asked many times in a row, each soon after the last, this wakes as
  /// many threads as `tasks` of a job to come would need.
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
  Job* job_ = nullptr;      // while it takes workers
  std::uint64_t jobs_ = 0;  // how many there were
  bool ending_ = false;
  std::atomic<std::uint64_t> announced_ = 0;  // jobs_, for those who spin without the mutex, and once it is free
  std::atomic<std::uint32_t> inside_ = 0;     // workers at the job
  std::atomic<std::uint32_t> spinning_ = 0;   // workers that spin without one
  std::chrono::steady_clock::time_point last_asked_;
  std::uint32_t in_a_row_ = 0;  // times that has_spinning_worker() was asked soon again, in vain
  std::vector<std::jthread> workers_;
};

}  // namespace kernad::parallel
