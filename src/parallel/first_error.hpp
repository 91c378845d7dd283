// The exception that a caller sees when tasks on several threads have thrown.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <limits>
#include <mutex>

namespace kernad::parallel {

/// The exception of the failed task with the smallest number.
class FirstError {
 public:
  /// Keeps the exception being handled.
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

}  // namespace kernad::parallel
