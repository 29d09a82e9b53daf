--[[ What both renderers need: the pandoc route runs this file first, Quarto runs it as a user
filter before its own (`at: pre-ast`). It
- takes a figure's file in the best format that is there (`../figures/depth` has no suffix),
- gives Quarto an animation as a div of raw content (crossref.lua does it for pandoc, at its end),
- keeps a percentage and its sign on one line (for Quarto; read.lua does it for pandoc),
- names chapters without a number in the running heads (LaTeX),
- gives numbers that lead to the colophon the colour of the text (for Quarto; read.lua does it for pandoc),
- turns callouts into an environment of our own (LaTeX) or Quarto's markup (HTML),
- writes the profile's line of the title page and the date in words. ]]

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local animation = require("animation")
local keep_percent = require("percent")
local bound_value = require("value")
local kinds = require("callouts")

local latex = FORMAT:match("latex") ~= nil
local suffixes = latex and { "pdf", "png", "jpg", "jpeg" }
  or { "svg", "png", "jpg", "jpeg", "gif", "webp" }
local months = { "January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December" }

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function fail(kind, label, message)
  io.stderr:write(("colophon\t%s\t%s\t%s\n"):format(kind, label, message))
end

--- The file behind `source`: itself, or the same name with the first suffix that exists.
local function resolve(source)
  if source:match("^%a[%w+.-]*:") then return source end
  local plain = source:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  local stem, suffix = plain:match("^(.*)%.(%w+)$")
  local known = suffix and pandoc.List(suffixes):includes(suffix:lower())
  if known and exists(plain) then return plain end
  local drawn = suffix and pandoc.List({ "svg", "pdf", "png" }):includes(suffix:lower())
  for _, base in ipairs(drawn and { plain, stem } or { plain }) do
    for _, candidate in ipairs(suffixes) do
      if exists(base .. "." .. candidate) then return base .. "." .. candidate end
    end
  end
  fail("image", plain, "no such file (looked for ." .. table.concat(suffixes, ", .") .. ")")
  return source
end

local animated = false

local function image(el)
  if animation.is(el) then
    animated = true
    return quarto and animation.inline(el) or nil
  end
  local path = resolve(el.src)
  el.src = latex and path or path:gsub("[%%#? ]", function(char)
    return ("%%%02X"):format(char:byte())
  end)
  return el
end

local function figure(el)
  local div = quarto and animation.div(el) or nil
  animated = animated or div ~= nil
  return div
end

--- The callout's title: its attribute, else a heading that opens it, else the kind's name.
local function callout_title(div, kind)
  local title = div.attributes.title
  if title then
    local inlines = pandoc.utils.blocks_to_inlines(pandoc.read(title, "markdown").blocks)
    return keep_percent(inlines) or inlines
  end
  local first = div.content[1]
  if first and first.t == "Header" then
    div.content:remove(1)
    return first.content
  end
  return pandoc.Inlines(pandoc.Str(kinds[kind]))
end

local function callout(div)
  local kind = div.classes:find_if(function(class) return class:match("^callout%-%a+$") end)
  kind = kind and kind:match("^callout%-(%a+)$")
  if not kind or not kinds[kind] or div.classes:includes("callout") then return nil end
  if quarto and not latex then return nil end
  local title = callout_title(div, kind)
  if latex then
    local open = pandoc.Plain({ pandoc.RawInline("latex", "\\begin{callout}{" .. kind .. "}{") })
    open.content:extend(title)
    open.content:insert(pandoc.RawInline("latex", "}"))
    local blocks = pandoc.Blocks({ open })
    blocks:extend(div.content)
    blocks:insert(pandoc.RawBlock("latex", "\\end{callout}"))
    if div.identifier ~= "" then
      blocks:insert(1, pandoc.RawBlock("latex", "\\phantomsection\\label{" .. div.identifier .. "}"))
    end
    return blocks, false
  end
  local classes = { "callout", "callout-" .. kind }
  local head = pandoc.Plain(title)
  local body = pandoc.Div(div.content, { class = "callout-body" })
  local label = { role = "note", class = table.concat(classes, " "), id = div.identifier }
  if div.attributes.collapse then
    local open = div.attributes.collapse == "false" and " open" or ""
    return pandoc.Div({ pandoc.RawBlock("html", "<details" .. open .. "><summary>"), head,
      pandoc.RawBlock("html", "</summary>"), body, pandoc.RawBlock("html", "</details>") }, label)
  end
  return pandoc.Div({ pandoc.Div({ head }, { class = "callout-title" }), body }, label)
end

--- A chapter without a number stands in the running heads too.
local function running_head(header)
  if header.level > 1 or not header.classes:includes("unnumbered") then return nil end
  local mark = pandoc.Plain({ pandoc.RawInline("latex", "\\markboth{") })
  mark.content:extend(header.content)
  mark.content:insert(pandoc.RawInline("latex", "}{"))
  mark.content:extend(header.content)
  mark.content:insert(pandoc.RawInline("latex", "}"))
  return { header, mark }
end

local function authors(meta)
  if not meta.author then return end
  local list = pandoc.utils.type(meta.author) == "List" and meta.author or { meta.author }
  for i, author in ipairs(list) do
    if pandoc.utils.type(author) == "table" and author.name then list[i] = author.name end
  end
  meta.author = pandoc.MetaList(list)
end

--- `2026-11-22` in words; anything else stays as written.
local function date(meta)
  local text = meta.date and pandoc.utils.stringify(meta.date) or ""
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if year then
    meta["date-iso"] = pandoc.MetaString(text)
    meta.date = pandoc.MetaInlines({ pandoc.Str(
      ("%d\u{a0}%s\u{a0}%s"):format(tonumber(day), months[tonumber(month)], year)) })
  end
end

--- \newcommand{\reportprofile}{…} for the title page.
local function profile_line(meta)
  local inlines = pandoc.Inlines({ pandoc.RawInline("latex", "\\newcommand{\\reportprofile}{") })
  inlines:insert(pandoc.Str(pandoc.utils.stringify(meta.profile)))
  inlines:insert(pandoc.RawInline("latex", "}"))
  return pandoc.Plain(inlines)
end

local function read(path)
  local file = assert(io.open(path, "r"))
  local text = file:read("a")
  file:close()
  return text
end

--- The look: the preamble or the style sheet with the readers' script (pandoc route), the profile's line,
--- LaTeX's animate.
local function head(meta)
  local blocks = pandoc.Blocks({})
  if latex and meta.profile then blocks:insert(profile_line(meta)) end
  if latex and animated then blocks:insert(pandoc.RawBlock("latex", "\\usepackage{animate}")) end
  if quarto then
    if #blocks > 0 then
      quarto.doc.include_text("in-header", pandoc.write(pandoc.Pandoc(blocks), "latex"))
    end
    return
  end
  local path = meta["head-file"] and pandoc.utils.stringify(meta["head-file"])
  if path then
    local look = read(path)
    blocks:insert(1, latex and pandoc.RawBlock("latex", look)
      or pandoc.RawBlock("html", "<style>\n" .. look .. "</style>"))
  end
  local script = meta["script-file"] and pandoc.utils.stringify(meta["script-file"])
  if script then blocks:insert(pandoc.RawBlock("html", read(script))) end
  local includes, own = pandoc.List({ pandoc.MetaBlocks(blocks) }), meta["header-includes"]
  if pandoc.utils.type(own) == "List" then includes:extend(own) elseif own then includes:insert(own) end
  meta["header-includes"] = pandoc.MetaList(includes)
end

local function metadata(meta)
  if not quarto then
    authors(meta)
    date(meta)
  end
  head(meta)
  return meta
end

return {
  { traverse = "topdown", Image = image, Figure = figure, Div = callout,
    Header = latex and running_head or nil },
  quarto and { Inlines = keep_percent, Link = latex and bound_value or nil } or {},
  { Meta = metadata },
}
