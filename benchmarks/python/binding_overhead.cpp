// The C++ side of binding_overhead.py: seconds of one call of KDEClassifier::compute_kde_scores, by the number of rows.
//
//   binding_overhead MODEL.safetensors ROWS.npy COUNT...      prints one line "COUNT SECONDS" for each
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"

namespace {

/// The minimum of many calls: what a call costs when nothing disturbs it.
double seconds_per_call(const kernad::KDEClassifier& classifier, kernad::EmbeddingsView rows) {
  using Clock = std::chrono::steady_clock;
  double least = 1e9;
  const auto end = Clock::now() + std::chrono::seconds(1);
  for (int i = 0; i < 20 || (i < 20'000 && Clock::now() < end); ++i) {
    const auto begin = Clock::now();
    const auto scores = classifier.compute_kde_scores(rows, true);
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: binding_overhead MODEL.safetensors ROWS.npy COUNT...\n", stderr);
    return 2;
  }
  try {
    auto classifier = kernad::KDEClassifier::load(argv[1]);
    classifier.set_threads(1);
    const auto rows = kernad::read_table(argv[2]).features;
    for (int i = 3; i < argc; ++i) {
      const auto count = std::min<std::size_t>(std::stoul(argv[i]), rows.rows());
      std::printf("%zu %.9f\n", count, seconds_per_call(classifier, rows.view().middle_rows(0, count)));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "binding_overhead: %s\n", error.what());
    return 1;
  }
}
