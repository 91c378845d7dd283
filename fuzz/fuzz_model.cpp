#include <cmath>
#include <vector>

#include "fuzz_target.hpp"
#include "kernad/kde_classifier.hpp"
#include "serialise/safetensors.hpp"

// A file that loads as a model must give every finite row a finite score, and must convert back into tensors, including
// its calibration and threshold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  fuzz::expect_result_or_error([&] {
    files::MemorySource source("input", std::as_bytes(std::span(data, size)));
    KDEClassifier classifier;
    classifier.load_state_dict(serialise::read_safetensors(source));
    const std::size_t columns = classifier.report().columns;
    for (const float value : {0.0F, -1.5F, 3e38F}) {
      const std::vector<float> row(columns, value);
      const auto score = classifier.compute_kde_scores(EmbeddingsView(row.data(), 1, columns), true)[0];
      fuzz::expect(std::isfinite(score));
      const Explanation why = classifier.explain(EmbeddingsView(row.data(), 1, columns), 1);
      fuzz::expect(std::isfinite(why.deviation) && std::isfinite(why.residual_share) && std::isfinite(why.outside));
      for (const ColumnContribution& column : why.columns) {
        fuzz::expect(std::isfinite(column.share) && std::isfinite(column.expected));
      }
      const std::vector<double> scores = {score};
      if (classifier.is_calibrated()) {
        const double p = classifier.calibration().p_values(scores)[0];
        fuzz::expect(p > 0 && p <= 1);
      }
      if (classifier.has_threshold()) {
        fuzz::expect(std::isfinite(classifier.threshold().log_density));
        (void)classifier.threshold().labels(scores);
      }
    }
    KDEClassifier copy;
    copy.load_state_dict(classifier.state_dict());
    fuzz::expect(copy.report().components == classifier.report().components);
    fuzz::expect(copy.is_calibrated() == classifier.is_calibrated());
    fuzz::expect(copy.has_threshold() == classifier.has_threshold());
  });
  return 0;
}
