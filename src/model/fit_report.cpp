// A report's notes: their names for programs, and the sentences of a pipeline's fit.
#include "kernad/fit_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/fit_report.hpp"

namespace kernad {
namespace {

constexpr std::array<std::string_view, 8> kCodeNames = {
    "other",           "rows_sampled",     "components_cut",   "directions_dropped", "bandwidth_at_limit",
    "scaling_assumed", "suspicious_value", "limited_precision"};

}  // namespace

std::string_view to_string(NoteCode code) noexcept { return kCodeNames[static_cast<std::size_t>(code)]; }

NoteCode note_code(std::string_view name) noexcept {
  const auto found = std::find(kCodeNames.begin(), kCodeNames.end(), name);
  return found == kCodeNames.end() ? NoteCode::other : static_cast<NoteCode>(found - kCodeNames.begin());
}

namespace model {
namespace {

void add_notes(FitReport& report, const Pipeline& pipeline, const KDEClassifierOptions& options) {
  const auto note = [&](NoteCode code, std::string text) { report.notes.push_back({code, std::move(text)}); };
  const std::size_t wanted = options.n_pca_components.count();
  if (options.max_training_points < report.rows_seen) {
    note(NoteCode::rows_sampled,
         fmt::format("a sample of {} of {} rows is used (max_training_points = {}, seed = {}){}",
                     options.max_training_points, report.rows_seen, options.max_training_points, options.seed,
                     options.all_rows ? "; components and column scales are those of all rows" : ""));
  }
  // For tables, fewer components than the default are normal; a note is needed only if the number was requested.
  const bool asked = options.n_pca_components != KDEClassifierOptions{}.n_pca_components;
  if (asked && report.components < wanted) {
    note(NoteCode::components_cut,
         fmt::format("n_pca_components cut from {} to {}: the data have {} columns and rank {}", wanted,
                     report.components, report.columns, report.rank));
  }
  if (report.kde_rank < report.components) {
    note(NoteCode::directions_dropped,
         fmt::format("{} of {} components have no variance after scaling and are left out of the density",
                     report.components - report.kde_rank, report.components));
  }
  if (pipeline.kde.bandwidth_at_limit) {
    note(NoteCode::bandwidth_at_limit,
         fmt::format("the bandwidth factor, {:.6g}, is the end of the range in which leave-one-out likelihood was "
                     "searched",
                     report.bandwidth_factor));
  }
}

}  // namespace

FitReport report_from_shapes(const Pipeline& pipeline) {
  FitReport report;
  report.rows_seen = report.rows_used = pipeline.kde.references.rows;
  report.columns = pipeline.columns();
  report.rank = pipeline.pca.rank;
  report.components = pipeline.pca.singular_vectors.cols();
  report.kde_rank = pipeline.kde.dimension;
  report.bandwidth_factor = pipeline.kde.bandwidth_factor;
  report.max_length = pipeline.max_length;
  report.shrinkage = pipeline.kde.shrinkage;
  report.loo_log_likelihood = pipeline.kde.loo_log_likelihood;
  return report;
}

FitReport make_report(const Pipeline& pipeline, std::size_t rows_seen, const KDEClassifierOptions& options) {
  FitReport report = report_from_shapes(pipeline);
  report.rows_seen = rows_seen;
  for (const double ratio : pipeline.pca.explained_variance_ratio) report.explained_variance += ratio;
  report.explained_variance = std::min(report.explained_variance, 1.0);
  add_notes(report, pipeline, options);
  return report;
}

}  // namespace model
}  // namespace kernad
