// A line on the terminal that says how far a long piece of work is.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

namespace kernad::cli {

/// Draws on standard error, only if that is a terminal and only past the first second; gone when destroyed.
class Progress {
 public:
  /// Whether there is a terminal to draw on.
  [[nodiscard]] static bool visible() noexcept;

  /// total: units of work; 0 when it is not known, then the time that has gone by is shown instead.
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
