// Runs numbered tasks in several threads, which end with the call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "kernad/interrupt.hpp"

namespace kernad::images {

/// Calls `work(i)` for each i below count. The exception of the smallest i that threw one is rethrown after all threads
/// have ended. The caller's thread asks before each of its tasks whether to go on (InterruptScope).
template <typename Work>
void parallel_for_each(std::size_t count, int threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t failed_at = count;
  std::exception_ptr failure;
  const auto run = [&](bool asks) {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        if (asks) InterruptScope::ask();
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < failed_at) {
          failed_at = i;
          failure = std::current_exception();
        }
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t wanted = std::min(count, static_cast<std::size_t>(std::max(threads, 1)));
    for (std::size_t t = 1; t < wanted; ++t) others.emplace_back(run, false);
    run(true);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace kernad::images
