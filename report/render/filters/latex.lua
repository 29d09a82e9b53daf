--[[ The last filter for LaTeX, after the citations are resolved: tables, and code that may break.

pandoc sets every table as a longtable; here a table that fits on a page becomes a float that is not
broken, and only a long one (more than 30 rows, or class `long`) stays a longtable, whose head repeats on
each page; both may reach into the margins. Class `small` or `footnotesize` sets the size
of the type. ]]

if not FORMAT:match("latex") then return {} end

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local floats = require("floats")

local function to_latex(blocks)
  local text = pandoc.write(pandoc.Pandoc(blocks), "latex")
  return (text:gsub("%s+$", ""))
end

--- The rows of a longtable without caption, as a tabular: head, body, foot.
local function tabular(text)
  local open, spec, rest = text:match("(\\begin{longtable}%[%]){(.-@{})}\n(.*)\\end{longtable}")
  if not open then return nil end
  local head, foot, body = rest:match("^(.-)\\endhead\n(.-)\\endlastfoot\n(.*)$")
  if not head then return nil end
  return "\\begin{tabular}{" .. spec .. "}\n" .. head .. body .. foot .. "\\end{tabular}"
end

--- A little space between the rows, where cells go over several lines.
local function spaced(text, el)
  if not pandoc.List(el.colspecs):find_if(function(spec) return (spec[2] or 0) > 0 end) then return text end
  local head, body = text:match("^(.*\\endlastfoot\n)(.*)$")
  return head and head .. body:gsub(" \\\\\n", " \\\\\\addlinespace[2pt]\n") or text
end

local function size_of(el)
  for _, size in ipairs({ "small", "footnotesize", "scriptsize" }) do
    if el.classes:includes(size) then return "\\" .. size .. "\n" end
  end
  return ""
end

local function caption_of(el)
  if #el.caption.long == 0 and el.identifier == "" then return "" end
  local text = to_latex(el.caption.long)
  if el.identifier == "" then return "\\caption*{" .. text .. "}" end
  return "\\caption{" .. text .. "}\\label{" .. floats.label(el.identifier) .. "}"
end

function Table(el)
  local caption, size = caption_of(el), size_of(el)
  if floats.is_long(el) then
    local unnumbered = el.identifier == "" and caption ~= ""
    if unnumbered then el.caption = { long = {} } end
    local text = spaced(to_latex({ el }), el)
    if unnumbered then
      text = text:gsub("(\\begin{longtable}%[%]{.-@{}}\n)",
        "%1" .. caption:gsub("%%", "%%%%") .. "\\tabularnewline\n", 1)
    end
    return pandoc.RawBlock("latex", "\\begin{widelong}" .. size .. text .. "\\end{widelong}")
  end
  el.caption = { long = {} }
  el.identifier = ""
  local text = tabular(spaced(to_latex({ el }), el))
  if not text then return nil end
  local fitted = "\\begin{fittable}\n" .. text .. "\n\\end{fittable}\n"
  if caption == "" then
    return pandoc.RawBlock("latex", "\\begin{center}\n" .. size .. fitted .. "\\end{center}")
  end
  return pandoc.RawBlock("latex", "\\begin{table}[htbp]\n\\centering\n" .. size .. caption .. "\n"
    .. fitted .. "\\end{table}")
end

--- A path or a name may break after a slash or an underscore; in what is no code, breaks.lua sees to it.
local stop = "\\discretionary{}{}{}"

function Code(code)
  if not code.text:find("[/_].") then return nil end
  local text = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ code }) }), "latex")
  return pandoc.RawInline("latex", (text:gsub("/", "/" .. stop):gsub("\\_", "\\_" .. stop)))
end
