#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "c/guard.hpp"
#include "c/handles.hpp"
#include "kernad/state_dict.hpp"

using kernad::c::guarded;
using kernad::c::made;
using kernad::c::required;
using kernad::c::view;

struct kernad_bytes {
  std::vector<std::byte> values;
};

// ---- fit, load, save ----

kernad_status kernad_model_fit(const kernad_options* options, kernad_rows rows, kernad_progress progress, void* user,
                               kernad_model** out) {
  return kernad_model_fit_weighted(options, rows, nullptr, progress, user, out);
}

kernad_status kernad_model_fit_weighted(const kernad_options* options, kernad_rows rows, const double* weights,
                                        kernad_progress progress, void* user, kernad_model** out) {
  return made(out, [&] {
    auto model = std::make_unique<kernad_model>();
    if (options != nullptr) {
      model->classifier = kernad::KDEClassifier(options->values);
      model->classifier.set_threads(model->threads = options->threads);
    }
    if (!model->classifier.fit(view(rows), kernad::c::weights_of(weights, rows),
                               kernad::c::progress_of(progress, user))) {
      const std::size_t wanted = model->classifier.options().n_pca_components.count();
      throw kernad::InvalidInput(fmt::format("{} rows are too few: {} components (n_pca_components) need at least {}",
                                             rows.rows, wanted, std::min(wanted, rows.columns)));
    }
    return model;
  });
}

kernad_status kernad_model_load(const char* path, kernad_model** out) {
  return made(out, [&] {
    auto model = std::make_unique<kernad_model>();
    model->classifier = kernad::KDEClassifier::load(&required(path, "path"));
    return model;
  });
}

kernad_status kernad_model_load_bytes(const void* data, size_t size, kernad_model** out) {
  return made(out, [&] {
    if (size != 0 && data == nullptr) throw kernad::InvalidParameter("data is NULL; it must point to the model");
    const auto state = kernad::from_safetensors({static_cast<const std::byte*>(data), size});
    auto model = std::make_unique<kernad_model>();
    try {
      model->classifier.load_state_dict(state);
    } catch (const kernad::InvalidInput& error) {
      throw kernad::ReadError(error.what());  // the error that a file would give
    }
    return model;
  });
}

kernad_status kernad_model_save(const kernad_model* model, const char* path) {
  return guarded([&] { required(model, "model").classifier.save(&required(path, "path")); });
}

kernad_status kernad_model_save_bytes(const kernad_model* model, kernad_bytes** out) {
  return made(out, [&] {
    auto bytes = std::make_unique<kernad_bytes>();
    bytes->values = kernad::to_safetensors(required(model, "model").classifier.state_dict());
    return bytes;
  });
}

const void* kernad_bytes_data(const kernad_bytes* bytes) { return bytes == nullptr ? nullptr : bytes->values.data(); }

size_t kernad_bytes_size(const kernad_bytes* bytes) { return bytes == nullptr ? 0 : bytes->values.size(); }

void kernad_bytes_free(kernad_bytes* bytes) { delete bytes; }

void kernad_model_free(kernad_model* model) { delete model; }

kernad_status kernad_model_set_threads(kernad_model* model, int threads) {
  return guarded([&] {
    required(model, "model").classifier.set_threads(threads);
    model->threads = threads;
  });
}

// ---- score and judge ----

kernad_status kernad_model_score(const kernad_model* model, kernad_rows rows, double* log_densities) {
  return guarded([&] {
    (void)required(log_densities, "log_densities");
    const auto scores = required(model, "model").classifier.compute_kde_scores(view(rows), true);
    std::ranges::copy(scores, log_densities);
  });
}

kernad_status kernad_model_predict(const kernad_model* model, kernad_rows rows, double* log_densities,
                                   double* probabilities, double* p_values, uint8_t* labels) {
  return guarded([&] {
    const kernad::KDEClassifier& classifier = required(model, "model").classifier;
    // A missing calibration or threshold is reported before the work; nothing is written before all results exist.
    const auto* calibration = p_values == nullptr ? nullptr : &classifier.calibration();
    const auto* threshold = labels == nullptr ? nullptr : &classifier.threshold();
    const auto scores = classifier.compute_kde_scores(view(rows), true);
    std::vector<double> probability;
    std::vector<double> p_value;
    std::vector<std::uint8_t> label;
    if (probabilities != nullptr) probability = kernad::KDEClassifier::compute_probabilities(scores);
    if (calibration != nullptr) p_value = calibration->p_values(scores);
    if (threshold != nullptr) label = threshold->labels(scores);
    if (log_densities != nullptr) std::ranges::copy(scores, log_densities);
    std::ranges::copy(probability, probabilities);
    std::ranges::copy(p_value, p_values);
    std::ranges::copy(label, labels);
  });
}

// ---- calibration ----

kernad_status kernad_model_calibrate(kernad_model* model, kernad_rows rows, size_t folds, kernad_progress progress,
                                     void* user) {
  return kernad_model_calibrate_weighted(model, rows, nullptr, folds, progress, user);
}

kernad_status kernad_model_calibrate_weighted(kernad_model* model, kernad_rows rows, const double* weights,
                                              size_t folds, kernad_progress progress, void* user) {
  return guarded([&] {
    required(model, "model")
        .classifier.calibrate(view(rows), kernad::c::weights_of(weights, rows), folds,
                              kernad::c::progress_of(progress, user));
  });
}

kernad_status kernad_model_calibrate_from(kernad_model* model, kernad_rows rows) {
  return guarded([&] { required(model, "model").classifier.calibrate_from(view(rows)); });
}

kernad_status kernad_model_set_target_fpr(kernad_model* model, double fpr) {
  return guarded([&] { required(model, "model").classifier.set_target_fpr(fpr); });
}

kernad_status kernad_model_set_threshold(kernad_model* model, double log_density) {
  return guarded(
      [&] { required(model, "model").classifier.set_threshold(kernad::Threshold::at_log_density(log_density)); });
}
