#include <fmt/format.h>

#include <cstdint>

#include "kernad/error.hpp"
#include "kernad/metrics.hpp"

namespace kernad {
namespace {

double share(std::size_t part, std::size_t rest) {
  return part == 0 ? 0 : static_cast<double>(part) / static_cast<double>(part + rest);
}

}  // namespace

double ConfusionMatrix::FPR() const noexcept { return share(false_positives, true_negatives); }
double ConfusionMatrix::TPR() const noexcept { return share(true_positives, false_negatives); }
double ConfusionMatrix::precision() const noexcept { return share(true_positives, false_positives); }
double ConfusionMatrix::F1() const noexcept { return share(2 * true_positives, false_positives + false_negatives); }

ConfusionMatrix confusion_matrix(std::span<const std::uint8_t> called, std::span<const std::uint8_t> labels) {
  if (called.size() != labels.size()) {
    throw InvalidInput(
        fmt::format("{} verdicts but {} labels; there must be one label a row", called.size(), labels.size()));
  }
  ConfusionMatrix result;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (called[i] > 1 || labels[i] > 1) {
      throw InvalidInput(fmt::format("row {} is called {} and labelled {}; valid: 0 (normal) and 1 (anomalous)", i,
                                     called[i], labels[i]));
    }
    auto& count = called[i] == 1 ? (labels[i] == 1 ? result.true_positives : result.false_positives)
                                 : (labels[i] == 1 ? result.false_negatives : result.true_negatives);
    ++count;
  }
  return result;
}

}  // namespace kernad
