#include "serialise/module_state.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "serialise/metadata.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {
namespace {

// torch forbids a dot in a buffer's name, and a buffer "calibration" would hide the module's property.
constexpr std::string_view kMetadata = "metadata";
constexpr std::string_view kCalibration = "calibration_log_densities";
constexpr std::string_view kCalibrationOfModel = "calibration.log_densities";

Metadata metadata_in(const TensorReader& reader, const Tensor& tensor) {
  const auto* bytes = reinterpret_cast<const char*>(tensor.bytes.data());
  const auto json = nlohmann::json::parse(bytes, bytes + tensor.bytes.size(), nullptr, false);
  const bool texts =
      json.is_object() && std::all_of(json.begin(), json.end(), [](const auto& value) { return value.is_string(); });
  if (tensor.dtype != DType::u8 || !texts) reader.fail(kMetadata, "is not a module's", "U8, a JSON object of texts");
  return json.get<Metadata>();
}

}  // namespace

std::optional<StateDict> of_module(const StateDict& dict) {
  const TensorReader reader(dict);
  const Tensor* metadata = reader.find(kMetadata);
  if (metadata == nullptr) return std::nullopt;
  StateDict model = reader.part("");
  model.metadata = metadata_in(reader, *metadata);
  model.tensors.erase(std::string(kMetadata));
  if (auto calibration = model.tensors.extract(std::string(kCalibration)); !calibration.empty()) {
    calibration.key() = kCalibrationOfModel;
    model.tensors.insert(std::move(calibration));
  }
  return model;
}

}  // namespace kernad::serialise
