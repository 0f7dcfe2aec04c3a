/** Which rows of a list are chosen; a range runs from the row chosen last. */
export type Selection = { ids: ReadonlySet<string>; last: string | null }

export const nothingChosen: Selection = { ids: new Set(), last: null }

/** Chooses a row or lets it go. */
export const toggled = (selection: Selection, id: string): Selection => {
  const ids = new Set(selection.ids)
  if (!ids.delete(id)) ids.add(id)
  return { ids, last: id }
}

/** Shift + click: everything between the row chosen last and this one, both included, in the order of the list. */
export const withRange = (selection: Selection, order: readonly string[], id: string): Selection => {
  const [from, to] = [order.indexOf(selection.last ?? ''), order.indexOf(id)]
  if (from < 0 || to < 0) return toggled(selection, id)
  const between = order.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { ids: new Set([...selection.ids, ...between]), last: id }
}

/** What is still chosen once the list has changed: rows that are gone cannot be acted upon. */
export const keptIn = (selection: Selection, order: readonly string[]): Selection => {
  const known = new Set(order)
  return {
    ids: new Set([...selection.ids].filter(id => known.has(id))),
    last: selection.last !== null && known.has(selection.last) ? selection.last : null,
  }
}
