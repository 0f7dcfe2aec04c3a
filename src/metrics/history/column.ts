/** A typed array that grows: half a million stays as objects would not fit beside everything else. */
export class Column<T extends Float64Array | Int32Array | Uint8Array> {
  readonly #make: (size: number) => T
  #values: T
  #length = 0

  constructor(make: (size: number) => T) {
    this.#make = make
    this.#values = make(1024)
  }

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = this.#make(this.#values.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = value
  }

  /** The values so far, without room to grow. */
  trimmed(): T {
    return this.#values.slice(0, this.#length) as T
  }
}

export const instants = (): Column<Float64Array> => new Column(size => new Float64Array(size))
export const indexes = (): Column<Int32Array> => new Column(size => new Int32Array(size))
export const flags = (): Column<Uint8Array> => new Column(size => new Uint8Array(size))
