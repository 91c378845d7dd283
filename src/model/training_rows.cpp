#include "model/training_rows.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernad/sampling.hpp"

namespace kernad::model {
namespace {

/// Equal for rows of equal values, where 0 equals -0.
std::int64_t row_hash(std::span<const float> row) {
  std::uint64_t hash = row.size();
  for (const float value : row) hash = row_key(hash, std::bit_cast<std::uint32_t>(value + 0.0F));
  return static_cast<std::int64_t>(hash >> 1);  // kept as I64
}

}  // namespace

TrainingRows make_training_rows(const linalg::Rows<float>& rows, std::vector<std::string> names) {
  TrainingRows known;
  known.names = std::move(names);
  known.hashes.resize(rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i) known.hashes[i] = row_hash(rows.row(i));
  std::sort(known.hashes.begin(), known.hashes.end());
  known.hashes.erase(std::unique(known.hashes.begin(), known.hashes.end()), known.hashes.end());
  known.hashes.resize(std::min(known.hashes.size(), kKeptHashes));
  return known;
}

TrainedOn count_trained_on(const TrainingRows& known, EmbeddingsView rows) {
  TrainedOn count;
  if (known.hashes.empty()) return count;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const std::int64_t hash = row_hash(rows.row(i));
    if (known.hashes.size() >= kKeptHashes && hash > known.hashes.back()) continue;
    ++count.compared;
    if (std::ranges::binary_search(known.hashes, hash)) ++count.equal;
  }
  return count;
}

}  // namespace kernad::model
