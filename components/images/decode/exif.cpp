#include <libexif/exif-data.h>

#include <limits>
#include <memory>

#include "formats.hpp"

namespace kernad::images {

int exif_orientation(Bytes block) {
  if (block.empty() || block.size() > std::numeric_limits<unsigned>::max()) return 1;
  const auto* bytes = reinterpret_cast<const unsigned char*>(block.data());
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(
      exif_data_new_from_data(bytes, static_cast<unsigned>(block.size())), exif_data_unref);
  if (!data) return 1;
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->components < 1 || entry->size < 2) return 1;
  const int orientation = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

}  // namespace kernad::images
