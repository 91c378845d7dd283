// One pipeline as tensors, under anomalib's names and additional ones of kernad.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "kernad/feature_scaling_method.hpp"
#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "model/pipeline.hpp"
#include "serialise/metadata.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

[[nodiscard]] std::map<std::string, Tensor, std::less<>> pipeline_tensors(const model::Pipeline& pipeline);

/// Throws InvalidInput naming the tensor that is missing or wrong. tree_pays: see kde::make_reference_set.
[[nodiscard]] model::Pipeline read_pipeline(const TensorReader& reader, FeatureScalingMethod scaling,
                                            const model::FitSettings& settings, std::optional<bool> tree_pays = {});

/// Whether a tree over the references pays: of the first pipeline and of the second.
inline constexpr std::array<std::string_view, 2> kTreeKeys = {"reference_tree", "second_reference_tree"};

/// Writes it for each pipeline that knows it.
void write_trees(const model::Model& model, Metadata& metadata);
/// Throws InvalidInput naming the key.
[[nodiscard]] std::optional<bool> read_tree(const Metadata& metadata, std::string_view key);

}  // namespace kernad::serialise
