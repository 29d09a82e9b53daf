--[[ Panels: a div whose images stand in rows (`layout-ncol`, `layout-nrow`, `layout`), with letters
(a), (b), sub-captions and, where the div has a label, a number and a caption, its last paragraph. ]]

local floats = require("floats")
local raw, raw_block, inlines, caption = floats.raw, floats.raw_block, floats.inlines, floats.caption

local M = {}

local latex = FORMAT:match("latex") ~= nil
local nbsp = "\u{a0}"

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
    local tracks, total = {}, 0
    for _, width in ipairs(row) do total = total + math.abs(width) end
    local grid = pandoc.Blocks({})
    for _, width in ipairs(row) do
      local cell = width > 0 and cells[next_cell]
      if cell or width < 0 then
        tracks[#tracks + 1] = ("calc((100%% - %d * var(--gap)) * %.4g)")
          :format(#row - 1, math.abs(width) / total)
      end
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
    if entry and (cell.id ~= "" or #cell.text > 0) then
      letters = letters + 1
      if letters > 26 then fail("panel", div.identifier, "more than 26 sub-captions") end
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
  out:insert(pandoc.Plain(caption(text, entry, div.identifier)))
  out:insert(raw_block("\\end{" .. kind .. "}"))
  return out
end

return M
