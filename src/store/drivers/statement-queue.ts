import type { PGlite } from '@electric-sql/pglite'

type Waiting = {
  handlerId: number
  message: Uint8Array
  onData(data: Uint8Array): void
  resolve(bytes: number): void
  reject(error: Error): void
}

/** Messages of the extended protocol that leave a statement half done until its Sync. */
const OPENS_STATEMENT = new Set([...'PBDECH'].map(letter => letter.charCodeAt(0)))
const TERMINATE = 'X'.charCodeAt(0)
const SYNC = Uint8Array.of('S'.charCodeAt(0), 0, 0, 0, 4)

/**
 * Lets many connections take turns on the one session of the embedded database. A turn is a whole statement
 * (Parse … Sync) and, once a transaction has begun, everything up to its end. The queue that comes with the
 * socket server takes turns message by message, so that a long statement arriving in pieces could be bound to
 * another connection's text; this one cannot. It has the shape that `PGLiteSocketHandler` calls.
 */
export class StatementQueue {
  readonly #db: PGlite
  readonly #onBroken: (error: Error) => void
  #waiting: Waiting[] = []
  #isRunning = false
  #running: number | null = null
  /** Who is in the middle of a statement or a transaction. */
  #owner: number | null = null
  #isStatementOpen = false
  /** An owner whose connection is gone. */
  #left: number | null = null

  constructor(db: PGlite, onBroken: (error: Error) => void) {
    this.#db = db
    this.#onBroken = onBroken
  }

  enqueue(handlerId: number, message: Uint8Array, onData: (data: Uint8Array) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ handlerId, message, onData, resolve, reject })
      void this.#run()
    })
  }

  getQueueLength(): number {
    return this.#waiting.length
  }

  clearQueueForHandler(handlerId: number): void {
    for (const item of this.#waiting)
      if (item.handlerId === handlerId) item.reject(new Error('The connection is closed'))
    this.#waiting = this.#waiting.filter(item => item.handlerId !== handlerId)
  }

  /** A connection went away: what it left half done is rolled back, so that the others can go on. */
  async clearTransactionIfNeeded(handlerId: number): Promise<void> {
    if (this.#owner !== handlerId && this.#running !== handlerId) return
    this.#left = handlerId
    await this.#run()
  }

  #take(): Waiting | undefined {
    if (this.#owner === null) return this.#waiting.shift()
    const index = this.#waiting.findIndex(item => item.handlerId === this.#owner)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (;;) {
        if (this.#left !== null) await this.#cleanUp()
        const item = this.#take()
        if (!item) return
        await this.#execute(item)
      }
    } finally {
      this.#isRunning = false
    }
  }

  async #execute({ handlerId, message, onData, resolve, reject }: Waiting): Promise<void> {
    const type = message[0] ?? 0
    // There is no backend process to end.
    if (type === TERMINATE) return resolve(0)
    this.#running = handlerId
    let bytes = 0
    try {
      await this.#db.runExclusive(() =>
        this.#db.execProtocolRawStream(message, {
          onRawData: data => {
            bytes += data.length
            onData(data)
          },
        }),
      )
      this.#isStatementOpen = OPENS_STATEMENT.has(type)
      this.#owner = this.#isStatementOpen || this.#isInTransaction() ? handlerId : null
      resolve(bytes)
    } catch (error) {
      // SQL errors are answers on the wire; only a broken engine throws.
      const broken = error instanceof Error ? error : new Error(String(error))
      reject(broken)
      this.#onBroken(broken)
    } finally {
      this.#running = null
    }
  }

  async #cleanUp(): Promise<void> {
    if (this.#owner === this.#left) {
      if (this.#isStatementOpen)
        await this.#db.runExclusive(() => this.#db.execProtocolRawStream(SYNC, { onRawData: () => {} }))
      if (this.#isInTransaction()) await this.#db.exec('rollback')
      this.#isStatementOpen = false
      this.#owner = null
    }
    this.#left = null
  }

  #isInTransaction(): boolean {
    return this.#db.isInTransaction()
  }
}
