// Runs independent tasks on several threads, which live only as long as the call.
#pragma once

#include <cstddef>

#include "parallel/task.hpp"

namespace kernad::parallel {

/// Calls task(i, worker) once for every i < tasks, on at most `threads` threads (the caller's is one of them); worker
/// < threads identifies the thread, for scratch memory that calls of one worker share. Tasks start in order of i. When
/// tasks throw, the exception of the smallest i is rethrown after all running tasks have ended, so that the error a
/// caller sees does not depend on the number of threads.
void parallel_for(std::size_t tasks, int threads, Task task);

/// `requested` if positive, else KERNAD_NUM_THREADS, else the number of CPUs that this process may run on, limited by
/// the CPU quota of its control groups. Throws InvalidParameter if KERNAD_NUM_THREADS is not a whole number from 1 to
/// 1024.
[[nodiscard]] int resolve_threads(int requested);

/// Throws InvalidParameter unless 0 <= threads <= 1024.
int checked_thread_count(int threads);

}  // namespace kernad::parallel
