--[[ What can be done to each piece of a document by itself, and is kept with what pandoc read of it (see
pieces.py): a percentage and its sign on one line, each display formula with its label, `$$ … $$ {#eq-x}`,
as a span with the class `colophon-equation`, which crossref.lua numbers, a lone image as a figure, a
callout's title as a heading, the size of type that a div gives its tables, where a name may break and what
colour a number has in LaTeX. ]]

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local keep_percent = require("percent")
local lone_image = require("lone")
local bound_value = require("value")
local breaks = require("breaks")
local kinds = require("callouts")
local labels = require("labels")

local function is_display(el)
  return el.t == "Math" and el.mathtype == "DisplayMath"
end

local function label_equations(content)
  if not content:find_if(is_display) then return content end
  local out, i = pandoc.Inlines({}), 1
  while i <= #content do
    local math, after = content[i], i + 1
    while content[after] and (content[after].t == "Space" or content[after].t == "SoftBreak") do
      after = after + 1
    end
    local text = content[after] and content[after].t == "Str" and content[after].text or ""
    local label, rest = text:match("^{#(eq%-[^}%s]+)}(.*)$")
    if label and is_display(math) then
      out:insert(pandoc.Span({ math }, { id = label, class = "colophon-equation" }))
      if rest ~= "" then out:insert(pandoc.Str(rest)) end
      i = after + 1
    else
      out:insert(math)
      i = i + 1
    end
  end
  return out
end

--- A callout's title is Markdown in an attribute: as a heading that opens it, all that comes later sees it.
local function titled(div)
  local title = div.attributes.title
  local named = div.classes:find_if(function(class) return kinds[class:match("^callout%-(%a+)$")] end)
  if not title or not named or div.classes:includes("callout") then return nil end
  local inlines = pandoc.utils.blocks_to_inlines(pandoc.read(title, "markdown").blocks)
  div.content:insert(1, pandoc.Header(4, inlines))
  div.attributes.title = nil
  return div
end

--- `::: {.small}` sets the tables inside in small type; a float forgets the size around it.
local function pass_size(div)
  for _, size in ipairs({ "small", "footnotesize", "scriptsize" }) do
    if div.classes:includes(size) then
      div.content = div.content:walk({ Table = function(el)
        el.classes:insert(size)
        return el
      end })
    end
  end
  return div
end

--- What stands in the citation of a work is citeproc's to read; a reference to a label is ours.
local function pass(cite)
  local ours = cite.citations:find_if(function(one)
    return labels[one.id:lower():match("^(%a+)%-.") or ""]
  end)
  return cite, ours ~= nil
end

return { { Div = titled }, { Inlines = function(inlines)
  local labelled = label_equations(inlines)
  return keep_percent(labelled) or labelled
end }, { Para = lone_image, Div = pass_size, Link = bound_value },
  { Pandoc = function(doc)
    doc.blocks = doc.blocks:walk({ traverse = "topdown", Str = breaks[1].Str, Cite = pass })
    return doc
  end } }
