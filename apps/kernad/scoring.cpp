#include "scoring.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

namespace kernad::cli {
namespace {

/// Large enough that all threads are busy for most of a block.
constexpr std::size_t kBlockRows = 16'384;

/// A bar on one line of the terminal, which is clean again afterwards.
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t total) : total_(total) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

  void show(std::size_t done) {
    if (std::chrono::steady_clock::now() - start_ < std::chrono::seconds(1)) return;
    shown_ = true;
    const std::size_t filled = kWidth * done / total_;
    const auto line = fmt::format("\rscoring [{:<{}}] {} of {} rows", std::string(filled, '#'), kWidth, done, total_);
    std::fputs(line.c_str(), stderr);
  }

 private:
  static constexpr std::size_t kWidth = 40;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::size_t total_;
  bool shown_ = false;
};

}  // namespace

std::vector<double> log_densities(const KDEClassifier& model, EmbeddingsView features) {
  if (features.rows() <= kBlockRows || ::isatty(STDERR_FILENO) == 0) return model.compute_kde_scores(features, true);
  std::vector<double> scores;
  scores.reserve(features.rows());
  ProgressBar bar(features.rows());
  while (scores.size() < features.rows()) {
    const std::size_t count = std::min(kBlockRows, features.rows() - scores.size());
    const auto block = model.compute_kde_scores(features.middle_rows(scores.size(), count), true);
    scores.insert(scores.end(), block.begin(), block.end());
    bar.show(scores.size());
  }
  return scores;
}

}  // namespace kernad::cli
