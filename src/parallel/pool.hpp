// Threads that wait for work, for a caller who has some again and again.
#pragma once

#include <atomic>
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

 private:
  struct Job {
    Task task;
    std::size_t tasks;
    std::atomic<std::size_t> next = 0;
    FirstError error;
  };

  void serve(std::size_t worker);
  static void work(Job& job, std::size_t worker);

  std::mutex mutex_;
  std::condition_variable job_is_there_;
  std::condition_variable all_have_left_;
  Job* job_ = nullptr;      // while it takes workers
  std::size_t inside_ = 0;  // workers at the job
  bool ending_ = false;
  std::atomic<std::uint64_t> jobs_ = 0;  // how many there were: what an idle worker looks at before it sleeps
  std::vector<std::jthread> workers_;
};

}  // namespace kernad::parallel
