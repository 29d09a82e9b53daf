--[[ Content for one format: `when-format`, `unless-format` of content-visible and content-hidden. It comes
before all that numbers, and runs only on a document that has such content; the metadata `shown-in` is the
format that is made, html or pdf. ]]

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local lone_image = require("lone")

local function is_visible(el, to)
  local function matches(format)
    if format == "latex" then return to == "pdf" end
    return format:match("^" .. to) ~= nil
  end
  local when, unless = el.attributes["when-format"], el.attributes["unless-format"]
  local condition = (not when or matches(when)) and not (unless and matches(unless))
  if el.classes:includes("content-hidden") then return not condition end
  return condition
end

function Pandoc(doc)
  local to = pandoc.utils.stringify(doc.meta["shown-in"])
  local function visible(el)
    if not (el.classes:includes("content-visible") or el.classes:includes("content-hidden")) then return nil end
    if not is_visible(el, to) then return {} end
    el.classes = el.classes:filter(function(class) return not class:match("^content%-%a+$") end)
    el.attributes["when-format"], el.attributes["unless-format"] = nil, nil
    local kept = #el.classes > 0 or el.identifier ~= ""
    for _ in pairs(el.attributes) do kept = true end
    return kept and el or el.content
  end
  doc.meta["shown-in"] = nil
  return doc:walk({ Div = visible, Span = visible }):walk({ Para = lone_image })
end
