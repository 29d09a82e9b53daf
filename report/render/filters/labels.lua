--- The kinds of labels, `#fig-x` and so on, with what stands before the number in a reference.
return { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section" }
