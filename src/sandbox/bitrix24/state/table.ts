/**
 * Rows sorted by id. Ids only grow, so a window of ids is two binary searches and a slice, whatever the
 * size of the table: a portal with a million rows answers as quickly as a small one.
 */
export class Table<Row extends { id: number }> {
  readonly rows: Row[] = []
  /** Fields that a test replaced in replies: row id → field → value. */
  readonly disguises = new Map<number, Record<string, unknown>>()
  #lastId = 0

  get lastId(): number {
    return this.#lastId
  }

  /** Adds a row; without an id it takes the next one. Ids must come in ascending order. */
  add(row: Omit<Row, 'id'> & { id?: number }): Row {
    const id = row.id ?? this.#lastId + 1
    if (id <= this.#lastId)
      throw new RangeError(`Row ${id} comes after row ${this.#lastId}: ids must ascend.`)
    this.#lastId = id
    const kept = { ...row, id } as unknown as Row
    this.rows.push(kept)
    return kept
  }

  /** Index of the first row whose id is at least `id`. */
  lowerBound(id: number): number {
    let low = 0
    let high = this.rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.rows[middle]!.id < id) low = middle + 1
      else high = middle
    }
    return low
  }

  find(id: number): Row | undefined {
    const row = this.rows[this.lowerBound(id)]
    return row?.id === id ? row : undefined
  }

  /** Leaves a gap of unused ids before the next row, as deletions do. */
  skip(ids: number): void {
    this.#lastId += ids
  }

  remove(id: number): boolean {
    const index = this.lowerBound(id)
    if (this.rows[index]?.id !== id) return false
    this.rows.splice(index, 1)
    return true
  }

  removeWhere(isGone: (row: Row) => boolean): number {
    let kept = 0
    for (const row of this.rows) if (!isGone(row)) this.rows[kept++] = row
    const removed = this.rows.length - kept
    this.rows.length = kept
    return removed
  }
}
