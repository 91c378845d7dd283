#include "model/estimation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

#include "kernad/error.hpp"

namespace kernad::model {

void add_estimation(Metadata& metadata, const KDEClassifierOptions& options) {
  const KDEOptions defaults;
  if (options.automatic) metadata["auto"] = "true";
  if (options.standardize) metadata["standardize"] = "true";
  if (options.kde.bandwidth != defaults.bandwidth) metadata["bandwidth"] = to_string(options.kde.bandwidth);
  if (options.kde.covariance != defaults.covariance) {
    metadata["covariance"] = std::string(to_string(options.kde.covariance));
  }
  if (options.kde.local_alpha != defaults.local_alpha) {
    metadata["local_alpha"] = fmt::format("{}", options.kde.local_alpha);
  }
}

bool read_estimation(std::string_view key, std::string_view text, KDEClassifierOptions& options) try {
  if (key == "auto") {
    if (text != "true" && text != "false") throw InvalidParameter("valid: true, false");
    options.automatic = text == "true";
  } else if (key == "standardize") {
    if (text != "true" && text != "false") throw InvalidParameter("valid: true, false");
    options.standardize = text == "true";
  } else if (key == "bandwidth") {
    options.kde.bandwidth = bandwidth(text);
  } else if (key == "covariance") {
    options.kde.covariance = covariance(text);
  } else if (key == "local_alpha") {
    double& alpha = options.kde.local_alpha;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), alpha);
    if (code != std::errc() || end != text.data() + text.size()) throw InvalidParameter("valid: a number");
    kde::check_options(options.kde);
  } else {
    return false;
  }
  return true;
} catch (const InvalidParameter& error) {
  throw InvalidInput(fmt::format("metadata '{}' is '{}'; {}", key, text, error.what()));
}

void add_estimation_report(nlohmann::ordered_json& json, const KDEClassifierOptions& options, const FitReport& report) {
  if (options.kde == KDEOptions{} && !options.automatic) return;
  if (!report.chosen.empty()) json["chosen"] = report.chosen;
  json["bandwidth_factor"] = report.bandwidth_factor;
  json["shrinkage"] = report.shrinkage;
  if (std::isfinite(report.loo_log_likelihood)) json["loo_log_likelihood"] = report.loo_log_likelihood;
}

void read_estimation_report(const nlohmann::json& json, FitReport& report) {
  report.chosen = json.value("chosen", report.chosen);
  report.bandwidth_factor = json.value("bandwidth_factor", report.bandwidth_factor);
  report.shrinkage = json.value("shrinkage", report.shrinkage);
  report.loo_log_likelihood = json.value("loo_log_likelihood", report.loo_log_likelihood);
}

void check_residual(const State& state) {
  if (state.pca.residual_dimensions == 0) return;
  const auto& whitening = state.kde.bw_transform;
  const std::size_t last_row = whitening.rows() - 1;
  const std::size_t last_column = whitening.cols() - 1;
  const bool kept = whitening(last_row, last_column) > 0;
  for (std::size_t j = 0; j < whitening.cols(); ++j) {
    if (whitening(last_row, j) != 0 && !(kept && j == last_column)) {
      throw InvalidInput("tensor 'kde_model.bw_transform' mixes the residual, its last row, with principal components");
    }
  }
  for (std::size_t i = 0; kept && i < last_row; ++i) {
    if (whitening(i, last_column) != 0) {
      throw InvalidInput(
          "tensor 'kde_model.bw_transform' mixes principal components into the residual, its last column");
    }
  }
}

}  // namespace kernad::model
