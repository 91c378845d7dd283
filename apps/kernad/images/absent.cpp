// Replaces the commands for pictures in a build without them.
#include "pictures.hpp"

namespace kernad::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw InvalidParameter(what +
                         ": is about pictures, and this kernad was built without them; in its sources, scripts/setup "
                         "images installs what they need, then build again");
}

}  // namespace

void fit_pictures(const PictureCommand& command, const PictureFitOptions& /*options*/) {
  refuse(name_of(command.data));
}
void predict_pictures(const PictureCommand& command, const PictureScoreOptions& /*options*/) { refuse(command.model); }
void embed_pictures(const PictureCommand& command, const EmbedOptions& /*options*/) { refuse(name_of(command.data)); }
void watch_pictures(const PictureCommand& command, const WatchOptions& /*options*/) { refuse(command.model); }
void test_pictures(const PictureCommand& command) { refuse(command.model); }
void explain_picture(const PictureCommand& command) { refuse(command.model); }
void show_picture_model(const PictureCommand& command) { refuse(command.model); }

}  // namespace kernad::cli
