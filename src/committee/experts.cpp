#include "committee/experts.hpp"

namespace kernad::committee {

KDEClassifierOptions first_expert(const KDEClassifierOptions& options) {
  KDEClassifierOptions expert = options;
  expert.automatic = false;
  expert.n_pca_components = ComponentCount::all();
  expert.kde = {Bandwidth::loo(), Covariance::ledoit_wolf, 1};
  return expert;
}

KDEClassifierOptions second_expert(const KDEClassifierOptions& options) {
  KDEClassifierOptions expert = options;
  expert.automatic = false;
  expert.n_pca_components = ComponentCount::all();
  expert.standardize = true;
  expert.kde = {Bandwidth::loo(2), Covariance::isotropic, 0};
  return expert;
}

}  // namespace kernad::committee
