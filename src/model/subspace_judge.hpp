// Combines, in a calibrated verdict, the distance of a row from the subspace of the training rows with its density.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "ensemble/tail_rank.hpp"
#include "scoring/block_scorer.hpp"
#include "subspace/subspace.hpp"

namespace kernad::model {

/// The rarity of a log-density, and of a distance from the subspace, among held-out normal rows. The two are combined
/// like the densities of `automatic`: a row inside keeps its log-density to the bit.
struct SubspaceJudge {
  ensemble::TailRank densities;
  ensemble::TailRank insides;  ///< of -distance

  SubspaceJudge() = default;
  /// One of each per held-out row.
  SubspaceJudge(std::vector<double> log_densities, const std::vector<double>& distances);

  [[nodiscard]] double log_density(double log_density, double distance) const;
};

/// Embeddings to log-densities as limited by the judge.
class JudgedScorer final : public scoring::BlockScorer {
 public:
  /// subspace and judge must outlive it.
  JudgedScorer(std::unique_ptr<scoring::BlockScorer> density, const subspace::Subspace& subspace,
               const SubspaceJudge& judge);

  [[nodiscard]] std::size_t max_rows() const override { return density_->max_rows(); }
  [[nodiscard]] bool prunes() const override { return density_->prunes(); }
  void score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) override;

 private:
  std::unique_ptr<scoring::BlockScorer> density_;
  const subspace::Subspace& subspace_;
  const SubspaceJudge& judge_;
  subspace::Scratch scratch_;
};

}  // namespace kernad::model
