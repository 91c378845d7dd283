#include "model/fit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "ensemble/members.hpp"
#include "kernad/error.hpp"
#include "model/fit_report.hpp"
#include "model/precision.hpp"
#include "model/suspicious_values.hpp"

namespace kernad::model {
namespace {

/// The share of the training rows (the sample behind the tail ranks) that are rarer under the second density.
double second_decides(const Member& first, const Member& second) {
  const auto& by_first = first.pipeline->kde.loo_log_densities;
  const auto& by_second = second.pipeline->kde.loo_log_densities;
  std::size_t count = 0;
  for (std::size_t i = 0; i < by_first.size(); ++i) {
    count += second.tail.surprisal(by_second[i]) > first.tail.surprisal(by_first[i]) ? 1 : 0;
  }
  return static_cast<double>(count) / static_cast<double>(by_first.size());
}

/// Describes the two members in the report.
void describe_members(const Member& first, const Member& second, FitReport& report) {
  const auto& first_kde = first.pipeline->kde;
  const auto& second_kde = second.pipeline->kde;
  report.chosen = {
      fmt::format(
          "all components, Ledoit-Wolf shrinkage {:.4g}, bandwidth factor {:.4g} by leave-one-out likelihood, as "
          "wide as the 5th neighbour is far",
          first_kde.shrinkage, first_kde.bandwidth_factor),
      fmt::format("standardised columns, spherical kernels, bandwidth factor {:.4g}, twice that of leave-one-out "
                  "likelihood; decides {:.3g} % of {} training rows",
                  second_kde.bandwidth_factor, 100 * second_decides(first, second),
                  first_kde.loo_log_densities.size())};
  if (second_kde.bandwidth_at_limit) {
    report.notes.push_back({NoteCode::bandwidth_at_limit,
                            fmt::format("the bandwidth factor of density 2, {:.6g}, is twice the end of the range in "
                                        "which leave-one-out likelihood was searched",
                                        second_kde.bandwidth_factor)});
  }
}

}  // namespace

void check_options(const KDEClassifierOptions& options) {
  kde::check_options(options.kde);
  if (options.max_training_points < 2) {
    throw InvalidParameter(fmt::format("max_training_points is {}; valid: 2 or more", options.max_training_points));
  }
  if (!options.automatic) return;
  std::vector<std::string_view> chosen;
  bool all_left = true;
  for (const EstimatorOption& option : estimator_options()) {
    if (!option.set_by_auto) continue;
    chosen.push_back(option.key);
    all_left = all_left && option.get(options) == option.get({});
  }
  if (!all_left) {
    throw InvalidParameter(
        fmt::format("auto chooses {} itself; valid: to leave those at their defaults", fmt::join(chosen, ", ")));
  }
}

bool has_enough_rows(std::size_t rows, std::size_t columns, const KDEClassifierOptions& options) {
  return options.automatic || rows >= std::min(options.n_pca_components.count(), columns);
}

Model fit(TrainingSample sample, const KDEClassifierOptions& options, const FitSettings& settings,
          const FitProgress& progress, std::vector<double> shift) {
  constexpr std::size_t kStages = 4;
  const auto done = [&](std::size_t stages) {
    if (progress) progress(stages, kStages);
  };
  assert(has_enough_rows(sample.selected.size(), sample.memory.cols(), options));
  done(1);
  auto suspicious = find_suspicious_values(sample.rows(), settings.threads);
  // A single glitch widens a column's scale, and with it the kernels, so far that it hides all others of its size.
  std::vector<std::size_t> left_out = options.automatic ? rows_of(suspicious) : std::vector<std::size_t>();
  for (SuspiciousValue& value : suspicious) value.row = sample.numbers[value.row];
  // Copies of a row that result from its weight are one value.
  suspicious.erase(std::unique(suspicious.begin(), suspicious.end()), suspicious.end());
  for (auto place = left_out.rbegin(); place != left_out.rend(); ++place) {
    sample.selected.erase(sample.selected.begin() + static_cast<std::ptrdiff_t>(*place));
  }
  auto unrounded = sample.unrounded.empty() ? some_rows(sample.memory, sample.selected) : std::move(sample.unrounded);
  const auto moments = sample.rounded_moments(shift, settings.threads);
  Model model = fit_rows(sample.rows(), sample.rows_seen, options, settings, std::move(shift), done,
                         moments ? &*moments : nullptr);
  add_shift(suspicious, model.shift);
  model.report.suspicious_values = std::move(suspicious);
  model.report.rows_left_out = std::move(left_out);
  note_suspicious_values(model.report);
  note_precision(std::move(unrounded), model);
  done(kStages);
  return model;
}

Model fit_rows(const linalg::Rows<float>& rows, std::size_t rows_seen, const KDEClassifierOptions& options,
               const FitSettings& settings, std::vector<double> shift, const std::function<void(std::size_t)>& done,
               const linalg::RowMoments* moments) {
  const KDEClassifierOptions first = options.automatic ? ensemble::first_member(options) : options;
  Model model;
  model.shift = std::move(shift);
  const auto add_member = [&](const KDEClassifierOptions& wanted, const std::function<void()>& projected) {
    auto pipeline = std::make_shared<const Pipeline>(fit_pipeline(rows, wanted, settings, projected, moments));
    auto tail = options.automatic ? ensemble::TailRank(pipeline->kde.loo_log_densities) : ensemble::TailRank();
    model.members.push_back({std::move(pipeline), std::move(tail)});
  };
  add_member(first, [&] { done(2); });
  done(3);
  model.report = make_report(model.first(), rows_seen, first);
  if (options.automatic) {
    add_member(ensemble::second_member(options), [] {});
    describe_members(model.members[0], model.members[1], model.report);
  }
  model.subspace = fit_subspace(model, rows, rows.rows(), settings.threads, moments);
  return model;
}

std::shared_ptr<const subspace::Subspace> fit_subspace(const Model& model, const linalg::Rows<float>& rows,
                                                       std::size_t all_rows, int threads,
                                                       const linalg::RowMoments* moments) {
  if (model.first().pca.rank == rows.cols()) return nullptr;
  auto subspace = std::make_shared<subspace::Subspace>(
      subspace::fit(rows, subspace::shows_dependencies(all_rows, rows.cols()), model.shift, threads, moments));
  return subspace->empty() ? nullptr : subspace;
}

}  // namespace kernad::model
