#include "serialise/ensemble_state.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "ensemble/members.hpp"
#include "kernad/error.hpp"
#include "serialise/pipeline_state.hpp"
#include "serialise/tail_state.hpp"

namespace kernad::serialise {
namespace {

// The names of the first files that held an ensemble. The classifier's own names may have a prefix that ends in a dot;
// this one does not end in a dot, so that no reader takes the second pipeline for the whole classifier.
constexpr std::string_view kSecond = "committee.second_";
constexpr std::string_view kFirstTail = "committee.first_tail";
constexpr std::string_view kSecondTail = "committee.second_tail";

Tensor tail_tensor(const model::Member& member) {
  const auto& values = member.tail.log_densities();
  return Tensor::from(std::span<const double>(values), {values.size()});
}

}  // namespace

void write_ensemble(const model::Model& model, StateDict& dict) {
  for (auto& [name, tensor] : pipeline_tensors(*model.members[1].pipeline)) {
    dict.tensors[std::string(kSecond) + name] = std::move(tensor);
  }
  dict.tensors[std::string(kFirstTail)] = tail_tensor(model.members[0]);
  dict.tensors[std::string(kSecondTail)] = tail_tensor(model.members[1]);
}

bool holds_ensemble(const TensorReader& reader) { return reader.find(kFirstTail) != nullptr; }

void read_ensemble(const TensorReader& reader, const Metadata& metadata, const KDEClassifierOptions& options,
                   const model::FitSettings& settings, model::Model& model) {
  const auto tree_pays = read_tree(metadata, kTreeKeys[1]);
  model::Pipeline second;
  try {
    const StateDict part = reader.part(kSecond);
    second =
        read_pipeline(TensorReader(part), ensemble::second_member(options).feature_scaling_method, settings, tree_pays);
  } catch (const InvalidInput& error) {
    throw InvalidInput(fmt::format("the second density, tensors '{}...': {}", kSecond, error.what()));
  }
  if (second.columns() != model.columns()) {
    throw InvalidInput(fmt::format("the second density, tensors '{}...', is of {} columns; expected: {}", kSecond,
                                   second.columns(), model.columns()));
  }
  model.members[0].tail = read_tail(reader, kFirstTail);
  model.members.push_back({std::make_shared<const model::Pipeline>(std::move(second)), read_tail(reader, kSecondTail)});
}

}  // namespace kernad::serialise
