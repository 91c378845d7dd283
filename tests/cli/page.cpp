#include "cli/page.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace kernad::testing {
namespace {

/// What the parser calls back.
struct Reading {
  Page page;
  bool in_title = false;
  bool in_cell = false;

  static void start(void* self, const char* name, const char** attributes) {
    auto& [page, in_title, in_cell] = *static_cast<Reading*>(self);
    auto& element = page.elements.emplace_back(Element{name, {}});
    for (; *attributes != nullptr; attributes += 2) element.attributes[attributes[0]] = attributes[1];
    if (element.name == "title" && page.title.empty()) in_title = true;
    if (element.name == "table") page.tables.emplace_back();
    if (element.name == "tr") page.tables.back().emplace_back();
    if (element.name == "td" || element.name == "th") {
      page.tables.back().back().emplace_back();
      in_cell = true;
    }
  }

  static void end(void* self, const char* /*name*/) {
    auto& reading = *static_cast<Reading*>(self);
    reading.in_title = reading.in_cell = false;  // neither holds other elements
  }

  static void characters(void* self, const char* bytes, int length) {
    auto& [page, in_title, in_cell] = *static_cast<Reading*>(self);
    const std::string text(bytes, static_cast<std::size_t>(length));
    page.text += text;
    if (in_title) page.title += text;
    if (in_cell) page.tables.back().back().back() += text;
  }
};

}  // namespace

const Cells& Page::table(const std::string& first) const {
  const auto found =
      std::ranges::find_if(tables, [&](const Cells& cells) { return !cells.empty() && cells[0][0] == first; });
  if (found == tables.end()) throw std::runtime_error("no table starts with " + first);
  return *found;
}

std::vector<Element> Page::named(const std::string& name) const {
  std::vector<Element> found;
  std::ranges::copy_if(elements, std::back_inserter(found), [&](const Element& each) { return each.name == name; });
  return found;
}

Page parse_page(const std::string& html) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate("UTF-8"), XML_ParserFree);
  Reading reading;
  XML_SetUserData(parser.get(), &reading);
  XML_SetElementHandler(parser.get(), Reading::start, Reading::end);
  XML_SetCharacterDataHandler(parser.get(), Reading::characters);
  if (XML_Parse(parser.get(), html.data(), static_cast<int>(html.size()), XML_TRUE) != XML_STATUS_OK) {
    throw std::runtime_error("line " + std::to_string(XML_GetCurrentLineNumber(parser.get())) + ": " +
                             XML_ErrorString(XML_GetErrorCode(parser.get())));
  }
  return std::move(reading.page);
}

}  // namespace kernad::testing
