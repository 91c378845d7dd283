#include "files/utf8.hpp"

#include <gtest/gtest.h>

#include "files/message.hpp"

namespace kernad::utf8_test {
namespace {

TEST(Utf8Test, WellFormedSequencesAlone) {
  for (const char* good : {"a", "\x7f", "é", "€", "😀", "\xc2\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(files::utf8_length(good), std::string_view(good).size()) << good;
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xc3(", "\xe2\x82("}) {
    EXPECT_EQ(files::utf8_length(bad), 0u);
    EXPECT_FALSE(files::is_utf8(std::string("a") + bad));
  }
  EXPECT_TRUE(files::is_utf8(""));
  EXPECT_TRUE(files::is_utf8("größe in €"));
}

TEST(Utf8Test, AnythingElseIsWindows1252) {
  EXPECT_EQ(files::to_utf8("größe"), "größe");
  EXPECT_EQ(files::to_utf8("gr\xf6\xdf"
                           "e \x80\x9f\x81"),
            "größe €Ÿ\xc2\x81");
}

TEST(Utf8Test, PrintableIsUtf8AndOneLine) {
  EXPECT_EQ(files::printable("größe\n\x7f"), "größe\\x0a\\x7f");
  EXPECT_EQ(files::printable("\xc2\x9b"
                             "31m\xff"),
            "\\xc2\\x9b31m\\xff");
  std::string text;
  for (int i = 0; i < 40; ++i) text += "€";
  for (const char* start : {"", "a", "ab"}) {
    const std::string cut = files::printable(start + text);
    EXPECT_TRUE(files::is_utf8(cut)) << cut;
    EXPECT_TRUE(cut.ends_with("€...")) << cut;
  }
}

}  // namespace
}  // namespace kernad::utf8_test
