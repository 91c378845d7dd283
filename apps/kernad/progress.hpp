// A progress line on the terminal.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

namespace kernad::cli {

/// Draws on standard error, only if that is a terminal and only after the first second; erased on destruction.
class Progress {
 public:
  /// Whether there is a terminal to draw on.
  [[nodiscard]] static bool visible() noexcept;

  /// total: units of work; 0 if unknown, then the elapsed time is shown instead.
  explicit Progress(std::string what, std::size_t total = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t units) noexcept { done_ += units; }

 private:
  void draw_until(const std::stop_token& stop) const;
  [[nodiscard]] std::string line(double seconds) const;

  std::string what_;
  std::size_t total_;
  std::atomic<std::size_t> done_ = 0;
  std::jthread painter_;
};

}  // namespace kernad::cli
