--- "95 %" stays on one line, for read.lua (pandoc) and portable.lua (Quarto).
return function(inlines)
  local changed, before, space = false, nil, nil
  for i, el in ipairs(inlines) do
    local kind = el.t
    if kind == "Space" or kind == "SoftBreak" then
      space = i
    else
      local text = kind == "Str" and el.text or ""
      if before and space == i - 1 and text:match("^%%") then
        inlines[space] = pandoc.Str("\u{a0}")
        changed = true
      end
      before = text:match("%d$")
    end
  end
  return changed and inlines or nil
end
