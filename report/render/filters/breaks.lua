--- A path or a name may break after a slash or an underscore, and without a hyphen nowhere else: in LaTeX, other
--- formats pass over it. For read.lua, and for what citeproc wrote.
local stop = "\\discretionary{}{}{}"

return { { Str = function(str)
  if not str.text:find("[/_].") then return nil end
  local out = pandoc.Inlines({})
  for part in str.text:gmatch("[^/_]*[/_]?") do
    if #out > 0 and part ~= "" then out:insert(pandoc.RawInline("latex", stop)) end
    if part ~= "" then out:insert(pandoc.Str(part)) end
  end
  return out
end } }
