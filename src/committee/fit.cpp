#include "committee/fit.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "committee/experts.hpp"
#include "model/pipeline_fit.hpp"

namespace kernad::committee {
namespace {

/// The share of the training rows, of those that make the tails, in which the second density is the rarer.
double second_decides(const Tail& first, const Tail& second, const std::vector<double>& by_first,
                      const std::vector<double>& by_second) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < by_first.size(); ++i) count += second.rarity(by_second[i]) > first.rarity(by_first[i]);
  return static_cast<double>(count) / static_cast<double>(by_first.size());
}

}  // namespace

void add_second(model::State& first, const linalg::Rows<float>& rows, const KDEClassifierOptions& options, bool pruning,
                int threads) {
  auto committee = std::make_shared<model::Committee>();
  committee->second = model::fit_pipeline(rows, second_expert(options), pruning, threads);
  const auto& second = committee->second.kde;
  committee->first_tail = Tail(first.kde.loo_log_densities);
  committee->second_tail = Tail(second.loo_log_densities);
  const double share = second_decides(committee->first_tail, committee->second_tail, first.kde.loo_log_densities,
                                      second.loo_log_densities);
  first.report.chosen = {
      fmt::format(
          "all components, Ledoit-Wolf shrinkage {:.4g}, bandwidth factor {:.4g} by leave-one-out likelihood, as "
          "wide as the 5th neighbour is far",
          first.kde.shrinkage, first.kde.bandwidth_factor),
      fmt::format(
          "standardised columns, spherical kernels, bandwidth factor {:.4g}, twice that of leave-one-out likelihood; "
          "decides {:.3g} % of {} training rows",
          second.bandwidth_factor, 100 * share, first.kde.loo_log_densities.size())};
  if (second.bandwidth_at_limit) {
    first.report.notes.push_back(
        fmt::format("the bandwidth factor of density 2, {:.6g}, is twice the end of the range in which leave-one-out "
                    "likelihood was "
                    "searched",
                    second.bandwidth_factor));
  }
  first.committee = std::move(committee);
}

}  // namespace kernad::committee
