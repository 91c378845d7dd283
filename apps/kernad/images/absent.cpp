// Replaces the commands for images in a build without them.
#include "image_commands.hpp"

namespace kernad::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw InvalidParameter(what +
                         ": is about images, and this kernad was built without them; in its sources, scripts/setup "
                         "images installs what they need, then build again");
}

}  // namespace

void fit_images(const ImageCommand& command, const ImageFitOptions& /*options*/) { refuse(name_of(command.data)); }
void predict_images(const ImageCommand& command, const ImageScoreOptions& /*options*/) { refuse(command.model); }
void embed_images(const ImageCommand& command, const EmbedOptions& /*options*/) { refuse(name_of(command.data)); }
void watch_images(const ImageCommand& command, const WatchOptions& /*options*/) { refuse(command.model); }
void test_images(const ImageCommand& command) { refuse(command.model); }
void explain_image(const ImageCommand& command) { refuse(command.model); }
void show_image_model(const ImageCommand& command) { refuse(command.model); }

}  // namespace kernad::cli
