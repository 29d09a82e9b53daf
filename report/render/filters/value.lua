--- A number that leads to the colophon has the colour of the text, for read.lua (pandoc) and portable.lua (Quarto).
return function(link)
  if not link.classes:includes("value") then return nil end
  return { pandoc.RawInline("latex", "\\boundvalue{"), link, pandoc.RawInline("latex", "}") }
end
