#include "ensemble/members.hpp"

namespace kernad::ensemble {

KDEClassifierOptions first_member(const KDEClassifierOptions& options) {
  KDEClassifierOptions member = options;
  member.automatic = false;
  member.n_pca_components = ComponentCount::all();
  member.kde = {Bandwidth::loo(), Covariance::ledoit_wolf, 1};
  return member;
}

KDEClassifierOptions second_member(const KDEClassifierOptions& options) {
  KDEClassifierOptions member = options;
  member.automatic = false;
  member.n_pca_components = ComponentCount::all();
  member.standardize = true;
  member.kde = {Bandwidth::loo(2), Covariance::isotropic, 0};
  return member;
}

}  // namespace kernad::ensemble
