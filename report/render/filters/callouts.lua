--- Quarto's kinds of callouts, `.callout-note` and so on, and the title of one that has none.
return { note = "Note", tip = "Tip", warning = "Warning", important = "Important", caution = "Caution" }
