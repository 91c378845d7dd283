#include "backbone/backbone.hpp"

#include <algorithm>
#include <cmath>
#include <openvino/openvino.hpp>

namespace kernad::images {
namespace {

/// OpenVINO's messages have several lines with source locations: the last line gives the reason.
std::string short_message(const std::exception& error) {
  std::string text = error.what();
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  const auto line = text.rfind('\n');
  return line == std::string::npos ? text : text.substr(line + 1);
}

template <typename Action>
auto with_name(const std::string& name, const char* what, Action action) {
  try {
    return action();
  } catch (const ov::Exception& error) {
    throw InvalidInput(name + ": " + what + ": " + short_message(error));
  }
}

std::shared_ptr<ov::Model> read(ov::Core& core, const BackboneFile& file) {
  return with_name(file.name, "is no network that OpenVINO reads (ONNX, or IR with its .bin)", [&] {
    const std::string network(reinterpret_cast<const char*>(file.network.data()), file.network.size());
    ov::Tensor weights;
    if (!file.weights.empty()) {
      weights = ov::Tensor(ov::element::u8, {file.weights.size()});
      std::memcpy(weights.data(), file.weights.data(), file.weights.size());
    }
    return core.read_model(network, weights);
  });
}

/// Sets the one input to 1 x 3 x size x size.
void set_input(ov::Model& model, BackboneFile& file) {
  const auto refuse = [&](const std::string& what) {
    throw InvalidInput(file.name + ": " + what + "; valid: one input of 32-bit floats, N x 3 x height x width");
  };
  if (model.inputs().size() != 1) refuse("has " + std::to_string(model.inputs().size()) + " inputs");
  const auto input = model.input();
  const ov::PartialShape shape = input.get_partial_shape();
  if (shape.rank().is_dynamic() || shape.size() != 4 || !shape[1].compatible(3) || !shape[0].compatible(1) ||
      input.get_element_type() != ov::element::f32) {
    refuse("has an input of " + input.get_element_type().get_type_name() + " " + shape.to_string());
  }
  if (file.size == 0) file.size = shape[2].is_static() ? static_cast<std::size_t>(shape[2].get_length()) : 256;
  if (file.size < 16 || file.size > 4096) {
    throw InvalidParameter(file.name + ": size is " + std::to_string(file.size) + "; valid: 16 to 4096");
  }
  const auto side = static_cast<std::int64_t>(file.size);
  with_name(file.name, "cannot take images of that size", [&] { model.reshape(ov::PartialShape{1, 3, side, side}); });
}

bool is_map(const ov::Output<ov::Node>& output) {
  return output.get_partial_shape().is_static() && output.get_shape().size() == 4 && output.get_shape()[0] == 1;
}

/// The output of the node with this name: ONNX's name of its values, or its own.
ov::Output<ov::Node> find_layer(ov::Model& model, const std::string& name) {
  for (const auto& node : model.get_ops()) {
    if (std::dynamic_pointer_cast<ov::op::v0::Result>(node)) continue;
    for (const auto& output : node->outputs()) {
      if (output.get_names().contains(name) || (node->get_friendly_name() == name && node->outputs().size() == 1)) {
        return output;
      }
    }
  }
  return {};
}

std::string name_of(const ov::Output<ov::Node>& output) {
  const auto names = output.get_names();
  return names.empty() ? output.get_node()->get_friendly_name() : *std::ranges::min_element(names);
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Cuts the network down to the layers.
std::shared_ptr<ov::Model> cut(ov::Model& model, BackboneFile& file) {
  std::vector<std::string> own;
  for (auto& output : model.outputs()) {
    if (is_map(output)) own.push_back(name_of(output));
  }
  if (file.layers.empty()) file.layers = own;
  if (file.layers.empty()) throw InvalidInput(file.name + ": has no output that is a map; name layers inside it");
  ov::OutputVector outputs;
  for (const auto& layer : file.layers) {
    const auto output = find_layer(model, layer);
    if (!output.get_node()) {
      throw InvalidParameter(file.name + ": has no layer '" + layer + "'; its outputs: " + listed(own));
    }
    if (!is_map(output)) {
      throw InvalidParameter(file.name + ": layer '" + layer + "' gives " + output.get_partial_shape().to_string() +
                             ", no map of 1 x channels x rows x columns");
    }
    outputs.push_back(output);
  }
  return std::make_shared<ov::Model>(outputs, model.get_parameters());
}

}  // namespace

struct Backbone::Impl {
  ov::Core core;
  ov::CompiledModel network;
  std::string name;
  std::size_t layers = 0;
};

Backbone::Backbone(BackboneFile& file, int threads) : impl_(std::make_unique<Impl>()) {
  impl_->name = file.name;
  const auto whole = read(impl_->core, file);
  set_input(*whole, file);
  const auto model = cut(*whole, file);
  impl_->layers = file.layers.size();
  // f32: the default is bf16 on processors that have it, so scores would differ between machines. One thread per
  // stream: results do not depend on the number of threads.
  with_name(file.name, "cannot be compiled", [&] {
    impl_->network = impl_->core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32),
                                               ov::num_streams(threads), ov::inference_num_threads(threads),
                                               ov::hint::enable_cpu_pinning(false));
  });
}

Backbone::~Backbone() = default;
Backbone::Backbone(Backbone&&) noexcept = default;
Backbone& Backbone::operator=(Backbone&&) noexcept = default;

std::vector<MapShape> Backbone::shapes() const {
  std::vector<MapShape> result;
  for (const auto& output : impl_->network.outputs()) {
    const auto& shape = output.get_shape();
    result.push_back({shape[1], shape[2], shape[3]});
  }
  return result;
}

struct Backbone::Runner::Impl {
  ov::InferRequest request;
  ov::Tensor input;
  std::string name;
  std::size_t layers;
};

Backbone::Runner::Runner(const Backbone& backbone) : impl_(std::make_unique<Impl>()) {
  impl_->request = backbone.impl_->network.create_infer_request();
  impl_->input = impl_->request.get_input_tensor();
  impl_->name = backbone.impl_->name;
  impl_->layers = backbone.impl_->layers;
}

Backbone::Runner::~Runner() = default;
Backbone::Runner::Runner(Runner&&) noexcept = default;
Backbone::Runner& Backbone::Runner::operator=(Runner&&) noexcept = default;

std::span<float> Backbone::Runner::input() { return {impl_->input.data<float>(), impl_->input.get_size()}; }

std::vector<FeatureMap> Backbone::Runner::run() {
  impl_->request.infer();
  std::vector<FeatureMap> maps;
  for (std::size_t i = 0; i < impl_->layers; ++i) {
    const ov::Tensor output = impl_->request.get_output_tensor(i);
    const auto shape = output.get_shape();
    const std::span<const float> values(output.data<const float>(), output.get_size());
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
      throw InvalidInput(impl_->name + ": gives NaN or infinity for this image");
    }
    maps.push_back({values, shape[1], shape[2], shape[3]});
  }
  return maps;
}

}  // namespace kernad::images
