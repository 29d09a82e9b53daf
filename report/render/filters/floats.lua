--[[ How a numbered thing is written: figures, panels of sub-figures, tables and equations, in HTML
and in LaTeX. `entry` is {name, number}; nil for a figure or table without a label, which is not
numbered. Tables are set in LaTeX by tables.lua, after the citations in them are resolved. ]]

local M = {}

local latex = FORMAT:match("latex") ~= nil
local nbsp = "\u{a0}"

--- The label as pandoc writes it into \label.
function M.label(id)
  return (id:gsub(utf8.charpattern, function(char)
    if char:match("^[%w%-_+=:;.]$") then return char end
    return ("ux%x"):format(utf8.codepoint(char))
  end))
end

local function raw(text)
  return pandoc.RawInline(latex and "latex" or "html", text)
end

local function raw_block(text)
  return pandoc.RawBlock(latex and "latex" or "html", text)
end

local function inlines(blocks)
  return pandoc.utils.blocks_to_inlines(blocks, { pandoc.Space() })
end

local function escape(text)
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ['"'] = "&quot;" }))
end

--- A caption behind its label: "Figure 1.1: …" in HTML, \caption{…}\label{…} in LaTeX.
local function caption(text, entry, id, short)
  if latex then
    local star = entry and "" or "*"
    if #text == 0 and not entry then return pandoc.Inlines({}) end
    local option = short and "[" .. short .. "]" or ""
    local out = pandoc.Inlines({ raw("\\caption" .. star .. option .. "{") })
    out:extend(text)
    out:insert(raw("}" .. (entry and "\\label{" .. M.label(id) .. "}" or "")))
    return out
  end
  if not entry then return text end
  local label = entry.letter and "(" .. entry.letter .. ")"
    or entry.name .. nbsp .. entry.number .. (#text > 0 and ":" or "")
  local out = pandoc.Inlines({ pandoc.Span({ pandoc.Str(label) }, { class = "caption-label" }) })
  if #text > 0 then out:insert(pandoc.Space()) end
  out:extend(text)
  return out
end

--- `fig-scap` of the images inside, the caption for a list of figures.
local function short_caption(el)
  local short
  el.content:walk({ Image = function(image)
    short = short or image.attributes["fig-scap"]
    image.attributes["fig-scap"] = nil
  end })
  return short and pandoc.write(pandoc.Pandoc({ pandoc.Plain({ pandoc.Str(short) }) }), "latex")
end

local function without_short(content)
  return content:walk({ Image = function(image)
    image.attributes["fig-scap"] = nil
    return image
  end })
end

function M.figure(el, entry)
  local short = latex and short_caption(el) or nil
  local text = inlines(el.caption.long)
  local content = without_short(el.content)
  if not latex then
    el.content = content
    local label = caption(text, entry, el.identifier)
    el.caption = { long = #label > 0 and { pandoc.Plain(label) } or {} }
    return el
  end
  local out = pandoc.Blocks({ raw_block("\\begin{figure}[htbp]\n\\centering") })
  out:extend(content)
  out:insert(pandoc.Plain(caption(text, entry, el.identifier, short)))
  out:insert(raw_block("\\end{figure}"))
  return out
end

--- The table of `::: {#tbl-x}` with its caption as last paragraph, when that is all there is.
function M.lone_table(div)
  local first, last = div.content[1], div.content[2]
  if not first or first.t ~= "Table" or #div.content > 2 then return nil end
  if last and last.t ~= "Para" and last.t ~= "Plain" then return nil end
  if last then first.caption = { long = { pandoc.Plain(last.content) } } end
  first.identifier = div.identifier
  first.classes:extend(div.classes)
  for key, value in pairs(div.attributes) do first.attributes[key] = value end
  return first
end

--- `tbl-colwidths="[40,60]"` in percent, or `false` for columns as wide as their content.
local function set_widths(el)
  local given = el.attributes["tbl-colwidths"]
  el.attributes["tbl-colwidths"] = nil
  if not given then return end
  local widths = {}
  for number in given:gmatch("[%d.]+") do widths[#widths + 1] = tonumber(number) / 100 end
  el.colspecs = el.colspecs:map(function(spec, i)
    return { spec[1], widths[i] }
  end)
end

function M.captioned_table(el, entry)
  set_widths(el)
  if latex then return el end
  local text = inlines(el.caption.long)
  local id = el.identifier
  el.caption = { long = {} }
  el.identifier = ""
  local classes = "table " .. table.concat(el.classes, " ")
  local out = pandoc.Blocks({ raw_block(('<figure class="%s"%s>'):format(escape(classes:gsub(" $", "")),
    id ~= "" and ' id="' .. escape(id) .. '"' or "")) })
  local label = caption(text, entry, id)
  if #label > 0 then
    out:extend({ raw_block("<figcaption>"), pandoc.Plain(label), raw_block("</figcaption>") })
  end
  local name = entry and entry.name .. " " .. entry.number or "Table"
  out:extend({ raw_block(('<div class="table-scroll" role="region" tabindex="0" aria-label="%s">')
    :format(name)), el, raw_block("</div></figure>") })
  return out
end

function M.equation(math, id, number)
  if latex then
    return raw("\\begin{equation}\\label{" .. M.label(id) .. "}" .. math.text .. "\\end{equation}")
  end
  return pandoc.Span({ math, pandoc.Span({ pandoc.Str("(" .. number .. ")") },
    { class = "equation-number" }) }, { id = id, class = "equation" })
end

function M.is_layout(div)
  local attributes = div.attributes
  return attributes["layout-ncol"] or attributes["layout-nrow"] or attributes.layout
end

--- The sub-figures of a panel (label, caption, image) and the panel's own caption.
local function cells_of(div, fail)
  local cells, text = pandoc.List({}), pandoc.Inlines({})
  for position, block in ipairs(div.content) do
    local images = pandoc.List({})
    if block.t == "Para" or block.t == "Plain" then
      images = block.content:filter(function(el) return el.t == "Image" end)
    end
    if block.t == "Figure" then
      local found
      block.content:walk({ Image = function(image) found = image end })
      cells:insert({ id = block.identifier, text = inlines(block.caption.long), image = found })
    elseif #images > 0 then
      for _, image in ipairs(images) do
        local id = image.identifier
        image.identifier = ""
        cells:insert({ id = id, text = image.caption, image = image })
      end
    elseif position == #div.content and (block.t == "Para" or block.t == "Plain") then
      text = block.content
    else
      fail("panel", div.identifier, "a panel holds images and, last, one paragraph: its caption")
    end
  end
  return cells, text
end

--- Rows of relative widths: `layout="[[2,1],[1]]"`, `layout-ncol` or `layout-nrow`.
local function rows_of(attributes, count)
  if attributes.layout then
    local rows = pandoc.json.decode(attributes.layout, false)
    return type(rows[1]) == "table" and rows or { rows }
  end
  local columns = tonumber(attributes["layout-ncol"])
  if not columns and attributes["layout-nrow"] then
    columns = math.ceil(count / tonumber(attributes["layout-nrow"]))
  end
  columns = columns or 1
  local rows = {}
  for first = 1, count, columns do
    rows[#rows + 1] = {}
    for _ = first, first + columns - 1 do table.insert(rows[#rows], 1) end
  end
  return rows
end

local function write_latex(rows, cells, label)
  local out, next_cell = pandoc.Blocks({}), 1
  for number, row in ipairs(rows) do
    local total, line = 0, pandoc.Inlines({})
    for _, width in ipairs(row) do total = total + math.abs(width) end
    local space = 1 - 0.03 * (#row - 1)
    for column, width in ipairs(row) do
      local cell = width > 0 and cells[next_cell]
      local share = ("%.4f"):format(math.abs(width) / total * space)
      if cell then
        next_cell = next_cell + 1
        line:insert(raw("\\begin{subfigure}[t]{" .. share .. "\\linewidth}\\centering\n"))
        line:insert(cell.image)
        if cell.entry or #cell.text > 0 then
          line:insert(raw("\n"))
          line:extend(caption(cell.text, cell.entry, cell.id))
        end
        line:insert(raw("\\end{subfigure}"))
        if column < #row and cells[next_cell] then line:insert(raw("\\hfill\n")) end
      elseif width < 0 then
        line:insert(raw("\\hspace*{" .. share .. "\\linewidth}"))
      end
    end
    if number > 1 then out:insert(raw_block("\\par\\medskip")) end
    out:insert(pandoc.Plain(line))
  end
  return out
end

local function write_html(rows, cells)
  local out, next_cell = pandoc.Blocks({}), 1
  for _, row in ipairs(rows) do
    local tracks = {}
    for i, width in ipairs(row) do tracks[i] = ("minmax(0,%gfr)"):format(math.abs(width)) end
    local grid = pandoc.Blocks({})
    for _, width in ipairs(row) do
      local cell = width > 0 and cells[next_cell]
      if cell then
        next_cell = next_cell + 1
        local text = caption(cell.text, cell.entry, cell.id)
        grid:insert(pandoc.Figure({ pandoc.Plain({ cell.image }) },
          { long = #text > 0 and { pandoc.Plain(text) } or {} }, { id = cell.id }))
      elseif width < 0 then
        grid:insert(raw_block("<span></span>"))
      end
    end
    out:insert(pandoc.Div(grid, { class = "panel-row",
      style = "grid-template-columns:" .. table.concat(tracks, " ") }))
  end
  return out
end

--- A div of images in rows, with letters, sub-captions and a caption where it has a label.
function M.panel(div, entry, register, fail)
  local cells, text = cells_of(div, fail)
  local letters = 0
  for _, cell in ipairs(cells) do
    cell.image.attributes["fig-scap"] = nil
    if entry and (cell.id ~= "" or #cell.text > 0) then
      letters = letters + 1
      cell.id = cell.id ~= "" and cell.id or div.identifier .. "-" .. letters
      cell.entry = { letter = string.char(96 + letters) }
      register(cell.id, { name = entry.name,
        number = entry.number .. nbsp .. "(" .. cell.entry.letter .. ")" })
    end
  end
  local rows = rows_of(div.attributes, #cells)
  if not latex then
    local label = caption(text, entry, div.identifier)
    return pandoc.Figure(write_html(rows, cells),
      { long = #label > 0 and { pandoc.Plain(label) } or {} },
      { id = div.identifier, class = "panel" })
  end
  local kind = div.identifier:match("^tbl%-") and "table" or "figure"
  local out = pandoc.Blocks({ raw_block("\\begin{" .. kind .. "}[htbp]\n\\centering") })
  out:extend(write_latex(rows, cells))
  out:insert(pandoc.Plain(caption(text, entry, div.identifier, div.attributes["fig-scap"])))
  out:insert(raw_block("\\end{" .. kind .. "}"))
  return out
end

return M
