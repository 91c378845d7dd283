#include "parallel/parallel_for.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/interrupt.hpp"

namespace kernad::parallel {
namespace {

TEST(ParallelForTest, EveryTaskRunsOnceWithAWorkerInRange) {
  for (const int threads : {0, 1, 2, 7, 50}) {
    std::vector<std::atomic<int>> runs(37);
    std::atomic<bool> in_range = true;
    parallel_for(runs.size(), threads, [&](std::size_t i, std::size_t worker) {
      ++runs[i];
      if (worker >= static_cast<std::size_t>(std::max(1, threads))) in_range = false;
    });
    EXPECT_TRUE(in_range);
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](std::size_t, std::size_t) { FAIL(); });
}

TEST(ParallelForTest, TheErrorOfTheFirstTaskWins) {
  for (const int threads : {1, 2, 7}) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      try {
        parallel_for(100, threads, [](std::size_t i, std::size_t) {
          if (i >= 20) throw std::runtime_error(std::to_string(i));
        });
        FAIL();
      } catch (const std::runtime_error& error) {
        ASSERT_STREQ(error.what(), "20") << threads;
      }
    }
  }
}

TEST(ParallelForTest, AScopeOfTheCallersThreadCanEndIt) {
  for (const int threads : {1, 2, 7}) {
    std::atomic<std::size_t> ran = 0;
    const auto caller = std::this_thread::get_id();
    const InterruptScope scope([&] {
      if (std::this_thread::get_id() != caller) ADD_FAILURE() << "another thread asked";
      throw std::runtime_error("enough");
    });
    const auto call = [&] {
      parallel_for(100'000, threads, [&](std::size_t, std::size_t) {
        ++ran;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      });
    };
    EXPECT_THROW(call(), std::runtime_error);
    EXPECT_GT(ran, 0u);
    EXPECT_LT(ran, 100'000u);
  }
}

TEST(ParallelForTest, TheInnermostScopeIsAsked) {
  const auto work = [] {
    parallel_for(200, 1, [](std::size_t, std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
  };
  int outer = 0;
  const InterruptScope scope([&] { ++outer; });
  {
    int inner = 0;
    const InterruptScope nested([&] { ++inner; });
    work();
    EXPECT_GT(inner, 0);
    EXPECT_EQ(outer, 0);
  }
  work();
  EXPECT_GT(outer, 0);
}

TEST(ParallelForTest, ThreadsFromTheEnvironment) {
  EXPECT_EQ(resolve_threads(3), 3);
  ASSERT_EQ(setenv("KERNAD_NUM_THREADS", "5", 1), 0);
  EXPECT_EQ(resolve_threads(0), 5);
  EXPECT_EQ(resolve_threads(2), 2) << "an argument beats the environment";
  for (const char* text : {"0", "-1", "two", "3x", "1025", "99999999999999"}) {
    ASSERT_EQ(setenv("KERNAD_NUM_THREADS", text, 1), 0);
    EXPECT_THROW((void)resolve_threads(0), InvalidParameter) << text;
  }
  ASSERT_EQ(unsetenv("KERNAD_NUM_THREADS"), 0);
  EXPECT_GE(resolve_threads(0), 1);
}

}  // namespace
}  // namespace kernad::parallel
