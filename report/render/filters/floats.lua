--[[ How a numbered thing is written: figures, tables and equations, in HTML and in LaTeX (panels of
sub-figures: panels.lua). `entry` is {name, number}; nil for a figure or table without a label,
which is not numbered. LaTeX tables are set by latex.lua, after the citations in them. ]]

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

function M.raw(text)
  return pandoc.RawInline(latex and "latex" or "html", text)
end

function M.raw_block(text)
  return pandoc.RawBlock(latex and "latex" or "html", text)
end

function M.inlines(blocks)
  return pandoc.utils.blocks_to_inlines(blocks, { pandoc.Space() })
end

local function escape(text)
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ['"'] = "&quot;" }))
end

--- A caption behind its label: "Figure 1.1: …" in HTML, \caption{…}\label{…} in LaTeX.
function M.caption(text, entry, id)
  if latex then
    local star = entry and "" or "*"
    if #text == 0 and not entry then return pandoc.Inlines({}) end
    local out = pandoc.Inlines({ M.raw("\\caption" .. star .. "{") })
    out:extend(text)
    out:insert(M.raw("}" .. (entry and "\\label{" .. M.label(id) .. "}" or "")))
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

local raw, raw_block, inlines, caption = M.raw, M.raw_block, M.inlines, M.caption

function M.figure(el, entry)
  local text = inlines(el.caption.long)
  if not latex then
    local label = caption(text, entry, el.identifier)
    el.caption = { long = #label > 0 and { pandoc.Plain(label) } or {} }
    return el
  end
  local out = pandoc.Blocks({ raw_block("\\begin{figure}[htbp]\n\\centering") })
  out:extend(el.content)
  out:insert(pandoc.Plain(caption(text, entry, el.identifier)))
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

--- Columns as wide as the longest thing in them that must not break (a word; a number with its
--- interval) and as wide as their longest cell, in characters.
local function measure(el)
  local least, most = {}, {}
  local function row(cells)
    for i, cell in ipairs(cells) do
      local text = pandoc.utils.stringify(cell.contents):gsub("\n", " ")
      local word = 0
      if (text:match("^[%d+-]") or text:match("^−")) and utf8.len(text) <= 24 then
        word = utf8.len(text)
      else
        for part in text:gmatch("[^%s/_]+[/_]?") do word = math.max(word, utf8.len(part)) end
      end
      least[i] = math.max(least[i] or 1, word)
      most[i] = math.max(most[i] or 1, utf8.len(text))
    end
  end
  for _, line in ipairs(el.head.rows) do row(line.cells) end
  for _, body in ipairs(el.bodies) do
    for _, line in ipairs(body.body) do row(line.cells) end
  end
  return least, most
end

--- A table that goes over pages: more than 30 rows, a footnote inside, or class `long`.
function M.is_long(el)
  local rows, note = 0, false
  for _, body in ipairs(el.bodies) do rows = rows + #body.body end
  el:walk({ Note = function() note = true end })
  return rows > 30 or note or el.classes:includes("long")
end

local function sum(numbers)
  local total = 0
  for _, number in ipairs(numbers) do total = total + number end
  return total
end

--- How many characters a line of the table holds, without the gaps between its columns; a long table
--- reaches into the margins.
local function line_capacity(el)
  local capacity = (M.is_long(el) and latex and 85 or 66) - 2.3 * (#el.colspecs - 1)
  if el.classes:includes("small") then return capacity * 1.1 end
  if el.classes:includes("footnotesize") then return capacity * 1.25 end
  return capacity
end

--- Shares of the line for a table whose cells must wrap; none where every cell fits on one line
--- (or nearly: up to a quarter wider reaches into the margins). They exceed 1 together where words need it and
--- the table can be shrunk, as a long one cannot.
local function shares(el)
  local capacity = line_capacity(el)
  local least, most = measure(el)
  if sum(most) <= 1.25 * capacity and not M.is_long(el) then return {} end
  local spare = math.max(0, capacity - sum(least))
  local wish = math.max(1, sum(most) - sum(least))
  local widths = {}
  for i in ipairs(most) do widths[i] = least[i] + spare * (most[i] - least[i]) / wish end
  local line = M.is_long(el) and math.max(capacity, sum(widths)) or capacity
  for i in ipairs(widths) do widths[i] = widths[i] / line end
  return widths
end

--- The shares asked for, with those that are too narrow for a word widened at the others' cost.
local function widened(el, asked)
  local least, capacity = measure(el), line_capacity(el)
  local missing, slack = 0, 0
  for i, share in ipairs(asked) do
    local spare = share - (least[i] or 0) / capacity
    if spare < 0 then missing = missing - spare else slack = slack + spare end
  end
  if missing == 0 or slack == 0 then return asked end
  local part = math.min(1, missing / slack)
  local widths = {}
  for i, share in ipairs(asked) do
    local need = (least[i] or 0) / capacity
    widths[i] = share < need and need or share - part * (share - need)
  end
  return widths
end

--- `tbl-colwidths="[40,60]"` in percent, or `false` for columns as wide as their content; else what
--- the cells need. HTML lays out by itself, but breaks no cell where LaTeX breaks none.
local function set_widths(el)
  local given = el.attributes["tbl-colwidths"]
  el.attributes["tbl-colwidths"] = nil
  local widths = {}
  if given and given ~= "auto" and given ~= "true" then
    for number in given:gmatch("[%d.]+") do widths[#widths + 1] = tonumber(number) / 100 end
    if latex and #widths > 0 then widths = widened(el, widths) end
  else
    widths = shares(el)
  end
  if not latex then
    if #widths == 0 then el.classes:insert("one-line") end
    if not given then widths = {} end
  end
  local specs = {}
  for i, spec in ipairs(el.colspecs) do specs[i] = { spec[1], widths[i] } end
  el.colspecs = specs
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

return M
