--[[ An image of class `animation`: a video in HTML, `animate` in LaTeX. Its path leads to a folder of
frames that holds animation.json, and is the stem of the video and of the poster beside that folder;
figures/animation.py of a project writes them all. ]]

local M = {}

local latex = FORMAT:match("latex") ~= nil
local column = 672  -- pixels of the text's width on the page (42rem)
local smallest = 352  -- pixels at which a smaller picture is shown there (22rem, see report.css)
local controls = 64  -- pixels of a browser's controls; Chromium's are the highest
local least = 0.6  -- of the printed text's width, for smaller pictures

local function fail(path, message)
  io.stderr:write(("colophon\tanimation\t%s\t%s\n"):format(path, message))
  return pandoc.Str("?" .. path)
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then file:close() end
  return text
end

local function quoted(text)
  return '"' .. text:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ['"'] = "&quot;" }) .. '"'
end

--- A path as an address: pandoc takes a `%` in one for an escaped character.
local function address(path)
  return quoted((path:gsub("[^%w/._~=-]", function(char)
    return ("%%%02X"):format(char:byte())
  end)))
end

--- `width="60%"` of the image as a share of the line; nil where it has none.
local function share_of(image)
  local percent = image.attributes.width and image.attributes.width:match("^([%d.]+)%%$")
  return percent and tonumber(percent) / 100
end

local function to_latex(path, about, share)
  local width = share and ("%.4g\\linewidth"):format(share)
    or ("%.4g\\fulltextwidth"):format(math.max(least, math.min(1, about.width / column)))
  return ("\\animation{%s}{%d}{%s/frame-}{%d}{%d}"):format(width, about.frames_per_second, path,
    about.frames - 1, about.poster)
end

--- It plays when it is told to and never by itself, as those want who asked for reduced motion.
--- Browsers lay the controls over the foot of a video: a strip is left for them, or they would hide a
--- part of the poster. Paper has no use for controls, so the poster alone prints.
local function to_html(path, about, share, alternative)
  local shown = share and share * column or math.max(smallest, about.width)
  local height = about.height + controls * about.width / shown
  local narrow = share and (";width:%.4g%%;min-width:0"):format(100 * share) or ""
  local label, poster = quoted(alternative), address(("%s-poster.%s"):format(path, about.suffix))
  local size = (' width="%d" height="%d"'):format(about.width, about.height)
  local video = ('<video controls loop muted playsinline preload="metadata" src=%s poster=%s%s aria-label=%s'
    .. ' style="aspect-ratio:%d/%.0f%s">'):format(address(path .. ".mp4"), poster, size, label,
    about.width, height, narrow)
  local link = ("<a href=%s>The video, as a file beside this page</a></video>"):format(
    address((path:gsub("^%.%./", "") .. ".mp4")))
  local still = ('<img class="animation-still" src=%s%s alt=%s style="%s">'):format(poster, size, label,
    narrow:sub(2))
  return video .. link .. still
end

--- The files that the format at hand needs beside animation.json.
local function needed(path, about)
  if not latex then return { path .. ".mp4", ("%s-poster.%s"):format(path, about.suffix) } end
  local frames = {}
  for index = 0, about.frames - 1 do
    frames[#frames + 1] = ("%s/frame-%d.%s"):format(path, index, about.suffix)
  end
  return frames
end

function M.is(image)
  return image.classes:includes("animation")
end

--- What stands in the image's place. Its caption, or `fig-alt`, is the alternative text.
function M.inline(image)
  local path = image.src:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  if path:match("[^%w/._=-]") then
    return fail(path, "LaTeX can't read such a path: letters, digits and / . _ = - alone")
  end
  local text = read(path .. "/animation.json")
  if not text then return fail(path, "there is no " .. path .. "/animation.json") end
  local about = pandoc.json.decode(text, false)
  for _, file in ipairs(needed(path, about)) do
    if not read(file) then return fail(path, "its file " .. file .. " is missing") end
  end
  local share = share_of(image)
  if image.attributes.width and not share then
    return fail(path, "its width is " .. image.attributes.width .. ", not a percentage of the line")
  end
  if latex then return pandoc.RawInline("latex", to_latex(path, about, share)) end
  local alternative = image.attributes["fig-alt"] or pandoc.utils.stringify(image.caption)
  return pandoc.RawInline("html", to_html(path, about, share, alternative))
end

--- A figure that is an animation, as Quarto's crossref takes it: a div, the caption at its end.
function M.div(figure)
  local image
  figure.content:walk({ Image = function(found) image = M.is(found) and found or image end })
  if not image or figure.identifier == "" then return nil end
  local blocks = pandoc.Blocks({ pandoc.Plain({ M.inline(image) }) })
  if #figure.caption.long > 0 then
    blocks:insert(pandoc.Para(pandoc.utils.blocks_to_inlines(figure.caption.long)))
  end
  return pandoc.Div(blocks, { id = figure.identifier })
end

return M
