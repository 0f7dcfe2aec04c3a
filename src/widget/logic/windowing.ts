/** Rows of one height: which of them are worth drawing, and how much room the others take. */
export const windowOf = (
  rows: number,
  rowHeight: number,
  view: { top: number; height: number },
): { from: number; to: number; before: number; after: number } => {
  const OVERSCAN = 8
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN)
  const from = Math.min(first, Math.max(0, rows - 1))
  const to = Math.max(from, Math.min(rows, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN))
  return { from, to, before: from * rowHeight, after: (rows - to) * rowHeight }
}
