#include "parallel/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "parallel/parallel_for.hpp"

namespace kernad::parallel {
namespace {

TEST(PoolTest, EveryTaskOfEveryJobRunsOnce) {
  for (const int threads : {0, 1, 2, 5}) {
    Pool pool(threads);
    ASSERT_EQ(pool.threads(), static_cast<std::size_t>(std::max(1, threads)));
    for (std::size_t job = 0; job < 300; ++job) {
      std::vector<std::atomic<int>> runs(job % 23);
      std::atomic<bool> in_range = true;
      const auto task = [&](std::size_t i, std::size_t worker) {
        ++runs[i];
        if (worker >= pool.threads()) in_range = false;
      };
      pool.run(runs.size(), task);
      EXPECT_TRUE(in_range);
      for (const auto& count : runs) ASSERT_EQ(count, 1) << "job " << job << ", " << threads << " threads";
    }
  }
}

TEST(PoolTest, SleepingThreadsWakeUp) {
  Pool pool(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  for (int job = 0; job < 3; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // far longer than workers spin before they sleep
    std::atomic<int> inside = 0;
    const auto meet = [&](std::size_t, std::size_t) {
      {
        const std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
      }
      ++inside;
      while (inside < 2) std::this_thread::yield();  // ends only when both threads are working
    };
    pool.run(2, meet);
  }
  EXPECT_EQ(seen.size(), 2U) << "the same two threads serve all jobs";
}

/// Whether `condition` becomes true within a time that only a fault would exceed.
template <typename Condition>
bool comes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

TEST(PoolTest, ThreadsAreAwakeAfterAJobAndWhenAskedForAgainAndAgain) {
  constexpr std::size_t kTasks = 2;
  Pool alone(1);
  EXPECT_FALSE(alone.has_spinning_worker(kTasks));
  if (resolve_threads(0) < 2) GTEST_SKIP() << "one processor: who asks and who is awake take turns";
  Pool pool(2);
  const auto asleep = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // longer than a spin and than a series allows
    return !pool.has_spinning_worker(kTasks);
  };
  ASSERT_TRUE(comes_true(asleep));
  ASSERT_TRUE(comes_true([&] { return pool.has_spinning_worker(kTasks); })) << "asking does not wake them";
  ASSERT_TRUE(comes_true(asleep));
  std::atomic<int> inside = 0;
  const auto meet = [&](std::size_t, std::size_t) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
  };
  // Asked once after a job; a busy machine may take longer than workers spin.
  ASSERT_TRUE(comes_true([&] {
    inside = 0;
    pool.run(kTasks, meet);
    return pool.has_spinning_worker(kTasks);
  }));
}

TEST(PoolTest, AFailedJobLeavesThePoolWhole) {
  Pool pool(3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto fail = [](std::size_t i, std::size_t) {
      if (i >= 20) throw std::runtime_error(std::to_string(i));
    };
    try {
      pool.run(100, fail);
      FAIL();
    } catch (const std::runtime_error& error) {
      ASSERT_STREQ(error.what(), "20");
    }
    std::atomic<int> runs = 0;
    const auto count = [&](std::size_t, std::size_t) { ++runs; };
    pool.run(10, count);
    ASSERT_EQ(runs, 10);
  }
}

}  // namespace
}  // namespace kernad::parallel
