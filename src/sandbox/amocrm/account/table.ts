/**
 * Rows of one kind. `version` changes with every change, so that lists worked out for one page of a reader
 * serve the next pages too: an account with a hundred thousand rows answers as quickly as a small one.
 */
export class Table<Row extends { id: number }> {
  readonly rows: Row[] = []
  /** Fields that a test replaced in replies: row id → field → value. */
  readonly disguises = new Map<number, Record<string, unknown>>()
  version = 0
  #byId = new Map<number, Row>()
  #lastId: number

  /** @param firstId id of the first row; ids of different kinds start far apart, so that a mix-up shows */
  constructor(firstId = 1) {
    this.#lastId = firstId - 1
  }

  get lastId(): number {
    return this.#lastId
  }

  add(row: Omit<Row, 'id'> & { id?: number }): Row {
    const id = row.id ?? this.#lastId + 1
    if (this.#byId.has(id)) throw new RangeError(`There is a row ${id} already.`)
    this.#lastId = Math.max(this.#lastId, id)
    const kept = { ...row, id } as unknown as Row
    this.rows.push(kept)
    this.#byId.set(id, kept)
    this.version++
    return kept
  }

  find(id: number): Row | undefined {
    return this.#byId.get(id)
  }

  /** Says that a row was changed in place. */
  touched(): void {
    this.version++
  }

  /** Leaves a gap of unused ids. */
  skip(ids: number): void {
    this.#lastId += ids
  }

  remove(id: number): boolean {
    const row = this.#byId.get(id)
    if (!row) return false
    this.#byId.delete(id)
    this.rows.splice(this.rows.indexOf(row), 1)
    this.version++
    return true
  }
}
