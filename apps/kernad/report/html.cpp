#include "html.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "../utf8.hpp"

namespace kernad::cli::html {
namespace {

// Blue and vermilion from Okabe and Ito's palette, which colour-blind readers can distinguish, darker or lighter to
// suit the background; text has a contrast of at least 4.5 to 1.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ground:#fff;--text:#1b1f24;--quiet:#57606a;--line:#d0d7de;--normal:#0072b2;--anomaly:#c04a00;--band:#0072b233}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--text:#e6e9ed;--quiet:#a3acb7;--line:#3b424b;--normal:#56b4e9;--anomaly:#ff9455;--band:#56b4e940}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
p{margin:.5rem 0;max-width:45rem}
.quiet,figcaption,caption{color:var(--quiet)}
.missing{border-left:4px solid var(--anomaly);padding-left:.75rem}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 2rem}
figure{margin:0}
figcaption{font-size:.875rem}
svg{display:block;width:100%;height:auto;font:13px system-ui,sans-serif}
svg text{fill:var(--text)}
.axis,.tick{stroke:var(--quiet);fill:none}
.tick{stroke:var(--line)}
.a,.n{fill:none;stroke-width:2.5;stroke-linejoin:round}
.n{stroke:var(--normal)}
.a{stroke:var(--anomaly)}
.nf{fill:var(--normal)}
.af{fill:var(--anomaly)}
.guide{stroke:var(--text);stroke-width:1.5;stroke-dasharray:5 4;fill:none}
.band{fill:var(--band);stroke:none}
.mark{fill:var(--ground);stroke:var(--text);stroke-width:2}
.scroll{overflow-x:auto}
section>.scroll+.scroll{margin-top:1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.875rem;padding:.25rem 0}
th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:normal}
th:first-child{text-align:left;padding-left:0}
thead th{font-weight:600;border-bottom-color:var(--quiet)}
tbody th{font-weight:400}
code{font:.875em ui-monospace,monospace}
@media (max-width:30rem){body{padding:.75rem}th,td{padding:.25rem .3rem;font-size:.875rem}svg{font-size:16px}}
@page{margin:10mm}
@media print{:root{color-scheme:light;--ground:#fff;--text:#000;--quiet:#444;--line:#bbb;--normal:#0072b2;--anomaly:#c04a00;--band:#0072b233}
html{font-size:9pt}body{max-width:none;padding:0;font-size:1rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}.grid{grid-template-columns:1fr 1fr}.scroll{overflow:visible}h2{margin-top:.75rem}th,td{padding:.1rem .3rem}svg{width:72%}figure,tr,.keep{break-inside:avoid}h2{break-after:avoid}}
)";

/// scope: what the headings refer to. A "row" has one heading, its first cell; in a "col" line every cell is one.
std::string cells(const std::vector<std::string>& row, std::string_view scope) {
  std::string text = "<tr>";
  for (std::size_t i = 0; i < row.size(); ++i) {
    text += i == 0 || scope == "col" ? fmt::format("<th scope=\"{}\">{}</th>", scope, escape(row[i]))
                                     : fmt::format("<td>{}</td>", escape(row[i]));
  }
  return text + "</tr>\n";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      safe += "\xef\xbf\xbd";
    } else if (const char c = text[0]; c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (c == '\'') {
      safe += "&#39;";
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return safe;
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>{}</title>\n"
      "<link rel=\"icon\" href=\"data:,\"/>\n"  // otherwise a browser asks the server for one
      "<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escape(title), kStyle, body);
}

std::string table(std::string_view caption, const std::vector<std::string>& heading,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string text = "<div class=\"scroll\"><table>\n";
  if (!caption.empty()) text += fmt::format("<caption>{}</caption>\n", escape(caption));
  if (!heading.empty()) text += fmt::format("<thead>{}</thead>\n", cells(heading, "col"));
  text += "<tbody>\n";
  for (const auto& row : rows) text += cells(row, "row");
  return text + "</tbody>\n</table></div>\n";
}

}  // namespace kernad::cli::html
