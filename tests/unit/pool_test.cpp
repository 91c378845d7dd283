#include "parallel/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // far longer than they look about before they sleep
    std::atomic<int> inside = 0;
    const auto meet = [&](std::size_t, std::size_t) {
      {
        const std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
      }
      ++inside;
      while (inside < 2) std::this_thread::yield();  // ends only when both threads are at it
    };
    pool.run(2, meet);
  }
  EXPECT_EQ(seen.size(), 2U) << "the same two threads serve all jobs";
}

TEST(PoolTest, ThreadsAreAwakeAfterAJobAndWhenAskedForAgainAndAgain) {
  Pool alone(1);
  EXPECT_FALSE(alone.awake());
  Pool pool(2);
  const auto asleep = [&] {
    // Far longer than they stay awake; a job that is asked for after such a time does not wake them.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return !pool.awake();
  };
  while (!asleep()) {
  }
  while (!pool.awake()) {  // ends only if asking wakes them
  }
  while (!asleep()) {
  }
  std::atomic<int> inside = 0;
  const auto meet = [&](std::size_t, std::size_t) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
  };
  for (bool awake = false; !awake;) {  // a busy machine may be slower than they are patient
    inside = 0;
    pool.run(2, meet);
    awake = pool.awake();
  }
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
