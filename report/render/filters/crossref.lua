--[[ Quarto's cross-references in pandoc, numbered by chapter as Quarto does with
`number-sections: true`, `crossref: chapters: true` and `top-level-division: chapter`.

Headings, figures, figure panels, tables and equations that carry `#sec-`, `#fig-`, `#tbl-` or
`#eq-` get a number; `@fig-x`, `-@fig-x`, `[@fig-x; @tbl-y]`, `[Figs. @fig-x]` become links.
In HTML the numbers are written; in LaTeX they come from \label and \ref, which count alike.
A label that is unknown is reported on standard error, one line each:
"colophon <kind> <label> <message>", separated by tabs. ]]

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local animation = require("animation")
local floats = require("floats")
local panels = require("panels")

local latex = FORMAT:match("latex") ~= nil
local prefixes = require("labels")
local depth = 3
local nbsp = "\u{a0}"

local entries = {}
local counters = { fig = 0, tbl = 0, eq = 0 }
local sections = { 0, 0, 0, 0, 0, 0, 0 }
local appendix = false

local function fail(kind, label, message)
  io.stderr:write(("colophon\t%s\t%s\t%s\n"):format(kind, label, message))
end

local function kind_of(label)
  return label:match("^(%a+)%-.")
end

local function register(label, entry)
  entries[label] = entry
  return entry
end

local function chapter()
  if appendix then return string.char(64 + sections[1]) end
  return tostring(sections[1])
end

--- The next number of figures, tables or equations, `2.1` (before the first chapter `1`).
local function next_number(kind)
  counters[kind] = counters[kind] + 1
  if sections[1] == 0 then return tostring(counters[kind]) end
  return chapter() .. "." .. counters[kind]
end

local function number_heading(header)
  if header.classes:includes("unnumbered") then return nil end
  local level = header.level
  local blocks = nil
  if level == 1 then
    if header.classes:includes("appendix") and not appendix then
      appendix = true
      sections[1] = 0
      if latex then blocks = { pandoc.RawBlock("latex", "\\appendix"), header } end
    end
    for kind in pairs(counters) do counters[kind] = 0 end
  end
  sections[level] = sections[level] + 1
  for deeper = level + 1, #sections do sections[deeper] = 0 end
  if level > depth then
    header.classes:insert("unnumbered")
    return header
  end
  local parts = { chapter() }
  for i = 2, level do parts[i] = tostring(sections[i]) end
  local number = table.concat(parts, ".")
  local name = level == 1 and (appendix and "Appendix" or "Chapter") or prefixes.sec
  register(header.identifier, { name = name, number = number })
  if not latex then header.attributes.number = number end
  return blocks or header
end

local function number_table(el)
  if kind_of(el.identifier) == "tbl" then
    local entry = register(el.identifier, { name = prefixes.tbl, number = next_number("tbl") })
    return floats.captioned_table(el, entry), false
  end
  return floats.captioned_table(el, nil), false
end

local function number_figure(el)
  if kind_of(el.identifier) == "fig" then
    local entry = register(el.identifier, { name = prefixes.fig, number = next_number("fig") })
    return floats.figure(el, entry), false
  end
  return floats.figure(el, nil), false
end

local function number_panel(div)
  local kind = kind_of(div.identifier)
  local float = kind == "fig" or kind == "tbl"
  if not float then
    if panels.is_layout(div) then return panels.panel(div, nil, register, fail), false end
    return nil
  end
  local only = floats.lone_table(div)
  if only then return number_table(only) end
  local entry = register(div.identifier, { name = prefixes[kind], number = next_number(kind) })
  return panels.panel(div, entry, register, fail), false
end

--- `fig-alt` is the image's alternative text; without it that is the caption. Animations end here.
local function finish_image(image)
  if animation.is(image) then return animation.inline(image) end
  local alt = image.attributes["fig-alt"]
  if not alt then return nil end
  image.caption = pandoc.Inlines(pandoc.Str(alt))
  image.attributes["fig-alt"] = nil
  return image
end

--- A link to itself behind each heading, for HTML; the contents leave links out.
local function anchor(header)
  if latex or header.identifier == "" then return nil end
  header.content:insert(pandoc.Link({}, "#" .. header.identifier, "",
    { class = "anchor", ["aria-label"] = "Link to this section" }))
  return header
end

--- A display formula with its label, as read.lua found them.
local function number_equation(span)
  local math = span.classes:includes("colophon-equation") and span.content[1]
  if not math or math.t ~= "Math" then return nil end
  local label, number = span.identifier, next_number("eq")
  register(label, { name = prefixes.eq, number = number })
  return floats.equation(math, label, number)
end

local function resolve_one(citation)
  local label = citation.id:sub(1, 1):lower() .. citation.id:sub(2)
  local entry = entries[label]
  if not entry then
    fail("reference", citation.id, "nothing in the document has this label")
    return pandoc.Inlines({ pandoc.Strong({ pandoc.Str("?@" .. citation.id) }) })
  end
  local text = pandoc.Inlines({})
  if #citation.prefix > 0 then
    text:extend(citation.prefix)
    text:insert(pandoc.Str(nbsp))
  elseif citation.mode ~= "SuppressAuthor" then
    text:insert(pandoc.Str(entry.name .. nbsp))
  end
  local target = floats.label(label)
  local out = pandoc.Inlines({})
  if latex then
    out:insert(pandoc.RawInline("latex", "\\hyperref[" .. target .. "]{"))
    out:extend(text)
    out:insert(pandoc.RawInline("latex", "\\ref*{" .. target .. "}}"))
  else
    text:insert(pandoc.Str(entry.number))
    out:insert(pandoc.Link(text, "#" .. label, "", { class = "xref" }))
  end
  out:extend(citation.suffix)
  return out
end

local function resolve(cite)
  local ours = cite.citations:filter(function(c) return prefixes[kind_of(c.id:lower()) or ""] end)
  if #ours == 0 then return nil end
  if #ours < #cite.citations then
    fail("reference", ours[1].id, "cites a work and refers to a label in one pair of brackets")
    return nil
  end
  local out = pandoc.Inlines({})
  for i, citation in ipairs(ours) do
    if i > 1 then out:extend({ pandoc.Str(","), pandoc.Space() }) end
    out:extend(resolve_one(citation))
  end
  return out
end

function Pandoc(doc)
  doc = doc:walk({ traverse = "topdown", Header = number_heading, Table = number_table,
    Figure = number_figure, Div = number_panel, Span = number_equation })
  return doc:walk({ Cite = resolve, Header = anchor, Image = finish_image })
end
