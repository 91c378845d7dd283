#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <utility>

namespace kernad::cli {

bool Progress::visible() noexcept { return ::isatty(STDERR_FILENO) == 1; }

Progress::Progress(std::string what, std::size_t total) : what_(std::move(what)), total_(total) {
  if (!visible()) return;
  painter_ = std::jthread([this](const std::stop_token& stop) { draw_until(stop); });
}

Progress::~Progress() {
  painter_.request_stop();
  if (painter_.joinable()) painter_.join();
}

void Progress::draw_until(const std::stop_token& stop) const {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::mutex mutex;
  std::condition_variable_any stopped;
  const auto sleep = [&](std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, time, [] { return false; });
  };

  sleep(std::chrono::seconds(1));
  if (stop.stop_requested()) return;
  while (!stop.stop_requested()) {
    fmt::print(stderr, "\r{}\x1b[K", line(std::chrono::duration<double>(Clock::now() - start).count()));
    std::fflush(stderr);
    sleep(std::chrono::milliseconds(200));
  }
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

std::string Progress::line(double seconds) const {
  if (total_ == 0) return fmt::format("{} ... {:.0f} s", what_, seconds);
  constexpr std::size_t width = 30;
  const std::size_t filled = done_ * width / total_;
  return fmt::format("{} [{:-<{}}] {} %", what_, std::string(filled, '#'), width, done_ * 100 / total_);
}

}  // namespace kernad::cli
