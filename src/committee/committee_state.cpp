#include "committee/committee_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "committee/experts.hpp"
#include "kernad/error.hpp"
#include "model/metadata.hpp"

namespace kernad::committee {
namespace {

// The classifier's own names may stand under a prefix that ends in a dot. This one does not, so that nothing takes the
// second pipeline for the whole.
constexpr std::string_view kSecond = "committee.second_";
constexpr std::string_view kFirstTail = "committee.first_tail";
constexpr std::string_view kSecondTail = "committee.second_tail";

Tail read_tail(const model::TensorReader& reader, std::string_view name) {
  auto values = reader.values(name, reader.get(name).size());
  const auto wild = [](double x) { return !(std::abs(x) < 1e150); };
  if (values.empty() || std::any_of(values.begin(), values.end(), wild)) {
    reader.fail(name, "is empty or has a value out of range", "values within 1e150");
  }
  return Tail(std::move(values));
}

}  // namespace

void write(const model::Committee& committee, const KDEClassifierOptions& options, StateDict& dict) {
  for (auto& [name, tensor] : model::to_state_dict(committee.second, second_expert(options)).tensors) {
    dict.tensors[std::string(kSecond) + name] = tensor;
  }
  for (const auto& [name, tail] :
       {std::pair{kFirstTail, &committee.first_tail}, std::pair{kSecondTail, &committee.second_tail}}) {
    const auto& values = tail->log_densities();
    dict.tensors[std::string(name)] = Tensor::from(std::span<const double>(values), {values.size()});
  }
  dict.metadata["format_version"] = fmt::format("{}", model::kFormatVersion);
}

bool found(const model::TensorReader& reader) { return reader.find(kFirstTail) != nullptr; }

std::shared_ptr<const model::Committee> read(const model::TensorReader& reader, const KDEClassifierOptions& options,
                                             std::size_t columns, bool pruning) {
  auto committee = std::make_shared<model::Committee>();
  try {
    committee->second = model::from_state_dict(reader.part(kSecond), second_expert(options), pruning).state;
  } catch (const InvalidInput& error) {
    throw InvalidInput(fmt::format("the second density, tensors '{}...': {}", kSecond, error.what()));
  }
  if (committee->second.pca.mean.size() != columns) {
    throw InvalidInput(fmt::format("the second density, tensors '{}...', is of {} columns; expected: {}", kSecond,
                                   committee->second.pca.mean.size(), columns));
  }
  committee->first_tail = read_tail(reader, kFirstTail);
  committee->second_tail = read_tail(reader, kSecondTail);
  return committee;
}

}  // namespace kernad::committee
