--- A paragraph that holds one labelled image is a figure, even without a caption.
return function(para)
  local only = #para.content == 1 and para.content[1]
  if only and only.t == "Image" and only.identifier:match("^fig%-.") then
    local label = only.identifier
    local caption = #only.caption > 0 and { pandoc.Plain(only.caption) } or {}
    only.identifier = ""
    return pandoc.Figure({ pandoc.Plain({ only }) }, { long = caption }, { id = label })
  end
end
