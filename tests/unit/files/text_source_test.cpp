#include "files/text_source.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "support/bytes.hpp"

namespace kernad::text_source_test {
namespace {

using testing::message_of;

std::string read(const std::string& bytes) {
  const auto source = files::as_text(std::make_unique<files::MemorySource>("a.csv", testing::as_bytes(bytes)));
  std::string text;
  std::string part(1000, '\0');
  for (std::size_t got = part.size(); got == part.size();) {
    got = source->read(std::as_writable_bytes(std::span(part)));
    text.append(part, 0, got);
  }
  return text;
}

std::string gzip(const std::string& text) {
  std::string packed(text.size() + 100, '\0');
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string utf16(const std::u16string& text, bool little) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    bytes += little ? low : high;
    bytes += little ? high : low;
  }
  return bytes;
}

std::string long_text() {
  std::string text;
  for (std::int64_t i = 0; i < 100000; ++i) text += std::to_string(i * i % 9973) + (i % 7 == 0 ? "\n" : ",");
  return text;
}

TEST(TextSourceTest, Utf8PassesWithoutItsMark) {
  for (const std::string text : {"", "a", "größe,b\n1,2\n"}) {
    EXPECT_EQ(read(text), text);
    EXPECT_EQ(read("\xef\xbb\xbf" + text), text);
  }
  EXPECT_EQ(read(long_text()), long_text());
}

TEST(TextSourceTest, Utf16IsConverted) {
  const std::u16string text = u"größe;€;😀\n1;2;3\n";
  for (const bool little : {true, false}) {
    EXPECT_EQ(read(utf16(u"\ufeff" + text, little)), "größe;€;😀\n1;2;3\n");
    EXPECT_EQ(read(utf16(u"a;b\n1;2\n", little)), "a;b\n1;2\n") << "without a mark";
    EXPECT_EQ(read(utf16(u"\ufeff", little)), "");
  }
  EXPECT_EQ(read(utf16({0xfeff, 0xd83d, u'a', 0xde00, 0xd83d}, true)), "\ufffda\ufffd\ufffd") << "half pairs";
  EXPECT_TRUE(message_of<ReadError>([] {
                (void)read(
                    "\xff\xfe"
                    "a");
              }).starts_with("a.csv: byte 2: half a character"));
  EXPECT_TRUE(message_of<ReadError>([] {
                (void)read(
                    std::string("\xff\xfe\0\0"
                                "a\0\0\0",
                                8));
              }).find("UTF-32") != std::string::npos);
}

TEST(TextSourceTest, GzipIsUnpacked) {
  EXPECT_EQ(read(gzip("")), "");
  EXPECT_EQ(read(gzip(long_text())), long_text());
  EXPECT_EQ(read(gzip("a,b\n") + gzip("1,2\n")), "a,b\n1,2\n") << "two members";
  EXPECT_EQ(read(gzip(utf16(u"\ufeffa;b\n", true))), "a;b\n");
}

TEST(TextSourceTest, DamagedGzipIsAnError) {
  const std::string packed = gzip(long_text());
  for (const std::size_t size : {std::size_t{2}, std::size_t{12}, packed.size() / 2, packed.size() - 1}) {
    EXPECT_NE(message_of<ReadError>([&] { (void)read(packed.substr(0, size)); }).find("end before their end is due"),
              std::string::npos);
  }
  std::string wrong = packed;
  wrong[packed.size() - 6] = static_cast<char>(wrong[packed.size() - 6] ^ 1);  // of the checksum
  EXPECT_NE(message_of<ReadError>([&] { (void)read(wrong); }).find("are damaged"), std::string::npos);
  EXPECT_NE(message_of<ReadError>([&] { (void)read(packed + "x"); }).find("a.csv"), std::string::npos);
}

}  // namespace
}  // namespace kernad::text_source_test
